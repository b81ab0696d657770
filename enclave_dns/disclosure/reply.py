"""What may be sent, and the only places where it is made.

A `Reply` is one of few shapes. No other file constructs one, so that whatever is on its way to a
socket has passed the rule: `disclosed`, `no_answer` and `failed` by `decide`, `own` for names that
this program itself is the authority of, `relayed` for a gateway's answer that the stub has checked
and rebuilt, `protocol_error` for messages that are refused before anything is looked up.
"""

from enum import Enum
from typing import Final

from enclave_dns.values import value
from enclave_dns.wire.names import Name, from_text
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record

NEGATIVE_TTL: Final = 30
"""Seconds that a client may keep a NODATA or NXDOMAIN of ours."""

NO_ANSWER_LIFETIME: Final = 5.0
"""Seconds that a no-answer stays in a view's reply cache, whatever TTLs or SOA say."""

EDE_PROHIBITED: Final = 18
EDE_NOT_READY: Final = 14

_RNAME: Final = from_text("nobody.invalid")


class Kind(Enum):
    """What a reply says, in the words of the log and the counters."""

    ANSWER = "answer"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    PROTOCOL_ERROR = "protocol_error"


@value(frozen=True, slots=True)
class Reply:
    """A reply without its id, question, flags of the client and OPT, which `serve` adds.

    `lifetime` (seconds) is how long it may be served again to the same audience. The records of
    `answer` from index `turns_from` on are one RRset whose order turns with every reply; it is
    the length of `answer` where nothing turns.
    """

    kind: Kind
    rcode: RCode
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    is_authoritative: bool = False
    ede: int | None = None
    lifetime: float = 0.0
    turns_from: int = 0


def disclosed(
    chain: tuple[Record, ...],
    rrset: tuple[Record, ...],
    additional: tuple[Record, ...] = (),
    *,
    end: Name,
    lifetime: float,
    turns: bool,
    rcode: RCode = RCode.NOERROR,
) -> Reply:
    """Records that the rule lets through; without any, a negative reply with an SOA of ours.

    `end` is the last name of the chain, the owner of that SOA; `additional` are disclosed addresses
    of the names that the records point at.
    """
    answer = chain + rrset
    if rrset:
        turns_from = len(chain) if turns else len(answer)
        return Reply(
            Kind.ANSWER,
            rcode,
            answer,
            additional=additional,
            lifetime=lifetime,
            turns_from=turns_from,
        )
    kind = Kind.NXDOMAIN if rcode == RCode.NXDOMAIN else Kind.NODATA
    authority = (negative_soa(end),)
    lifetime = min(lifetime, NEGATIVE_TTL)
    return Reply(kind, rcode, answer, authority, lifetime=lifetime, turns_from=len(answer))


def no_answer(rcode: RCode, lifetime: float = NO_ANSWER_LIFETIME) -> Reply:
    """The one reply for all that a view may not learn or that does not exist.

    On the stub: the miss, with which it steps aside.
    """
    return Reply(Kind.NO_ANSWER, rcode, lifetime=lifetime)


def failed(ede: int | None = None) -> Reply:
    """SERVFAIL: no nameserver is up, or a limit on questions in flight is hit. Never kept."""
    return Reply(Kind.FAILED, RCode.SERVFAIL, ede=ede)


def own(
    rcode: RCode,
    answer: tuple[Record, ...] = (),
    authority: tuple[Record, ...] = (),
    *,
    is_authoritative: bool = True,
) -> Reply:
    """An answer about names that this program itself is the authority of. Never kept."""
    kind = Kind.NXDOMAIN if rcode == RCode.NXDOMAIN else Kind.ANSWER if answer else Kind.NODATA
    return Reply(
        kind,
        rcode,
        answer,
        authority,
        is_authoritative=is_authoritative,
        turns_from=len(answer),
    )


def relayed(
    rcode: RCode, answer: tuple[Record, ...], authority: tuple[Record, ...], lifetime: float
) -> Reply:
    """What the stub made of a gateway's reply, checked and rebuilt record by record."""
    kind = Kind.ANSWER if answer else Kind.NXDOMAIN if rcode == RCode.NXDOMAIN else Kind.NODATA
    return Reply(kind, rcode, answer, authority, lifetime=lifetime, turns_from=len(answer))


def protocol_error(rcode: RCode, ede: int | None = None) -> Reply:
    """A refusal that depends on the message or the sender alone, on no name."""
    return Reply(Kind.PROTOCOL_ERROR, rcode, ede=ede)


def negative_soa(owner: Name, serial: int = 1) -> Record:
    """Our SOA for negative replies: it tells nothing of any zone (RFC 2308, section 3)."""
    timers = (NEGATIVE_TTL, NEGATIVE_TTL, NEGATIVE_TTL, NEGATIVE_TTL)
    numbers = b"".join(value.to_bytes(4) for value in (serial, *timers))
    return Record(owner, RRType.SOA, NEGATIVE_TTL, owner + _RNAME + numbers)
