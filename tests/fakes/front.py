"""A program behind `serve`, asked with packets: what leaves is what a client would get.

`FakeSource` plays the nameservers to a real `Resolver`: it answers from a world, counts what it was
asked, and keeps its answers back for as long as a test wants.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from functools import cache

import dns.flags
import dns.message
import dns.rdatatype

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.serve.program import Program
from enclave_dns.serve.server import Address, Server
from tests.fakes.dns_worlds import World

PATIENCE = 20.0
"""Seconds after which a test gives up; nothing is measured by it."""

PORT = 40_000
"""A source port that a client may have."""


class FakeSource:
    """Nameservers that know a world (a `Source`). While none is up, every look-up ends as DOWN.

    A question is answered from the world as it is when it comes; the answer leaves while `gate` is
    set. `asked` holds every question in the order of arrival, `wishes` the DO of each.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: list[Question] = []
        self.wishes: list[bool] = []
        self._arrived = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def is_up(self) -> bool:
        return self.world.is_up

    def next_start(self) -> int:
        return 0

    def start_of(self, name: str) -> int:
        return 0

    def begin(self, question: Question, *, do: bool, start: int, then: object) -> None:
        """Nothing begins here: every look-up is a task."""

    async def look_up(
        self, question: Question, *, do: bool, start: int, begun: object = None
    ) -> Resolution:
        self.asked.append(question)
        self.wishes.append(do)
        self._arrived.set()
        is_up = self.world.is_up
        found = self.world.answer(question) if is_up else Resolution(Outcome.DOWN, question.name)
        await self.gate.wait()
        return found

    async def until_asked(self, count: int) -> None:
        """Wait until so many questions have come."""
        async with asyncio.timeout(PATIENCE):
            while len(self.asked) < count:
                self._arrived.clear()
                await self._arrived.wait()


@dataclass
class _Line:
    """The way back to one client (a `Channel`): the reply, or None for silence."""

    is_tcp: bool
    is_saturated = False
    heard: "asyncio.Future[bytes | None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def send(self, packet: bytes, address: Address) -> None:
        self.heard.set_result(packet)

    def drop(self) -> None:
        self.heard.set_result(None)


class Front:
    """The server in front of a program."""

    def __init__(self, program: Program) -> None:
        self.server = Server(program)

    def start(
        self, packet: bytes, source: str, *, is_tcp: bool = False
    ) -> "asyncio.Future[bytes | None]":
        """Hand a packet in; the future holds what comes back, None where that is silence."""
        line = _Line(is_tcp)
        at_once = self.server.receive(packet, (source, PORT), line)
        if at_once is not None:
            line.heard.set_result(at_once)
        return line.heard

    async def send(self, packet: bytes, source: str, *, is_tcp: bool = False) -> bytes | None:
        """Hand a packet in and wait for what comes back."""
        async with asyncio.timeout(PATIENCE):
            return await self.start(packet, source, is_tcp=is_tcp)

    async def hears(self, name: str, rtype: str, source: str) -> str:
        """What a client at `source` gets, in the words of `said`."""
        packet = await self.send(query(name, rtype), source)
        assert packet is not None, "silence"
        return said(packet)


def query(
    name: str,
    rtype: str | int = "A",
    *,
    edns: bool = False,
    do: bool = False,
    flags: str = "RD",
) -> bytes:
    """A query packet, made by dnspython."""
    return secrets.token_bytes(2) + _behind_the_id(name, rtype, edns or do, do, flags)


@cache
def _behind_the_id(name: str, rtype: str | int, edns: bool, do: bool, flags: str) -> bytes:
    number = dns.rdatatype.from_text(rtype) if isinstance(rtype, str) else rtype
    made = dns.message.make_query(
        name,
        "A",
        use_edns=0 if edns else None,
        want_dnssec=do,
        flags=dns.flags.from_text(flags),
    )
    packet = bytearray(made.to_wire())
    end = 12 + len(made.question[0].name.to_wire() or b"")
    packet[end : end + 2] = number.to_bytes(2)
    return bytes(packet[2:])


def said(packet: bytes) -> str:
    """The rcode and each record's data of the answer section, in order, read by dnspython."""
    reply = dns.message.from_wire(packet)
    data = [item.to_text() for rrset in reply.answer for item in rrset]
    return " ".join([dns.rcode.to_text(reply.rcode()), *data])


def beside_the_question(packet: bytes | None) -> bytes | None:
    """A reply without its id and without the name of its question."""
    if packet is None:
        return None
    at = 12
    while packet[at]:
        at += 1 + packet[at]
    return packet[2:12] + packet[at:]
