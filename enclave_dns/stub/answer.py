"""The way of one query through the stub: own names, special names, gateways, fallback, the miss."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from enclave_dns.disclosure.reply import Reply, failed, negative_soa, no_answer, own, relayed
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.resolve.in_flight import InFlight
from enclave_dns.serve.program import Audience, Begun
from enclave_dns.serve.query import NEVER_ANSWERED, Query, minimal_any
from enclave_dns.sources.own_zones import OwnZones
from enclave_dns.sources.special import SpecialName, Treatment, special_name
from enclave_dns.stub.asking import Asking, Said
from enclave_dns.stub.fallback import SystemNameservers
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record

MISS_LIFETIME: Final = 1.0
"""Seconds for which a miss is repeated without asking again (RFC 9520 allows no less)."""

LONGEST_KEPT: Final = 30.0
"""Seconds for which a reply is given again at most: its TTLs age only in the groups' caches."""

PATIENCE: Final = 2.0
"""Seconds after which a reply is given up; gateways and nameservers have their own budgets."""

_SPECIAL_TTL: Final = 3600
_ADDRESSES: Final[dict[tuple[Treatment, int], tuple[bytes, ...]]] = {
    (Treatment.LOOPBACK, RRType.A): (b"\x7f\0\0\1",),
    (Treatment.LOOPBACK, RRType.AAAA): (b"\0" * 15 + b"\1",),
    (Treatment.IPV4ONLY, RRType.A): (b"\xc0\0\0\xaa", b"\xc0\0\0\xab"),
}
_FAMILIES: Final = (RRType.A, RRType.AAAA)


@dataclass(frozen=True, slots=True)
class State:
    """All that the stub's answers depend on; replaced whole.

    `miss` is the rcode of a miss; `fallback`, where there is one, is asked instead of missing.
    """

    audience: Audience
    zones: OwnZones
    asking: Asking
    local_addresses: frozenset[str]
    miss: RCode = RCode.REFUSED
    fallback: SystemNameservers | None = None

    def is_like(self, other: "State") -> bool:
        """Whether both lead to the same answers: then what one has learned need not be dropped."""
        mine, theirs = (
            (state.zones, state.asking.groups, state.miss, state.fallback)
            for state in (self, other)
        )
        return mine == theirs


class StubAnswers:
    """The stub as `serve` sees it (a `Program`)."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._in_flight: InFlight[tuple[bytes, Question], tuple[Said, Reply]] = InFlight()

    async def close(self) -> None:
        """End the questions that are under way."""
        await self._in_flight.close()

    def identify(self, source: str) -> Audience | None:
        """Programs on this machine, and nobody else."""
        state = self.state
        if source.startswith("127.") or source in state.local_addresses:
            return state.audience
        return None

    def answer_now(self, audience: Audience, query: Query) -> Reply | None:
        """Our own names, special names, and the miss where there is nobody to ask."""
        del audience
        question = query.folded
        state = self.state
        found = state.zones.answer(question.name, question.rtype, secrets.randbelow)
        if found is not None:
            rcode = RCode.NOERROR if found.exists else RCode.NXDOMAIN
            return own(rcode, found.records, () if found.records else (found.soa,))
        if question.rtype == RRType.ANY:
            return minimal_any(question)
        row = special_name(question.name)
        if row is not None:
            return special_reply(row, question) or self.miss()
        if question.rtype in NEVER_ANSWERED:
            return self.miss()
        if not state.asking.groups and state.fallback is None:
            return self.miss()
        return None

    def begin(self, source: str, query: Query, heard: Callable[[], None]) -> None:
        """Nothing: groups, checks and the fallback take a task."""

    async def answer(
        self,
        source: str,
        query: Query,
        begun: Begun | None = None,  # noqa: ARG002 - a Program
    ) -> tuple[Audience, Reply] | None:
        """What the gateways know, else what the system's nameservers say, else the miss."""
        state = self.state
        # One question of many programs is asked once, and so is one that has come back to us.
        key = (state.audience.key, query.folded)
        found = await self._in_flight.share(key, lambda: self.asked(query.folded), PATIENCE)
        if self.identify(source) is None:
            return None
        reply = failed() if found is None else found[1]
        # What was checked with the views of then is for the audience of then: where that has been
        # replaced meanwhile, nobody finds the reply again.
        return state.audience, reply

    async def asked(self, question: Question) -> tuple[Said, Reply]:
        """What the gateways said, and the reply that follows from it."""
        state = self.state
        said = await state.asking.ask(question)
        if said.resolution is not None:
            return said, rebuilt(said.resolution)
        if question.rtype in _FAMILIES and _was_answered(state, question):
            # musl takes a miss of one family for the whole name (openziti/ziti#3075).
            return said, relayed(RCode.NOERROR, (), (negative_soa(question.name),), 0.0)
        if state.fallback is not None:
            return said, await state.fallback.ask(question)
        return said, no_answer(RCode.REFUSED, 0.0) if said.did_fail else self.miss()

    def miss(self) -> Reply:
        """Not ours, and nobody knows: the operating system asks its other resolvers."""
        return no_answer(self.state.miss, MISS_LIFETIME)


def _was_answered(state: State, question: Question) -> bool:
    now = asyncio.get_running_loop().time()
    return state.asking.learned.was_answered(question.name, now)


def special_reply(row: SpecialName, question: Question) -> Reply | None:
    """The reply that the RFC of a special name asks for; None where that is the miss."""
    if row.treatment is Treatment.MISS:
        return None
    is_apex = question.name == row.zone
    is_absent = row.treatment is Treatment.IPV4ONLY and not is_apex
    if row.treatment is Treatment.NXDOMAIN or is_absent:
        return own(RCode.NXDOMAIN, (), (negative_soa(row.zone),))
    addresses = _ADDRESSES.get((row.treatment, question.rtype), ())
    records = tuple(
        Record(question.name, question.rtype, _SPECIAL_TTL, address) for address in addresses
    )
    return own(RCode.NOERROR, records, () if records else (negative_soa(row.zone),))


def rebuilt(resolution: Resolution) -> Reply:
    """A checked resolution as a reply of ours: record by record, never the gateway's bytes."""
    age = int(resolution.age)
    chain, rrset = (
        tuple(Record(r.name, r.rtype, max(0, r.ttl - age), r.rdata) for r in records)
        for records in (resolution.chain, resolution.rrset)
    )
    ttls = [record.ttl for record in (*chain, *rrset)]
    lifetime = min(float(min(ttls, default=max(0, resolution.ttl - age))), LONGEST_KEPT)
    if rrset:
        return relayed(RCode.NOERROR, chain + rrset, (), lifetime)
    is_missing = resolution.outcome is Outcome.NXDOMAIN
    rcode = RCode.NXDOMAIN if is_missing else RCode.NOERROR
    return relayed(rcode, chain, (negative_soa(resolution.end),), lifetime)
