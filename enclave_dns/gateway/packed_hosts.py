"""A large hosts file as two packed tables: made in a child, looked up here without any unpacking.

A table of a million names as a dict is a million small objects, which take seconds to make and a
long pause to give back. Packed, it is two blocks of memory: the entries one behind the other, and
a hash table of their places (open addressing, linear probing, CRC-32).
"""

import json
import struct
from collections.abc import Iterator, Mapping
from mmap import mmap
from typing import Final
from zlib import crc32

from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway.frames import json_frame, pieces
from enclave_dns.resolution import HostsTable
from enclave_dns.sources.files import NoContent

_TABLES: Final = b"T"
_NOTHING: Final = b"N"
_PIECES: Final = (b"a", b"b", b"c", b"d")
"""Slots and entries of the addresses, then of the names."""

_MAX_BYTES: Final = 1 << 30
"""Of the blocks together; a hosts file of the largest size takes a tenth."""

Block = bytearray | mmap

_COUNT: Final = struct.Struct("!I")
_PLACE: Final = 0xFFFFFFFF


class PackedTable(Mapping[bytes, tuple[bytes, ...]]):
    """From short strings to short strings, at most 255 bytes each.

    A slot holds the key's hash above the place of its entry, counted from 1; 0 is a free slot. At
    least every second slot is free. An entry is its key, the count of its values, and they.
    `blocks` are the slots and the entries as they lie in memory.
    """

    __slots__ = ("_count", "_entries", "_slots", "blocks")

    def __init__(self, count: int, slots: Block, entries: Block) -> None:
        self._count = count
        self._slots = memoryview(slots).cast("Q")
        self._entries = entries
        self.blocks = (slots, entries)

    @classmethod
    def of(cls, table: Mapping[bytes, tuple[bytes, ...]]) -> "PackedTable":
        """The same table, packed."""
        block = bytearray(8 << (2 * len(table)).bit_length())
        slots = memoryview(block).cast("Q")
        mask = len(slots) - 1
        entries = bytearray()
        for key, values in table.items():
            hashed = crc32(key)
            at = hashed & mask
            while slots[at]:
                at = at + 1 & mask
            slots[at] = hashed << 32 | len(entries) + 1
            entries += _short(key) + _COUNT.pack(len(values)) + b"".join(map(_short, values))
        return cls(len(table), block, entries)

    def __getitem__(self, key: bytes) -> tuple[bytes, ...]:
        slots, entries, hashed = self._slots, self._entries, crc32(key)
        mask = len(slots) - 1
        at = hashed & mask
        while slot := slots[at]:
            place = slot & _PLACE
            # The entry begins at place - 1, with the length of its key.
            if (
                slot >> 32 == hashed
                and entries[place - 1] == len(key)
                and entries[place : place + len(key)] == key
            ):
                return self._values(place + len(key))[0]
            at = at + 1 & mask
        raise KeyError(key)

    def __iter__(self) -> Iterator[bytes]:
        at = 0
        for _ in range(self._count):
            end = at + 1 + self._entries[at]
            yield bytes(self._entries[at + 1 : end])
            at = self._values(end)[1]

    def __len__(self) -> int:
        return self._count

    def _values(self, at: int) -> tuple[tuple[bytes, ...], int]:
        """The values whose count stands at a place, and where the next entry begins."""
        entries, found = self._entries, []
        (count,) = _COUNT.unpack_from(entries, at)
        at += _COUNT.size
        for _ in range(count):
            end = at + 1 + entries[at]
            found.append(bytes(entries[at + 1 : end]))
            at = end
        return tuple(found), at


def pack_hosts(hosts: HostsTable | NoContent) -> Iterator[bytes]:
    """The frames of a hosts file as it was read, or of why it was not."""
    if isinstance(hosts, NoContent):
        yield json_frame(_NOTHING, [hosts.reason, hosts.is_missing])
        return
    tables = (PackedTable.of(hosts.addresses), PackedTable.of(hosts.names))
    blocks = [block for table in tables for block in table.blocks]
    sizes = [len(block) for block in blocks]
    yield json_frame(_TABLES, [[len(table) for table in tables], sizes])
    for kind, block in zip(_PIECES, blocks, strict=True):
        yield from pieces(kind, block)


class HostsUnpacker:
    """Puts a hosts table together, frame by frame (a `Taker`)."""

    def __init__(self) -> None:
        self._nothing: NoContent | None = None
        self._counts = (0, 0)
        self._blocks: list[mmap] = []
        self._sizes: list[int] = []
        self._filled: list[int] = []

    @property
    def is_whole(self) -> bool:
        """Whether nothing more is to come."""
        if self._nothing is not None:
            return True
        return bool(self._blocks) and self._filled == self._sizes

    def take(self, kind: bytes, content: bytes) -> None:
        """Take the next frame."""
        if kind == _NOTHING:
            reason, is_missing = json.loads(content)
            self._nothing = NoContent(str(reason), bool(is_missing))
        elif kind == _TABLES:
            (count, more), sizes = json.loads(content)
            if len(sizes) != len(_PIECES) or min(sizes) < 0 or sum(sizes) > _MAX_BYTES:
                raise ValueError(f"no tables have the sizes {sizes}")
            self._counts = (count, more)
            # What grows is copied again and again, and a bytearray is filled with zeros first.
            self._blocks = [mmap(-1, max(size, 1)) for size in sizes]
            self._sizes = sizes
            self._filled = [0] * len(sizes)
        else:
            number = _PIECES.index(kind)
            start = self._filled[number]
            self._filled[number] = end = start + len(content)
            self._blocks[number][start:end] = content

    def whole(self) -> HostsTable | NoContent:
        """The table, or why there is none. Raises EnvironmentFault where frames are missing."""
        if self._nothing is not None:
            return self._nothing
        if not self.is_whole:
            raise EnvironmentFault("the child process did not send everything")
        slots, entries, more_slots, more_entries = self._blocks
        count, more = self._counts
        return HostsTable(
            PackedTable(count, slots, entries), PackedTable(more, more_slots, more_entries)
        )


def _short(text: bytes) -> bytes:
    return len(text).to_bytes() + text
