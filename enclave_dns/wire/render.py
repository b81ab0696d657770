"""Messages to bytes: name compression, EDNS, and truncation at RRset borders.

`Writer` appends records to one message and remembers where each name stands. A record set is
written whole or not at all; when one of the answer or authority sections does not fit, TC is set
and nothing further is written (RFC 2181, section 9).
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import CD, RD, TC, Message, WireQuestion
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import EDNS_UDP_SIZE, IN
from enclave_dns.wire.rdata import LAYOUTS, name_in
from enclave_dns.wire.record import Record

MAX_MESSAGE: Final = 65535
_MAX_OFFSET: Final = 0x3FFF


class Writer:
    """One message in the making: 12 bytes are kept for the header, then questions and records."""

    __slots__ = ("_offsets", "out")

    def __init__(self) -> None:
        self.out = bytearray(12)
        self._offsets: dict[Name, int] = {}

    def question(self, question: WireQuestion) -> None:
        """Append a question."""
        self._name(question.name)
        self.out += question.rtype.to_bytes(2) + question.rclass.to_bytes(2)

    def rrset(self, records: Sequence[Record], limit: int) -> bool:
        """Append records, all or none: False, and nothing written, where `limit` is passed."""
        mark = len(self.out)
        for record in records:
            self._record(record)
            if len(self.out) > limit:
                self._undo(mark)
                return False
        return True

    def _undo(self, mark: int) -> None:
        del self.out[mark:]
        self._offsets = {name: at for name, at in self._offsets.items() if at < mark}

    def _record(self, record: Record) -> None:
        out = self.out
        self._name(record.name)
        out += record.rtype.to_bytes(2) + b"\0\1" + record.ttl.to_bytes(4) + b"\0\0"
        start = len(out)
        layout = LAYOUTS.get(record.rtype)
        if layout is None or not layout.compressed:
            out += record.rdata
        else:
            at = layout.before
            out += record.rdata[:at]
            for _ in range(layout.names):
                name = name_in(record.rdata, at)
                at += len(name)
                self._name(name)
            out += record.rdata[at:]
        out[start - 2 : start] = (len(out) - start).to_bytes(2)

    def _name(self, name: Name) -> None:
        """Append a name; the longest suffix that was written before becomes a pointer."""
        offsets, out = self._offsets, self.out
        at = 0
        base = len(out)
        while name[at]:
            suffix = name[at:]
            known = offsets.get(suffix)
            if known is not None:
                out += name[:at] + (0xC000 | known).to_bytes(2)
                return
            if base + at <= _MAX_OFFSET:
                offsets[suffix] = base + at
            at += 1 + name[at]
        out += name


def rrsets(records: Iterable[Record]) -> list[list[Record]]:
    """Neighbouring records of one name and type, as one RRset each, in their order."""
    return [list(group) for _, group in groupby(records, lambda r: (r.name.lower(), r.rtype))]


def header(message_id: int, flags: int, counts: Sequence[int]) -> bytes:
    """The 12 bytes at the front of a message."""
    return b"".join(number.to_bytes(2) for number in (message_id, flags, *counts))


def render(message: Message, limit: int = MAX_MESSAGE) -> bytes:
    """The message as bytes, at most `limit` long.

    What does not fit is left out by whole RRsets: TC is set for the answer and authority
    sections, not for the additional section (RFC 2181, section 9). The OPT record always stays.
    """
    writer = Writer()
    for question in message.question:
        writer.question(question)
    opt = message.edns.rendered() if message.edns else b""
    room = limit - len(opt)
    flags = message.flags
    counts = [len(message.question), 0, 0, 0]
    is_full = False
    for place, section in enumerate((message.answer, message.authority, message.additional), 1):
        for records in rrsets(section):
            is_full = is_full or not writer.rrset(records, room)
            if is_full:
                flags |= TC if place < 3 else 0
                break
            counts[place] += len(records)
    counts[3] += bool(opt)
    writer.out[:12] = header(message.id, flags, counts)
    return bytes(writer.out + opt)


def render_query(
    message_id: int,
    name: Name,
    rtype: int,
    *,
    do: bool = False,
    cd: bool = False,
    rd: bool = True,
    udp_size: int = EDNS_UDP_SIZE,
) -> bytes:
    """A query of one question with an OPT record (RFC 1035, 4.1; RFC 6891, 6.1)."""
    flags = (RD if rd else 0) | (CD if cd else 0)
    question = name + rtype.to_bytes(2) + IN.to_bytes(2)
    return header(message_id, flags, (1, 0, 0, 1)) + question + Edns(udp_size, do=do).rendered()
