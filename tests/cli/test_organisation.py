"""`organisation slice` over real files."""

import json
from pathlib import Path

import pytest

from enclave_dns.cli import main
from enclave_dns.config import load_organisation
from tests.fakes.explained import ORGANISATION
from tests.fakes.processes import run

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "organisation.toml"
    path.write_text(ORGANISATION)
    return str(path)


def test_the_slice_goes_to_stdout_as_a_document(file: str, tmp_path: Path, capsys: Capture) -> None:
    assert main(["organisation", "slice", "--for", "KD9Q2", file]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    part = tmp_path / "slice.json"
    part.write_text(out)
    assert load_organisation(part).systems[0].system_id == "KD9Q2"
    assert main(["check", str(part)]) == 0


@pytest.mark.parametrize("written", ["kd9q2", "100.64.0.12"])
def test_a_system_is_named_by_id_in_any_case_or_address(
    written: str, file: str, capsys: Capture
) -> None:
    assert main(["organisation", "slice", "--for", written, file]) == 0
    assert json.loads(capsys.readouterr().out)["systems"][0]["systemId"] == "KD9Q2"


def test_the_output_file_is_replaced_as_a_whole(file: str, tmp_path: Path, capsys: Capture) -> None:
    part = tmp_path / "slice.json"
    part.write_text("old")
    assert main(["organisation", "slice", "--for", "KD9Q2", file, "-o", str(part)]) == 0
    assert capsys.readouterr().out == ""
    assert load_organisation(part).system("KD9Q2") is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["organisation.toml", "slice.json"]


@pytest.mark.parametrize("place", [".", "", "none/slice.json"])
def test_a_place_that_cannot_be_written_is_one_line(
    place: str, file: str, tmp_path: Path, capsys: Capture
) -> None:
    output = f"{tmp_path}/{place}"
    assert main(["organisation", "slice", "--for", "KD9Q2", file, "-o", output]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot write" in line
    assert [path.name for path in tmp_path.iterdir()] == ["organisation.toml"]
    assert not any(path.name.endswith(".new") for path in tmp_path.parent.iterdir())


def test_an_unknown_system_gets_a_suggestion(file: str, capsys: Capture) -> None:
    assert main(["organisation", "slice", "--for", "KD9Q3", file]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "has no system 'KD9Q3' (did you mean `KD9Q2`?)" in err


def test_until_when_it_holds_is_said_apart(file: str, tmp_path: Path, capsys: Capture) -> None:
    expiring = tmp_path / "expiring.toml"
    policy = '[[policies]]\ntype = "general"\nsender_tags = ["contractors"]\n'
    acls = 'acls = [{ protocol = "any" }]\n'
    expire = "auto_expire = { at = 2999-01-01T00:00:00Z }\n"
    expiring.write_text(ORGANISATION + policy + acls + expire)
    assert main(["organisation", "slice", "--for", "KD9Q2", str(expiring)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["version"] == 7
    assert err == "valid until 2999-01-01T00:00:00+00:00, when a policy changes\n"


def test_it_runs_as_a_program(file: str, tmp_path: Path) -> None:
    done = run("organisation", "slice", "--for", "KD9Q2", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["systems"][0]["tags"] == ["self"]
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    assert run("organisation", "slice", "--for", "KD9Q2", str(broken)).returncode == 5
