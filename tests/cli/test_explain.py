"""`explain` from the command line, at an office with a real nameserver."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from enclave_dns.cli import main
from tests.fakes.explained import ZONE, write_gateway
from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.running import stub_file
from tests.fakes.sites import sites

Capture = pytest.CaptureFixture[str]


async def explained(folder: Path, *arguments: str, sender: str = "KD9Q2") -> int:
    """The exit code of `explain` at a small office."""
    async with FakeNameserver(zone(ZONE)) as nameserver:
        config = str(write_gateway(folder, nameserver.server))
        verb = ["explain", *arguments, "--sender", sender, "-c", config]
        return await asyncio.to_thread(main, verb)


async def test_it_names_the_policy_that_allowed_and_says_that_none_covers_the_other(
    tmp_path: Path, capsys: Capture
) -> None:
    assert await explained(tmp_path, "files.corp.net", "A") == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    at = next(at for at, line in enumerate(lines) if line.startswith("records"))
    assert lines[at].removeprefix("records").strip().startswith("ALLOW  files.corp.net. 300 IN A")
    assert lines[at + 2].startswith('allowed by policy "Menlo Park domain controllers"')
    assert lines[at + 3].startswith("DROP   files.corp.net. 300 IN A 192.168.0.30")
    assert lines[at + 4] == "D1: no policy covers the address"
    reply = next(at for at, line in enumerate(lines) if line.startswith("reply"))
    assert lines[reply].startswith("reply      NOERROR")
    assert lines[reply + 1 :] == ["files.corp.net. 30 IN A 172.16.1.10"]


async def test_json_is_the_whole_explanation(tmp_path: Path, capsys: Capture) -> None:
    assert await explained(tmp_path, "172.16.1.10", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["schema"], data["name"], data["type"]) == (1, "10.1.16.172.in-addr.arpa", "PTR")
    assert data["records"][0]["verdict"] == "ALLOW"
    assert data["reply"]["rcode"] == "NOERROR"


@pytest.mark.parametrize("sender", ["kd9q2", "100.64.0.12", "fd00:64::12"])
async def test_a_sender_is_known_by_its_id_in_any_case_and_by_its_addresses(
    sender: str, tmp_path: Path, capsys: Capture
) -> None:
    assert await explained(tmp_path, "files.corp.net", sender=sender) == 0
    assert "asked by KD9Q2 through WZL94" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sender", "hint"),
    [
        ("KD9Q3", "(did you mean `KD9Q2`?)"),
        ("laptop-7", "(that is the host name of KD9Q2)"),
        ("100.64.0.99", "has no system '100.64.0.99'"),
    ],
)
async def test_an_unknown_sender_is_an_error_of_one_line(
    sender: str, hint: str, tmp_path: Path, capsys: Capture
) -> None:
    assert await explained(tmp_path, "files.corp.net", sender=sender) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.rstrip().endswith(hint)


def test_a_bad_question_is_a_usage_error(tmp_path: Path, capsys: Capture) -> None:
    config = str(write_gateway(tmp_path))
    assert main(["explain", "a..b", "--sender", "KD9Q2", "-c", config]) == 2
    assert main(["explain", "db", "NONSENSE", "--sender", "KD9Q2", "-c", config]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_a_bad_configuration_or_organisation_is_invalid(tmp_path: Path, capsys: Capture) -> None:
    path = write_gateway(tmp_path)
    path.with_name("organisation.toml").write_text("version = 1\nnonsense = 2\n")
    assert main(["explain", "db", "--sender", "KD9Q2", "-c", str(path)]) == 5
    assert "nonsense: unknown key" in capsys.readouterr().err
    path.write_text("nonsense = 1\n")
    assert main(["explain", "db", "--sender", "KD9Q2", "-c", str(path)]) == 5
    assert "nonsense" in capsys.readouterr().err


def test_a_gateway_is_asked_by_somebody(tmp_path: Path, capsys: Capture) -> None:
    config = str(write_gateway(tmp_path))
    for more in ([], ["--sender", ""]):
        assert main(["explain", "files.corp.net", *more, "-c", config]) == 2
        assert "--sender ID" in capsys.readouterr().err


async def test_on_a_stub_it_says_which_site_answers_and_why_that_one(
    tmp_path: Path, capsys: Capture
) -> None:
    async with sites(tmp_path, "PAR01", "LON01", "BER01") as made:
        verb = ["explain", "db.corp.net", "-c", str(made.config)]
        assert await asyncio.to_thread(main, verb) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[:6] == [
            "question    db.corp.net A",
            "asked by    KD9Q2 (organisation version 1)",
            "decided by  gateway PAR01",
            "group 1     PAR01: answered",
            "            routes for us: 10.0.1.0/24",
            "            its place: the document's order",
        ]
        assert "group 2     LON01: not asked" in lines
        assert lines[-1].startswith("            db.corp.net. ")
        assert lines[-1].endswith(" IN A 10.0.1.30")
        assert await asyncio.to_thread(main, [*verb, "--json"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert (data["schema"], data["decided_by"]) == (1, "gateway PAR01")
        assert [stop["word"] for stop in data["stops"]] == ["answered", "not asked", "not asked"]


def test_a_stub_has_one_sender(tmp_path: Path, capsys: Capture) -> None:
    config = str(stub_file(tmp_path))
    assert main(["explain", "db.corp.net", "--sender", "KD9Q2", "-c", config]) == 2
    assert capsys.readouterr().err == (
        "enclave-dns explain: a stub has one sender; leave --sender out\n"
    )


async def test_it_runs_as_a_program(tmp_path: Path) -> None:
    async with FakeNameserver(zone(ZONE)) as nameserver:
        config = write_gateway(tmp_path, nameserver.server)
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "enclave_dns", "explain", "www.corp.net"),
            *("--sender", "KD9Q2", "-c", str(config)),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await run.communicate()
    assert run.returncode == 0
    assert "hidden.corp.net, is disclosed: the whole chain goes" in out.decode()
    assert "reply      REFUSED" in out.decode()
