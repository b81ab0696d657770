"""When a no-answer leaves: on ticks that do not tell how long its look-up took.

A name that is hidden and one that does not exist take different times to look up; what a sender may
not learn from the bytes of a no-answer it may not learn from the clock either. So a no-answer waits
for the first of a few coarse steps that covers its look-up, counted from its arrival, and then for
the next tick of one clock that all no-answers share. Pure.
"""

from math import ceil
from typing import Final

TICK: Final = 0.010
"""Seconds between the instants at which no-answers leave."""


def release_at(arrival: float, look_up_time: float, pace: float, limit: float) -> float:
    """The instant at which a no-answer leaves; all in seconds, on one clock.

    `look_up_time` is how long its look-ups took, now or when what was remembered was looked up.
    The first of `pace`, twice `pace`, ... that covers it counts, at most `limit`; a pace of 0 means
    at once.
    """
    if pace <= 0:
        return arrival
    step = pace
    while step < look_up_time and step < limit:
        step *= 2
    # Rounded before it is cut: a tick must not become the next one by an error of the last bit.
    return ceil(round((arrival + min(step, limit)) / TICK, 6)) * TICK
