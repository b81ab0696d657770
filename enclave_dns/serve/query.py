"""Admission: from a packet to a query that deserves an answer, a refusal of it, or silence.

The checks of a hostile world, in order: what may be a reply or a reflection gets silence; what is
broken or not served gets its RFC's error; the rest becomes a `Query`. Pure.
"""

from typing import Final

from enclave_dns.disclosure.reply import Reply, own, protocol_error
from enclave_dns.errors import MessageError
from enclave_dns.resolution import Question
from enclave_dns.values import value
from enclave_dns.wire.cursor import HEADER_SIZE
from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import QR, WireQuestion, read_message
from enclave_dns.wire.numbers import DEFAULT_UDP_SIZE, EDNS_UDP_SIZE, IN, Opcode, RCode, RRType
from enclave_dns.wire.plain_query import plain_query
from enclave_dns.wire.record import Record
from enclave_dns.wire.render import MAX_MESSAGE

REFLECTING_PORTS: Final = frozenset((0, 7, 19, 53))
"""UDP source ports that are never a resolver's client: an answer to them may start a loop between
two servers (CVE-2024-2169), or feed echo and chargen."""

NEVER_ANSWERED: Final = frozenset(
    (
        0,
        RRType.OPT,
        RRType.NXNAME,
        RRType.TKEY,
        RRType.TSIG,
        RRType.MAILB,
        RRType.MAILA,
    )
)
"""Types that no question can sensibly have (RFC 6895, 3.1; RFC 9824): a no-answer, at once."""

_TRANSFERS: Final = frozenset((RRType.AXFR, RRType.IXFR))
_ANY_TTL: Final = 30
_RFC8482: Final = b"\x07RFC8482\0"


@value(frozen=True, slots=True)
class Query:
    """One question of one client, as far as a reply depends on it.

    `question` keeps the client's spelling, `folded` is what is looked up and compared. `flags` are
    the header's; `edns` is None where the client sent no OPT.
    """

    id: int
    flags: int
    question: WireQuestion
    folded: Question
    edns: Edns | None = None

    @property
    def do(self) -> bool:
        """Whether the client asks for DNSSEC records."""
        return self.edns is not None and self.edns.do

    def limit(self, is_tcp: bool) -> int:
        """The most bytes that the reply may have."""
        if is_tcp:
            return MAX_MESSAGE
        offered = DEFAULT_UDP_SIZE if self.edns is None else self.edns.udp_size
        if offered <= DEFAULT_UDP_SIZE:
            return DEFAULT_UDP_SIZE
        return min(offered, EDNS_UDP_SIZE)


@value(frozen=True, slots=True)
class Refusal:
    """A packet that gets an error reply. `question` and `edns` are None where none was readable.

    `reason` is a word for the counters.
    """

    id: int
    flags: int
    reply: Reply
    question: WireQuestion | None = None
    edns: Edns | None = None
    reason: str = ""


def admit(packet: bytes, source_port: int, *, is_tcp: bool) -> Query | Refusal | None:
    """Judge a packet. None means silence (DESIGN, section 3, step 1)."""
    if len(packet) < HEADER_SIZE or packet[2] & (QR >> 8):
        return None
    if not is_tcp and source_port in REFLECTING_PORTS:
        return None
    message_id = int.from_bytes(packet[:2])
    flags = int.from_bytes(packet[2:4])
    if flags >> 11 & 0xF != Opcode.QUERY:
        return Refusal(message_id, flags, protocol_error(RCode.NOTIMP), reason="opcode")
    if packet[4:6] != b"\0\1":
        reply = protocol_error(RCode.FORMERR)
        return Refusal(message_id, flags, reply, reason="question_count")
    plain = plain_query(packet)
    if plain is not None:
        question, edns = plain
    else:
        try:
            message = read_message(packet)
        except MessageError:
            return Refusal(message_id, flags, protocol_error(RCode.FORMERR), reason="malformed")
        question, edns = message.question[0], message.edns
    folded = Question(question.name.lower(), question.rtype)
    query = Query(message_id, flags, question, folded, edns)
    refused = _refused(query)
    if refused is not None:
        rcode, reason = refused
        return Refusal(message_id, flags, protocol_error(rcode), question, edns, reason=reason)
    return query


def silence_reason(packet: bytes) -> str:
    """Why a packet that `admit` meets with silence gets no reply: a word for the counters."""
    if len(packet) < HEADER_SIZE:
        return "short"
    return "reply" if packet[2] & (QR >> 8) else "source_port"


def _refused(query: Query) -> tuple[RCode, str] | None:
    """The error for a well-formed query that is not looked up, and why; None for all others."""
    if query.edns and query.edns.version > 0:
        return RCode.BADVERS, "edns_version"
    if query.question.rclass != IN:
        return RCode.REFUSED, "class"
    if query.question.rtype in _TRANSFERS:
        return RCode.REFUSED, "transfer"
    return None


def minimal_any(question: Question) -> Reply:
    """The reply to ANY: one small record of ours, for every name alike (RFC 8482, 4.2)."""
    record = Record(question.name, RRType.HINFO, _ANY_TTL, _RFC8482)
    return own(RCode.NOERROR, (record,), is_authoritative=False)
