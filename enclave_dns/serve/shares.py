"""Fair shares of a socket on which more comes in than can be served.

Below saturation there are no shares: what comes first is served first. A socket that SUSTAINED full
batches in a row did not empty is saturated; from then on what it holds is read ahead and waits
here, one line per sender, and the lines are served in turns. When the room is full, the longest
line loses its oldest packet: a sender within an even part of the room never loses any. Pure.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

SUSTAINED: Final = 4
"""Full batches in a row, without the socket ever being empty, that make saturation: one or two
follow from any pause of ours, and are no reason to drop anything."""

ROOM: Final = 1024
"""Packets that wait at most. A burst of a thousand loses none; at the slowest (every name asked
upstream, some 2,500 a second) it is 0.4 s, which no client has given up after."""


class Shares(Generic[T]):
    """What waits for its turn, by sender; `T` is a packet with all that belongs to it."""

    __slots__ = ("_full_batches", "_lines", "_room", "_waiting")

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._lines: OrderedDict[str, deque[T]] = OrderedDict()
        self._waiting = 0
        self._full_batches = 0

    def __len__(self) -> int:
        return self._waiting

    @property
    def is_saturated(self) -> bool:
        """Whether packets are to wait here instead of being served as they come."""
        return self._full_batches >= SUSTAINED

    @property
    def room(self) -> int:
        """How many more can wait without another one having to go."""
        return self._room - self._waiting

    @property
    def is_uneven(self) -> bool:
        """Whether one sender has far more (half again) than an even part of what waits.

        One more sender than is here is counted: it may not have got through to us.
        """
        if not self._waiting:
            return False
        longest = max(map(len, self._lines.values()))
        return 2 * longest * (len(self._lines) + 1) > 3 * self._waiting

    def filled(self) -> None:
        """One more batch was full."""
        self._full_batches += 1

    def emptied(self) -> None:
        """The socket was seen empty: that ends saturation, once nothing waits here either."""
        if not self._waiting:
            self._full_batches = 0

    def add(self, sender: str, item: T) -> bool:
        """Let a packet wait; whether one, this or another, had to go for it."""
        line = self._lines.get(sender)
        if line is None:
            line = self._lines[sender] = deque()
        line.append(item)
        if self._waiting < self._room:
            self._waiting += 1
            return False
        if len(line) * len(self._lines) <= self._room:
            line = max(self._lines.values(), key=len)
        line.popleft()
        if not line:
            del self._lines[sender]  # a newcomer, and everybody has one packet only
        return True

    def take(self, may: Callable[[str], bool], *, newest: bool = False) -> T | None:
        """The next packet to serve: every line has one turn before any has its second.

        It is the oldest of its line, or the `newest`. Senders whom `may` denies a turn keep their
        place; None where there is no other.
        """
        sender = next(filter(may, self._lines), None)
        if sender is None:
            return None
        self._waiting -= 1
        line = self._lines[sender]
        item = line.pop() if newest else line.popleft()
        if line:
            self._lines.move_to_end(sender)
        else:
            del self._lines[sender]
        return item
