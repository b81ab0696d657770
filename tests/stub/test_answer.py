"""What a stub says: its own names, special names, what gateways know, and the miss."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from enclave_dns.disclosure.view import View
from enclave_dns.serve.program import Audience
from enclave_dns.sources.nameserver import Selected
from enclave_dns.sources.own_zones import ENCLAVE, MY_ID, Node, OwnZones, Zone, id_name
from enclave_dns.stub.answer import State, StubAnswers
from enclave_dns.stub.asking import Asking
from enclave_dns.stub.assembly import GATEWAY_SIGNS
from enclave_dns.stub.fallback import SystemNameservers
from enclave_dns.stub.groups import Gateway, grouped
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.numbers import RCode
from tests.fakes.dns_worlds import packed, view_of
from tests.fakes.front import Front, query, said
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, silence, zone

HERE = "127.0.0.1"
OWN, OTHER = "100.64.0.12", "100.64.0.70"
BUDGET = "enclave_dns.stub.asking.BUDGET"

OFFICE = """
db.corp.net      60 A     10.0.0.30
www.corp.net     60 CNAME db.corp.net.
hidden.corp.net  60 A     192.168.0.30
"""
KNOWN = zone(OFFICE)
NOTHING = rcode("REFUSED")


def zones(version: int) -> OwnZones:
    """Our own id and one other system's."""
    nodes = {MY_ID: OWN, id_name("KD9Q2"): OWN, id_name("WZL94"): OTHER}
    held = {name: Node(((packed(address),),)) for name, address in nodes.items()}
    return OwnZones.of(version, (Zone(ENCLAVE, held),))


def asking(*gateways: FakeNameserver, view: View | None = None) -> Asking:
    """Gateways that all have the same view: one group."""
    exchange = Exchange(HERE)
    vitals = Vitals(exchange, GATEWAY_SIGNS)
    vitals.replace(fake.server for fake in gateways)
    members = (
        Gateway(f"GW{at}", fake.server, view or view_of("10.0.0.0/24"))
        for at, fake in enumerate(gateways)
    )
    return Asking(grouped(members), exchange, vitals)


def state(
    *gateways: FakeNameserver, view: View | None = None, miss: RCode = RCode.REFUSED
) -> State:
    return State(
        Audience(b"first", "KD9Q2"),
        zones(7),
        asking(*gateways, view=view),
        frozenset({OWN, "::1"}),
        miss,
    )


class Scene:
    """A stub behind a server, with one gateway or none; `nameserver` is the system's."""

    nameserver: FakeNameserver

    def __init__(self, made: State) -> None:
        self.answers = StubAnswers(made)
        self.front = Front(self.answers)

    async def hears(self, text: str) -> str:
        name, rtype = text.split()
        return await self.front.hears(name, rtype, HERE)

    async def reply(self, text: str) -> dns.message.Message:
        name, rtype = text.split()
        return dns.message.from_wire(await self.front.send(query(name, rtype), HERE) or b"")


@asynccontextmanager
async def beside(
    respond: Respond, view: View | None = None
) -> AsyncIterator[tuple[Scene, FakeNameserver]]:
    async with FakeNameserver(respond) as gateway:
        yield Scene(state(gateway, view=view)), gateway


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("_my.id.enclave A", f"NOERROR {OWN}"),
        ("_my.id.enclave AAAA", "NOERROR"),
        ("kd9q2.id.enclave A", f"NOERROR {OWN}"),
        ("WZL94.ID.Enclave A", f"NOERROR {OTHER}"),
        ("wzl94.id.enclave TXT", "NOERROR"),
        ("c4x8m.id.enclave A", "NXDOMAIN"),
        ("id.enclave A", "NOERROR"),
        ("anything.enclave A", "NXDOMAIN"),
        ("enclave A", "NOERROR"),
    ],
)
async def test_own_names_are_answered_with_authority(question: str, expected: str) -> None:
    async with beside(KNOWN) as (stub, gateway):
        assert await stub.hears(question) == expected
        reply = await stub.reply(question)
        assert reply.flags & dns.flags.AA
        # A negative reply has the SOA of the zone, its serial the organisation's version.
        assert [rrset[0].serial for rrset in reply.authority] == ([] if reply.answer else [7])
        assert gateway.seen == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("localhost A", "NOERROR 127.0.0.1"),
        ("localhost AAAA", "NOERROR ::1"),
        ("localhost MX", "NOERROR"),
        ("a.b.localhost A", "NOERROR 127.0.0.1"),
        ("ipv4only.arpa A", "NOERROR 192.0.0.170 192.0.0.171"),
        ("ipv4only.arpa AAAA", "NOERROR"),
        ("x.ipv4only.arpa A", "NXDOMAIN"),
        ("a.invalid A", "NXDOMAIN"),
        ("a.onion A", "NXDOMAIN"),
        ("a.alt A", "NXDOMAIN"),
        ("wpad A", "NXDOMAIN"),
        ("isatap AAAA", "NXDOMAIN"),
        ("_dns.resolver.arpa SVCB", "NOERROR"),
        ("printer.local A", "REFUSED"),
        ("1.0.0.127.in-addr.arpa PTR", "NXDOMAIN"),
        ("1.1.254.169.in-addr.arpa PTR", "NXDOMAIN"),
    ],
)
async def test_special_names_are_never_forwarded(question: str, expected: str) -> None:
    async with beside(KNOWN) as (stub, gateway):
        assert await stub.hears(question) == expected
        assert gateway.seen == []


@pytest.mark.parametrize("question", ["wpad.corp.net A", "isatap.corp.net A", "locals A"])
async def test_names_that_only_look_special_are_forwarded(question: str) -> None:
    async with beside(NOTHING) as (stub, gateway):
        assert await stub.hears(question) == "REFUSED"
        assert gateway.seen


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("db.corp.net A", "NOERROR 10.0.0.30"),
        ("DB.corp.NET A", "NOERROR 10.0.0.30"),
        ("db.corp.net AAAA", "NOERROR"),
        ("www.corp.net A", "NOERROR db.corp.net. 10.0.0.30"),
        ("hidden.corp.net A", "REFUSED"),
        ("absent.corp.net A", "REFUSED"),
    ],
)
async def test_other_names_are_what_the_gateway_says_after_the_check(
    question: str, expected: str
) -> None:
    async with beside(KNOWN) as (stub, _):
        assert await stub.hears(question) == expected


async def test_an_open_gateways_absence_is_passed_on_with_our_soa() -> None:
    async with beside(KNOWN, view_of("0.0.0.0/0")) as (stub, _):
        for question, expected in (
            ("absent.corp.net A", dns.rcode.NXDOMAIN),
            ("db.corp.net MX", dns.rcode.NOERROR),
        ):
            reply = await stub.reply(question)
            assert (reply.rcode(), bool(reply.flags & dns.flags.AA)) == (expected, False)
            (soa,) = reply.authority
            assert soa[0].rname.to_text() == "nobody.invalid."


async def test_what_a_gateway_says_beside_the_answer_is_not_passed_on() -> None:
    def talkative(packet: bytes, transport: str) -> list[bytes]:
        reply = dns.message.from_wire(bytes(KNOWN(packet, transport)[0]))
        extra = dns.rrset.from_text("evil.corp.net.", 60, "IN", "A", "10.0.0.66")
        reply.answer.append(extra)
        reply.authority.append(extra)
        reply.additional.append(extra)
        reply.flags |= dns.flags.AA | dns.flags.AD
        reply.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.BLOCKED, "told you")])
        return [reply.to_wire()]

    async with beside(talkative) as (stub, _):
        reply = await stub.reply("db.corp.net A")
        assert said(reply.to_wire()) == "NOERROR 10.0.0.30"
        assert not reply.flags & (dns.flags.AA | dns.flags.AD)
        assert (reply.authority, reply.additional, reply.options) == ([], [], ())


@pytest.mark.parametrize(
    ("miss", "expected"),
    [(RCode.REFUSED, "8185"), (RCode.SERVFAIL, "8182"), (RCode.NXDOMAIN, "8183")],
)
@pytest.mark.parametrize("respond", [NOTHING, None], ids=["a gateway", "no gateway"])
async def test_a_miss_has_the_chosen_rcode_and_nothing_else(
    miss: RCode, expected: str, respond: Respond | None
) -> None:
    async with FakeNameserver(respond or NOTHING) as gateway:
        stub = Scene(state(*([gateway] if respond else []), miss=miss))
        for question in ("absent.corp.net", "printer.local"):
            packet = await stub.front.send(query(question), HERE)
            assert packet is not None
            assert packet[2:12] == bytes.fromhex(f"{expected} 0001 0000 0000 0000")


async def test_types_that_no_question_can_have_are_a_miss_at_once() -> None:
    async with beside(KNOWN) as (stub, gateway):
        for rtype in (0, 41, 128, 249, 250, 253, 254):
            packet = await stub.front.send(query("db.corp.net", rtype), HERE)
            assert packet is not None
            assert packet[3] & 0xF == RCode.REFUSED
        assert gateway.seen == []


@pytest.mark.parametrize("miss", [RCode.REFUSED, RCode.NXDOMAIN, RCode.SERVFAIL])
async def test_where_nobody_answers_it_is_refused_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, miss: RCode
) -> None:
    monkeypatch.setattr(BUDGET, 0.3)
    async with FakeNameserver(silence) as gateway:
        stub = Scene(state(gateway, miss=miss))
        assert await stub.hears("db.corp.net A") == "REFUSED"
        gateway.respond = KNOWN
        monkeypatch.setattr(BUDGET, 3.0)
        assert await stub.hears("db.corp.net A") == "NOERROR 10.0.0.30"


async def test_answers_and_misses_are_kept() -> None:
    async with beside(KNOWN) as (stub, gateway):
        for question in ("db.corp.net A", "absent.corp.net A"):
            first = await stub.hears(question)
            asked = len(gateway.seen)
            assert await stub.hears(question.upper()) == first
            assert len(gateway.seen) == asked


@pytest.mark.parametrize("name", ["db.corp.net", "absent.corp.net", "a.onion", "printer.local"])
async def test_any_is_one_small_record_and_asks_nobody(name: str) -> None:
    async with beside(KNOWN) as (stub, gateway):
        assert await stub.hears(f"{name} ANY") == 'NOERROR "RFC8482" ""'
        assert gateway.seen == []


async def test_any_at_our_own_names_is_theirs_to_answer() -> None:
    async with beside(KNOWN) as (stub, _):
        assert await stub.hears("kd9q2.id.enclave ANY") == "NOERROR"
        assert await stub.hears("x.enclave ANY") == "NXDOMAIN"


@pytest.mark.parametrize(
    ("source", "is_local"),
    [
        *(("127.0.0.1", True), ("127.100.0.9", True), (OWN, True), ("::1", True)),
        *(("100.64.0.13", False), ("192.168.1.5", False), ("12.7.0.1", False)),
    ],
)
async def test_only_this_machine_is_answered(source: str, is_local: bool) -> None:
    stub = Scene(state())
    packet = await stub.front.send(query("_my.id.enclave"), source)
    assert (packet is not None) is is_local


def revoked(made: State) -> State:
    """The state of a new document, with a new epoch, in which we may reach nothing any more."""
    return replace(made, audience=Audience(b"second", "KD9Q2"), asking=asking())


async def test_a_reply_of_an_earlier_document_is_not_found_again() -> None:
    async with beside(KNOWN) as (stub, _):
        assert await stub.hears("db.corp.net A") == "NOERROR 10.0.0.30"
        stub.answers.state = revoked(stub.answers.state)
        assert await stub.hears("db.corp.net A") == "REFUSED"


async def test_a_reply_that_was_under_way_at_a_new_document_is_not_found_again() -> None:
    held: asyncio.Event = asyncio.Event()

    def changing(packet: bytes, transport: str) -> list[bytes]:
        held.set()
        stub.answers.state = revoked(stub.answers.state)
        return list(KNOWN(packet, transport))

    async with beside(changing) as (stub, _):
        assert await stub.hears("db.corp.net A") == "NOERROR 10.0.0.30"
        assert held.is_set()
        assert await stub.hears("db.corp.net A") == "REFUSED"


async def test_an_address_that_is_no_longer_ours_hears_nothing() -> None:
    def moving(packet: bytes, transport: str) -> list[bytes]:
        stub.answers.state = replace(stub.answers.state, local_addresses=frozenset())
        return list(KNOWN(packet, transport))

    async with beside(moving) as (stub, _):
        assert await stub.front.send(query("db.corp.net"), OWN) is None


async def test_states_are_alike_when_answers_depend_on_the_same_things() -> None:
    async with FakeNameserver(KNOWN) as gateway:
        one = state(gateway)
        assert one.is_like(replace(one, audience=Audience(b"second", "KD9Q2")))
        assert one.is_like(replace(one, local_addresses=frozenset()))
        assert one.is_like(replace(one, asking=asking(gateway)))
        assert not one.is_like(replace(one, asking=asking()))
        assert not one.is_like(replace(one, asking=asking(gateway, view=view_of("10.0.0.0/25"))))
        assert not one.is_like(replace(one, zones=zones(8)))
        assert not one.is_like(replace(one, miss=RCode.NXDOMAIN))
        assert not one.is_like(replace(one, fallback=SystemNameservers(Selected())))


@asynccontextmanager
async def falling_back(gateway: Respond | None, system: Respond) -> AsyncIterator[Scene]:
    """A stub with `fallback = "system"`, before a gateway (or none) and a nameserver."""
    async with AsyncExitStack() as stack:
        nameserver = await stack.enter_async_context(FakeNameserver(system))
        fakes = [await stack.enter_async_context(FakeNameserver(gateway))] if gateway else []
        fallback = SystemNameservers(Selected((nameserver.server,)))
        stack.push_async_callback(fallback.close)
        scene = Scene(replace(state(*fakes), fallback=fallback))
        scene.nameserver = nameserver
        yield scene


SYSTEM = zone("www.example.com 60 A 192.0.2.80\ndb.corp.net 60 AAAA 2001:db8::66")


@pytest.mark.parametrize("gateway", [NOTHING, KNOWN, None], ids=["refuses", "knows some", "none"])
async def test_what_no_gateway_knows_the_systems_nameservers_answer(
    gateway: Respond | None,
) -> None:
    async with falling_back(gateway, SYSTEM) as stub:
        assert await stub.hears("www.example.com A") == "NOERROR 192.0.2.80"
        assert await stub.hears("www.example.com TXT") == "NOERROR"
        assert await stub.hears("absent.example.com A") == "NXDOMAIN"


@pytest.mark.parametrize(
    "question", ["x.enclave A", "printer.local A", "a.onion A", "localhost A", "x.net ANY"]
)
async def test_own_and_special_names_never_fall_back(question: str) -> None:
    async with falling_back(None, SYSTEM) as stub:
        await stub.hears(question)
        assert stub.nameserver.seen == []


@pytest.mark.parametrize("has_fallback", [True, False])
async def test_the_other_family_of_an_answered_name_is_no_data_and_never_another_sources(
    has_fallback: bool,
) -> None:
    def a_alone(query: bytes, transport: str) -> list[bytes]:
        is_a = dns.message.from_wire(query).question[0].rdtype == dns.rdatatype.A
        return list((KNOWN if is_a else NOTHING)(query, transport))

    async with falling_back(a_alone, SYSTEM) as stub:
        if not has_fallback:
            stub.answers.state = replace(stub.answers.state, fallback=None)
        assert await stub.hears("db.corp.net A") == "NOERROR 10.0.0.30"
        reply = await stub.reply("db.corp.net AAAA")
        assert said(reply.to_wire()) == "NOERROR"
        assert len(reply.authority) == 1
        assert stub.nameserver.seen == []
