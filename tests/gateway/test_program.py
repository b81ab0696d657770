"""The whole gateway on real sockets: ready, questions, kept replies, strangers, and the end."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partialmethod
from pathlib import Path
from typing import Any

import dns.flags
import pytest

from enclave_dns.errors import DocumentError, EnvironmentFault
from enclave_dns.gateway import answer
from enclave_dns.serve.server import Server
from tests.fakes.clients import PAUSE, TRIES, ede_of
from tests.fakes.front import beside_the_question, query
from tests.fakes.nameserver import FakeNameserver, HeldNameserver, zone
from tests.fakes.running import (
    BYSTANDER,
    CONTRACTOR,
    DEVELOPER,
    GATEWAY,
    STRANGER,
    Running,
    document,
    gateway_program,
    running,
)

ZONE = """
dbserver1.corp.net 300 A     10.0.0.30
login.corp.net     300 CNAME dc1.corp.net.
dc1.corp.net       300 A     172.16.1.10
files.corp.net     300 A     172.16.1.11
files.corp.net     300 A     192.168.0.30
""" + "\n".join(f"many.corp.net 300 A 10.0.0.{n}" for n in range(1, 121))


@asynccontextmanager
async def office(
    folder: Path, hosts: str = "10.0.0.40 printer", **settings: Any
) -> AsyncIterator[tuple[Running, FakeNameserver]]:
    """A running gateway and its one nameserver."""
    async with FakeNameserver(zone(ZONE)) as nameserver:
        program = gateway_program(folder, [nameserver], hosts=hosts, **settings)
        async with running(program, folder) as gateway:
            yield gateway, nameserver


async def test_ready_says_who_and_where(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, _):
        address, port = gateway.at
        assert gateway.ready == f"ready gateway WZL94 {GATEWAY}:{port}"
        assert (address, port > 0) == (GATEWAY, True)


async def test_ready_names_every_listen_address(tmp_path: Path) -> None:
    listen = [f"{GATEWAY}:0", "[::1]:0", "127.100.64.75:0"]
    async with office(tmp_path, listen=listen) as (gateway, _):
        _, _, _, first, second, third = gateway.ready.split()
        assert first.startswith(f"{GATEWAY}:")
        assert second.startswith("[::1]:")
        assert third.startswith("127.100.64.75:")


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
async def test_each_sender_hears_what_it_may(tmp_path: Path, tcp: bool) -> None:
    async with office(tmp_path) as (gateway, _):
        developer, contractor = gateway.client(DEVELOPER), gateway.client(CONTRACTOR)
        for client, name, rtype, expected in (
            (developer, "dbserver1.corp.net", "A", "NOERROR 10.0.0.30"),
            (developer, "dbserver1.corp.net", "AAAA", "NOERROR"),
            (developer, "printer", "A", "NOERROR 10.0.0.40"),
            (developer, "40.0.0.10.in-addr.arpa", "PTR", "NOERROR printer."),
            (developer, "login.corp.net", "A", "REFUSED"),
            (developer, "_my.id.enclave", "A", f"NOERROR {GATEWAY}"),
            (contractor, "dbserver1.corp.net", "A", "REFUSED"),
            (contractor, "printer", "A", "REFUSED"),
            (contractor, "login.corp.net", "A", "NOERROR dc1.corp.net. 172.16.1.10"),
            (contractor, "files.corp.net", "A", "NOERROR 172.16.1.11"),
            (contractor, "nosuchname.corp.net", "A", "REFUSED"),
        ):
            assert await client.hears(name, rtype, tcp=tcp) == expected, (client, name)


async def test_hidden_and_absent_are_one_reply_on_the_wire(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, _):
        contractor = gateway.client(CONTRACTOR)
        for tcp in (False, True):
            packets = [
                await contractor.send(query(f"{name}.corp.net"), tcp=tcp)
                for name in ("dbserver1", "dbserver9")
            ]
            assert len(set(map(beside_the_question, packets))) == 1


async def test_what_is_too_long_for_udp_is_cut_and_whole_over_tcp(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, _):
        developer = gateway.client(DEVELOPER)
        for _ in ("worked out", "kept"):
            cut = await developer.ask("many.corp.net")
            assert cut.flags & dns.flags.TC
            whole = await developer.ask("many.corp.net", tcp=True)
            assert not whole.flags & dns.flags.TC
            assert len(whole.answer[0]) == 120


async def test_a_kept_reply_asks_nobody_and_does_not_pass_the_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided = 0
    decide = answer.decide

    def counting(*arguments: Any) -> Any:
        nonlocal decided
        decided += 1
        return decide(*arguments)

    # The name that the loop calls: a reply cannot be worked out past it.
    monkeypatch.setattr(answer, "decide", counting)
    async with office(tmp_path) as (gateway, nameserver):
        developer, contractor = gateway.client(DEVELOPER), gateway.client(CONTRACTOR)
        for client, name, rtype in (
            (developer, "dbserver1.corp.net", "A"),
            (developer, "dbserver1.corp.net", "AAAA"),
            (developer, "printer", "A"),
            (developer, "login.corp.net", "A"),
            (contractor, "login.corp.net", "A"),
            (contractor, "nosuchname.corp.net", "A"),
        ):
            first = await client.hears(name, rtype)
            before, asked = decided, len(nameserver.seen)
            assert before
            assert await client.hears(name, rtype) == first
            upper = await client.hears(name.upper(), rtype, tcp=True)
            assert upper.lower() == first.lower()
            assert (decided, len(nameserver.seen)) == (before, asked)


async def test_senders_do_not_share_replies_across_views(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, _):
        for _ in range(2):
            assert await gateway.client(CONTRACTOR).hears("dbserver1.corp.net") == "REFUSED"
            assert (
                await gateway.client(DEVELOPER).hears("dbserver1.corp.net") == "NOERROR 10.0.0.30"
            )


async def test_a_sender_without_a_policy_is_refused_and_nothing_is_looked_up(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as (gateway, nameserver):
        for name in ("dbserver1.corp.net", "printer", "nosuchname.corp.net"):
            reply = await gateway.client(BYSTANDER).ask(name, use_edns=0)
            assert (reply.rcode(), ede_of(reply)) == (dns.rcode.REFUSED, [18])
        assert nameserver.seen == []


async def test_a_stranger_hears_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, nameserver):
        with gateway.client(STRANGER).socket() as stranger:
            for name in ("printer", "_my.id.enclave", "dbserver1.corp.net"):
                stranger.send(query(name))
            stranger.send(b"\0" * 12)
            # Packets are taken in turn: this reply comes after all that there was to send.
            assert await gateway.client(DEVELOPER).hears("dbserver1.corp.net")
            with pytest.raises(BlockingIOError):
                stranger.recv(65535)
        assert await gateway.client(STRANGER).send(query("printer"), tcp=True) is None
        assert {name for _, name, _ in nameserver.questions} == {"dbserver1.corp.net"}


async def test_no_nameserver_is_a_failure_and_never_an_absence(tmp_path: Path) -> None:
    folder = tmp_path
    async with FakeNameserver(zone(ZONE)) as nameserver:
        program = gateway_program(folder, [nameserver], hosts="10.0.0.40 printer")
        async with running(program, folder) as gateway:
            developer = gateway.client(DEVELOPER)
            assert await developer.hears("dbserver1.corp.net") == "NOERROR 10.0.0.30"
            await nameserver.stop()
            # Until the probe has settled it, the nameserver only fails these questions.
            for number in range(TRIES):
                if await developer.hears(f"new{number}.corp.net") == "SERVFAIL":
                    break
            assert await developer.hears("another.corp.net") == "SERVFAIL"
            assert await developer.hears("printer") == "NOERROR 10.0.0.40"
            assert await developer.hears("dbserver1.corp.net") == "NOERROR 10.0.0.30"
            async with nameserver:
                await developer.until_hears("REFUSED", "another.corp.net")


async def test_sigterm_finishes_what_is_in_flight_and_sends_new_queries_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Time enough for this test on any machine; nothing waits for it.
    monkeypatch.setattr(Server, "drain", partialmethod(Server.drain, 10.0))
    async with HeldNameserver(zone(ZONE)) as nameserver, asyncio.TaskGroup() as group:
        program = gateway_program(tmp_path, [nameserver], timeout="10s")
        async with running(program, tmp_path) as gateway:
            developer = gateway.client(DEVELOPER)
            in_flight = group.create_task(developer.hears("dbserver1.corp.net"))
            async with asyncio.timeout(PAUSE * TRIES):
                await nameserver.has_come.wait()
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(TRIES):
                reply = await developer.ask("_my.id.enclave", use_edns=0)
                if reply.rcode() == dns.rcode.SERVFAIL:
                    break
                await asyncio.sleep(PAUSE)
            assert (reply.rcode(), ede_of(reply)) == (dns.rcode.SERVFAIL, [14])
            assert not in_flight.done()
            nameserver.release()
            assert await in_flight == "NOERROR 10.0.0.30"
            async with asyncio.timeout(PAUSE * TRIES):
                await gateway.task
        assert await developer.is_turned_away()


async def test_a_port_in_use_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, _):
        address, port = gateway.at
        second = gateway_program(tmp_path / "second", listen=[f"{address}:{port}"])
        with pytest.raises(
            EnvironmentFault, match=r"port is in use; .* or change `listen`"
        ) as told:
            await second.run(print)
        assert f"{address}:{port}" in str(told.value)
        assert "\n" not in str(told.value)
        # The first is none the worse for it.
        assert await gateway.client(DEVELOPER).hears("printer") == "NOERROR 10.0.0.40"


async def test_an_address_that_is_not_ours_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    program = gateway_program(tmp_path, listen=[f"{GATEWAY}:0", "192.0.2.70:0"])
    with pytest.raises(EnvironmentFault, match=r"192\.0\.2\.70: no interface .* correct `listen`"):
        await program.run(print)


@pytest.mark.parametrize(
    ("organisation", "problems"),
    [
        (document().replace("WZL94", "WZL99"), 1),
        (document().replace('"KD9Q2"', '"B7TN1"').replace("10.0.0.0/24", "10.0.0.1/24"), 2),
        ("version = ", 1),
    ],
    ids=["not in it", "two mistakes", "no TOML"],
)
async def test_a_gateway_does_not_start_with_an_organisation_that_it_cannot_use(
    tmp_path: Path, organisation: str, problems: int
) -> None:
    with pytest.raises(DocumentError) as told:
        await gateway_program(tmp_path, organisation=organisation).run(print)
    assert len(told.value.problems) == problems
