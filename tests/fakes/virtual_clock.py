"""Virtual time: an event loop that never waits, and a gateway that is played on it.

Whenever nothing is ready to run, the loop's clock jumps to the next timer. `play` puts the real
server, gateway, resolver and caches on such a loop, over nameservers that answer from a world at a
fixed cost, and tells for each query of a script when which bytes left.
"""

import asyncio
import selectors
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from enclave_dns.gateway.answer import GatewayAnswers, State
from enclave_dns.gateway.views import Sender, Views
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.serve.server import Address, Server
from enclave_dns.sources.own_zones import OwnZones
from enclave_dns.upstream.first_try import FirstTry, Then
from enclave_dns.upstream.reading import Retry, interpret
from tests.fakes.world_contents import COST
from tests.fakes.worlds_of_all_types import World

PORT = 40_000
PACE = 0.32
"""Seconds: one step of F, which every look-up of these worlds fits."""

TIMEOUT = 0.8

SETTLED = 10
"""Turns of the loop after which every look-up that is due has begun, in a task or without."""


class _NeverWaiting(selectors.SelectSelector):
    """A selector whose waiting is a jump of the loop's clock."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("nothing will ever happen on this loop")
        self.loop.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time, which starts at 1,000 s. It serves no real socket."""

    def __init__(self) -> None:
        self.now = 1000.0
        selector = _NeverWaiting()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Asked:
    """One event of a script: after `wait` seconds, `packet` comes from `source`.

    `turns_up`, where it is not None, switches the nameservers on or off instead.
    """

    wait: float
    packet: bytes = b""
    source: str = ""
    is_tcp: bool = False
    turns_up: bool | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back to one query: when (microseconds of virtual time), and the bytes."""

    at: int
    packet: bytes


class WorldSource:
    """Nameservers that know a world (a `Source`); each exchange has the world's cost.

    `begins`: whether look-ups begin without a task, as they do in service.
    """

    def __init__(self, world: World, *, begins: bool = True) -> None:
        self._world = world
        self._begins = begins
        self.is_up = True

    def next_start(self) -> int:
        return 0

    def start_of(self, name: str) -> int:
        return 0

    def begin(self, question: Question, *, do: bool, start: int, then: Then) -> FirstTry | None:
        if not self._begins or not self.is_up:
            return None
        cost = self._world.cost(question)
        found = self._said(question, do)
        settled = None if isinstance(found, Retry) else replace(found, elapsed=cost)
        asyncio.get_running_loop().call_later(cost, then, settled)
        return cast(FirstTry, question)

    async def look_up(
        self, question: Question, *, do: bool, start: int, begun: FirstTry | None = None
    ) -> Resolution:
        cost = self._world.cost(question)
        if begun is None:
            is_up = self.is_up
            await asyncio.sleep(cost if is_up else COST)
            if not is_up:
                return Resolution(Outcome.DOWN, question.name)
        found = self._said(question, do)
        if isinstance(found, Retry):
            return Resolution(Outcome.FAILED, question.name, elapsed=cost)
        return replace(found, elapsed=cost)

    def _said(self, question: Question, do: bool) -> Resolution | Retry:
        message = self._world.message(question, do)
        return Retry("silence") if message is None else interpret(message, question)


class _Line:
    """The way back to the client of one query (a `Channel`)."""

    def __init__(self, is_tcp: bool, heard: "list[Heard | None]", place: int) -> None:
        self.is_tcp = is_tcp
        self.is_saturated = False
        self._heard = heard
        self._place = place

    def send(self, packet: bytes, address: Address) -> None:
        assert self._heard[self._place] is None, "answered twice"
        now = asyncio.get_running_loop().time()
        self._heard[self._place] = Heard(round(now * 1e6), packet)

    def drop(self) -> None:
        raise AssertionError("silence")


async def _played(
    world: World, senders: Mapping[str, Sender], script: Sequence[Asked], *, begins: bool
) -> list[Heard | None]:
    source = WorldSource(world, begins=begins)
    resolver = Resolver(source)
    own = OwnZones.of(7, ())
    state = State(Views(senders), world.hosts, resolver, own, (), TIMEOUT, PACE)
    server = Server(GatewayAnswers(state))
    heard: list[Heard | None] = [None] * len(script)
    for place, event in enumerate(script):
        if event.wait:
            await asyncio.sleep(event.wait)
        if event.turns_up is not None:
            for _ in range(SETTLED):
                await asyncio.sleep(0)
            source.is_up = event.turns_up
            continue
        line = _Line(event.is_tcp, heard, place)
        at_once = server.receive(event.packet, (event.source, PORT), line)
        if at_once is not None:
            line.send(at_once, (event.source, PORT))
    await asyncio.sleep(10)
    await resolver.close()
    return heard


def play(
    world: World, senders: Mapping[str, Sender], script: Sequence[Asked], *, begins: bool = True
) -> list[Heard | None]:
    """What each event of a script was answered with; None where it was no query."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_played(world, senders, script, begins=begins))
