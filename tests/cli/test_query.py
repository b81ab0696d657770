"""`query` from the command line, at a real nameserver whose replies are scripted."""

import asyncio
import json
import socket
import sys

import pytest

from enclave_dns.cli import main
from tests.fakes.explained import ZONE
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, silence, zone

Capture = pytest.CaptureFixture[str]


async def asked(*arguments: str, respond: Respond | None = None, has_tcp: bool = True) -> int:
    """The exit code of `query` at a nameserver that answers by `respond`."""
    async with FakeNameserver(respond or zone(ZONE), has_tcp=has_tcp) as nameserver:
        server = ["--server", f"127.0.0.1:{nameserver.port}"]
        return await asyncio.to_thread(main, ["query", *arguments, *server])


async def test_the_reply_is_shown_with_status_sections_and_server(capsys: Capture) -> None:
    assert await asked("FILES.corp.net") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("status NOERROR, flags qr rd ra, id ")
    assert "  files.corp.net. IN A" in lines
    assert "  files.corp.net. 300 IN A 172.16.1.10" in lines
    assert " bytes from 127.0.0.1:" in lines[-1]
    assert " over UDP, " in lines[-1]


async def test_a_negative_reply_is_a_reply(capsys: Capture) -> None:
    assert await asked("nope.corp.net", "AAAA") == 0
    out = capsys.readouterr().out
    assert "status NXDOMAIN" in out
    assert "authority:" in out


async def test_an_address_asks_for_its_name(capsys: Capture) -> None:
    assert await asked("172.16.1.10") == 0
    assert "10.1.16.172.in-addr.arpa. 300 IN PTR files.corp.net." in capsys.readouterr().out


async def test_an_error_of_the_server_is_a_reply_too(capsys: Capture) -> None:
    assert await asked("files.corp.net", respond=rcode("REFUSED")) == 0
    assert "status REFUSED" in capsys.readouterr().out


async def test_a_truncated_reply_is_asked_for_again_over_tcp(capsys: Capture) -> None:
    assert await asked("many.corp.net", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == 1
    assert (data["transport"], data["was_truncated"], data["status"]) == ("tcp", True, "NOERROR")
    assert len(data["answer"]) == 100
    assert data["answer"][0] == {
        "name": "many.corp.net.",
        "ttl": 300,
        "class": "IN",
        "type": "A",
        "data": "10.0.1.0",
    }
    assert "tc" not in data["flags"]


async def test_a_truncated_reply_is_shown_where_there_is_no_tcp(capsys: Capture) -> None:
    assert await asked("many.corp.net", has_tcp=False) == 0
    out = capsys.readouterr().out
    assert "flags qr tc" in out
    assert "over UDP cut short, and none over TCP" in out


async def test_tcp_may_be_used_from_the_start(capsys: Capture) -> None:
    assert await asked("files.corp.net", "--tcp", "--source", "127.0.0.2") == 0
    assert " over TCP, " in capsys.readouterr().out


async def test_silence_is_an_error_of_one_line(capsys: Capture) -> None:
    assert await asked("files.corp.net", "--timeout", "0.1", respond=silence) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("timed out after 0.1 s\n")


async def test_garbage_is_an_error_of_one_line(capsys: Capture) -> None:
    assert await asked("files.corp.net", respond=lambda query, _: [query[:2] + b"\x81"]) == 1
    assert "what came is no reply to the question" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [[], ["--tcp"]])
def test_a_closed_port_is_told_at_once(flags: list[str], capsys: Capture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    assert main(["query", "db", "--server", f"127.0.0.1:{port}", "--timeout", "60", *flags]) == 1
    assert "connection refused (nothing listens there)" in capsys.readouterr().err


def test_a_source_that_is_not_ours_is_an_error_of_one_line(capsys: Capture) -> None:
    assert main(["query", "db", "--server", "127.0.0.1", "--source", "192.0.2.1"]) == 1
    assert "is none of this machine" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["a..b"], "no domain name"),
        (["db", "NONSENSE"], "no record type"),
        (["db", "--server", "ns1.corp.net"], "is no server"),
        (["db", "--server", "127.0.0.1:99999"], "is no server"),
        (["db", "--source", "here"], "is no address"),
        (["db", "--server", "::1", "--source", "127.0.0.1"], "different address families"),
        (["db", "--timeout", "0"], "no time to wait"),
        (["db", "--timeout", "nan"], "no time to wait"),
    ],
)
def test_wrong_usage_asks_nobody(arguments: list[str], reason: str, capsys: Capture) -> None:
    assert main(["query", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("enclave-dns query: ")
    assert reason in err


async def test_it_runs_as_a_program() -> None:
    async with FakeNameserver(zone(ZONE)) as nameserver:
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "enclave_dns", "query", "files.corp.net"),
            *("--server", f"127.0.0.1:{nameserver.port}", "--json"),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await run.communicate()
    assert run.returncode == 0
    assert json.loads(out)["question"] == [{"name": "files.corp.net.", "class": "IN", "type": "A"}]
