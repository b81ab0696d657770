"""Names inside RDATA: where they stand, for every type that may hold compressed ones.

Expanded while a message is read, so that no RDATA above this room holds a pointer into a message
that is gone; compressed again on rendering only where RFC 3597, section 4, allows it (the types of
RFC 1035). All other RDATA is opaque bytes.
"""

from dataclasses import dataclass
from typing import Final

from enclave_dns.errors import MessageError
from enclave_dns.wire.cursor import Cursor
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RRType


@dataclass(frozen=True, slots=True)
class Layout:
    """RDATA that is `before` fixed bytes, then `names` names, then `after` fixed bytes."""

    before: int
    names: int
    after: int
    compressed: bool


_ONE_NAME: Final = Layout(0, 1, 0, compressed=True)
_PLAIN_NAME: Final = Layout(0, 1, 0, compressed=False)
_NUMBER_AND_NAME: Final = Layout(2, 1, 0, compressed=False)

LAYOUTS: Final[dict[int, Layout]] = {
    RRType.NS: _ONE_NAME,
    RRType.MD: _ONE_NAME,
    RRType.MF: _ONE_NAME,
    RRType.CNAME: _ONE_NAME,
    RRType.SOA: Layout(0, 2, 20, compressed=True),
    RRType.MB: _ONE_NAME,
    RRType.MG: _ONE_NAME,
    RRType.MR: _ONE_NAME,
    RRType.PTR: _ONE_NAME,
    RRType.MINFO: Layout(0, 2, 0, compressed=True),
    RRType.MX: Layout(2, 1, 0, compressed=True),
    RRType.RP: Layout(0, 2, 0, compressed=False),
    RRType.AFSDB: _NUMBER_AND_NAME,
    RRType.RT: _NUMBER_AND_NAME,
    RRType.PX: Layout(2, 2, 0, compressed=False),
    RRType.SRV: Layout(6, 1, 0, compressed=False),
    RRType.KX: _NUMBER_AND_NAME,
    RRType.DNAME: _PLAIN_NAME,
}
"""By record type; a type that is not here has no name that could be compressed."""

_ADDRESS_SIZES: Final[dict[int, int]] = {RRType.A: 4, RRType.AAAA: 16}


def expanded(cursor: Cursor, rtype: int, size: int) -> bytes | None:
    """The next `size` bytes as RDATA of `rtype`, names expanded; None where they do not fit it.

    The cursor always ends behind the RDATA, so that one bad record costs only itself. Raises
    MessageError where the packet ends inside the RDATA, or the budget is used up.
    """
    layout = LAYOUTS.get(rtype)
    if layout is None:
        rdata = cursor.take(size)
        return rdata if size == _ADDRESS_SIZES.get(rtype, size) else None
    end = cursor.at + size
    if end > len(cursor.packet):
        raise MessageError("the message ends inside a record")
    whole: bytes | None
    try:
        whole = cursor.take(layout.before) + cursor.name() if layout.before else cursor.name()
        for _ in range(layout.names - 1):
            whole = whole + cursor.name()
        if layout.after:
            whole = whole + cursor.take(layout.after)
    except MessageError:
        cursor.spend(0)  # a budget that is used up ends the message, not just this record
        whole = None
    fits = cursor.at == end
    cursor.at = end
    return whole if fits else None


def name_in(rdata: bytes, at: int = 0) -> Name:
    """The uncompressed name at offset `at` of expanded RDATA."""
    end = at
    while length := rdata[end]:
        end += 1 + length
    return rdata[at : end + 1]
