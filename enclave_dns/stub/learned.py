"""What answers have taught: which group knows a suffix, and which names were answered at all.

Both are guesses with a time limit and a bound, dropped with every new document. Pure: time is an
argument, in seconds.
"""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from enclave_dns.stub.groups import Group
from enclave_dns.wire.names import Name, ancestors, count_labels, parent

SUFFIX_LIFETIME: Final = 600.0
"""Seconds for which a group is asked first for names with a parent that it knew."""

ANSWERED_LIFETIME: Final = 60.0
"""Seconds for which the other family of an answered name is NODATA rather than a miss."""

MAX_ENTRIES: Final = 2000

T = TypeVar("T")


class _Fading(Generic[T]):
    """Values that last for a while; the oldest go where there are too many."""

    __slots__ = ("_entries", "_lifetime")

    def __init__(self, lifetime: float) -> None:
        self._lifetime = lifetime
        self._entries: OrderedDict[Name, tuple[float, T]] = OrderedDict()

    def put(self, name: Name, value: T, now: float) -> None:
        self._entries[name] = (now + self._lifetime, value)
        self._entries.move_to_end(name)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)

    def get(self, name: Name, now: float) -> T | None:
        entry = self._entries.get(name)
        return entry[1] if entry is not None and now < entry[0] else None


class Learned:
    """Suffixes by group, and answered names. All names are folded."""

    __slots__ = ("_answered", "_suffixes")

    def __init__(self) -> None:
        self._suffixes: _Fading[Group] = _Fading(SUFFIX_LIFETIME)
        self._answered: _Fading[Group] = _Fading(ANSWERED_LIFETIME)

    def answered(self, name: Name, group: Group, now: float) -> None:
        """A group gave a checked address for a name.

        Its parent is learned, if that has at least two labels, and never from an open group, which
        answers everything.
        """
        self._answered.put(name, group, now)
        suffix = parent(name)
        if not group.is_open and count_labels(suffix) >= 2:
            self._suffixes.put(suffix, group, now)

    def group_for(self, name: Name, now: float) -> Group | None:
        """The group that knows the longest suffix of a name."""
        for suffix in ancestors(parent(name)):
            group = self._suffixes.get(suffix, now)
            if group is not None:
                return group
        return None

    def was_answered(self, name: Name, now: float) -> bool:
        """Whether a name was answered with an address a short while ago."""
        return self._answered.get(name, now) is not None
