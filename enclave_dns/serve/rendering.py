"""From a reply to bytes: the client's id, question and flags around what may be sent.

Two ways lead to the same bytes. `render_reply` writes one message for one client. `Rendered` keeps
the sections of a reply so that the next client with the same question costs a few slices: its
question is laid over the kept one (same length, maybe other case), its flags and OPT are put on.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from enclave_dns.disclosure.reply import Reply
from enclave_dns.serve.query import Query, Refusal
from enclave_dns.wire.edns import EXTENDED_ERROR, Edns
from enclave_dns.wire.message import AA, CD, QR, RA, RD, Message
from enclave_dns.wire.numbers import EDNS_UDP_SIZE, RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.render import Writer, header, render

_ECHOED: Final = RD | CD
_TURNING: Final = frozenset((RRType.A, RRType.AAAA))


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
    return packet[:12] + asked.name + packet[12 + len(asked.name) :]


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


@dataclass(slots=True)
class Rendered:
    """A reply that is kept: `body` is question and sections, without header and OPT.

    The records from `turns_at` on, `turns` pieces of `turn_size` bytes each, change places with
    every reply; in `body` they stand as they did at turn `first_turn`. Mutable in one field only:
    `turn` counts the replies that were made.
    """

    flags: int
    counts: bytes
    additional_count: int
    body: bytes
    first_turn: int
    turn: int
    turns_at: int = 0
    turn_size: int = 0
    turns: int = 1

    @classmethod
    def of(cls, query: Query, reply: Reply, turn: int) -> "Rendered":
        """Render the sections of a reply once; `turn` is where its order stands."""
        writer = Writer()
        writer.question(replace(query.question, name=query.folded.name))
        answer = turned(reply, turn)
        fixed, turning = answer[: reply.turns_from], answer[reply.turns_from :]
        writer.rrset(fixed, _NO_LIMIT)
        borders = [len(writer.out)]
        for record in turning:
            writer.rrset((record,), _NO_LIMIT)
            borders.append(len(writer.out))
        writer.rrset((*reply.authority, *reply.additional), _NO_LIMIT)
        counts = header(0, 0, (1, len(reply.answer), len(reply.authority), 0))[4:10]
        body = bytes(writer.out[12:])
        rendered = cls(_flags(0, reply), counts, len(reply.additional), body, turn, turn)
        # Pieces of one size: none of them holds a name that another one points at.
        sizes = {end - begin for begin, end in pairwise(borders)}
        if len(sizes) == 1 and turning[0].rtype in _TURNING:
            rendered.turns_at = borders[0] - 12
            rendered.turn_size = sizes.pop()
            rendered.turns = len(turning)
        return rendered

    def packet(self, query: Query, limit: int) -> bytes | None:
        """The reply for this client; None where it is too large for it (then truncate anew)."""
        opt = b"" if query.edns is None else _OPT_DO if query.edns.do else _OPT
        body = self.body
        if 12 + len(body) + len(opt) > limit:
            return None
        if self.turns > 1:
            body = self._turned()
        self.turn += 1
        head = (
            query.id.to_bytes(2)
            + (self.flags | query.flags & _ECHOED).to_bytes(2)
            + self.counts
            + (self.additional_count + (1 if opt else 0)).to_bytes(2)
        )
        return head + query.question.name + body[len(query.question.name) :] + opt

    def _turned(self) -> bytes:
        body, start = self.body, self.turns_at
        end = start + self.turns * self.turn_size
        cut = start + (self.turn - self.first_turn) % self.turns * self.turn_size
        return body[:start] + body[cut:end] + body[start:cut] + body[end:]


_NO_LIMIT: Final = 1 << 30
_OPT: Final = Edns(EDNS_UDP_SIZE).rendered()
_OPT_DO: Final = Edns(EDNS_UDP_SIZE, do=True).rendered()
