"""Is a server alive, and is it quick enough? One value per server, nameservers and gateways alike.

    UP --3 failures in a row, or a loop--> SUSPECTED --probe fails--> DOWN --two good probes--> UP
                                    --life, a good probe--> UP
    UP --outrun in 3 of its last 10 questions--> SLOW --two good probes--> UP
                                                      --a bad one--> SUSPECTED

Questions are chosen by senders and may fail for reasons of their own, so failures only raise a
suspicion; the probe, a fixed question, decides. SLOW and SUSPECTED servers serve where no other is
UP. Probes of one that is DOWN come after doubling pauses; the second good one soon after the first.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

FAILURES: Final = 3
"""Failures in a row that raise the suspicion."""

RACES: Final = 10
LOST_RACES: Final = 3
"""A server gives way when another had to answer for it so often in its last questions."""

GOOD_PROBES: Final = 2
"""Good probes, one after the other, that bring a server back."""

FIRST_PAUSE: Final = 0.5
LAST_PAUSE: Final = 20.0
"""Seconds between probes double from the first to the last; jitter adds up to a half: 0.5 to 30."""

SLOW_PAUSE: Final = 2.0
"""Seconds between the two good probes of a server that gave way; doubled when it does again: one
that loses some datagrams passes two probes now and then, and each time it is back costs questions.
"""

CALM: Final = 60.0
"""Seconds without giving way after which the pauses of a server that does start anew."""


class State(Enum):
    """What we hold a server to be."""

    UP = "up"
    SLOW = "slow"
    SUSPECTED = "suspected"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Health:
    """The state of one server; each event gives the next value. Times are the clock of `now`.

    `probe_at` is what is to be done: send a probe at that time, at once if it has passed; None: no
    probe is wanted. `since` is when the state began, `races` whether the last questions were lost
    to another server, the oldest first. `pause` is the last one between the probes of a dead
    server, `slow_pause` of one that gave way, until `slow_until`.
    """

    state: State = State.UP
    since: float = 0.0
    failures: int = 0
    races: tuple[bool, ...] = ()
    good_probes: int = 0
    pause: float = 0.0
    probe_at: float | None = None
    slow_pause: float = 0.0
    slow_until: float = 0.0

    def after_failure(self, now: float) -> "Health":
        """A question met silence or a refused connection."""
        if self.state in (State.SUSPECTED, State.DOWN):
            return replace(self, good_probes=0) if self.good_probes else self
        if self.failures + 1 < FAILURES:
            return replace(self, failures=self.failures + 1)
        return self._suspected(now)

    def after_loop(self, now: float) -> "Health":
        """A question came back to us: no chance, and no sign of life either."""
        if self.state in (State.SUSPECTED, State.DOWN):
            return replace(self, good_probes=0)
        return self._suspected(now)

    def after_life(self, asked_at: float, now: float, jitter: float) -> "Health":
        """A readable reply came to a question of `asked_at`, whatever its rcode.

        To one that is down it counts as a good probe, unless it was asked before that was known:
        a reply may be the last one.
        """
        if self.state is State.DOWN:
            return self._after_good(now, jitter) if asked_at > self.since else self
        if self.state is State.SUSPECTED:
            return self._cleared(now)
        return replace(self, failures=0) if self.failures else self

    def after_race(self, is_lost: bool, now: float) -> "Health":
        """A question was settled by this server, or `is_lost` to one that was asked later."""
        if self.state in (State.SLOW, State.DOWN):
            return self
        races = (*self.races, is_lost)[-RACES:]
        raced = self if races == self.races else replace(self, races=races)
        return raced._cleared(now) if self.state is State.UP else raced

    def after_drain(self, now: float, jitter: float) -> "Health":
        """It has said itself that it is about to stop."""
        if self.state is State.DOWN:
            return replace(self, good_probes=0) if self.good_probes else self
        return self._down(now, 0.0, jitter)

    def after_probe(self, is_good: bool, now: float, jitter: float) -> "Health":
        """A probe ended. `jitter` in [0, 1) spreads the probes of many machines.

        A probe of a server that has shown life since it was sent counts for nothing.
        """
        if self.state is State.UP:
            return self
        if is_good:
            is_suspect = self.state is State.SUSPECTED
            return self._cleared(now) if is_suspect else self._after_good(now, jitter)
        if self.state is State.SLOW:
            return self._suspected(now)
        return self._down(now, self.pause if self.state is State.DOWN else 0.0, jitter)

    def _after_good(self, now: float, jitter: float) -> "Health":
        """The first good probe wants another one, soon; the second is enough."""
        if self.good_probes + 1 >= GOOD_PROBES:
            return self._up(now)
        pause = self.slow_pause if self.state is State.SLOW else FIRST_PAUSE
        return replace(
            self, good_probes=self.good_probes + 1, probe_at=now + pause * (1 + jitter / 2)
        )

    def _cleared(self, now: float) -> "Health":
        """Alive without doubt; whether it is quick enough, its races tell."""
        if sum(self.races) < LOST_RACES:
            return self if self.state is State.UP else replace(self._up(now), races=self.races)
        is_again = self.slow_pause > 0 and now - self.slow_until < CALM
        pause = min(self.slow_pause * 2, LAST_PAUSE) if is_again else SLOW_PAUSE
        return Health(State.SLOW, now, probe_at=now, slow_pause=pause)

    def _up(self, now: float) -> "Health":
        return self._becomes(State.UP, now)

    def _suspected(self, now: float) -> "Health":
        return replace(self._becomes(State.SUSPECTED, now), races=self.races, probe_at=now)

    def _becomes(self, state: State, now: float) -> "Health":
        """Another state, with a clean slate but for how often it gave way."""
        until = now if self.state is State.SLOW else self.slow_until
        return Health(state, now, slow_pause=self.slow_pause, slow_until=until)

    def _down(self, now: float, pause: float, jitter: float) -> "Health":
        since = self.since if self.state is State.DOWN else now
        pause = min(pause * 2, LAST_PAUSE) or FIRST_PAUSE
        probe_at = now + pause * (1 + jitter / 2)
        return replace(self._becomes(State.DOWN, since), pause=pause, probe_at=probe_at)


UP: Final = Health()
