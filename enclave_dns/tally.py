"""Counting in plain integers: what the serving code adds to, and what is read when somebody asks.

Nothing here knows a name or a sender: whatever is counted is counted by a label from a short list.
Pure; times are seconds.
"""

from bisect import bisect_left
from collections import Counter
from itertools import chain
from operator import add
from typing import Final

BOUNDS: Final = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
)
"""Upper bounds of the buckets of every histogram, inclusive; a last one takes what is longer."""

TYPES: Final = 258
"""Record types below this number are counted each (the last is CAA, 257), all others together."""

ANY_OTHER: Final = 0
"""The place of queries whose type is not counted by itself, or could not be read."""


class Durations:
    """How often something took how long: fixed buckets and the sum."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def add_alike(self, seconds: float, count: int) -> None:
        """So many more, of one batch: each of them counts as the average of all."""
        self.counts[bisect_left(BOUNDS, seconds / count)] += count
        self.total += seconds

    def include(self, other: "Durations") -> None:
        """All that another one has counted, too."""
        self.counts = [mine + more for mine, more in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


class Traffic:
    """What one server has taken in, and what came of it.

    Every packet taken is in one of the lists of `udp` and `tcp` (by family: IPv4, IPv6; the place
    is the record type), and ends in exactly one of: `kept` (replies out of the reply cache, by
    rcode), `made` (other replies, by rcode and source) and the reasons of `counts` that begin with
    `dropped_`. Until then it is in flight.

    `counts` has `dropped_REASON` (a packet without a reply), `refused_REASON` (one that got an
    error of ours, in `made` too), `closed_REASON` (a TCP connection that we ended) and `unsent`
    (replies among the made and kept that the kernel or the connection did not take).
    """

    __slots__ = ("counts", "kept", "made", "tcp", "times", "udp")

    def __init__(self) -> None:
        self.udp = ([0] * TYPES, [0] * TYPES)
        self.tcp = ([0] * TYPES, [0] * TYPES)
        self.kept = [0] * 16
        self.made: Counter[tuple[int, str]] = Counter()
        self.times: dict[str, Durations] = {source: Durations() for source in SOURCES}
        self.counts: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """Packets that have come."""
        return sum(chain(*self.udp, *self.tcp))

    @property
    def replies(self) -> int:
        """Replies that were made, whether they could be sent or not."""
        return sum(self.kept) + self.made.total()

    @property
    def dropped(self) -> int:
        """Packets that got none."""
        return sum(n for reason, n in self.counts.items() if reason.startswith("dropped_"))

    def include(self, other: "Traffic") -> None:
        """All that another one has counted, too."""
        lists = (*self.udp, *self.tcp, self.kept)
        for mine, more in zip(lists, (*other.udp, *other.tcp, other.kept), strict=True):
            mine[:] = map(add, mine, more)
        self.made.update(other.made)
        self.counts.update(other.counts)
        for source, times in other.times.items():
            self.times[source].include(times)


CACHE: Final = "cache"
ZONE: Final = "zone"
LOCAL: Final = "local"
ASKED: Final = "asked"
REFUSAL: Final = "refusal"
SOURCES: Final = (CACHE, ZONE, LOCAL, ASKED, REFUSAL)
"""Where a reply comes from: the reply cache; names that we are the authority of; what else is known
without waiting (hosts file, remembered records, the question alone); servers that were asked; our
own errors."""
