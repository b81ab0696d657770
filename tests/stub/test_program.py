"""The whole stub on real sockets, in front of whole gateways and of one that lies."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import dns.flags
import dns.rcode
import pytest

from enclave_dns.errors import DocumentError, EnvironmentFault
from enclave_dns.serve.sockets import own_addresses
from tests.fakes.clients import PAUSE, TRIES
from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.running import (
    DEVELOPER,
    GATEWAY,
    NOON,
    SECOND_GATEWAY,
    UNTIL_NOON,
    Clock,
    Log,
    Running,
    document,
    gateway_program,
    running,
    stub_program,
)

ZONE = """
db.corp.net      300 A     10.0.0.30
www.corp.net     300 CNAME db.corp.net.
web.corp.net     300 A     10.1.0.30
hidden.corp.net  300 A     172.16.1.10
""" + "\n".join(f"many.corp.net 300 A 10.0.0.{n}" for n in range(1, 121))

PROGRAM = "enclave_dns.stub.program"
HERE = "127.0.0.1"

ONE = 'gateways = [ { system_id = "WZL94", routes = ["10.0.0.0/24"] } ]'
BOTH = (
    'gateways = [ { system_id = "WZL94", routes = ["10.0.0.0/24"] },'
    ' { system_id = "WZL95", routes = ["10.0.0.0/24"] } ]'
)


@asynccontextmanager
async def gateway(
    folder: Path, nameserver: FakeNameserver, **settings: object
) -> AsyncIterator[Running]:
    async with running(gateway_program(folder, [nameserver], **settings), folder) as made:
        yield made


@asynccontextmanager
async def laptop(tmp_path: Path, **settings: object) -> AsyncIterator[Running]:
    """A developer's stub, behind one gateway and its nameserver."""
    async with (
        FakeNameserver(zone(ZONE)) as nameserver,
        gateway(tmp_path / "gateway", nameserver) as office,
        running(stub_program(tmp_path, office.at[1], **settings), tmp_path) as stub,
    ):
        yield stub


async def test_ready_says_who_and_where(tmp_path: Path) -> None:
    async with running(stub_program(tmp_path), tmp_path) as stub:
        assert re.fullmatch(r"ready stub KD9Q2 127\.0\.0\.1:[0-9]+", stub.ready)


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
async def test_a_laptop_asks_its_stub(tmp_path: Path, tcp: bool) -> None:
    async with laptop(tmp_path) as stub:
        for name, rtype, expected in (
            ("db.corp.net", "A", "NOERROR 10.0.0.30"),
            ("db.corp.net", "AAAA", "NOERROR"),
            ("www.corp.net", "A", "NOERROR db.corp.net. 10.0.0.30"),
            ("hidden.corp.net", "A", "REFUSED"),
            ("absent.corp.net", "A", "REFUSED"),
            ("_my.id.enclave", "A", f"NOERROR {DEVELOPER}"),
            ("kd9q2.id.enclave", "A", f"NOERROR {DEVELOPER}"),
            ("wzl94.id.enclave", "A", f"NOERROR {GATEWAY}"),
            ("c4x8m.id.enclave", "A", "NXDOMAIN"),
            ("wzl95.id.enclave", "A", "NXDOMAIN"),
            ("localhost", "A", "NOERROR 127.0.0.1"),
        ):
            assert await stub.client(HERE).hears(name, rtype, tcp=tcp) == expected, name


async def test_a_long_answer_comes_whole_over_tcp(tmp_path: Path) -> None:
    async with laptop(tmp_path) as stub:
        cut = await stub.client(HERE).ask("many.corp.net")
        assert cut.flags & dns.flags.TC
        whole = await stub.client(HERE).ask("many.corp.net", tcp=True)
        assert len(whole.answer[0]) == 120


@pytest.mark.parametrize(
    ("miss", "expected"),
    [
        ("auto", "REFUSED"),
        ("refused", "REFUSED"),
        ("servfail", "SERVFAIL"),
        ("nxdomain", "NXDOMAIN"),
    ],
)
async def test_the_miss_is_what_the_settings_say(tmp_path: Path, miss: str, expected: str) -> None:
    async with laptop(tmp_path, miss=miss) as stub:
        for name in ("hidden.corp.net", "absent.corp.net", "printer.local"):
            reply = await stub.client(HERE).ask(name)
            assert dns.rcode.to_text(reply.rcode()) == expected
            assert reply.sections[1:] == [[], [], []]


async def test_the_next_gateway_answers_when_the_first_is_gone(tmp_path: Path) -> None:
    organisation = document().replace(ONE, BOTH)
    async with FakeNameserver(zone(ZONE)) as nameserver:
        options = {"organisation": organisation}
        async with gateway(tmp_path / "one", nameserver, **options) as first:
            port = first.at[1]
            second = {"system_id": "WZL95", "listen": [f"{SECOND_GATEWAY}:{port}"]}
            async with (
                gateway(tmp_path / "two", nameserver, **options, **second),
                running(stub_program(tmp_path, port, **options), tmp_path) as stub,
            ):
                client = stub.client(HERE)
                assert await client.hears("db.corp.net") == "NOERROR 10.0.0.30"
                first.task.cancel()
                await client.until_hears("NOERROR db.corp.net. 10.0.0.30", "www.corp.net")


@pytest.mark.parametrize("miss", ["auto", "servfail", "nxdomain"])
async def test_nobody_to_ask_is_a_refusal(tmp_path: Path, miss: str) -> None:
    # Nobody listens on that port of the gateway's address.
    async with running(stub_program(tmp_path, gateway_port=1, miss=miss), tmp_path) as stub:
        assert await stub.client(HERE).hears("db.corp.net") == "REFUSED"
        assert await stub.client(HERE).hears("_my.id.enclave") == f"NOERROR {DEVELOPER}"


async def test_a_lying_gateway_is_checked_with_our_own_view(tmp_path: Path) -> None:
    lies = "db.corp.net 60 A 10.0.0.30\ndb.corp.net 60 A 10.1.0.66\nbad.corp.net 60 A 10.1.0.66"
    organisation = document().replace(GATEWAY, HERE)
    async with FakeNameserver(zone(lies)) as liar:
        program = stub_program(tmp_path, liar.port, organisation=organisation)
        async with running(program, tmp_path) as stub:
            client = stub.client(HERE)
            assert await client.hears("db.corp.net") == "NOERROR 10.0.0.30"
            assert await client.hears("bad.corp.net") == "REFUSED"
            assert await client.hears("bad.corp.net", "AAAA") == "REFUSED"
            assert await client.hears("absent.corp.net") == "REFUSED"


async def test_gateways_are_asked_from_the_source_address(tmp_path: Path) -> None:
    # Without it set, from our own virtual address: as who we are, not as where we listen.
    async with laptop(tmp_path, source_address="127.100.64.14") as stub:
        # The bystander's address: whoever asks from there is refused.
        assert await stub.client(HERE).hears("db.corp.net") == "REFUSED"


async def test_only_programs_of_this_machine_are_answered(tmp_path: Path) -> None:
    async with running(stub_program(tmp_path), tmp_path) as stub:
        for source in ("127.0.0.1", "127.9.9.9", DEVELOPER):
            assert await stub.client(source).hears("localhost") == "NOERROR 127.0.0.1"


async def test_a_new_document_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(monkeypatch, PROGRAM)
    async with laptop(tmp_path) as stub:
        client = stub.client(HERE)
        assert await client.hears("db.corp.net") == "NOERROR 10.0.0.30"
        # The gateway has the old document and goes on answering; our own check does not.
        stub.replace("organisation.toml", document(2, developers="10.1.0.0/24"))
        await client.until_hears("REFUSED", "db.corp.net")
        assert log.of("organisation reloaded")
        stub.replace("organisation.toml", document(3))
        await client.until_hears("NOERROR 10.0.0.30", "db.corp.net")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (document(4), "version 4 is lower than the running version 5"),
        (document(6).replace("KD9Q2", "KD9Q9"), "no system KD9Q2"),
        ("version = ", r"organisation\.toml"),
    ],
    ids=["older", "not in it", "no TOML"],
)
async def test_a_document_that_cannot_be_used_keeps_the_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    log = Log(monkeypatch, PROGRAM)
    async with laptop(tmp_path, organisation=document(5)) as stub:
        stub.replace("organisation.toml", text)
        (entry,) = await log.until("organisation not reloaded")
        assert re.search(reason, str(entry["problem"]))
        assert await stub.client(HERE).hears("db.corp.net") == "NOERROR 10.0.0.30"


async def test_sighup_reads_the_document_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enclave_dns.sources.watching.Watcher._look", lambda watcher: None)
    async with running(stub_program(tmp_path), tmp_path) as stub:
        stub.replace("organisation.toml", document(2).replace(DEVELOPER, "127.100.64.15"))
        assert await stub.client(HERE).hears("_my.id.enclave") == f"NOERROR {DEVELOPER}"
        os.kill(os.getpid(), signal.SIGHUP)
        await stub.client(HERE).until_hears("NOERROR 127.100.64.15", "_my.id.enclave")


async def test_a_policy_ends_without_a_new_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{PROGRAM}.RECHECK", 0.05)
    clock = Clock(monkeypatch, PROGRAM, NOON - timedelta(hours=1))
    async with laptop(tmp_path, organisation=document(more=UNTIL_NOON)) as stub:
        client = stub.client(HERE)
        assert await client.hears("wzl94.id.enclave") == f"NOERROR {GATEWAY}"
        assert await client.hears("db.corp.net") == "NOERROR 10.0.0.30"
        clock.set(NOON)
        await client.until_hears("REFUSED", "db.corp.net")
        assert await client.hears("wzl94.id.enclave") == "NXDOMAIN"


async def test_what_is_kept_stays_while_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def counting() -> frozenset[str]:
        nonlocal looks
        looks += 1
        return own_addresses()

    monkeypatch.setattr(f"{PROGRAM}.RECHECK", 0.01)
    monkeypatch.setattr(f"{PROGRAM}.own_addresses", counting)
    async with running(stub_program(tmp_path), tmp_path) as stub:
        state = stub.program._answers.state
        for _ in range(TRIES):
            if looks > 3:
                break
            await asyncio.sleep(PAUSE)
        assert looks > 3
        now = stub.program._answers.state
        assert (now.audience, now.asking) == (state.audience, state.asking)


async def test_sigterm_ends_the_program(tmp_path: Path) -> None:
    async with running(stub_program(tmp_path), tmp_path) as stub:
        os.kill(os.getpid(), signal.SIGTERM)
        await stub.task
        assert await stub.client(HERE).is_turned_away()


async def test_a_port_in_use_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    async with running(stub_program(tmp_path), tmp_path) as stub:
        listen = [f"{HERE}:{stub.at[1]}"]
        second = stub_program(tmp_path / "second", listen=listen)
        with pytest.raises(EnvironmentFault, match=r"^cannot listen on .*port is in use.*$"):
            await second.run(print)


def test_a_stub_does_not_start_with_a_document_that_it_is_not_in(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no system KD9Q2"):
        stub_program(tmp_path, organisation=document().replace("KD9Q2", "KD9Q9"))
