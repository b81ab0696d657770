"""The disclosure table for open views (D7, with D5 and D8), written for clarity.

All types leave, and names are no secret: what a reply says follows from what the nameservers say,
but for addresses in records. A record that holds one which is not in the view, or that cannot be
read, is not there. A signature is, where it was asked for and all that it covers leaves unchanged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from enclave_dns.resolution import Question
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.naive_judgement import is_block, read
from tests.fakes.naive_model import DECIDED_HERE, Expected, Model, Shown
from tests.fakes.world_contents import FAMILIES, REVERSE

THERE, ABSENT, UNKNOWN = "nodata", "nxdomain", "no_answer"
"""What nameservers say of the name at the end of a chain."""


@dataclass(frozen=True)
class Followed:
    """The CNAMEs, DNAMEs among them, from a name on; the last name, what it is, and its records."""

    chain: tuple[Record, ...]
    end: Name
    said: str
    records: tuple[Record, ...] = ()


@dataclass
class OpenModel(Model):
    """The rule for one sender whose routes hold 0.0.0.0/0. Its TTLs are the original ones."""

    longest: int | None = None

    def expected(self, question: Question, do: bool = False) -> Expected:
        """The reply, while a nameserver is up; with signatures where they are asked for."""
        name, rtype = question.name, question.rtype
        if rtype == RRType.PTR:
            return self._of_address(question, do)
        local = self.in_hosts(name)
        if not local and self.is_blocked(name):
            return Expected("nodata", soa=name)
        if rtype in FAMILIES and local:
            return self.answer([], name, [record for record in local if record.rtype == rtype])
        families = sorted(FAMILIES, key=lambda one: one != rtype)
        asked = dict.fromkeys((rtype, *families))
        first, *others = (self.follow(name, one) for one in asked)
        if self.shown(first):
            return self.whole_answer(first, do)
        if local:
            return Expected("nodata", soa=name)
        return self._negative(first, others)

    def _negative(self, first: Followed, others: list[Followed]) -> Expected:
        """D8: NODATA behind the chain of a visible name, else what is said of the name."""
        visible = [one for one in others if self.shown(one)]
        for said in (THERE, ABSENT):
            for one in (*visible, first, *others):
                if one.said == said:
                    return Expected(said, self._links(one.chain), soa=one.end)
        return Expected("no_answer")

    def _of_address(self, question: Question, do: bool) -> Expected:
        """D5, as in every view; the records of an alias leave under another name, unsigned."""
        found = super().expected(question)
        is_local = REVERSE.get(question.name) in self.world.hosts.names
        is_alias = bool(self.follow(question.name, RRType.PTR).chain)
        if not do or is_local or is_alias or found.outcome != "answer":
            return found
        signed = self._signed([question.name], RRType.PTR)
        return replace(found, answer=found.answer | signed)

    def is_blocked(self, name: Name) -> bool:
        """Whether the hosts file gives the name a loopback or the unspecified address."""
        return any(map(is_block, self.world.hosts.addresses.get(name, ())))

    # what the nameservers say

    def follow(self, name: Name, rtype: int) -> Followed:
        """Where a question leads. A chain that comes back to itself leads nowhere."""
        chain: tuple[Record, ...] = ()
        seen: set[Name] = set()
        while True:
            if name.endswith(DECIDED_HERE):
                return Followed(chain, name, ABSENT)
            if name in seen or Question(name, rtype) in self.world.failing:
                return Followed((), name, UNKNOWN)
            seen.add(name)
            link = self.world.alias(name, rtype)
            if rtype == RRType.CNAME:
                link = self.world.alias(name, 0)
                break
            if not link:
                break
            chain += link
            name = link[-1].rdata.lower()
        zone = self.world.zone
        records = tuple(r for r in zone.get(name, ()) if r.rtype == rtype)
        records = link[-1:] if rtype == RRType.CNAME else records
        is_there = records or name in zone or any(owner.endswith(name) for owner in zone)
        return Followed(chain, name, THERE if is_there else ABSENT, records)

    # how records leave

    def form(self, record: Record) -> Record | None:
        """D1 for every address in a record: as it leaves, or None."""
        if record.rtype in FAMILIES:
            return record if self.may(record.rdata) else None
        if record.rtype in (RRType.HTTPS, RRType.SVCB):
            service = read(record.rtype, record.rdata)
            if service is None:
                return None
            return replace(record, rdata=self.trimmed(service).to_wire() or b"")
        return record if self.is_clean(record) else None

    def shown(self, found: Followed) -> list[Record]:
        """What leaves of the records at the end of a chain."""
        return [form for record in found.records if (form := self.form(record)) is not None]

    def is_whole(self, found: Followed) -> bool:
        """Whether all records at the end of a chain leave as they are."""
        return all(self.form(record) == record for record in found.records)

    def whole_answer(self, found: Followed, do: bool) -> Expected:
        """The disclosed records behind their chain, with the signatures over both."""
        said = self._links(found.chain) | self.leaving(found.end, self.shown(found))
        if do:
            for link in self._in_last_message(found.chain):
                said |= self._signed([link.name], link.rtype)
        if do and found.records and self.is_whole(found):
            said |= self._signed([found.end], found.records[0].rtype)
        return Expected("answer", said)

    def _in_last_message(self, chain: tuple[Record, ...]) -> tuple[Record, ...]:
        """The links told with the records: a server that ends a message at a link signs nothing."""
        cut = [at for at, link in enumerate(chain, 1) if link.rdata.lower() in self.world.cuts]
        return chain[max(cut, default=0) :]

    def _links(self, chain: Iterable[Record]) -> frozenset[Shown]:
        return frozenset(one for link in chain for one in self.leaving(link.name, [link]))

    def _signed(self, owners: Iterable[Name], rtype: int) -> frozenset[Shown]:
        over = self.world.signatures
        found = (one for owner in owners for one in over.get((owner.lower(), rtype), ()))
        return frozenset((one.name.lower(), int(one.rtype), one.ttl, one.rdata) for one in found)
