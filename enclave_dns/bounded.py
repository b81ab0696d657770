"""A table with a bound on entries and on bytes, which a flood of new keys cannot empty.

New entries wait in a small first-in-first-out probation; only those asked for again while they are
there move to the main part, from which entries leave in turn, those used since last time staying
for another round (the S3-FIFO scheme). One-time keys thus only ever displace each other.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_PROBATION_SHARE: Final = 10
"""Probation may hold one part in this many of the whole."""

_OVERHEAD: Final = 250
"""Bytes that one entry costs beside its own size: the dictionary slot and this table's entry."""


class _Entry(Generic[V]):
    __slots__ = ("is_used", "size", "value")

    def __init__(self, value: V, size: int) -> None:
        self.value = value
        self.size = size
        self.is_used = False


class BoundedTable(Generic[K, V]):
    """A mapping that forgets: at most `max_entries` and about `max_bytes`.

    `max_new_bytes` is what entries in probation may have, also while the table is not full: what a
    flood of one-time keys can cost at most (default: as much as the table).
    """

    __slots__ = (
        "_main",
        "_main_bytes",
        "_max_bytes",
        "_max_entries",
        "_max_new_bytes",
        "_new",
        "_new_bytes",
    )

    def __init__(self, max_entries: int, max_bytes: int, max_new_bytes: int | None = None) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._max_new_bytes = max_bytes if max_new_bytes is None else max_new_bytes
        # Not plain dictionaries: those look for their first key past all that have left before.
        self._new: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._main: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._new_bytes = 0
        self._main_bytes = 0

    def get(self, key: K) -> V | None:
        """The value of a key, or None."""
        entry = self._main.get(key) or self._new.get(key)
        if entry is None:
            return None
        entry.is_used = True
        return entry.value

    def put(self, key: K, value: V, size: int) -> None:
        """Keep a value of `size` bytes, in place of the key's old one; others may have to go.

        What is larger than the whole table is not kept, and costs no other entry its place.
        """
        entry = _Entry(value, size + _OVERHEAD)
        if entry.size > self._max_bytes:
            self.discard(key)
            return
        old = self._main.get(key)
        if old is not None:
            entry.is_used = old.is_used
            self._main_bytes += entry.size - old.size
            self._main[key] = entry
        else:
            old = self._new.get(key)
            if old is not None:
                entry.is_used = old.is_used
                self._new_bytes -= old.size
            self._new[key] = entry
            self._new_bytes += entry.size
        self._make_room()

    def discard(self, key: K) -> None:
        """Forget a key, if it is there."""
        entry = self._main.pop(key, None)
        if entry is not None:
            self._main_bytes -= entry.size
            return
        entry = self._new.pop(key, None)
        if entry is not None:
            self._new_bytes -= entry.size

    def clear(self) -> None:
        """Forget everything."""
        self._new.clear()
        self._main.clear()
        self._new_bytes = self._main_bytes = 0

    def __len__(self) -> int:
        return len(self._new) + len(self._main)

    @property
    def bytes_held(self) -> int:
        """About how many bytes the table holds."""
        return self._new_bytes + self._main_bytes

    def _make_room(self) -> None:
        while self._new_bytes > self._max_new_bytes:
            self._leave_probation()
        while self._is_full() and (self._new or self._main):
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
        key = next(iter(self._new))
        entry = self._new.pop(key)
        self._new_bytes -= entry.size
        if entry.is_used:
            entry.is_used = False
            self._main[key] = entry
            self._main_bytes += entry.size

    def _leave_main(self) -> None:
        key = next(iter(self._main))
        entry = self._main.pop(key)
        if entry.is_used:
            entry.is_used = False
            self._main[key] = entry
        else:
            self._main_bytes -= entry.size
