"""The machine's own nameservers, asked over real sockets: whose reply is passed on, and as what."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dnslib import QTYPE, RR, SOA, DNSRecord

from enclave_dns.disclosure.reply import Kind, Reply
from enclave_dns.endpoint import Endpoint
from enclave_dns.sources.nameserver import Selected
from enclave_dns.sources.resolv_files import select_nameservers
from enclave_dns.stub.fallback import LONGEST_KEPT, SystemNameservers
from enclave_dns.upstream.health import FAILURES, State
from enclave_dns.upstream.selection import Pace
from enclave_dns.upstream.transport import Failure
from enclave_dns.wire.names import display
from enclave_dns.wire.numbers import RCode, RRType
from tests.fakes.dns_worlds import asked
from tests.fakes.gateways import garbage
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, silence, zone
from tests.fakes.waiting import eventually

OFFICE = zone(
    "www.corp.net 20 CNAME db.corp.net.\ndb.corp.net 300 A 192.168.0.30\n"
    + "\n".join(f"many.corp.net 60 A 192.168.1.{n}" for n in range(1, 121))
)
OTHER = zone("db.corp.net 60 A 192.168.0.31")
DB = "db.corp.net A"


@dataclass
class Scene:
    fakes: list[FakeNameserver]
    system: SystemNameservers

    async def ask(self, text: str = DB) -> Reply:
        async with asyncio.timeout(20):
            return await self.system.ask(asked(text))

    @property
    def counts(self) -> list[int]:
        return [len(fake.seen) for fake in self.fakes]


@asynccontextmanager
async def scene(*responds: Respond, **options: Any) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        fakes = [await stack.enter_async_context(FakeNameserver(one)) for one in responds]
        system = SystemNameservers(Selected(tuple(fake.server for fake in fakes), **options))
        stack.push_async_callback(system.close)
        yield Scene(fakes, system)


def in_words(reply: Reply) -> str:
    data = [".".join(map(str, r.rdata)) for r in reply.answer if r.rtype == RRType.A]
    return " ".join([reply.rcode.name, *data])


async def test_the_first_final_reply_wins() -> None:
    async with scene(OFFICE, OTHER) as made:
        assert in_words(await made.ask()) == "NOERROR 192.168.0.30"
        assert in_words(await made.ask("absent.corp.net A")) == "NXDOMAIN"
        assert in_words(await made.ask("db.corp.net TXT")) == "NOERROR"
        assert made.counts == [3, 0]


@pytest.mark.parametrize("bad", [silence, rcode("SERVFAIL"), rcode("REFUSED"), garbage])
async def test_the_next_nameserver_is_asked_where_one_settles_nothing(
    bad: Respond,
) -> None:
    async with scene(bad, OTHER) as made:
        assert in_words(await made.ask()) == "NOERROR 192.168.0.31"


@pytest.mark.parametrize(
    ("last", "expected"),
    [("SERVFAIL", RCode.SERVFAIL), ("REFUSED", RCode.REFUSED), ("NOTIMP", RCode.SERVFAIL)],
)
async def test_the_last_failure_is_passed_on_and_not_kept(last: str, expected: RCode) -> None:
    async with scene(rcode("FORMERR"), rcode(last)) as made:
        reply = await made.ask()
        assert (reply.rcode, reply.answer, reply.authority) == (expected, (), ())
        assert reply.lifetime == 0


async def test_a_negative_reply_has_the_nameservers_own_soa() -> None:
    async with scene(OFFICE) as made:
        for question, kind in (
            ("absent.corp.net A", Kind.NXDOMAIN),
            ("db.corp.net MX", Kind.NODATA),
        ):
            reply = await made.ask(question)
            assert (reply.kind, reply.answer) == (kind, ())
            (soa,) = reply.authority
            assert (display(soa.name), soa.rtype, soa.ttl) == ("corp.net", RRType.SOA, 300)
            assert reply.rcode is (RCode.NXDOMAIN if kind is Kind.NXDOMAIN else RCode.NOERROR)


async def test_a_positive_reply_is_the_answer_alone() -> None:
    def talkative(query: bytes, transport: str) -> list[bytes]:
        reply = DNSRecord.parse(OFFICE(query, transport)[0])
        reply.header.aa = reply.header.ad = 1
        reply.add_auth(RR("corp.net", QTYPE.SOA, ttl=300, rdata=SOA("a", "b", (1, 2, 3, 4, 5))))
        reply.add_ar(*RR.fromZone("evil.corp.net 60 A 192.168.0.66"))
        return [reply.pack()]

    async with scene(talkative) as made:
        reply = await made.ask("www.corp.net A")
        assert [record.rtype for record in reply.answer] == [RRType.CNAME, RRType.A]
        assert (reply.authority, reply.additional, reply.is_authoritative) == ((), (), False)


@pytest.mark.parametrize(
    ("question", "kept"),
    [("www.corp.net A", 20), (DB, LONGEST_KEPT), ("absent.corp.net A", 30)],
    ids=["its lowest TTL", "a bound", "the SOA's minimum"],
)
async def test_a_reply_is_kept_for_its_time_within_a_bound(question: str, kept: float) -> None:
    async with scene(OFFICE) as made:
        assert (await made.ask(question)).lifetime == kept


async def test_a_negative_reply_without_an_soa_is_not_kept() -> None:
    async with scene(rcode("NXDOMAIN")) as made:
        reply = await made.ask()
        assert (reply.rcode, reply.authority, reply.lifetime) == (RCode.NXDOMAIN, (), 0)


async def test_what_does_not_fit_a_datagram_is_fetched_over_tcp() -> None:
    async with scene(OFFICE) as made:
        assert len((await made.ask("many.corp.net A")).answer) == 120
        assert [transport for transport, _ in made.fakes[0].seen] == ["udp", "tcp"]


async def test_use_vc_never_uses_udp() -> None:
    async with scene(OFFICE, use_vc=True) as made:
        assert in_words(await made.ask()) == "NOERROR 192.168.0.30"
        assert {transport for transport, _ in made.fakes[0].seen} == {"tcp"}


async def test_where_all_are_silent_it_is_servfail_within_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("enclave_dns.stub.fallback.PACE", Pace(0.25, 0.1, 0.25, attempts=1))
    async with scene(*[silence] * 6) as made:
        reply = await made.ask()
        assert (reply.kind, reply.rcode, reply.lifetime) == (Kind.FAILED, RCode.SERVFAIL, 0)
        assert made.counts[0]
        assert made.counts[5] == 0


async def test_without_nameservers_it_is_servfail() -> None:
    async with scene() as made:
        assert in_words(await made.ask()) == "SERVFAIL"


async def test_a_nameserver_that_is_down_is_asked_only_where_all_are() -> None:
    async with scene(OFFICE, OTHER) as made:
        dead = made.fakes[0]
        await dead.stop()
        vitals = made.system._vitals
        for _ in range(FAILURES):
            vitals.learn(dead.server, Failure.UNREACHABLE, 0.0)
        await eventually(lambda: vitals.state(dead.server) is State.DOWN)
        async with dead:
            dead.seen.clear()
            dead.respond = rcode("SERVFAIL")
            assert in_words(await made.ask()) == "NOERROR 192.168.0.31"
            assert [name for _, name, _ in dead.questions if name] == []
            made.system.replace(Selected((dead.server,)))
            assert in_words(await made.ask()) == "SERVFAIL"
            assert ("udp", "db.corp.net", "A") in dead.questions


async def test_other_nameservers_are_asked_from_now_on() -> None:
    async with scene(OFFICE, OTHER) as made:
        made.system.replace(Selected((made.fakes[1].server,)))
        assert in_words(await made.ask()) == "NOERROR 192.168.0.31"


def test_our_own_listen_address_is_never_asked(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 127.0.0.1\nnameserver 192.0.2.53\n")
    own = frozenset({("127.0.0.1", 53)})
    assert [s.address for s in select_nameservers(file, (), own).nameservers] == ["192.0.2.53"]
    assert select_nameservers(file, (Endpoint("127.0.0.1", 53),), own).nameservers == ()
