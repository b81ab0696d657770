"""Is a server alive? One value per server, for nameservers and gateways alike.

    UP --3 failures in a row--> SUSPECTED --probe fails--> DOWN --probe fails--> DOWN, later again
    any readable reply, or a good probe, from anywhere --> UP

A failure is silence, or a connection refused. Questions are chosen by senders and may fail for
reasons of their own, so failures only raise a suspicion; the probe, a fixed question, decides.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

FAILURES: Final = 3
"""Failures in a row that raise the suspicion."""

FIRST_PAUSE: Final = 0.5
LAST_PAUSE: Final = 20.0
"""Seconds between probes double from the first to the last; jitter adds up to a half: 0.5 to 30."""


class State(Enum):
    """What we hold a server to be."""

    UP = "up"
    SUSPECTED = "suspected"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Health:
    """The state of one server; each event gives the next value.

    `probe_at` is what is to be done: send a probe at that time (seconds, the clock of `now`), at
    once if it has passed; None: no probe is wanted.
    """

    state: State = State.UP
    failures: int = 0
    pause: float = 0.0
    probe_at: float | None = None

    def after_failure(self, now: float) -> "Health":
        """A question met silence or a refused connection."""
        if self.state is not State.UP:
            return self
        failures = self.failures + 1
        if failures < FAILURES:
            return replace(self, failures=failures)
        return Health(State.SUSPECTED, failures, probe_at=now)

    def after_life(self) -> "Health":
        """A readable reply came, whatever its rcode."""
        return UP

    def after_probe(self, is_alive: bool, now: float, jitter: float) -> "Health":
        """A probe ended. `jitter` in [0, 1) spreads the probes of many machines.

        A bad probe of a server that has shown life since it was sent counts for nothing.
        """
        if is_alive:
            return UP
        if self.state is State.UP:
            return self
        pause = min(self.pause * 2, LAST_PAUSE) or FIRST_PAUSE
        probe_at = now + pause * (1 + jitter / 2)
        return Health(State.DOWN, self.failures, pause, probe_at)


UP: Final = Health()
