"""From a reply to bytes: the client's id, question and flags around what may be sent.

Two ways lead to the same bytes. `render_reply` writes one message for one client. `Rendered` keeps
the sections of a reply so that the next client with the same question costs a few slices: its
question is laid over the kept one (same length, maybe other case), its flags and OPT are put on.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from struct import Struct
from typing import Final

from enclave_dns.disclosure.reply import Reply
from enclave_dns.serve.query import Query, Refusal
from enclave_dns.wire.cursor import HEADER_SIZE
from enclave_dns.wire.edns import EXTENDED_ERROR, Edns
from enclave_dns.wire.message import AA, CD, QR, RA, RD, Message, WireQuestion
from enclave_dns.wire.names import ROOT
from enclave_dns.wire.numbers import EDNS_UDP_SIZE, IN, RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.render import Writer, header, render

_ECHOED: Final = RD | CD
_POINTER: Final = (0xC000 | HEADER_SIZE).to_bytes(2)
_FIELDS: Final = Struct(">HHIH")
"""Type, class, TTL and size of RDATA: what follows the owner of a record (RFC 1035, 4.1.3)."""

_TURNING: Final = {int(RRType.A): 4, int(RRType.AAAA): 16}
"""Types whose order turns, and the size of their RDATA."""


def turned(reply: Reply, turn: int) -> tuple[Record, ...]:
    """The answer section with its turning RRset moved on by `turn` places."""
    fixed, rrset = reply.answer[: reply.turns_from], reply.answer[reply.turns_from :]
    if len(rrset) < 2:
        return reply.answer
    at = turn % len(rrset)
    return fixed + rrset[at:] + rrset[:at]


def render_reply(query: Query | Refusal, reply: Reply, limit: int, turn: int = 0) -> bytes:
    """One reply message, at most `limit` bytes, TC set where an RRset had to stay out."""
    asked = query.question
    message = Message(
        query.id,
        _flags(query.flags, reply),
        (replace(asked, name=asked.name.lower()),) if asked else (),
        turned(reply, turn),
        reply.authority,
        reply.additional,
        _opt(query.edns, reply),
    )
    packet = render(message, limit)
    if asked is None:
        return packet
    # Owners are folded and point at the question: the client's spelling is laid over it last.
    return packet[:HEADER_SIZE] + asked.name + packet[HEADER_SIZE + len(asked.name) :]


def _flags(asked: int, reply: Reply) -> int:
    flags = QR | RA | (asked & _ECHOED) | (reply.rcode & 0xF)
    if asked >> 11 & 0xF:
        flags = QR | (asked & 0x7800) | (reply.rcode & 0xF)
    return flags | AA if reply.is_authoritative else flags


def _opt(asked: Edns | None, reply: Reply) -> Edns | None:
    """Our OPT, only where the client sent one (RFC 6891, 6.1.1)."""
    if asked is None:
        return None
    options = () if reply.ede is None else ((EXTENDED_ERROR, reply.ede.to_bytes(2)),)
    return Edns(EDNS_UDP_SIZE, 0, asked.do, reply.rcode >> 4, options)


@lru_cache(maxsize=1024)
def heads(flags: int, counts: bytes, additional: int) -> tuple[bytes, ...]:
    """Header bytes 2 to 12 of a kept reply, for each `form_of` a query.

    `flags` and `additional` are those of the reply itself, `counts` the bytes of the other three
    counts. Nearly all replies share a few of these.
    """
    made = []
    for form in range(8):
        echoed = flags | (RD if form & 1 else 0) | (CD if form & 2 else 0)
        made.append(echoed.to_bytes(2) + counts + (additional + (form >> 2)).to_bytes(2))
    return tuple(made)


def form_of(flags: int, has_opt: bool) -> int:
    """Which of the eight `heads` answers a query with these flags, with or without an OPT."""
    return bool(flags & RD) | bool(flags & CD) << 1 | has_opt << 2


@dataclass(slots=True)
class Rendered:
    """A reply that is kept until `expires`: `body` is what follows the name asked for, without OPT.

    The records from `turns_at` on, `turns` pieces of `turn_size` bytes each, change places with
    every reply; in `body` they stand as they did at turn `first_turn`. Mutable in one field only:
    `turn` counts the replies that were made.
    """

    heads: tuple[bytes, ...]
    body: bytes
    expires: float
    first_turn: int
    turn: int
    turns_at: int = 0
    turn_size: int = 0
    turns: int = 1

    @classmethod
    def of(cls, query: Query, reply: Reply, turn: int, expires: float = 0.0) -> "Rendered":
        """Render the sections of a reply once; `turn` is where its order stands."""
        plain = cls._of_addresses(query, reply, turn, expires)
        if plain is not None:
            return plain
        writer = Writer()
        name = query.folded.name
        writer.question(WireQuestion(name, query.question.rtype, query.question.rclass))
        answer = turned(reply, turn)
        fixed, turning = answer[: reply.turns_from], answer[reply.turns_from :]
        writer.rrset(fixed, _NO_LIMIT)
        borders = [len(writer.out)]
        for record in turning:
            writer.rrset((record,), _NO_LIMIT)
            borders.append(len(writer.out))
        writer.rrset((*reply.authority, *reply.additional), _NO_LIMIT)
        counts = header(0, 0, (1, len(reply.answer), len(reply.authority), 0))[4:10]
        start = HEADER_SIZE + len(name)
        body = bytes(writer.out[start:])
        laid = heads(_flags(0, reply), counts, len(reply.additional))
        rendered = cls(laid, body, expires, turn, turn)
        # Pieces of one size: none of them holds a name that another one points at.
        sizes = {end - begin for begin, end in pairwise(borders)}
        if len(sizes) == 1 and turning[0].rtype in _TURNING:
            rendered.turns_at = borders[0] - start
            rendered.turn_size = sizes.pop()
            rendered.turns = len(turning)
        return rendered

    @classmethod
    def _of_addresses(
        cls, query: Query, reply: Reply, turn: int, expires: float
    ) -> "Rendered | None":
        """The same for nothing but turning addresses of the name itself, as most replies are.

        Every owner is a pointer to the question: nothing is compressed, and pieces have one size.
        """
        answer, asked = reply.answer, query.question
        if not answer or reply.turns_from or reply.authority or reply.additional:
            return None
        name, size = query.folded.name, _TURNING.get(asked.rtype)
        if size is None or name == ROOT:
            return None
        for record in answer:
            if record.name != name or record.rtype != asked.rtype or len(record.rdata) != size:
                return None
        pieces = [
            _POINTER + _FIELDS.pack(record.rtype, IN, record.ttl, len(record.rdata)) + record.rdata
            for record in turned(reply, turn)
        ]
        question = asked.rtype.to_bytes(2) + asked.rclass.to_bytes(2)
        laid = heads(_flags(0, reply), b"\0\1" + len(answer).to_bytes(2) + b"\0\0", 0)
        return cls(
            laid,
            question + b"".join(pieces),
            expires,
            turn,
            turn,
            turns_at=len(question),
            turn_size=len(pieces[0]),
            turns=len(pieces),
        )

    def packet(self, query: Query, limit: int) -> bytes | None:
        """The reply for this client; None where it is too large for it (then truncate anew)."""
        name, opt = query.question.name, kept_opt(query.edns)
        if HEADER_SIZE + len(name) + len(self.body) + len(opt) > limit:
            return None
        head = self.heads[form_of(query.flags, query.edns is not None)]
        packet = query.id.to_bytes(2) + head + name + self.turned() + opt
        self.turn += 1
        return packet

    def turned(self) -> bytes:
        """`body` at the present turn."""
        body, start = self.body, self.turns_at
        end = start + self.turns * self.turn_size
        cut = start + (self.turn - self.first_turn) % self.turns * self.turn_size
        return body[:start] + body[cut:end] + body[start:cut] + body[end:]


def kept_opt(asked: Edns | None) -> bytes:
    """Our OPT behind a kept reply, as bytes; none where the client sent none."""
    return b"" if asked is None else _OPT_DO if asked.do else _OPT


_NO_LIMIT: Final = 1 << 30
_OPT: Final = Edns(EDNS_UDP_SIZE).rendered()
_OPT_DO: Final = Edns(EDNS_UDP_SIZE, do=True).rendered()
