"""Who of a set of servers is alive: health by server, and the probes that settle it.

Fed by the exchanges of real questions, which can only raise a suspicion or show life; a probe of a
fixed question decides. Nameservers and gateways are watched alike and differ in their `Signs`. All
state changes are synchronous, and a server that is no longer listed is left alone.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.tally import Durations
from enclave_dns.upstream.echoes import NOBODYS, name_of_nobody
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import FIRST_PAUSE, UP, Health, State
from enclave_dns.upstream.racing import Settled
from enclave_dns.upstream.round_trips import UNMEASURED_DELAY, RoundTrips
from enclave_dns.upstream.selection import Pace, Selection
from enclave_dns.upstream.transport import Failure, Transports
from enclave_dns.wire.message import Message
from enclave_dns.wire.numbers import RCode, RRType

PROBE_TIME: Final = 1.5
"""Seconds that a probe waits for its reply."""

TRACE_PAUSE: Final = 5.0
"""Seconds between two names of nobody that a silent server is asked: it may lead back to us, by a
way on which everybody waits for somebody else."""

_NO_WORD: Final = (RCode.SERVFAIL, RCode.REFUSED)

OnState = Callable[[Nameserver, State], None]


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells whether servers of a kind are alive.

    `probe` is the fixed question and `is_good` judges its reply; `is_ours`: a program of ours
    answers it for itself and asks nobody; `are_traced`: after silence they are asked a name of
    nobody, to see whether they lead back to us; `counted` are the failures that count against a
    server; `declining_loses`: whether one that replies with nothing usable has lost to the one that
    settles the question.
    """

    probe: Question
    is_good: Callable[[Message | Failure], bool]
    counted: frozenset[Failure] = frozenset((Failure.SILENCE, Failure.UNREACHABLE))
    declining_loses: bool = False
    is_ours: bool = False
    are_traced: bool = False


class Vitals:
    """The health of some servers, and the owner of their probes. To be closed.

    `on_state(server, state)` is called when a server's state changes; `use_tcp`: probe over TCP.
    `times` are those of replies to questions, by server; `failovers` counts the questions that
    another server settled than the one that was asked first.
    """

    def __init__(self, exchange: Exchange, signs: Signs, on_state: OnState | None = None) -> None:
        self._exchange = exchange
        self._echoes = exchange.echoes
        self._signs = signs
        self._on_state = on_state
        self._health: dict[Nameserver, Health] = {}
        self._trips: dict[Nameserver, RoundTrips] = {}
        self._timers: dict[Nameserver, asyncio.TimerHandle] = {}
        self._probes: dict[Nameserver, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._looping: set[Nameserver] = set()
        self._traced: dict[Nameserver, float] = {}
        self._now = asyncio.get_running_loop().time
        self.use_tcp = False
        self.times: dict[Nameserver, Durations] = {}
        self.failovers = 0

    def replace(self, servers: Iterable[Nameserver]) -> None:
        """Watch these from now on. Servers that stay keep their state; the order is new."""
        self._health = {server: self._health.get(server, UP) for server in servers}
        for server in self._looping - set(self._health):
            self._leads_back(server, False)
        self._traced = {s: at for s, at in self._traced.items() if s in self._health}
        self._trips = {s: trips for s, trips in self._trips.items() if s in self._health}
        self.times = {server: self.times.get(server) or Durations() for server in self._health}
        for server in {*self._timers, *self._probes} - set(self._health):
            self._plan_probe(server, None)

    @property
    def is_any_up(self) -> bool:
        """Whether any server is up; a suspect is, until its probe has failed."""
        return any(health.state is not State.DOWN for health in self._health.values())

    def state(self, server: Nameserver) -> State:
        """The state of a server; DOWN where it is not listed."""
        health = self._health.get(server)
        return State.DOWN if health is None else health.state

    def is_looping(self, server: Nameserver) -> bool:
        """Whether the last question to a server came back to us."""
        return server in self._looping

    def states(self) -> tuple[tuple[Nameserver, State], ...]:
        """Every server and its state, in the order of the list."""
        return tuple((server, health.state) for server, health in self._health.items())

    def selection(
        self, servers: Sequence[Nameserver], places: Sequence[int], pace: Pace
    ) -> Selection:
        """A look-up that begins now: whom of `servers` to ask, by their places, in this order."""
        delays = [self.hedge_delay(servers[place]) for place in places]
        return Selection(places, pace, delays, self._now())

    def hedge_delay(self, server: Nameserver) -> float:
        """Seconds to wait for a server before the next one is asked beside it."""
        trips = self._trips.get(server)
        return UNMEASURED_DELAY if trips is None else trips.hedge_delay

    def learn(self, server: Nameserver, result: Message | Failure, asked_at: float) -> None:
        """What an exchange that began at `asked_at` says about a server."""
        health = self._health.get(server)
        if health is None:
            return
        now = self._now()
        if isinstance(result, Message) and server in self._looping and result.rcode in _NO_WORD:
            return  # whoever is in the circle says so, and remembers it for a while
        if isinstance(result, Message):
            self._trips[server] = self._trips.get(server, RoundTrips()).after(now - asked_at)
            self.times[server].add(now - asked_at)
            self._set(server, health.after_life(asked_at, now, _jitter()))
            self._leads_back(server, False)
        elif result is Failure.LOOP:
            self._leads_back(server, True)
            self._set(server, health.after_loop(now))
        elif result in self._signs.counted:
            self._set(server, health.after_failure(now))
            if result is Failure.SILENCE:
                self._trace(server, now)

    def raced(
        self,
        servers: list[Nameserver],
        settled: Settled[object],
        excused: AbstractSet[int] = frozenset(),
    ) -> None:
        """How a look-up ended in which `servers` (the places of `settled`) were asked.

        `excused` are places of servers that were outrun through no fault of theirs.
        """
        if not self._signs.declining_loses:
            excused = excused | settled.declined
        lost = tuple(place for place in settled.outrun if place not in excused)
        self.failovers += bool(settled.outrun)
        for place in (*lost, settled.server):
            health = self._health.get(servers[place])
            if health is not None:
                is_lost = place != settled.server
                self._set(servers[place], health.after_race(is_lost, self._now()))

    def drained(self, server: Nameserver) -> None:
        """A server has said that it is about to stop."""
        health = self._health.get(server)
        if health is not None:
            self._set(server, health.after_drain(self._now(), _jitter()))

    async def close(self) -> None:
        """End all probes, and watch nobody any more."""
        self.replace(())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _leads_back(self, server: Nameserver, does: bool) -> None:
        """Remember whether a server leads back to us, for those who take questions in too."""
        known = [self._looping] if self._signs.is_ours else [self._looping, self._echoes.looping]
        for servers in known:
            if does:
                servers.add(server)
            else:
                servers.discard(server)

    def _trace(self, server: Nameserver, now: float) -> None:
        """Find out by a name of nobody whether a server leads back to us."""
        if not self._signs.are_traced or now - self._traced.get(server, -TRACE_PAUSE) < TRACE_PAUSE:
            return
        self._traced[server] = now
        self._own(self._traces_back(server), f"trace {server}")

    async def _traces_back(self, server: Nameserver) -> None:
        asked_at = self._now()
        result = await self._probed(server, a_name_of_nobody())
        if result is Failure.LOOP:
            self.learn(server, result, asked_at)

    def _own(self, work: Coroutine[None, None, None], name: str) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _set(self, server: Nameserver, health: Health) -> None:
        before = self._health[server]
        if health is before:
            return
        self._health[server] = health
        self._plan_probe(server, health.probe_at)
        if self._on_state is not None and health.state is not before.state:
            self._on_state(server, health.state)

    def _plan_probe(self, server: Nameserver, at: float | None) -> None:
        """Probe at a time, or no more. One that is under way is awaited where one is wanted."""
        timer = self._timers.get(server)
        if timer is not None:
            if timer.when() == at:
                return
            del self._timers[server]
            timer.cancel()
        if at is None:
            task = self._probes.pop(server, None)
            if task is not None:
                task.cancel()
        elif server not in self._probes:
            loop = asyncio.get_running_loop()
            self._timers[server] = loop.call_at(at, self._start_probe, server)

    def _start_probe(self, server: Nameserver) -> None:
        self._timers.pop(server, None)
        self._probes[server] = self._own(self._probe(server), f"probe {server}")

    async def _probe(self, server: Nameserver) -> None:
        """One probe of one server; cancelled when it is not wanted any more."""
        now = self._now
        has_looped = server in self._looping and not self._signs.is_ours
        result = await self._probed(server, a_name_of_nobody() if has_looped else self._signs.probe)
        del self._probes[server]
        if result is Failure.NO_SOCKET:
            self._plan_probe(server, now() + FIRST_PAUSE)
        else:
            is_good = self._signs.is_good(result)
            self._set(server, self._health[server].after_probe(is_good, now(), _jitter()))

    async def _probed(self, server: Nameserver, question: Question) -> Message | Failure:
        """What a server says to a question of ours; one that is cut short tells enough."""
        return await self._exchange.converse(
            server,
            question,
            deadline=self._now() + PROBE_TIME,
            transports=Transports(use_tcp=self.use_tcp, takes_cut=True),
        )


def a_name_of_nobody() -> Question:
    """A question that tells whether a server leads back to us: nobody else asks it.

    What comes back of the usual probe would be our own reply to it, and look like life.
    """
    return Question(name_of_nobody(os.urandom(NOBODYS)), RRType.NS)


def _jitter() -> float:
    return int.from_bytes(os.urandom(2)) / 65536
