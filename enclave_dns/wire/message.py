"""A whole DNS message, read within bounds (RFC 1035, section 4; RFC 6891).

`read_message` takes hostile bytes. What breaks the framing (sizes, counts, names, OPT) is a
MessageError for the whole message; RDATA that does not fit its type costs only its own record.
"""

from struct import Struct
from typing import Final

from enclave_dns.errors import MessageError
from enclave_dns.values import value
from enclave_dns.wire.cursor import HEADER_SIZE, Cursor
from enclave_dns.wire.edns import Edns
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import IN, RRType
from enclave_dns.wire.rdata import expanded
from enclave_dns.wire.record import Record

MAX_RECORDS: Final = 4096
"""The most records that a message may hold, all sections together."""

_FIELDS: Final = Struct(">HHIH")
"""Type, class, TTL and size of RDATA: what follows the owner of a record (RFC 1035, 4.1.3)."""

_OPT: Final = int(RRType.OPT)

QR: Final = 0x8000
AA: Final = 0x0400
TC: Final = 0x0200
RD: Final = 0x0100
RA: Final = 0x0080
AD: Final = 0x0020
CD: Final = 0x0010


@value(frozen=True, slots=True)
class WireQuestion:
    """A question as it stands in a message: the name keeps its case, any class."""

    name: Name
    rtype: int
    rclass: int = IN


@value(frozen=True, slots=True)
class Message:
    """A DNS message. `flags` are the 16 bits behind the id, the header's rcode among them.

    `left_out` counts records that were not taken: RDATA that does not fit the type, or a class
    other than IN. The OPT record is in `edns`, never in `additional`.
    """

    id: int
    flags: int = 0
    question: tuple[WireQuestion, ...] = ()
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    edns: Edns | None = None
    left_out: int = 0

    @property
    def is_response(self) -> bool:
        """The QR bit."""
        return bool(self.flags & QR)

    @property
    def opcode(self) -> int:
        """The kind of operation; 0 is QUERY."""
        return self.flags >> 11 & 0xF

    @property
    def is_truncated(self) -> bool:
        """The TC bit."""
        return bool(self.flags & TC)

    @property
    def rcode(self) -> int:
        """The response code, extended by the OPT record where there is one."""
        upper = self.edns.extended_rcode << 4 if self.edns else 0
        return upper | self.flags & 0xF


def read_message(packet: bytes) -> Message:
    """Read a whole message. Raises MessageError, and does at most `allowance(len)` steps."""
    return _Reading(packet).message()


class _Reading:
    """The state of one reading: the cursor, the OPT record, and what was left out."""

    __slots__ = ("cursor", "edns", "left_out")

    def __init__(self, packet: bytes) -> None:
        if len(packet) < HEADER_SIZE:
            raise MessageError("the message is shorter than a header")
        self.cursor = Cursor(packet, HEADER_SIZE)
        self.edns: Edns | None = None
        self.left_out = 0

    def message(self) -> Message:
        packet = self.cursor.packet
        counts = [int.from_bytes(packet[at : at + 2]) for at in (4, 6, 8, 10)]
        if sum(counts[1:]) > MAX_RECORDS or counts[0] > 16:
            raise MessageError(f"the message claims {sum(counts)} questions and records")
        question = tuple(self._question() for _ in range(counts[0]))
        answer = self._section(counts[1])
        authority = self._section(counts[2])
        additional = self._section(counts[3], may_hold_opt=True)
        if self.cursor.at != len(packet):
            raise MessageError("bytes follow the last record")
        return Message(
            int.from_bytes(packet[:2]),
            int.from_bytes(packet[2:4]),
            question,
            answer,
            authority,
            additional,
            self.edns,
            self.left_out,
        )

    def _question(self) -> WireQuestion:
        name = self.cursor.name()
        fields = self.cursor.take(4)
        return WireQuestion(name, int.from_bytes(fields[:2]), int.from_bytes(fields[2:]))

    def _section(self, count: int, *, may_hold_opt: bool = False) -> tuple[Record, ...]:
        cursor = self.cursor
        packet = cursor.packet
        records: list[Record] = []
        for _ in range(count):
            cursor.steps += 1  # held against the budget as the name is read
            name = cursor.name()
            start = cursor.at + _FIELDS.size
            if start > len(packet):
                raise MessageError("the message ends inside a record")
            rtype, rclass, ttl, size = _FIELDS.unpack_from(packet, cursor.at)
            cursor.at = start
            if rtype == _OPT:
                if not may_hold_opt or self.edns is not None or name != b"\0":
                    raise MessageError("an OPT record is out of place")
                self.edns = Edns.read(rclass, ttl, cursor.take(size))
                continue
            rdata = expanded(cursor, rtype, size)
            if rdata is None or rclass != IN:
                self.left_out += 1
            else:
                records.append(Record(name, rtype, ttl if ttl < 0x80000000 else 0, rdata))
        return tuple(records)
