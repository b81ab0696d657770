"""`check` over real files: what it says of each, and its exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from enclave_dns.cli import main
from tests.fakes.explained import ORGANISATION, write_gateway

GATEWAY = (
    'system_id = "WZL94"\norganisation = "organisation.toml"\nlisten = ["100.64.0.70"]\n'
    "workers = 2\n"
)
STUB = 'system_id = "KD9Q2"\norganisation = "organisation.toml"\nsource_address = "100.64.0.12"\n'
Capture = pytest.CaptureFixture[str]


def write(folder: Path, name: str, text: str) -> str:
    folder.joinpath(name).write_text(text)
    return str(folder / name)


def organisation(folder: Path, text: str = ORGANISATION) -> str:
    return write(folder, "organisation.toml", text)


def test_good_files_are_told_with_what_they_hold(tmp_path: Path, capsys: Capture) -> None:
    gateway = str(write_gateway(tmp_path, "127.0.0.1:5300"))
    stub = write(tmp_path, "stub.toml", STUB)
    # The policy "Elsewhere" lists a system that offers no subnet: a warning, told once.
    assert main(["check", str(tmp_path / "organisation.toml"), gateway, stub]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    first, warning, second, third = out.splitlines()
    summary = "organisation version 7: 5 systems, 1 gateway, 4 policies"
    assert first == f"{tmp_path}/organisation.toml: ok ({summary})"
    assert warning.startswith(f"warning: {tmp_path}/organisation.toml: policies[3].gateways[0]")
    assert second.startswith(f"{gateway}: ok (gateway WZL94, listens on 127.0.0.1:53")
    assert third.startswith(f"{stub}: ok (stub KD9Q2, listens on 127.0.0.1:53")


def test_every_problem_of_every_file_has_its_line(tmp_path: Path, capsys: Capture) -> None:
    text = ORGANISATION.replace("hostname =", "hostnam =").replace("172.16.1.0/24", "172.16.1.1/24")
    broken = organisation(tmp_path, text)
    missing = str(tmp_path / "missing.toml")
    empty = write(tmp_path, "empty.json", "")
    assert main(["check", broken, missing, empty]) == 5
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert f"{broken}: systems[0].hostnam: unknown key (did you mean `hostname`?)" in lines
    assert any("policies[0].gateways[0].routes[0]" in line for line in lines)
    assert f"{missing}: cannot be read: no such file" in lines
    assert f"{empty}: is empty" in lines


def test_one_bad_file_does_not_hide_the_good_ones(tmp_path: Path, capsys: Capture) -> None:
    good = organisation(tmp_path)
    assert main(["check", str(tmp_path / "missing.toml"), good]) == 5
    assert f"{good}: ok" in capsys.readouterr().out


def test_a_configuration_is_no_better_than_its_organisation(
    tmp_path: Path, capsys: Capture
) -> None:
    gateway = str(write_gateway(tmp_path))
    broken = organisation(tmp_path, ORGANISATION.replace("version = 7", "version = -7"))
    assert main(["check", broken, gateway]) == 5
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{broken}: version")
    assert lines[1] == f"{gateway}: cannot be used for the reasons above"


@pytest.mark.parametrize(
    ("system_id", "reason"),
    [
        ("NOBODY", "there is no system NOBODY"),
        ("OFF01", "is disabled"),
        ("KD9Q2", "system KD9Q2 has no gateway routes, so it is no gateway"),
    ],
)
def test_a_gateway_must_be_a_gateway_of_its_organisation(
    system_id: str, reason: str, tmp_path: Path, capsys: Capture
) -> None:
    path = write_gateway(tmp_path)
    path.write_text(path.read_text().replace("WZL94", system_id))
    assert main(["check", str(path)]) == 5
    (line,) = capsys.readouterr().err.splitlines()
    assert reason in line


def test_a_stub_must_be_a_system_of_its_organisation(tmp_path: Path, capsys: Capture) -> None:
    organisation(tmp_path)
    stub = write(tmp_path, "stub.toml", STUB.replace("KD9Q2", "NOBODY"))
    assert main(["check", stub]) == 5
    assert "there is no system NOBODY" in capsys.readouterr().err


def test_the_slice_of_another_system_is_told_with_its_owner(
    tmp_path: Path, capsys: Capture
) -> None:
    whole = organisation(tmp_path)
    part = ["organisation", "slice", "--for", "KD9Q2", whole, "-o", str(tmp_path / "part.json")]
    assert main(part) == 0
    stub = STUB.replace("organisation.toml", "part.json")
    own = write(tmp_path, "stub.toml", stub)
    other = write(tmp_path, "other-stub.toml", stub.replace("KD9Q2", "OPEN1"))
    assert main(["check", own]) == 0
    capsys.readouterr()
    assert main(["check", other]) == 5
    (line,) = capsys.readouterr().err.splitlines()
    reason = "systems: there is no system OPEN1: this is the slice of KD9Q2"
    assert line.startswith(f"{tmp_path}/part.json: {reason}")


@pytest.mark.parametrize(
    ("before", "after", "key", "reason"),
    [
        ('["contractors", ', "[", "policies: ", "KD9Q2 may use no gateway now"),
        ('"100.64.0.70"', '"fd00:64::70"', "systems[0].virtual_address", "has no IPv4 address"),
        (
            "version = 7",
            'version = 7\ndns_zones = [{name = "co.uk"}]',
            "dns_zones[0].name",
            "public",
        ),
    ],
)
def test_what_leaves_a_stub_with_less_is_one_warning(
    before: str, after: str, key: str, reason: str, tmp_path: Path, capsys: Capture
) -> None:
    file = organisation(tmp_path, ORGANISATION.replace(before, after))
    assert main(["check", write(tmp_path, "stub.toml", STUB)]) == 0
    lines = capsys.readouterr().out.splitlines()
    (warned,) = (line for line in lines if line.startswith(f"warning: {file}: {key}"))
    assert reason in warned


def test_a_setting_without_effect_is_a_warning(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enclave_dns.config.settings._LATER", ("workers",))
    organisation(tmp_path)
    gateway = write(tmp_path, "gateway.toml", GATEWAY)
    assert main(["check", gateway]) == 0
    warned = capsys.readouterr().out.splitlines()
    assert f"warning: {gateway}: workers: has no effect in this version" in warned


def test_json_reports_every_file(tmp_path: Path, capsys: Capture) -> None:
    good = organisation(tmp_path)
    bad = write(tmp_path, "bad.toml", "systems = 1\n")
    assert main(["check", "--json", good, bad]) == 5
    out, err = capsys.readouterr()
    assert err == ""
    data = json.loads(out)
    assert data["schema"] == 1
    first, second = data["files"]
    assert (first["file"], first["ok"], first["kind"]) == (good, True, "organisation")
    assert len(first["warnings"]) == 1
    assert (second["ok"], second["problems"][0]["file"]) == (False, bad)
    assert second["problems"][0].keys() == {"file", "key", "reason", "suggestion", "line"}


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    path = write(tmp_path, "bad.toml", "nonsense\n")
    run = subprocess.run(
        [sys.executable, "-m", "enclave_dns", "check", path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stdout) == (5, "")
    assert run.stderr.startswith(f"{path}:1: is not TOML")
    assert run.stderr.count("\n") == 1
