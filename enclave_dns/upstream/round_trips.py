"""How long a server takes, and from that how long to wait before another is asked beside it. Pure.

A smoothed mean and spread, as TCP keeps them for its retransmission timer (RFC 6298, section 2):
whoever is not back after the mean and four times the spread is late for this server.
"""

from typing import Final

from enclave_dns.values import value

SHORTEST_DELAY: Final = 0.05
"""Seconds: above the pace of a gateway's no-answers (20 ms and a tick of 10 ms)."""

LONGEST_DELAY: Final = 0.2
UNMEASURED_DELAY: Final = 0.1
"""Seconds, where nothing has been measured yet."""

_MEAN_GAIN: Final = 1 / 8
_SPREAD_GAIN: Final = 1 / 4
_SPREADS: Final = 4


@value(frozen=True, slots=True)
class RoundTrips:
    """What the round trips to one server were like, in seconds; `mean` is None before the first."""

    mean: float | None = None
    spread: float = 0.0

    def after(self, seconds: float) -> "RoundTrips":
        """With one more round trip."""
        if self.mean is None:
            return RoundTrips(seconds, seconds / 2)
        off = abs(self.mean - seconds)
        return RoundTrips(
            self.mean + _MEAN_GAIN * (seconds - self.mean),
            self.spread + _SPREAD_GAIN * (off - self.spread),
        )

    @property
    def hedge_delay(self) -> float:
        """Seconds to wait for this server before the next one is asked beside it."""
        if self.mean is None:
            return UNMEASURED_DELAY
        return min(max(self.mean + _SPREADS * self.spread, SHORTEST_DELAY), LONGEST_DELAY)


UNMEASURED: Final = RoundTrips()
