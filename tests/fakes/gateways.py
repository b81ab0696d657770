"""Gateways that are fakes on real sockets, honest and lying, and a stub's `Asking` before them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address

from dnslib import QTYPE, RCODE, RR, DNSQuestion, DNSRecord

from enclave_dns.disclosure.view import View
from enclave_dns.organisation.document import GatewayPriority
from enclave_dns.resolution import Outcome
from enclave_dns.stub.asking import Asking, Said
from enclave_dns.stub.assembly import GATEWAY_SIGNS
from enclave_dns.stub.groups import Gateway, grouped
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import FAILURES, State
from enclave_dns.upstream.transport import Failure
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.dns_worlds import asked, view_of
from tests.fakes.nameserver import FakeNameserver, Respond
from tests.fakes.waiting import eventually

RESTRICTED = view_of("10.0.0.0/24")
OPEN = view_of("0.0.0.0/0")


@dataclass(frozen=True, slots=True)
class Site:
    """One gateway: how it answers, and what the organisation says of it."""

    respond: Respond
    view: View = RESTRICTED
    priority: GatewayPriority = GatewayPriority.BALANCED
    suffixes: tuple[str, ...] = ()


@dataclass
class Scene:
    """The gateways GW0, GW1, ... in the order in which they are listed, and who asks them."""

    fakes: list[FakeNameserver]
    gateways: tuple[Gateway, ...]
    vitals: Vitals
    asking: Asking

    async def ask(self, text: str) -> Said:
        async with asyncio.timeout(20):
            return await self.asking.ask(asked(text))

    async def hears(self, text: str) -> str:
        """What comes of a question: records, NODATA, NXDOMAIN, `nothing` or `failed`."""
        return in_words(await self.ask(text))

    @property
    def counts(self) -> list[int]:
        """How many queries each gateway has seen."""
        return [len(fake.seen) for fake in self.fakes]

    async def until(self, place: int, state: State) -> None:
        """Wait until a gateway is held to be in this state."""
        await eventually(lambda: self.vitals.state(self.gateways[place].server) is state)

    async def put_down(self, place: int) -> None:
        """Stop a gateway and wait until that is known."""
        await self.fakes[place].stop()
        for _ in range(FAILURES):
            self.vitals.learn(self.gateways[place].server, Failure.UNREACHABLE, 0.0)
        await self.until(place, State.DOWN)


def in_words(said: Said) -> str:
    resolution = said.resolution
    if resolution is None:
        return "failed" if said.did_fail else "nothing"
    if not resolution.rrset:
        return "NXDOMAIN" if resolution.outcome is Outcome.NXDOMAIN else "NODATA"
    rtype = RRType(resolution.rrset[0].rtype)
    if rtype not in (RRType.A, RRType.AAAA):
        return rtype.name
    return " ".join(str(ip_address(record.rdata)) for record in resolution.rrset)


@asynccontextmanager
async def scene(*sites: Respond | Site) -> AsyncIterator[Scene]:
    """These gateways, up; where only the way of answering is given, restricted and balanced."""
    async with AsyncExitStack() as stack:
        listed = [site if isinstance(site, Site) else Site(site) for site in sites]
        fakes = [await stack.enter_async_context(FakeNameserver(site.respond)) for site in listed]
        gateways = tuple(
            Gateway(
                f"GW{place}",
                fake.server,
                site.view,
                site.priority,
                tuple(map(from_text, site.suffixes)),
            )
            for place, (site, fake) in enumerate(zip(listed, fakes, strict=True))
        )
        exchange = Exchange("127.0.0.1")
        vitals = Vitals(exchange, GATEWAY_SIGNS)
        stack.push_async_callback(vitals.close)
        vitals.replace(gateway.server for gateway in gateways)
        yield Scene(fakes, gateways, vitals, Asking(grouped(gateways), exchange, vitals))


def no_answers(respond: Respond) -> Respond:
    """A gateway's way of saying that it has nothing to disclose, instead of NXDOMAIN."""

    def refusing(query: bytes, transport: str) -> list[bytes]:
        packets = [DNSRecord.parse(packet) for packet in respond(query, transport)]
        for packet in packets:
            if packet.header.rcode == RCODE.NXDOMAIN:
                packet.header.rcode = RCODE.REFUSED
                packet.auth = []
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
    reply = DNSRecord.parse(query).reply()
    reply.questions = [DNSQuestion("other.corp.net", QTYPE.A)]
    reply.add_answer(*RR.fromZone("other.corp.net 60 A 10.0.0.66"))
    return [reply.pack()]


def garbage(query: bytes, transport: str) -> list[bytes]:
    """Less than a header."""
    return [query[:7]]


def draining(query: bytes, transport: str) -> list[bytes]:
    """What a gateway says while it shuts down: SERVFAIL with EDE 14 (RFC 8914, 4.15)."""
    reply = DNSRecord.parse(query).reply()
    reply.header.rcode = RCODE.SERVFAIL
    packet = bytearray(reply.pack())
    packet[10:12] = b"\0\1"
    return [bytes(packet) + bytes.fromhex("00 0029 04d0 00000000 0006 000f 0002 000e")]


def silent_for(rtype: str, respond: Respond) -> Respond:
    """Answers everything but this type."""

    def some(query: bytes, transport: str) -> list[bytes]:
        is_silent = QTYPE[DNSRecord.parse(query).q.qtype] == rtype
        return [] if is_silent else list(respond(query, transport))

    return some
