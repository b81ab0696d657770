"""What a matched reply says about a question, and nothing else that it holds.

Only the CNAME/DNAME chain that starts at the question's name, and the RRset of the asked type at
its end, are taken; every other record is somebody else's business (cache poisoning works through
those). Authority is read for the negative TTL alone. The order of a section means nothing.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from enclave_dns.errors import MessageError
from enclave_dns.resolution import MAX_CHAIN, Outcome, Question, Resolution
from enclave_dns.values import value
from enclave_dns.wire.message import AA, MAX_RECORDS, Message
from enclave_dns.wire.names import Name, ancestors, folded, from_labels, is_at_or_below, labels
from enclave_dns.wire.names import parent as parent_of
from enclave_dns.wire.numbers import RCode, RRType, rcode_name
from enclave_dns.wire.record import Record

MAX_TTL: Final = 3600
MAX_NEGATIVE_TTL: Final = 60
_SIGNATURE_NUMBERS: Final = 18  # bytes of RDATA before the signer's name of an RRSIG
_SOA_NUMBERS: Final = 20  # bytes of RDATA behind the two names of an SOA


@value(frozen=True, slots=True)
class Retry:
    """This reply settles nothing: ask the next nameserver. `reason` is for people."""

    reason: str


@value(frozen=True, slots=True)
class _Chain:
    """Links from the question's name on; `is_cut` where it loops or is too long."""

    links: tuple[Record, ...]
    end: Name
    is_cut: bool = False


def interpret(
    message: Message, question: Question, *, server: str = "", elapsed: float = 0.0
) -> Resolution | Retry:
    """Read a matched, complete reply to `question`.

    NXDOMAIN and NODATA are final; `is_final` is False where the chain leads to a name about which
    this reply says nothing. A chain that loops or passes MAX_CHAIN is cut, and leads nowhere. TTLs
    are in seconds, capped at MAX_TTL and MAX_NEGATIVE_TTL; negative ones follow RFC 2308, section
    5, and are 0 without an SOA. `server` and `elapsed` go into the resolution as they are.
    """
    if message.rcode not in (RCode.NOERROR, RCode.NXDOMAIN):
        return Retry(rcode_name(message.rcode))
    if message.is_truncated:
        return Retry("truncated")
    answer = _Answer(message.answer[:MAX_RECORDS], question)
    try:
        chain = answer.chain(question.name)
    except MessageError:
        return Retry("a DNAME makes a name that is too long")
    rrset = () if chain.is_cut else answer.rrset(chain.end)
    if rrset:
        ttls = [min(MAX_TTL, record.ttl) for record in (*chain.links, *rrset)]
        signatures = answer.signatures(chain)
        return Resolution(
            Outcome.ANSWER,
            chain.end,
            rrset,
            chain.links,
            ttl=min(ttls),
            signatures=signatures,
            server=server,
            elapsed=elapsed,
        )
    found = _without_records(message, chain)
    return found if isinstance(found, Retry) else replace(found, server=server, elapsed=elapsed)


def _without_records(message: Message, chain: _Chain) -> Resolution | Retry:
    """NXDOMAIN, NODATA, a chain that goes on elsewhere, a chain that was cut, or a referral."""
    ttl = min((MAX_TTL, *(record.ttl for record in chain.links)))
    negative = _negative_ttl(message.authority, chain.end)
    if chain.is_cut:
        return Resolution(Outcome.ANSWER, chain.end, chain=chain.links)
    if message.rcode == RCode.NXDOMAIN:
        ttl = min(ttl, negative or 0)
        return Resolution(Outcome.NXDOMAIN, chain.end, chain=chain.links, ttl=ttl)
    if negative is not None:
        ttl = min(ttl, negative)
        return Resolution(Outcome.ANSWER, chain.end, chain=chain.links, ttl=ttl)
    if chain.links:
        return Resolution(Outcome.ANSWER, chain.end, chain=chain.links, is_final=False, ttl=ttl)
    if _is_referral(message, chain.end):
        return Retry("a referral: no recursion there")
    return Resolution(Outcome.ANSWER, chain.end)


class _Answer:
    """The answer section, by owner: what ends a chain, and what continues it."""

    __slots__ = ("_aliases", "_asks_alias", "_dnames", "_ends", "_rtype", "_signatures")

    def __init__(self, records: Iterable[Record], question: Question) -> None:
        self._aliases: dict[Name, Record] = {}
        self._dnames: dict[Name, Record] = {}
        self._ends: dict[Name, list[Record]] = {}
        self._signatures: dict[tuple[Name, int], list[Record]] = {}
        rtype = self._rtype = question.rtype
        self._asks_alias = rtype == RRType.CNAME
        for record in records:
            owner = folded(record.name)
            if record.rtype == rtype or rtype == RRType.ANY:
                self._ends.setdefault(owner, []).append(record)
            if record.rtype == RRType.RRSIG and len(record.rdata) > _SIGNATURE_NUMBERS:
                covered = int.from_bytes(record.rdata[:2])
                self._signatures.setdefault((owner, covered), []).append(record)
            if record.rtype == RRType.CNAME:
                self._aliases.setdefault(owner, record)
            elif record.rtype == RRType.DNAME:
                self._dnames.setdefault(owner, record)

    def chain(self, start: Name) -> _Chain:
        """Follow aliases from a folded name. Raises MessageError for a DNAME overflow."""
        links: list[Record] = []
        name = start
        seen = {start}
        while name not in self._ends:
            step = self._alias(name)
            if step is None:
                break
            if self._asks_alias:
                # The CNAME that a DNAME makes is itself what was asked for (RFC 1034, 3.6.2).
                self._ends[name] = [step[-1]]
                break
            if len(seen) > MAX_CHAIN:
                return _Chain(tuple(links), name, is_cut=True)
            links.extend(step)
            name = folded(step[-1].rdata)
            if name in seen:
                return _Chain(tuple(links), name, is_cut=True)
            seen.add(name)
        return _Chain(tuple(links), name)

    def _alias(self, name: Name) -> tuple[Record, ...] | None:
        """The CNAME at a name, after the DNAME that makes it if there is one."""
        alias = self._aliases.get(name)
        dname = self._dname_above(name)
        if dname is None:
            return None if alias is None else (alias,)
        made = _substituted(name, dname)
        if alias is None:
            return dname, made
        # A CNAME that is not its DNAME's is a record of its own, and the DNAME not part of it.
        return (dname, alias) if folded(alias.rdata) == folded(made.rdata) else (alias,)

    def _dname_above(self, name: Name) -> Record | None:
        if not self._dnames:
            return None
        above = (self._dnames.get(zone) for zone in ancestors(parent_of(name)))
        return next((dname for dname in above if dname is not None), None)

    def signatures(self, chain: _Chain) -> tuple[Record, ...]:
        """The RRSIGs over the links of a chain and over the records at its end."""
        covered = [(folded(link.name), link.rtype) for link in chain.links]
        wanted = dict.fromkeys((*covered, (chain.end, self._rtype)))
        return tuple(record for key in wanted for record in self._signatures.get(key, ()))

    def rrset(self, end: Name) -> tuple[Record, ...]:
        """The records at the chain's end, each RDATA once, with the lowest of its TTLs."""
        unique: dict[tuple[int, bytes], Record] = {}
        for record in self._ends.get(end, ()):
            key = (record.rtype, record.rdata)
            known = unique.setdefault(key, record)
            if record.ttl < known.ttl:
                unique[key] = replace(known, ttl=record.ttl)
        return tuple(unique.values())


def _substituted(name: Name, dname: Record) -> Record:
    """The CNAME that a DNAME above a name makes (RFC 6672, 2.2 and 3.1)."""
    kept = name[: len(name) - len(dname.name)]
    target = from_labels([*labels(kept + b"\0"), *labels(dname.rdata)])
    return Record(name, RRType.CNAME, dname.ttl, target)


def _negative_ttl(authority: Iterable[Record], end: Name) -> int | None:
    """min(TTL, MINIMUM) of the SOA at or above a name, capped; None where there is no such SOA."""
    for record in authority:
        if record.rtype == RRType.SOA and is_at_or_below(end, folded(record.name)):
            if len(record.rdata) < _SOA_NUMBERS + 2:
                continue
            minimum = int.from_bytes(record.rdata[-4:])
            return min(record.ttl, minimum if minimum < 1 << 31 else 0, MAX_NEGATIVE_TTL)
    return None


def _is_referral(message: Message, end: Name) -> bool:
    """NS records without an SOA, from who is not the authority (RFC 2308, 2.2.1)."""
    return not message.flags & AA and any(
        record.rtype == RRType.NS and is_at_or_below(end, folded(record.name))
        for record in message.authority
    )
