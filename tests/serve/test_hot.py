"""The hot path against the plain way: the same bytes and the same counts for the same packets."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import dns.edns
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from enclave_dns.disclosure.reply import Reply, no_answer, protocol_error, relayed
from enclave_dns.serve.hot import MAX_TAILS
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import Query
from enclave_dns.serve.server import Address, Server
from enclave_dns.tally import CACHE
from enclave_dns.wire.names import from_labels, from_text
from enclave_dns.wire.numbers import RCode
from enclave_dns.wire.record import Record
from tests.fakes.scripted_program import ScriptedProgram, addresses, packet

START = 1_000.0
HERE, THERE, OTHER, REFUSED, STRANGER = (
    "100.64.0.11",
    "fd00::11",
    "100.64.0.12",
    "100.64.0.13",
    "203.0.113.9",
)
NAMES = (
    from_text("db.corp.net"),
    from_text("many.corp.net"),
    from_text("hidden.net"),
    from_text("brief.net"),
    b"\0",
    from_labels([b"d\0b", b"net"]),
    from_labels([b"d"]) + from_text("net"),
    from_labels([b"\xc0\x0c", b"@[`{", b"a" * 33 + b"z"]),
    from_labels([bytes(range(0x41, 0x41 + 58))]),
)
TYPES = ((1,), (1, 28), (33, 1), (0x41, 0x61), (0x4141, 0x6161), (1, 255), (252, 0), (258, 1))
"""What is asked in one scene: some differ only in what folding would change."""


class Office(ScriptedProgram):
    """Knows everything at once: what it says depends on the name, and who may hear it."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = self.now
        self.epoch = 1
        self.strangers = {STRANGER}

    def identify(self, source: str) -> Audience | None:
        if source in self.strangers:
            return None
        refusal = protocol_error(RCode.REFUSED, 18) if source == REFUSED else None
        view = b"B" if source == OTHER else b"A"
        return Audience(view + self.epoch.to_bytes(2), source, refusal)

    def now(self, query: Query) -> Reply | None:
        name, rtype = query.folded.name, query.folded.rtype
        if name == from_text("hidden.net"):
            return no_answer(RCode.REFUSED)
        if name == from_text("brief.net"):
            return addresses(name, 3, lifetime=0.5)
        if name == from_text("many.corp.net"):
            return addresses(name, 40 + self.epoch, lifetime=20.0)
        if rtype == 33:
            return relayed(RCode.NXDOMAIN, (Record(name, 33, 5, bytes(7)),), (), 9.0)
        return addresses(name, 1 + query.do + len(name) % 3, lifetime=1.0)


class Line:
    is_tcp = False
    is_saturated = False

    def send(self, packet: bytes, address: Address) -> None:
        raise AssertionError("nothing waits here")

    def drop(self) -> None:
        pass


@dataclass
class World:
    """One server; with the hot path in front, or without."""

    is_hot: bool
    found: int = 0

    def __post_init__(self) -> None:
        self.program = Office()
        self.server = Server(self.program)
        self.server._clock = lambda: self.now
        self.now = START

    def take(self, data: bytes, source: str = HERE, port: int = 40_000) -> bytes | None:
        if self.is_hot:
            reply = self.server.hot.reply(data, source, port, self.now)
            if reply is not None:
                self.found += 1
                self.server.hot.took(0.0, 1)
                return reply
        return self.server.receive(data, (source, port), Line())

    def move(self, name: str) -> None:
        if name == "later":
            self.now += 0.5
        elif name == "much later":
            self.now += 19.0
        elif name == "new epoch":
            self.program.epoch += 1
        elif name == "revoke":
            self.program.strangers ^= {HERE}
        elif name == "forget":
            self.server.forget()
        else:
            self.server.is_draining = True
            self.server.hot.close()

    def counts(self) -> object:
        traffic, replies = self.server.traffic, self.server.replies
        return (
            traffic.udp,
            traffic.kept,
            traffic.made,
            +traffic.counts,
            {source: sum(times.counts) for source, times in traffic.times.items()},
            (len(replies), replies.hits, replies.misses),
            [entry.is_used for entry in replies.entries.values()],
        )


def opt(size: int, ttl: int, options: bytes = b"", owner: bytes = b"\0") -> bytes:
    rest = size.to_bytes(2) + ttl.to_bytes(4) + len(options).to_bytes(2) + options
    return owner + b"\0\x29" + rest


COOKIE = b"\0\x0a\0\x08AbcdEfgh"
MANY = 12 + len(NAMES[1]) + 4 + 41 * 16 + 11
"""Bytes of the reply with 41 addresses to a client with EDNS."""

FLAGS = st.builds(
    lambda rd, ad, cd: rd | ad | cd, *(st.sampled_from((bit, 0)) for bit in (0x100, 0x20, 0x10))
)
SIZES = st.sampled_from(
    (1232, MANY - 1, MANY, MANY - 1, MANY + 1, 512, 0, 511, 513, 1233, 4096, 65535)
)
CLEAN = st.builds(opt, SIZES, st.sampled_from((0, 0x8000)), st.sampled_from((b"", b"", COOKIE)))
ODD = st.builds(
    opt,
    SIZES,
    st.sampled_from((0, 0x8000, 0x7FFF, 0x10000, 0x1008000, 0x3000000)),
    st.sampled_from((b"", COOKIE * 3, COOKIE * 4, b"\0\x0c\0\x40" + bytes(64), b"\0")),
    st.sampled_from((b"\0", b"\xc0\x0c", b"\xc0\x13", b"\xc0\x18", b"\1a\0")),
)
TSIG = b"\0\0\xfa\0\xff\0\0\0\0\0\0"
RECORDS = st.one_of(
    st.just(()), st.tuples(CLEAN), st.tuples(ODD), st.tuples(ODD, CLEAN), st.just((TSIG,))
)


@dataclass(frozen=True)
class Habit:
    """What one client's queries have in common."""

    flags: int
    records: tuple[bytes, ...]
    count: int
    rclass: int

    def packet(self, number: int, name: bytes, rtype: int) -> bytes:
        numbers = number, self.flags, 1, 0, 0, self.count
        head = b"".join(number.to_bytes(2) for number in numbers)
        return head + name + rtype.to_bytes(2) + self.rclass.to_bytes(2) + b"".join(self.records)


def good(flags: int, records: tuple[bytes, ...]) -> Habit:
    return Habit(flags, records, len(records), 1)


HABITS = st.one_of(
    st.builds(good, FLAGS, st.just(())),
    st.builds(good, FLAGS, st.tuples(CLEAN)),
    st.builds(good, FLAGS, RECORDS),
    st.builds(
        Habit,
        FLAGS | st.sampled_from((0x8100, 0x0900, 0x0140, 0x0300, 0x0500, 0x0101)),
        RECORDS,
        st.sampled_from((0, 1, 1, 1, 2)),
        st.sampled_from((1, 1, 3, 0x101)),
    ),
)


def spelled(name: bytes, pattern: int) -> bytes:
    """The name with some of its letters in upper case; a length may become another, too."""
    return bytes(b - 32 if 97 <= b <= 122 and pattern >> at & 1 else b for at, b in enumerate(name))


def damaged(packet: bytes, kind: str, at: int, byte: int) -> bytes:
    """The packet, broken in one place."""
    at %= len(packet)
    if kind == "cut":
        return packet[:at]
    if kind == "junk":
        return packet + bytes((byte,))
    if kind == "change":
        return packet[:at] + bytes((byte,)) + packet[at + 1 :]
    if kind == "case":
        return packet[:at] + packet[at : at + 1].swapcase() + packet[at + 1 :]
    return packet


@st.composite
def scenes(draw: st.DrawFn) -> list[object]:
    """What happens one after another, among few names, types and clients: most comes again."""
    names = draw(st.lists(st.sampled_from((*NAMES, NAMES[1], NAMES[1])), min_size=1, max_size=2))
    types = draw(st.sampled_from(TYPES))
    clients = draw(st.lists(HABITS, min_size=1, max_size=3))
    asked = st.builds(
        lambda client, number, name, rtype, pattern, *damage: damaged(
            client.packet(number, spelled(name, pattern), rtype), *damage
        ),
        st.sampled_from(clients),
        st.integers(0, 0xFFFF),
        st.sampled_from(names),
        st.sampled_from(types),
        st.sampled_from((0, 0, 0, -1, 0b10110110)),
        st.sampled_from(("",) * 20 + ("cut", "junk", "change", "case", "case")),
        st.integers(0, 70),
        st.integers(0, 255),
    )
    steps = st.tuples(asked, SOURCES, PORTS)
    played = draw(st.lists(st.one_of(steps, steps, steps, MOVES), min_size=8, max_size=25))
    at = draw(st.sampled_from((len(played),) * 3 + (len(played) // 2,)))
    return [*played[:at], "drain", *played[at:]]


SOURCES = st.sampled_from((HERE,) * 16 + (THERE, OTHER, REFUSED, STRANGER))
PORTS = st.sampled_from((40_000,) * 40 + (0, 7, 19, 53, 65535))
MOVES = st.sampled_from(("later", "much later", "new epoch", "revoke", "revoke", "forget"))


def play(steps: Sequence[object]) -> World:
    """Both worlds live through the same; what the hot one did.

    Each packet comes three times: it is kept, its tail is seen, it is found.
    """
    worlds = plain, hot = World(is_hot=False), World(is_hot=True)
    for step in steps:
        if isinstance(step, str):
            for world in worlds:
                world.move(step)
            continue
        data, source, port = step  # type: ignore[misc]
        for _ in range(3):
            assert hot.take(data, source, port) == plain.take(data, source, port)
            assert hot.counts() == plain.counts()
    return hot


@settings(max_examples=300)
@given(scenes())
def test_packets_get_the_same_bytes_and_counts_on_both_ways(steps: Sequence[object]) -> None:
    async def run() -> None:
        event(f"{min(9, play(steps).found)} found")

    asyncio.run(run())


async def warm(*learned: bytes) -> World:
    """A world with a hot path that has seen these packets on the plain way, twice each."""
    world = World(is_hot=True)
    for data in learned:
        for _ in range(2):
            assert world.take(data) is not None
    assert world.found == 0
    return world


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"flags": 0},
        {"flags": 0x0130},
        {"use_edns": 0},
        {"use_edns": 0, "payload": 700, "want_dnssec": True},
        {"use_edns": 0, "ednsflags": 0x4000},
    ],
)
async def test_what_clients_ask_again_is_found_in_any_spelling(options: dict[str, object]) -> None:
    world = await warm(packet("db.corp.net", **options))
    for number, name in enumerate(("db.corp.net", "DB.Corp.net", "db.corp.NET")):
        assert world.take(packet(name, id=number, **options)) is not None
    assert world.found == 3
    assert world.server.traffic.times[CACHE].counts[0] == 4


async def test_one_client_opens_the_way_for_other_names_types_and_senders() -> None:
    first = packet("db.corp.net", use_edns=0)
    world = await warm(first)
    other = packet("hidden.net", use_edns=0)
    world.take(other)
    world.take(other)
    assert world.found == 1
    world.take(first, THERE)
    assert world.found == 2
    assert sum(world.server.traffic.udp[1]) == 1


@pytest.mark.parametrize(
    ("again", "source", "port"),
    [
        (packet("db.corp.net"), HERE, 53),
        (packet("db.corp.net"), STRANGER, 40_000),
        (packet("db.corp.net"), REFUSED, 40_000),
        (packet("db.corp.net"), OTHER, 40_000),
        (packet("db.corp.net", flags=0x8100), HERE, 40_000),
        (packet("db.corp.net", flags=0x0900), HERE, 40_000),
        (packet("db.corp.net", rdclass="CH"), HERE, 40_000),
        (packet("db.corp.net") + b"\0", HERE, 40_000),
        (packet("db.corp.net")[:-1], HERE, 40_000),
        (packet("db.corp.net", use_edns=1), HERE, 40_000),
    ],
)
async def test_what_is_not_recognised_goes_the_plain_way(
    again: bytes, source: str, port: int
) -> None:
    world = await warm(packet("db.corp.net"))
    world.take(again, source, port)
    assert world.found == 0


async def test_a_reply_that_is_too_large_for_this_client_goes_the_plain_way() -> None:
    world = await warm(packet("many.corp.net", use_edns=0))
    world.take(packet("many.corp.net", use_edns=0))
    assert world.found == 1
    for name in ("db.corp.net", "db.corp.net", "many.corp.net"):
        small = world.take(packet(name))
    assert small is not None
    assert small[2] & 0x02
    assert world.found == 1


@pytest.mark.parametrize(("size", "is_whole"), [(MANY - 1, False), (MANY, True), (MANY + 1, True)])
async def test_a_reply_of_just_the_size_that_a_client_takes_is_found(
    size: int, is_whole: bool
) -> None:
    world = await warm(packet("db.corp.net", use_edns=0, payload=size))
    for number in range(3):
        world.take(packet("many.corp.net", use_edns=0, id=number))
    reply = world.take(packet("many.corp.net", use_edns=0, payload=size))
    assert reply is not None
    assert world.found == is_whole + 1
    assert len(reply) == MANY if is_whole else reply[2] & 0x02


async def test_a_new_epoch_an_age_and_the_end_leave_nothing_to_find() -> None:
    world = await warm(packet("db.corp.net"))
    world.program.epoch += 1
    world.take(packet("db.corp.net"))
    world.now += 1.0
    world.take(packet("db.corp.net"))
    assert world.found == 0
    world.take(packet("db.corp.net"))
    assert world.found == 1
    await world.server.drain(0.0)
    world.take(packet("db.corp.net"))
    assert world.found == 1


async def test_options_without_end_cost_others_one_plain_reply_and_no_memory() -> None:
    world = await warm(packet("db.corp.net", use_edns=0))
    for size in range(512, 512 + MAX_TAILS):
        world.take(packet("db.corp.net", use_edns=0, payload=size))
    found = world.found
    for _ in range(3):
        world.take(packet("db.corp.net", use_edns=0, payload=1232))
    assert world.found >= found + 2
    long = dns.edns.GenericOption(12, bytes(80))
    before = tails(world)
    world.take(packet("db.corp.net", use_edns=0, options=[long]))
    world.take(packet("db.corp.net", use_edns=0, options=[long]))
    assert tails(world) == before <= MAX_TAILS + 1


def tails(world: World) -> int:
    """How many tails a world has in mind."""
    return sum(len(tails) for _, tails in world.server.hot._headers.values()) // 8
