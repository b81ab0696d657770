"""The disclosure table D1 to D8 once more, written for clarity, over a world and not over answers.

This is the table for restricted views. It shares no line with the rule under test, as the judgement
of addresses that it rests on does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import dns.name

from enclave_dns.resolution import Question
from enclave_dns.wire.names import ROOT, Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.naive_judgement import Judge, read
from tests.fakes.world_contents import CORP, FAMILIES, POINTING, REVERSE, SUFFIX
from tests.fakes.worlds_of_all_types import World

AT_VISIBLE = (RRType.TXT, RRType.CAA, RRType.SSHFP, RRType.TLSA)
BY_POLICY = (*AT_VISIBLE, RRType.URI, RRType.NAPTR)
DECIDED_HERE = tuple(
    (dns.name.from_text(zone).to_wire() or b"")
    for zone in ("enclave", "254.169.in-addr.arpa", "127.in-addr.arpa")
)
NUMBERS_BEFORE = {RRType.SRV: 6, RRType.NS: 0}

Shown = tuple[Name, int, int, bytes]
"""A record as it leaves: owner in lower case, type, TTL, RDATA."""


@dataclass(frozen=True)
class Expected:
    """What a reply says. `soa` is the owner of our SOA in a negative reply."""

    outcome: str
    answer: frozenset[Shown] = frozenset()
    additional: frozenset[Shown] = frozenset()
    soa: Name | None = None


@dataclass
class Model(Judge):
    """The rule for one sender with these routes in one world.

    `longest` is the most that a TTL may be (seconds); None shows the original ones.
    """

    world: World
    has_suffix: bool = False
    longest: int | None = 30
    _seen: dict[Name, tuple[list[Record], list[Record]]] = field(default_factory=dict)

    # what the sources say

    def end(self, name: Name, rtype: int) -> tuple[list[Record], Name, list[Record]]:
        """The CNAMEs from a name on, the last name, and the records of a type there."""
        chain: list[Record] = []
        for _ in range(13):
            if Question(name, rtype) in self.world.failing or name.endswith(DECIDED_HERE):
                return chain, name, []
            link = self.world.alias(name, rtype)
            if not link or rtype == RRType.CNAME:
                break
            chain.append(link[-1])
            name = link[-1].rdata.lower()
        else:
            return chain, name, []
        if rtype == RRType.CNAME:
            return chain, name, list(self.world.alias(name, 0)[-1:])
        return chain, name, [r for r in self.world.zone.get(name, ()) if r.rtype == rtype]

    def in_hosts(self, name: Name) -> list[Record]:
        """The disclosed addresses of a name in the hosts file."""
        found = self.world.hosts.addresses.get(name, ())
        kind = {4: RRType.A, 16: RRType.AAAA}
        return [Record(name, kind[len(a)], 30, a) for a in found if self.may(a)]

    def at_nameservers(
        self, name: Name, first: int = RRType.A
    ) -> tuple[list[Record], list[Record]]:
        """The chain to the disclosed addresses of one family, and these; both empty if none."""
        if first == RRType.A and name in self._seen:
            return self._seen[name]
        found: tuple[list[Record], list[Record]] = ([], [])
        for rtype in sorted(FAMILIES, key=lambda one: one != first):
            chain, _, records = self.end(name, rtype)
            shown = [record for record in records if self.may(record.rdata)]
            if shown:
                found = (chain, shown)
                break
        if first == RRType.A:
            self._seen[name] = found
        return found

    def is_visible(self, name: Name, *, with_hosts: bool = True) -> bool:
        """D2."""
        return bool((with_hosts and self.in_hosts(name)) or self.at_nameservers(name)[1])

    # how records leave

    def _ttl(self, ttl: int) -> int:
        return ttl if self.longest is None else min(self.longest, ttl)

    def leaving(self, owner: Name, records: Iterable[Record]) -> frozenset[Shown]:
        """One RRset: one TTL, the lowest."""
        found = list(records)
        ttl = self._ttl(min((record.ttl for record in found), default=0))
        return frozenset((owner.lower(), int(r.rtype), ttl, r.rdata) for r in found)

    def answer(
        self, chain: list[Record], end: Name, records: list[Record], beside: Iterable[Shown] = ()
    ) -> Expected:
        links = frozenset(one for link in chain for one in self.leaving(link.name, [link]))
        if records:
            return Expected("answer", links | self.leaving(end, records), frozenset(beside))
        return Expected("nodata", links, soa=end)

    # the table, by type

    def expected(self, question: Question, do: bool = False) -> Expected:
        """The reply, while a nameserver is up. Whoever asks for signatures gets none (`do`)."""
        name, rtype = question.name, question.rtype
        if rtype == RRType.PTR:
            return self._pointers(name)
        if name.endswith(b"\4arpa\0"):
            return Expected("no_answer")
        if rtype in FAMILIES:
            return self._address(name, rtype)
        if rtype == RRType.CNAME:
            found = self.end(name, rtype)[2]
            shown = [r for r in found if self.is_visible(r.rdata.lower(), with_hosts=False)]
            return self.answer([], name, shown) if shown else self._no_data(name)
        if rtype in POINTING:
            return self._pointing(name, rtype)
        if rtype in BY_POLICY:
            return self._text(name, rtype)
        return self._no_data(name)

    def _pointers(self, name: Name) -> Expected:
        """D5."""
        address = REVERSE.get(name)
        if address is None or not self.may(address) or name.endswith(DECIDED_HERE):
            return Expected("no_answer")
        local = self.world.hosts.names.get(address, ())
        records = [Record(name, RRType.PTR, 30, one) for one in local]
        records = records or self.end(name, RRType.PTR)[2]
        return self.answer([], name, records) if records else Expected("no_answer")

    def _address(self, name: Name, rtype: int) -> Expected:
        local = self.in_hosts(name)
        chain, shown = ([], local) if local else self.at_nameservers(name, rtype)
        if not shown:
            return Expected("no_answer")
        end = chain[-1].rdata.lower() if chain else name
        return self.answer(chain, end, [record for record in shown if record.rtype == rtype])

    def _no_data(self, name: Name) -> Expected:
        """D8."""
        if self.in_hosts(name):
            return Expected("nodata", soa=name)
        chain, shown = self.at_nameservers(name)
        if not shown:
            return Expected("no_answer")
        return self.answer(chain, chain[-1].rdata.lower() if chain else name, [])

    def _pointing(self, name: Name, rtype: int) -> Expected:
        """D4, and D3 for alias mode."""
        chain, end, records = self.end(name, rtype)
        shown: list[Record] = []
        beside: set[Shown] = set()
        for record in records:
            form, target, is_alias = self.formed(record, end)
            if form is None or not self.leads(target, rtype, is_alias):
                continue
            shown.append(Record(record.name, rtype, record.ttl, form))
            beside |= self._beside(target)
        return self.answer(chain, end, shown, beside) if shown else self._no_data(name)

    def _beside(self, target: Name) -> frozenset[Shown]:
        """The disclosed addresses of a target that is no alias: the first family with one."""
        local = self.in_hosts(target)
        chain, shown = ([], local) if local else self.at_nameservers(target)
        found: frozenset[Shown] = frozenset()
        for rtype in FAMILIES if not chain else ():
            found |= self.leaving(target, [record for record in shown if record.rtype == rtype])
        return found

    def leads(self, target: Name, rtype: int, is_alias: bool, depth: int = 0) -> bool:
        """Whether a target is visible, or as an alias has a disclosed record of the type."""
        if self.is_visible(target):
            return True
        if not is_alias or depth > 12:
            return False
        _, end, records = self.end(target, rtype)
        formed = [self.formed(record, end) for record in records]
        return any(
            form is not None and self.leads(further, rtype, again, depth + 1)
            for form, further, again in formed
        )

    def formed(self, record: Record, owner: Name) -> tuple[bytes | None, Name, bool]:
        """A pointing record as it would leave, its target, and whether it is an alias."""
        if record.rtype not in (RRType.HTTPS, RRType.SVCB):
            target = record.rdata[NUMBERS_BEFORE.get(RRType(record.rtype), 2) :].lower()
            return (None if target == ROOT else record.rdata), target, False
        service = read(record.rtype, record.rdata)
        if service is None:
            return None, ROOT, False
        target = (service.target.to_wire() or b"").lower()
        if service.priority == 0:
            return (None if target == ROOT else record.rdata), target, True
        form = self.trimmed(service, understood=(1, 2, 3)).to_wire()
        return form, owner if target == ROOT else target, False

    def _text(self, name: Name, rtype: int) -> Expected:
        """D6 and D6b."""
        chain, end, records = self.end(name, rtype)
        by_policy = self.has_suffix and end.endswith(SUFFIX)
        shown = [record for record in records if self.is_clean(record)]
        base = end
        if rtype == RRType.TLSA:
            base = end.removeprefix(b"\4_443\4_tcp") if end.startswith(b"\4_443") else CORP
        is_shown = by_policy or (rtype in AT_VISIBLE and self.is_visible(base))
        return self.answer(chain, end, shown) if shown and is_shown else self._no_data(name)
