"""The way of one query through the stub: own names, special names, gateways, and else the miss."""

from dataclasses import dataclass
from typing import Final

from enclave_dns.disclosure.reply import Reply, negative_soa, no_answer, own, relayed
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import NEVER_ANSWERED, Query
from enclave_dns.sources.own_zones import OwnZones
from enclave_dns.sources.special import SpecialName, Treatment, special_name
from enclave_dns.stub.gateways import Gateways
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record

_SPECIAL_TTL: Final = 3600
_ADDRESSES: Final[dict[tuple[Treatment, int], tuple[bytes, ...]]] = {
    (Treatment.LOOPBACK, RRType.A): (b"\x7f\0\0\1",),
    (Treatment.LOOPBACK, RRType.AAAA): (b"\0" * 15 + b"\1",),
    (Treatment.IPV4ONLY, RRType.A): (b"\xc0\0\0\xaa", b"\xc0\0\0\xab"),
}


@dataclass(frozen=True, slots=True)
class State:
    """All that the stub's answers depend on; replaced whole. `miss` is the rcode of a miss."""

    audience: Audience
    zones: OwnZones
    gateways: Gateways
    local_addresses: frozenset[str]
    miss: RCode = RCode.REFUSED

    def is_like(self, other: "State") -> bool:
        """Whether answers depend on the same things in both: then neither need replace the other,
        and what is known of the gateways and kept for the audience stays."""
        mine, theirs = (
            (state.zones, state.gateways.members, state.local_addresses, state.miss)
            for state in (self, other)
        )
        return mine == theirs


class StubAnswers:
    """The stub as `serve` sees it (a `Program`)."""

    def __init__(self, state: State) -> None:
        self.state = state

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
        found = self.state.zones.answer(question.name, question.rtype)
        if found is not None:
            rcode = RCode.NOERROR if found.exists else RCode.NXDOMAIN
            return own(rcode, found.records, () if found.records else (found.soa,))
        row = special_name(question.name)
        if row is not None:
            return self._special(row, question)
        if question.rtype in NEVER_ANSWERED or not len(self.state.gateways):
            return self._miss()
        return None

    async def answer(self, source: str, query: Query) -> tuple[Audience, Reply] | None:
        """What the first gateway that knows says, or the miss."""
        state = self.state
        said = await state.gateways.ask(query.folded)
        if self.identify(source) is None:
            return None
        # What was checked with the views of then is for the audience of then: where that has been
        # replaced meanwhile, nobody finds the reply again.
        audience = state.audience
        if said.resolution is not None:
            return audience, rebuilt(said.resolution)
        return audience, no_answer(RCode.REFUSED, 0.0) if said.did_fail else self._miss()

    def _miss(self) -> Reply:
        """Not ours, and nobody knows: the operating system asks its other resolvers."""
        return no_answer(self.state.miss)

    def _special(self, row: SpecialName, question: Question) -> Reply:
        """The reply that the RFC of a special name asks for."""
        if row.treatment is Treatment.MISS:
            return self._miss()
        is_apex = question.name == row.zone
        if row.treatment is Treatment.NXDOMAIN or (
            row.treatment is Treatment.IPV4ONLY and not is_apex
        ):
            return own(RCode.NXDOMAIN, (), (negative_soa(row.zone),))
        addresses = _ADDRESSES.get((row.treatment, question.rtype), ())
        records = tuple(
            Record(question.name, question.rtype, _SPECIAL_TTL, address) for address in addresses
        )
        return own(RCode.NOERROR, records, () if records else (negative_soa(row.zone),))


def rebuilt(resolution: Resolution) -> Reply:
    """A checked resolution as a reply of ours: record by record, never the gateway's bytes."""
    records = resolution.chain + resolution.rrset
    lifetime = float(min((record.ttl for record in records), default=resolution.ttl))
    if resolution.rrset:
        return relayed(RCode.NOERROR, records, (), lifetime)
    is_missing = resolution.outcome is Outcome.NXDOMAIN
    rcode = RCode.NXDOMAIN if is_missing else RCode.NOERROR
    return relayed(rcode, resolution.chain, (negative_soa(resolution.end),), lifetime)
