"""Asking gateways over real sockets: silent ones, failing ones, lying ones."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address

import pytest
from dnslib import QTYPE, RCODE, RR, DNSQuestion, DNSRecord

from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Outcome
from enclave_dns.stub import gateways as module
from enclave_dns.stub.gateways import Answer, Gateway, Gateways
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.wire.numbers import RRType
from tests.fakes.dns_worlds import asked, view_of
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, silence, zone

RESTRICTED = view_of("10.0.0.0/24")
OPEN = view_of("0.0.0.0/0")

HONEST = zone("db.corp.net 60 A 10.0.0.30\nv6.corp.net 60 AAAA fd00::1\n")
OTHER = zone("db.corp.net 60 A 10.0.0.31\nelse.corp.net 60 A 10.0.0.32\n")
NO_ANSWER = rcode("REFUSED")


def no_answers(respond: Respond) -> Respond:
    """A gateway's way of saying that it has nothing to disclose, instead of NXDOMAIN."""

    def refusing(query: bytes, transport: str) -> list[bytes]:
        packets = [DNSRecord.parse(packet) for packet in respond(query, transport)]
        for packet in packets:
            if packet.header.rcode == RCODE.NXDOMAIN:
                packet.header.rcode = RCODE.REFUSED
        return [packet.pack() for packet in packets]

    return refusing


def lying(*records: str) -> Respond:
    """Gives these records to every question, whatever it is."""

    def respond(query: bytes, transport: str) -> list[bytes]:
        reply = DNSRecord.parse(query).reply()
        reply.add_answer(*(rr for text in records for rr in RR.fromZone(text)))
        return [reply.pack()]

    return respond


def another_question(query: bytes, transport: str) -> list[bytes]:
    """The answer to a question that nobody asked."""
    parsed = DNSRecord.parse(query)
    reply = parsed.reply()
    reply.questions = [DNSQuestion("other.corp.net", QTYPE.A)]
    reply.add_answer(*RR.fromZone("other.corp.net 60 A 10.0.0.66"))
    return [reply.pack()]


@dataclass
class Scene:
    """Gateways that are fakes, in the order in which they are listed."""

    fakes: list[FakeNameserver]
    gateways: Gateways

    async def hears(self, text: str) -> str:
        """What comes of a question: records, NODATA, NXDOMAIN, `nothing` or `failed`."""
        async with asyncio.timeout(20):
            return in_words(await self.gateways.ask(asked(text)))

    @property
    def counts(self) -> list[int]:
        """How many queries each gateway has seen."""
        return [len(fake.seen) for fake in self.fakes]


def in_words(answer: Answer) -> str:
    resolution = answer.resolution
    if resolution is None:
        return "failed" if answer.did_fail else "nothing"
    records = [str(ip_address(r.rdata)) for r in resolution.rrset if len(r.rdata) in (4, 16)]
    if not resolution.rrset:
        return "NXDOMAIN" if resolution.outcome is Outcome.NXDOMAIN else "NODATA"
    return " ".join(records) or RRType(resolution.rrset[0].rtype).name


@asynccontextmanager
async def scene(*responds: Respond, view: View = RESTRICTED) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        fakes = [await stack.enter_async_context(FakeNameserver(one)) for one in responds]
        members = tuple(
            Gateway(f"GW{place}", fake.server, view) for place, fake in enumerate(fakes)
        )
        yield Scene(fakes, Gateways(members, Exchange("127.0.0.1")))


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence costs these tests less than it costs a user."""
    monkeypatch.setattr(module, "BUDGET", 0.3)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, the second gateway has the time to answer."""
    monkeypatch.setattr(module, "BUDGET", 3.0)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("db.corp.net A", "10.0.0.30"),
        ("db.corp.net AAAA", "NODATA"),
        ("db.corp.net TXT", "NODATA"),
        ("v6.corp.net AAAA", "nothing"),
        ("v6.corp.net A", "nothing"),
        ("absent.corp.net A", "nothing"),
    ],
)
async def test_one_honest_gateway(question: str, expected: str) -> None:
    async with scene(no_answers(HONEST)) as made:
        assert await made.hears(question) == expected


async def test_without_a_gateway_there_is_no_answer() -> None:
    async with scene() as made:
        assert await made.hears("db.corp.net A") == "nothing"


@pytest.mark.parametrize(
    ("liar", "question"),
    [
        (lying("db.corp.net 60 A 192.168.0.66"), "db.corp.net A"),
        (lying("db.corp.net 60 A 127.0.0.1"), "db.corp.net A"),
        (lying("other.corp.net 60 A 10.0.0.66"), "db.corp.net A"),
        (lying("db.corp.net 60 CNAME x.corp.net", "x.corp.net 60 A 10.9.9.9"), "db.corp.net A"),
        (lying("db.corp.net 60 CNAME x.corp.net"), "db.corp.net A"),
        (lying(), "db.corp.net A"),
        (lying(), "db.corp.net AAAA"),
        (lying(), "db.corp.net TXT"),
        (lying('db.corp.net 60 TXT "v=spf1"'), "db.corp.net TXT"),
        (rcode("NXDOMAIN"), "db.corp.net A"),
    ],
    ids=[
        *("outside the view", "loopback", "another owner", "a chain outside", "a bare chain"),
        *("NODATA for A", "NODATA for AAAA", "NODATA for TXT", "text alone", "NXDOMAIN"),
    ],
)
async def test_a_lying_gateway_gives_nothing_and_blanks_out_nothing(
    liar: Respond, question: str
) -> None:
    async with scene(liar) as alone:
        assert await alone.hears(question) == "nothing"
    async with scene(liar, HONEST) as beside:
        expected = "10.0.0.30" if question.endswith(" A") else "NODATA"
        assert await beside.hears(question) == expected


async def test_the_answer_to_another_question_is_no_answer_at_all() -> None:
    async with scene(another_question) as alone:
        assert await alone.hears("db.corp.net A") == "failed"
    async with scene(another_question, HONEST) as beside:
        assert await beside.hears("db.corp.net A") == "10.0.0.30"


async def test_a_mixed_answer_keeps_what_is_in_our_view() -> None:
    async with scene(lying("db.corp.net 60 A 192.168.0.66", "db.corp.net 60 A 10.0.0.5")) as made:
        assert await made.hears("db.corp.net A") == "10.0.0.5"


async def test_an_open_gateway_is_believed_that_a_name_has_no_data_or_does_not_exist() -> None:
    async with scene(HONEST, view=OPEN) as made:
        assert await made.hears("db.corp.net TXT") == "NODATA"
        assert await made.hears("absent.corp.net A") == "NXDOMAIN"


@pytest.mark.parametrize(
    "first",
    [silence, rcode("SERVFAIL"), rcode("NOTIMP"), lambda query, transport: [query[:7]]],
    ids=["silence", "SERVFAIL", "NOTIMP", "garbage"],
)
@pytest.mark.usefixtures("_patient")
async def test_the_next_gateway_answers_in_the_same_query_and_stays_the_first(
    first: Respond,
) -> None:
    async with scene(first, HONEST) as made:
        assert await made.hears("db.corp.net A") == "10.0.0.30"
        before = made.counts[0]
        assert before
        assert await made.hears("db.corp.net A") == "10.0.0.30"
        assert made.counts[0] == before


async def test_a_gateway_that_is_not_there_is_passed_over() -> None:
    async with scene(HONEST, OTHER) as made:
        await made.fakes[0].stop()
        assert await made.hears("db.corp.net A") == "10.0.0.31"


async def test_a_no_answer_goes_on_to_the_next() -> None:
    async with scene(no_answers(HONEST), no_answers(OTHER)) as made:
        assert await made.hears("db.corp.net A") == "10.0.0.30"
        assert await made.hears("else.corp.net A") == "10.0.0.32"
        assert await made.hears("absent.corp.net A") == "nothing"


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize(
    "responds",
    [
        (silence,),
        (silence, silence, silence),
        (rcode("SERVFAIL"), silence),
        (NO_ANSWER, silence),
        (silence, NO_ANSWER),
    ],
)
async def test_where_a_gateway_failed_nobody_can_say_that_the_name_is_unknown(
    responds: tuple[Respond, ...],
) -> None:
    async with scene(*responds) as made:
        assert await made.hears("db.corp.net A") == "failed"


def silent_for(rtype: str, respond: Respond) -> Respond:
    def some(query: bytes, transport: str) -> list[bytes]:
        is_silent = QTYPE[DNSRecord.parse(query).q.qtype] == rtype
        return [] if is_silent else list(respond(query, transport))

    return some


@pytest.mark.usefixtures("_hasty")
async def test_no_data_is_not_believed_while_its_address_cannot_be_had() -> None:
    async with scene(silent_for("A", HONEST)) as alone:
        assert await alone.hears("db.corp.net AAAA") == "failed"


@pytest.mark.usefixtures("_patient")
async def test_no_data_whose_address_cannot_be_had_is_left_to_the_next() -> None:
    async with scene(silent_for("A", HONEST), HONEST) as beside:
        assert await beside.hears("db.corp.net AAAA") == "NODATA"


async def test_what_does_not_fit_a_datagram_is_fetched_over_tcp() -> None:
    many = "\n".join(f"many.corp.net 60 A 10.0.0.{n}" for n in range(1, 121))
    async with scene(zone(many)) as made:
        assert len((await made.hears("many.corp.net A")).split()) == 120
        assert [transport for transport, _ in made.fakes[0].seen] == ["udp", "tcp"]


async def test_a_forged_datagram_is_not_believed() -> None:
    def forged_over_udp(query: bytes, transport: str) -> list[bytes]:
        honest = list(HONEST(query, transport))
        wrong_id = bytes([query[0] ^ 1]) + lying("db.corp.net 60 A 10.0.0.66")(query, "")[0][1:]
        return [wrong_id, *honest] if transport == "udp" else honest

    async with scene(forged_over_udp) as made:
        assert await made.hears("db.corp.net A") == "10.0.0.30"


async def test_the_members_are_in_the_documents_order() -> None:
    async with scene(HONEST, OTHER) as made:
        assert [gateway.system_id for gateway in made.gateways.members] == ["GW0", "GW1"]
        assert len(made.gateways) == 2
