"""A program behind `serve` whose every reply a test scripts, and its queries and replies."""

import asyncio
from collections.abc import Callable

import dns.message

from enclave_dns.disclosure.reply import Reply, disclosed, own
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import Query, admit
from enclave_dns.wire.names import Name, display, from_text
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record

AUDIENCE = Audience(b"view 001", "KD9Q2")
CLIENT_PORT = 40_000


def addresses(name: str | Name, count: int = 1, *, lifetime: float = 0.0) -> Reply:
    """A reply with addresses 10.0.0.1, 10.0.0.2, ... whose order turns; kept for `lifetime`."""
    owner = from_text(name) if isinstance(name, str) else name
    data = [bytes((10, 0, number >> 8, number & 0xFF)) for number in range(1, count + 1)]
    rrset = tuple(Record(owner, RRType.A, 30, rdata) for rdata in data)
    return disclosed((), rrset, end=owner, lifetime=lifetime, turns=True)


def large(name: Name, records: int) -> Reply:
    """A reply with so many TXT records of 200 bytes; never kept."""
    texts = (b"\xc8" + str(number).encode().ljust(200) for number in range(records))
    return own(RCode.NOERROR, tuple(Record(name, RRType.TXT, 0, text) for text in texts))


class ScriptedProgram:
    """Answers at once with `at_once`, where that gives a reply; else with `later`.

    A query waits for the gate of its name, where `gates` (display form) has one. `audience` is
    everybody's, None makes everybody unknown. `asked` and `ended` note what waits and what has.
    """

    def __init__(self) -> None:
        self.audience: Audience | None = AUDIENCE
        self.at_once: Callable[[Query], Reply | None] = lambda query: None
        self.later: Callable[[Query], Reply] = lambda query: addresses(query.folded.name)
        self.gates: dict[str, asyncio.Event] = {}
        self.asked: list[str] = []
        self.ended: list[str] = []

    def gate(self, name: str) -> asyncio.Event:
        """Keep queries for this name waiting until the event is set."""
        return self.gates.setdefault(name, asyncio.Event())

    def identify(self, source: str) -> Audience | None:
        return self.audience

    def answer_now(self, audience: Audience, query: Query) -> Reply | None:
        return self.at_once(query)

    def begin(self, source: str, query: Query, heard: Callable[[], None]) -> None:
        """Nothing begins here: every query that waits is a task."""

    async def answer(
        self, source: str, query: Query, begun: object = None
    ) -> tuple[Audience, Reply] | None:
        name = display(query.folded.name)
        self.asked.append(name)
        try:
            if name in self.gates:
                await self.gates[name].wait()
        finally:
            self.ended.append(name)
        audience = self.identify(source)
        return None if audience is None else (audience, self.later(query))


def packet(name: str, rtype: str = "A", **options: object) -> bytes:
    """A query as dnspython makes it with these options."""
    return dns.message.make_query(name, rtype, **options).to_wire()  # type: ignore[arg-type]


def admitted(query: bytes, *, is_tcp: bool = False) -> Query:
    """The query in a packet that is known to hold one."""
    found = admit(query, CLIENT_PORT, is_tcp=is_tcp)
    assert isinstance(found, Query)
    return found
