"""Whom one look-up asks, when, and for how long. No I/O, no clock.

The caller starts each `next_try` and tells how it ended. The next server is asked when one fails,
or beside it when it is late: a *hedge*, after a delay that its round trips give. The first try that
settles the question ends the look-up, and servers that were asked before it have lost a race.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from enclave_dns.upstream.health import State
from enclave_dns.values import value

BUDGET: Final = 2.0
"""Seconds after which a look-up ends, whether somebody still waits for it or not."""

_MIN_TRY: Final = 0.005  # seconds; what is shorter is not worth a socket


class Ended(Enum):
    """How a try ended."""

    SETTLED = "settled"
    """The question has its answer."""
    DECLINED = "declined"
    """A reply that settles nothing: this server has had its say, and is not asked again."""
    FAILED = "failed"
    """Silence, or nobody there."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of one look-up, in seconds.

    `budget`: when it ends; `longest_try`: when a try is given up while others are left; `last_try`:
    the bound of the last one, which may use up the budget, so that a slow answer still comes to
    use; `attempts`: rounds over the servers; `resend_after`: when the server that was asked last
    and is still awaited is asked once more, if no other is left (None: when its try is over).
    """

    budget: float = BUDGET
    longest_try: float = 0.4
    last_try: float = 5.0
    attempts: int = 2
    resend_after: float | None = None


@value(frozen=True, slots=True)
class Try:
    """Ask the server at this place in the list, from `began` until `deadline`."""

    server: int
    began: float
    deadline: float


def order(states: Sequence[State], start: int = 0) -> tuple[int, ...]:
    """The places of the servers to ask: from `start` on in a circle, the healthy before others.

    Servers that are down are left out.
    """
    count = len(states)
    circle = [(start + step) % count for step in range(count)]
    up = [place for place in circle if states[place] is State.UP]
    doubtful = [place for place in circle if states[place] in (State.SLOW, State.SUSPECTED)]
    return tuple(up + doubtful)


class Selection:
    """The state of one look-up: who is still to be asked, and who is being asked.

    `servers` are places in the caller's list, in order; `hedge_delays` the seconds to wait for
    each of them before the next one is asked beside it.
    """

    __slots__ = ("_delays", "_end", "_next_at", "_pace", "_plan", "_running", "_tried")

    def __init__(
        self, servers: Sequence[int], pace: Pace, hedge_delays: Sequence[float], now: float
    ) -> None:
        self._plan = list(servers) * max(pace.attempts, 1)
        self._pace = pace
        self._delays = dict(zip(servers, hedge_delays, strict=True))
        self._end = now + pace.budget
        self._next_at = now
        self._running: list[Try] = []
        self._tried: list[int] = []

    def next_try(self, now: float) -> Try | None:
        """A try to start now; None where there is none, now or at all."""
        place = self._next_place()
        if place is None or now < self._next_at or now > self._end - _MIN_TRY:
            return None
        server = self._plan.pop(place)
        time = self._pace.longest_try if self._plan else self._pace.last_try
        attempt = Try(server, now, min(now + time, self._end))
        self._running.append(attempt)
        self._tried.append(server)
        self._next_at = now + self._delay(server)
        return attempt

    @property
    def wake_at(self) -> float | None:
        """When the next try is due, if none that runs ends before; None: only an end can tell."""
        return None if self._next_place() is None else self._next_at

    def after(self, attempt: Try, ended: Ended, now: float) -> None:
        """A try ended. One that settles the question is the last word: nothing is due after it."""
        self._running.remove(attempt)
        if ended is Ended.SETTLED:
            self._plan.clear()
            return
        if ended is Ended.DECLINED:
            self._plan = [server for server in self._plan if server != attempt.server]
        self._next_at = now

    def heard_from(self, attempt: Try, now: float) -> None:
        """A server has spoken and is asked more: its company has that much more time."""
        if attempt in self._running:
            self._next_at = max(self._next_at, now + self._delay(attempt.server))

    def outrun_by(self, winner: Try) -> tuple[int, ...]:
        """The servers that were asked before the one that settled the question, in that order."""
        first = self._tried.index(winner.server)
        return tuple(dict.fromkeys(self._tried[:first]))

    def _next_place(self) -> int | None:
        """Where in the plan the next server is: one that is not being asked goes first."""
        asked = {attempt.server for attempt in self._running}
        for place, server in enumerate(self._plan):
            if server not in asked:
                return place
        if self._pace.resend_after is None:
            return None
        last = [attempt.server for attempt in reversed(self._running)]
        return next((self._plan.index(server) for server in last if server in self._plan), None)

    def _delay(self, server: int) -> float:
        """How long to wait for a server that is asked now; nothing is due after the last one."""
        asked = {attempt.server for attempt in self._running}
        if any(other not in asked for other in self._plan):
            return self._delays[server]
        return self._pace.resend_after or 0.0
