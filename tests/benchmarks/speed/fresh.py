"""Caches that are full during a run, and stay so until it is over.

A reply to a restricted view lives LIFETIME at most. A run that begins near its end would count
look-ups among hits: so it waits until everything has ended, and has it made anew.
"""

import time
from collections.abc import Callable

LIFETIME = 30.0
"""Seconds for which our programs keep a reply at most."""

LEEWAY = 0.5


class Fresh:
    """A cache that `fill` fills; `clock` and `pause` are those of the machine, but in tests."""

    def __init__(
        self,
        fill: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._fill, self._clock, self._pause = fill, clock, pause
        self._oldest = self._newest = float("-inf")

    def for_next(self, seconds: float) -> None:
        """See to it that everything is kept for the next so many seconds."""
        now = self._clock()
        if now + seconds + LEEWAY > self._oldest + LIFETIME:
            wait = self._newest + LIFETIME + LEEWAY - now
            if wait > 0:
                self._pause(wait)
            self._oldest = self._clock()
            self._fill()
            self._newest = self._clock()
