"""Who of a set of servers is alive: health by server, and the probes that settle it.

Fed by the exchanges of real questions, which can only raise a suspicion or show life; a probe of a
fixed question decides. Nameservers and gateways are watched alike and differ in their `Signs`. All
state changes are synchronous, and a server that is no longer listed is left alone.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.tally import Durations
from enclave_dns.upstream.echoes import NOBODYS, name_of_nobody
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import FIRST_PAUSE, RACES, UP, Health, State
from enclave_dns.upstream.racing import Settled
from enclave_dns.upstream.round_trips import UNMEASURED, UNMEASURED_DELAY, RoundTrips
from enclave_dns.upstream.selection import Pace, Selection
from enclave_dns.upstream.transport import Failure, Transports
from enclave_dns.wire.message import Message
from enclave_dns.wire.numbers import RCode, RRType

PROBE_TIME: Final = 1.5
"""Seconds that a probe waits for its reply."""

TRACE_PAUSE: Final = 5.0
"""Seconds between two names of nobody that a silent server is asked: it may lead back to us, by a
way on which everybody waits for somebody else."""

_ALL_WON: Final = (False,) * RACES

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


@dataclass(slots=True)
class _Watched:
    """What is known of one server; `name` is what resolutions call it."""

    name: str
    health: Health = UP
    trips: RoundTrips = UNMEASURED
    times: Durations = field(default_factory=Durations)


class Vitals:
    """The health of some servers, and the owner of their probes. To be closed.

    `on_state(server, state)` is called when a server's state changes; `use_tcp`: probe over TCP.
    `is_any_up`: a suspect is, until its probe has failed. `failovers` counts the questions that
    another server settled than the one that was asked first.
    """

    def __init__(self, exchange: Exchange, signs: Signs, on_state: OnState | None = None) -> None:
        self._exchange = exchange
        self.echoes = exchange.echoes
        self._signs = signs
        self._on_state = on_state
        self._watched: dict[Nameserver, _Watched] = {}
        self.is_any_up = False
        # With the time beside each: not every loop's handles tell when they are due.
        self._timers: dict[Nameserver, tuple[float, asyncio.TimerHandle]] = {}
        self._probes: dict[Nameserver, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._looping: set[Nameserver] = set()
        self._traced: dict[Nameserver, float] = {}
        self.now = asyncio.get_running_loop().time
        self.use_tcp = False
        self.failovers = 0

    def replace(self, servers: Iterable[Nameserver]) -> None:
        """Watch these from now on. Servers that stay keep their state; the order is new."""
        self._watched = {s: self._watched.get(s) or _Watched(str(s)) for s in servers}
        for server in self._looping - set(self._watched):
            self._leads_back(server, False)
        self._traced = {s: at for s, at in self._traced.items() if s in self._watched}
        for server in {*self._timers, *self._probes} - set(self._watched):
            self._plan_probe(server, None)
        self._look_who_is_up()

    @property
    def times(self) -> Mapping[Nameserver, Durations]:
        """How long replies to questions took, by server."""
        return {server: watched.times for server, watched in self._watched.items()}

    def state(self, server: Nameserver) -> State:
        """The state of a server; DOWN where it is not listed."""
        watched = self._watched.get(server)
        return State.DOWN if watched is None else watched.health.state

    def is_looping(self, server: Nameserver) -> bool:
        """Whether the last question to a server came back to us."""
        return server in self._looping

    def states(self) -> tuple[tuple[Nameserver, State], ...]:
        """Every server and its state, in the order of the list."""
        return tuple((server, one.health.state) for server, one in self._watched.items())

    def name_of(self, server: Nameserver) -> str:
        """A server as resolutions name it."""
        watched = self._watched.get(server)
        return str(server) if watched is None else watched.name

    def selection(
        self,
        servers: Sequence[Nameserver],
        places: Sequence[int],
        pace: Pace,
        since: float | None = None,
    ) -> Selection:
        """A look-up: whom of `servers` to ask, by their places, in this order, from now on.

        `since`: when it began, if that was before now.
        """
        delays = [self.hedge_delay(servers[place]) for place in places]
        return Selection(places, pace, delays, self.now() if since is None else since)

    def hedge_delay(self, server: Nameserver) -> float:
        """Seconds to wait for a server before the next one is asked beside it."""
        watched = self._watched.get(server)
        return UNMEASURED_DELAY if watched is None else watched.trips.hedge_delay

    def learn(self, server: Nameserver, result: Message | Failure, asked_at: float) -> None:
        """What an exchange that began at `asked_at` says about a server."""
        watched = self._watched.get(server)
        if watched is None:
            return
        health = watched.health
        now = self.now()
        if isinstance(result, Message):
            # Whoever is in a circle says that it does not know, and remembers it for a while.
            if server not in self._looping or result.rcode not in _NO_WORD:
                self._lives(server, watched, asked_at)
        elif result is Failure.LOOP:
            self._leads_back(server, True)
            self._set(server, health.after_loop(now))
        elif result in self._signs.counted:
            self._set(server, health.after_failure(now))
            if result is Failure.SILENCE:
                self._trace(server, now)

    def _lives(self, server: Nameserver, watched: _Watched, asked_at: float) -> None:
        """A readable reply has come to a question of `asked_at`."""
        now = self.now()
        watched.trips = watched.trips.after(now - asked_at)
        watched.times.add(now - asked_at)
        health = watched.health
        if health.failures or health.state is not State.UP:
            self._set(server, health.after_life(asked_at, now, _jitter()))
        if server in self._looping:
            self._leads_back(server, False)

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
            watched = self._watched.get(servers[place])
            if watched is not None:
                is_lost = place != settled.server
                self._set(servers[place], watched.health.after_race(is_lost, self.now()))

    def settled_at_once(self, server: Nameserver, asked_at: float) -> None:
        """The server that was asked first, at `asked_at`, has settled a question."""
        watched = self._watched.get(server)
        if watched is None:
            return
        self._lives(server, watched, asked_at)
        if watched.health.races != _ALL_WON:
            self._set(server, watched.health.after_race(False, self.now()))

    def drained(self, server: Nameserver) -> None:
        """A server has said that it is about to stop."""
        watched = self._watched.get(server)
        if watched is not None:
            self._set(server, watched.health.after_drain(self.now(), _jitter()))

    async def close(self) -> None:
        """End all probes, and watch nobody any more."""
        self.replace(())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _leads_back(self, server: Nameserver, does: bool) -> None:
        """Remember whether a server leads back to us, for those who take questions in too."""
        known = [self._looping] if self._signs.is_ours else [self._looping, self.echoes.looping]
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
        asked_at = self.now()
        result = await self._probed(server, a_name_of_nobody())
        if result is Failure.LOOP:
            self.learn(server, result, asked_at)

    def _own(self, work: Coroutine[None, None, None], name: str) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _set(self, server: Nameserver, health: Health) -> None:
        watched = self._watched[server]
        before = watched.health
        if health is before:
            return
        watched.health = health
        self._look_who_is_up()
        self._plan_probe(server, health.probe_at)
        if self._on_state is not None and health.state is not before.state:
            self._on_state(server, health.state)

    def _look_who_is_up(self) -> None:
        states = (watched.health.state for watched in self._watched.values())
        self.is_any_up = any(state is not State.DOWN for state in states)

    def _plan_probe(self, server: Nameserver, at: float | None) -> None:
        """Probe at a time, or no more. One that is under way is awaited where one is wanted."""
        planned = self._timers.get(server)
        if planned is not None:
            due, timer = planned
            if due == at:
                return
            del self._timers[server]
            timer.cancel()
        if at is None:
            task = self._probes.pop(server, None)
            if task is not None:
                task.cancel()
        elif server not in self._probes:
            loop = asyncio.get_running_loop()
            self._timers[server] = at, loop.call_at(at, self._start_probe, server)

    def _start_probe(self, server: Nameserver) -> None:
        self._timers.pop(server, None)
        self._probes[server] = self._own(self._probe(server), f"probe {server}")

    async def _probe(self, server: Nameserver) -> None:
        """One probe of one server; cancelled when it is not wanted any more."""
        now = self.now
        has_looped = server in self._looping and not self._signs.is_ours
        result = await self._probed(server, a_name_of_nobody() if has_looped else self._signs.probe)
        del self._probes[server]
        if result is Failure.NO_SOCKET:
            self._plan_probe(server, now() + FIRST_PAUSE)
        else:
            is_good = self._signs.is_good(result)
            self._set(server, self._watched[server].health.after_probe(is_good, now(), _jitter()))

    async def _probed(self, server: Nameserver, question: Question) -> Message | Failure:
        """What a server says to a question of ours; one that is cut short tells enough."""
        return await self._exchange.converse(
            server,
            question,
            deadline=self.now() + PROBE_TIME,
            transports=Transports(use_tcp=self.use_tcp, takes_cut=True),
        )


def a_name_of_nobody() -> Question:
    """A question that tells whether a server leads back to us: nobody else asks it.

    What comes back of the usual probe would be our own reply to it, and look like life.
    """
    return Question(name_of_nobody(os.urandom(NOBODYS)), RRType.NS)


def _jitter() -> float:
    return int.from_bytes(os.urandom(2)) / 65536
