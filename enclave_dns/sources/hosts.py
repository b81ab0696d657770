"""The hosts file as a table: names to addresses, and addresses to names.

Any bytes are read: what is no address, no name or past a bound is skipped, and costs nobody else
their line. The work is O(bytes). Block lines (unspecified and loopback addresses) stay in the
table: what they mean is for the disclosure rule to say.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Final, Generic, TypeVar

from enclave_dns.resolution import HostsTable
from enclave_dns.wire.names import MAX_LABEL, MAX_NAME, Name

MAX_BYTES: Final = 32 << 20
"""The most that is read of one file: the largest published block lists are a third of it."""

MAX_LINES: Final = 1_000_000

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UNSPECIFIED: Final = (bytes(4), bytes(16))
_MAX_ADDRESS_TEXT: Final = 64
_OCTETS: Final = {str(octet).encode(): octet for octet in range(256)}

# Underscores are no host name characters, but glibc takes them and people use them.
_LEGAL: Final = re.compile(rb"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}")
_DIGITS: Final = frozenset(b"0123456789")

_LENGTHS: Final = [bytes((length,)) for length in range(MAX_LABEL + 1)]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Multimap(Generic[_Key, _Value]):
    """Values per key, in the order of their first appearance, without duplicates.

    Most keys have one value, so a set is only kept for those with more: a name with 100,000 lines
    stays linear, and 100,000 names with one line stay small.
    """

    def __init__(self) -> None:
        self._first: dict[_Key, tuple[_Value, ...]] = {}
        self._more: dict[_Key, dict[_Value, None]] = {}

    def add(self, key: _Key, value: _Value) -> bool:
        """Append a value; False where it was there already."""
        new = (value,)
        first = self._first.setdefault(key, new)
        if first is new:
            return True
        more = self._more.setdefault(key, {first[0]: None})
        if value in more:
            return False
        more[value] = None
        return True

    def whole(self) -> dict[_Key, tuple[_Value, ...]]:
        return self._first | {key: tuple(values) for key, values in self._more.items()}


def parse_hosts(text: bytes) -> HostsTable:
    """Read a hosts file (hosts(5)): an address, its canonical name, its aliases; `#` comments.

    Names are folded as keys, a final dot is dropped, an IPv6 zone id too (`fe80::1%eth0`): it means
    something on this machine only. Never raises; past MAX_BYTES or MAX_LINES nothing is read.
    """
    forward: _Multimap[Name, bytes] = _Multimap()
    backward: _Multimap[bytes, Name] = _Multimap()
    spelling: dict[tuple[bytes, Name], Name] = {}
    for address, names in _entries(text):
        has_reverse = address not in _UNSPECIFIED
        for name in names:
            key = name.lower()
            forward.add(key, address)
            if has_reverse and backward.add(address, key) and name != key:
                spelling[address, key] = name
    reverse = backward.whole()
    if spelling:
        reverse = {
            address: tuple([spelling.get((address, key), key) for key in keys])
            for address, keys in reverse.items()
        }
    return HostsTable(addresses=forward.whole(), names=reverse)


def _entries(text: bytes) -> Iterator[tuple[bytes, list[Name]]]:
    """Address and names of each line that has both."""
    known: dict[bytes, bytes | None] = {}
    for line in _lines(text):
        fields = line.partition(b"#")[0].split()
        if len(fields) < 2:
            continue
        literal = fields[0]
        if literal not in known:
            if len(known) >= 1024:
                known.clear()
            known[literal] = _address(literal)
        address = known[literal]
        if address is None:
            continue
        names = [name for field in fields[1:] if (name := _host_name(field)) is not None]
        if names:
            yield address, names


def _lines(text: bytes) -> list[bytes]:
    """The lines within the bounds; one that the bound cuts in two is not read at all."""
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if len(text) > MAX_BYTES:
        text = text[: text.rfind(b"\n", 0, MAX_BYTES) + 1]
    lines = text.split(b"\n", MAX_LINES)
    return lines[:MAX_LINES]


def _address(literal: bytes) -> bytes | None:
    """The raw address, 4 or 16 bytes, or None where the text is none."""
    if len(literal) > _MAX_ADDRESS_TEXT or not literal.isascii():
        return None
    try:
        if b":" in literal:
            return IPv6Address(literal.decode("ascii")).packed
        one, two, three, four = literal.split(b".")
        return bytes((_OCTETS[one], _OCTETS[two], _OCTETS[three], _OCTETS[four]))
    except (ValueError, KeyError):
        return None


def _host_name(field: bytes) -> Name | None:
    """The name in wire format, its case kept; None where it is not legal.

    Letters, digits, hyphens and underscores, at most 255 bytes on the wire (RFC 1035, 2.3.4). A
    last label of digits alone is refused: such a text is an address, never a name (RFC 1123, 2.1).
    """
    field = field.removesuffix(b".")
    if len(field) + 2 > MAX_NAME or not _LEGAL.fullmatch(field):
        return None
    parts = field.split(b".")
    if field[-1] in _DIGITS and parts[-1].isdigit():
        return None
    return b"".join([_LENGTHS[len(label)] + label for label in parts]) + b"\0"
