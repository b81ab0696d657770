"""Nothing is lost: every packet taken is a reply, a drop with its reason, or still in flight."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.reply import Reply, no_answer, protocol_error
from enclave_dns.serve import pending
from enclave_dns.serve import server as server_module
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import Query
from enclave_dns.serve.server import Address, Server
from enclave_dns.tally import TYPES, Traffic
from enclave_dns.wire.names import display
from enclave_dns.wire.numbers import RCode
from tests.fakes.scripted_program import ScriptedProgram, addresses, packet

STRANGER = "203.0.113.9"
NO_POLICY = "100.64.0.13"
SENDERS = ("100.64.0.11", "100.64.0.12", "fd00::12")
NAMES = ("now.net", "slow.net", "hidden.net")
GOOD = [packet(name, rtype) for name in NAMES for rtype in ("A", "CAA")]
REFUSED = [packet("a.net", "AXFR"), packet("a.net", use_edns=1), packet("a.net", "A", rdclass="CH")]
BROKEN = [packet("a.net")[:-1], packet("a.net") + b"\0", packet("a.net", flags=0x2800)]
NOISE = [b"", b"\0" * 11, packet("a.net", flags=0x8100)]
ODD = [packet("now.net", rtype) for rtype in ("ANY", "TYPE65280", "TYPE258")]
MOVES = ["settle", "forget", "revoke", "fail", "drain", "release", "turn away"]

packets = st.tuples(
    st.one_of(
        st.sampled_from(GOOD),
        st.sampled_from(GOOD),
        st.sampled_from([*REFUSED, *BROKEN, *NOISE, *ODD]),
        st.binary(max_size=64),
    ),
    st.sampled_from([*SENDERS, *SENDERS, NO_POLICY, STRANGER]),
    st.sampled_from([40_000] * 5 + [53]),
    st.booleans(),
)
steps = st.lists(
    st.one_of(packets, packets, packets, st.sampled_from(MOVES)), min_size=10, max_size=60
)


class Line:
    """A channel that counts what is sent over it."""

    def __init__(self, is_tcp: bool) -> None:
        self.is_tcp = is_tcp
        self.is_saturated = False
        self.rcodes: Counter[int] = Counter()
        self.drops = 0

    def send(self, packet: bytes, address: Address) -> None:
        self.rcodes[dns.message.from_wire(packet).rcode()] += 1

    def drop(self) -> None:
        self.drops += 1


class Office(ScriptedProgram):
    """Knows `now.net` at once and `slow.net` later; one sender has no policy, strangers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.strangers = {STRANGER}
        self.is_broken = False
        self.gate("slow.net")
        self.at_once = self.now

    def identify(self, source: str) -> Audience | None:
        if source in self.strangers:
            return None
        if source == NO_POLICY:
            return Audience(b"view 000", source, protocol_error(RCode.REFUSED, 18))
        return Audience(b"view 001", source)

    def now(self, query: Query) -> Reply | None:
        if self.is_broken:
            raise KeyError("a fault of ours")
        name = display(query.folded.name)
        if name == "hidden.net":
            return no_answer(RCode.REFUSED)
        return addresses(name, lifetime=20.0) if name == "now.net" else None


class World:
    """A server with small limits, its lines, and the law that is held after every step."""

    def __init__(self) -> None:
        self.program = Office()
        self.server = Server(self.program)
        self.server._pending = pending.Pending(limit=5, per_sender=3)
        self.lines = {is_tcp: Line(is_tcp) for is_tcp in (False, True)}
        self.came = 0
        self.turned_away = 0

    def receive(self, data: bytes, source: str, port: int, is_tcp: bool) -> None:
        line = self.lines[is_tcp]
        self.came += 1
        reply = self.server.receive(data, (source, port), line)
        if reply is not None:
            line.send(reply, (source, port))

    async def move(self, name: str) -> None:
        if name == "settle":
            await asyncio.sleep(0)
        elif name == "forget":
            self.server.forget()
        elif name == "revoke":
            self.program.strangers ^= {SENDERS[0]}
        elif name == "fail":
            self.program.is_broken = not self.program.is_broken
        elif name == "release":
            self.program.gate("slow.net").set()
        elif name == "turn away":
            self.came += 1
            self.turned_away += 1
            self.server.turn_away(SENDERS[0], "over_share")
        else:
            await self.server.drain(0.0)

    def check(self) -> None:
        traffic = self.server.traffic
        sent = sum((line.rcodes for line in self.lines.values()), Counter())
        assert traffic.taken == self.came
        assert traffic.taken == traffic.replies + traffic.dropped + self.server.in_flight
        assert replies_by_rcode(traffic) == sent
        assert traffic.dropped == self.turned_away + sum(one.drops for one in self.lines.values())
        assert sum(sum(times.counts) for times in traffic.times.values()) == traffic.replies

    async def end(self) -> None:
        """Let everything finish, whatever was in flight."""
        self.program.gate("slow.net").set()
        while self.server.in_flight:
            await asyncio.sleep(0)
            self.check()


def replies_by_rcode(traffic: Traffic) -> Counter[int]:
    found = Counter({rcode: count for rcode, count in enumerate(traffic.kept) if count})
    for (rcode, _), count in traffic.made.items():
        found[rcode] += count
    return found


@given(steps)
def test_packets_are_replies_and_drops_and_what_is_in_flight_at_every_instant(
    played: Sequence[tuple[bytes, str, int, bool] | str],
) -> None:
    async def play() -> None:
        world = World()
        for step in played:
            if isinstance(step, str):
                await world.move(step)
            else:
                world.receive(*step)
            world.check()
        await world.end()
        traffic = world.server.traffic
        assert traffic.taken == traffic.replies + traffic.dropped

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server_module, "_SETTLE", 0.0)
        asyncio.run(play())


async def test_every_reason_there_is_can_be_told_from_the_counters() -> None:
    world = World()
    for data in (*GOOD, *REFUSED, *BROKEN, *NOISE, *ODD, packet("a.net")[:4] + bytes(20)):
        world.receive(data, SENDERS[0], 40_000, False)
    world.receive(GOOD[0], SENDERS[1], 53, False)
    world.receive(GOOD[0], STRANGER, 40_000, False)
    world.receive(GOOD[0], NO_POLICY, 40_000, True)
    world.program.is_broken = True
    world.receive(packet("x.net"), SENDERS[1], 40_000, False)
    world.program.is_broken = False
    world.program.gate("more.net")
    for number in range(4):
        world.receive(packet("more.net", id=number), SENDERS[1], 40_000, False)
    await world.server.drain(0.0)
    world.receive(GOOD[0], SENDERS[0], 40_000, False)
    world.check()
    assert world.server.in_flight == 0
    assert {reason for reason, count in world.server.counts.items() if count} == {
        "dropped_reply",
        "dropped_short",
        "dropped_source_port",
        "dropped_unknown_sender",
        "refused_class",
        "refused_draining",
        "refused_edns_version",
        "refused_fault",
        "refused_in_flight",
        "refused_malformed",
        "refused_no_policy",
        "refused_opcode",
        "refused_question_count",
        "refused_transfer",
    }


async def test_queries_are_counted_by_transport_family_and_type() -> None:
    world = World()
    world.receive(packet("now.net", "AAAA"), SENDERS[0], 40_000, False)
    world.receive(packet("now.net", "CAA"), SENDERS[2], 40_000, True)
    world.receive(packet("now.net", "TYPE258"), SENDERS[2], 40_000, True)
    world.receive(b"junk", STRANGER, 40_000, True)
    traffic = world.server.traffic
    assert (traffic.udp[0][28], traffic.tcp[1][257]) == (1, 1)
    assert (traffic.tcp[1][0], traffic.tcp[0][0]) == (1, 1)
    assert {len(counts) for counts in (*traffic.udp, *traffic.tcp)} == {TYPES}
