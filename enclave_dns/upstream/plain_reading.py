"""A nameserver's reply in its plainest form, read in a third of the time that the full way takes.

Most replies are the question and the records asked for, each under a pointer to the question's
name, and an OPT record without options. Whatever has any other form is left to `read_message` and
`interpret`; what is read here, they would read alike. Only for addresses: their RDATA holds no
name. Every question that is asked upstream passes here: 5 us instead of 15.
"""

from struct import Struct
from typing import Final

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.upstream.reading import MAX_TTL
from enclave_dns.wire.numbers import IN, RRType
from enclave_dns.wire.record import Record

_HEADER: Final = 12
_TYPE_AND_CLASS: Final = 4
_RECORD: Final = Struct(">HHHIH")
"""A pointer, type, class, TTL, size of RDATA (RFC 1035, 4.1.3 and 4.1.4)."""

_QUESTION: Final = 0xC000 | _HEADER
_TC_AND_RCODE: Final = 0x020F
_NO_AUTHORITY: Final = (b"\0\0\0\0", b"\0\0\0\1")
"""The counts of the authority and the additional section: the latter may be an OPT record."""

_OPT: Final = b"\0\0\x29"
_OPT_SIZE: Final = 11
_NO_OPTIONS: Final = b"\0\0"

_SIZES: Final = {int(RRType.A): 4, int(RRType.AAAA): 16}


def plain_reading(
    packet: bytes, question: Question, *, server: str, elapsed: float
) -> Resolution | None:
    """What a matched reply to a question for addresses says, if it has the plainest form.

    The packet begins with the question as it was sent, its name in the spelling of `question`.
    """
    size = _SIZES.get(question.rtype)
    count = packet[6] << 8 | packet[7]
    beside = packet[8:_HEADER]
    if size is None or not 0 < count <= 64 or beside not in _NO_AUTHORITY:
        return None
    if (packet[2] << 8 | packet[3]) & _TC_AND_RCODE:
        return None
    at = _HEADER + len(question.name) + _TYPE_AND_CLASS
    end = at + count * (_RECORD.size + size)
    if not _ends_so(packet, end, has_opt=beside[3] == 1):
        return None
    wanted = (_QUESTION, question.rtype, IN, size)
    found: dict[bytes, int] = {}
    while at < end:
        pointer, rtype, rclass, ttl, length = _RECORD.unpack_from(packet, at)
        if (pointer, rtype, rclass, length) != wanted:
            return None
        at += _RECORD.size + size
        rdata = packet[at - size : at]
        ttl = ttl if ttl < 0x80000000 else 0
        found[rdata] = min(ttl, found.get(rdata, ttl))
    name = question.name
    rrset = tuple([Record(name, rtype, ttl, rdata) for rdata, ttl in found.items()])
    return Resolution(
        Outcome.ANSWER,
        name,
        rrset,
        ttl=min(MAX_TTL, *found.values()),
        server=server,
        elapsed=elapsed,
    )


def _ends_so(packet: bytes, end: int, *, has_opt: bool) -> bool:
    """Whether the records end the packet, but for an OPT record without options."""
    if not has_opt:
        return len(packet) == end
    if len(packet) != end + _OPT_SIZE or not packet.startswith(_OPT, end):
        return False
    # An extended rcode other than 0 makes another reply of it (RFC 6891, 6.1.3).
    return packet.endswith(_NO_OPTIONS) and packet[end + 5] == 0
