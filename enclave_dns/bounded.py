"""A table with a bound on entries and on bytes, which a flood of new keys cannot empty.

New entries wait in a small first-in-first-out probation; only those asked for again while they are
there move to the main part, from which entries leave in turn, those used since last time staying
for another round (the S3-FIFO scheme). One-time keys thus only ever displace each other.
"""

from collections import deque
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_PROBATION_SHARE: Final = 10
"""Probation may hold one part in this many of the whole."""

_OVERHEAD: Final = 200
"""Bytes that one entry costs beside its own size: the dictionary slot and this table's entry."""


class Entry(Generic[K, V]):
    """What a table holds for one key."""

    __slots__ = ("is_main", "is_used", "key", "size", "value")

    def __init__(self, key: K, value: V, size: int) -> None:
        self.key = key
        self.value = value
        self.size = size
        self.is_used = False
        self.is_main = False


class BoundedTable(Generic[K, V]):
    """A mapping that forgets: at most `max_entries` and about `max_bytes`.

    `max_new_bytes` is what entries in probation may have, also while the table is not full: what a
    flood of one-time keys can cost at most (default: as much as the table).

    `entries` is for a reader that cannot afford the call of `get`: it marks what it takes as used.
    """

    __slots__ = (
        "_main",
        "_main_bytes",
        "_max_bytes",
        "_max_entries",
        "_max_new_bytes",
        "_new",
        "_new_bytes",
        "entries",
    )

    def __init__(self, max_entries: int, max_bytes: int, max_new_bytes: int | None = None) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._max_new_bytes = max_bytes if max_new_bytes is None else max_new_bytes
        self.entries: dict[K, Entry[K, V]] = {}
        self._new: deque[Entry[K, V]] = deque()
        self._main: deque[Entry[K, V]] = deque()
        self._new_bytes = 0
        self._main_bytes = 0

    def get(self, key: K) -> V | None:
        """The value of a key, or None."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        entry.is_used = True
        return entry.value

    def put(self, key: K, value: V, size: int) -> None:
        """Keep a value of `size` bytes, in place of the key's old one; others may have to go.

        What is larger than the whole table is not kept, and costs no other entry its place.
        """
        size += _OVERHEAD
        if size > self._max_bytes:
            self.discard(key)
            return
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = Entry(key, value, size)
            self._new.append(entry)
            self._new_bytes += size
        else:
            self._grow(entry, size - entry.size)
            entry.value, entry.size = value, size
        self._make_room()

    def discard(self, key: K) -> None:
        """Forget a key, if it is there. Takes its time in a large table."""
        entry = self.entries.pop(key, None)
        if entry is not None:
            (self._main if entry.is_main else self._new).remove(entry)
            self._grow(entry, -entry.size)

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self._new.clear()
        self._main.clear()
        self._new_bytes = self._main_bytes = 0

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def bytes_held(self) -> int:
        """About how many bytes the table holds."""
        return self._new_bytes + self._main_bytes

    def _grow(self, entry: Entry[K, V], size: int) -> None:
        if entry.is_main:
            self._main_bytes += size
        else:
            self._new_bytes += size

    def _make_room(self) -> None:
        while self._new_bytes > self._max_new_bytes:
            self._leave_probation()
        while self._is_full() and self.entries:
            if self._new and (self._is_probation_full() or not self._main):
                self._leave_probation()
            else:
                self._leave_main()

    def _is_full(self) -> bool:
        return len(self) > self._max_entries or self.bytes_held > self._max_bytes

    def _is_probation_full(self) -> bool:
        return (
            len(self._new) * _PROBATION_SHARE > self._max_entries
            or self._new_bytes * _PROBATION_SHARE > self._max_bytes
        )

    def _leave_probation(self) -> None:
        entry = self._new.popleft()
        self._new_bytes -= entry.size
        if entry.is_used:
            entry.is_used = False
            entry.is_main = True
            self._main.append(entry)
            self._main_bytes += entry.size
        else:
            del self.entries[entry.key]

    def _leave_main(self) -> None:
        entry = self._main.popleft()
        if entry.is_used:
            entry.is_used = False
            self._main.append(entry)
        else:
            self._main_bytes -= entry.size
            del self.entries[entry.key]
