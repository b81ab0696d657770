"""Work as an oracle beside exceptions: no small input may cost much.

A target has two parts: `made`, the code under test, and `judge`, which looks at what came of it;
only the first is measured, for dnspython takes long over some of what it is shown.

What is measured is CPU time of this process, not counted steps. Counting calls or lines would be
repeatable, but sees nothing of the work inside C (slices, joins, regular expressions, JSON), and
that is where quadratic cost hides. Other processes do not count, and the best of three runs has no
garbage collection and no cold cache in it. The bound is some fifty times what honest inputs take.
"""

import time
from typing import Any, Protocol

SIZE = 1232
LIMIT = 0.05
"""Seconds for an input of up to SIZE bytes; for larger ones as much more as they are larger."""

TRIES = 3


class Target(Protocol):
    """A module of this folder that can be fuzzed. `MAX_LEN` is the most bytes of an input."""

    MAX_LEN: int

    def made(self, data: bytes) -> Any:
        """Run the code under test on an input. Whatever it raises is a finding."""

    def judge(self, data: bytes, found: Any) -> None:
        """Assert that what `made` returned is as it must be."""


class TooMuchWorkError(AssertionError):
    """An input costs more than its size allows."""


def check(target: Target, data: bytes) -> None:
    """Run a target on an input; raises what is wrong."""
    allowed = LIMIT * max(1.0, len(data) / SIZE)
    best = float("inf")
    for _ in range(TRIES):
        before = time.process_time()
        found = target.made(data)
        best = min(best, time.process_time() - before)
        if best <= allowed:
            target.judge(data, found)
            return
    raise TooMuchWorkError(f"{len(data)} bytes cost {best * 1000:.0f} ms of CPU")
