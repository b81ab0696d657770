"""Worlds with records of every type, as the nameservers tell them after wildcard expansion.

A world answers with whole messages, which the product's own reading turns into resolutions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from enclave_dns.resolution import NO_HOSTS, HostsTable, Question
from enclave_dns.wire.message import RA, Message, WireQuestion
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import IN, RCode, RRType
from enclave_dns.wire.record import Record
from tests.fakes.choices import Choices
from tests.fakes.dns_worlds import hosts_table
from tests.fakes.generated_records import (
    address_records,
    alias,
    other_records,
    reverse_entry,
    signature,
    textual,
)
from tests.fakes.world_contents import (
    ADDRESSES,
    BLOCKS,
    CORP,
    COST,
    DNAME_OWNER,
    FAMILIES,
    KEYS,
    MANY,
    NAMES,
    NOWHERE,
    OWNERS,
    REVERSE,
    TARGETS,
    TCP_COST,
    TTLS,
    TYPES,
)

Signatures = Mapping[tuple[Name, int], tuple[Record, ...]]
"""RRSIG records by the owner and the type that they cover."""


@dataclass(frozen=True, slots=True)
class World:
    """What each source answers, and how long an exchange about each name takes.

    `zone` holds all records by owner; a name that is not in it does not exist. Questions in
    `failing` get no usable answer; at names in `cuts` a message ends although the chain goes on.
    `delays` (seconds) are added to the cost of one exchange, and what TCP costs to that of the
    questions in `over_tcp`; `negative` are the SOA TTLs by name. `signatures` leave where they are
    asked for, from a world that `signs_unasked` always; a message that is cut has none.
    """

    zone: Mapping[Name, tuple[Record, ...]] = field(default_factory=dict)
    hosts: HostsTable = NO_HOSTS
    failing: frozenset[Question] = frozenset()
    delays: Mapping[Name, float] = field(default_factory=dict)
    negative: Mapping[Name, int] = field(default_factory=dict)
    cuts: frozenset[Name] = frozenset()
    over_tcp: frozenset[Question] = frozenset()
    signatures: Signatures = field(default_factory=dict)
    signs_unasked: bool = False

    def cost(self, question: Question) -> float:
        """Seconds of one exchange: as of UDP, and for some as of TCP or of a slow server."""
        more = TCP_COST if question in self.over_tcp else 0.0
        return COST + self.delays.get(question.name, 0.0) + more

    def alias(self, name: Name, rtype: int) -> tuple[Record, ...]:
        """The CNAME at a name, behind the DNAME that makes it; nothing where there is none."""
        records = self.zone.get(name, ())
        if any(record.rtype == rtype for record in records):
            return ()
        found = tuple(record for record in records if record.rtype == RRType.CNAME)[:1]
        if not records and name.endswith(DNAME_OWNER) and name != DNAME_OWNER:
            above = self.zone.get(DNAME_OWNER, ())
            for dname in above:
                target = name.removesuffix(DNAME_OWNER) + dname.rdata
                return dname, Record(name, RRType.CNAME, dname.ttl, target)
        return found

    def message(self, question: Question, do: bool = False) -> Message | None:
        """The nameserver's message to a question; None where it has no usable one."""
        name = question.name
        answer: tuple[Record, ...] = ()
        seen = {name}
        while True:
            if Question(name, question.rtype) in self.failing:
                return None
            link = self.alias(name, question.rtype) if question.rtype != RRType.CNAME else ()
            if not link:
                break
            answer += link
            name = link[-1].rdata.lower()
            if name in seen or name in self.cuts:
                return self._told(question, answer)
            seen.add(name)
        if question.rtype == RRType.CNAME:
            answer += self.alias(name, 0)
        else:
            answer += tuple(r for r in self.zone.get(name, ()) if r.rtype == question.rtype)
        exists = name in self.zone or any(owner.endswith(name) for owner in self.zone)
        is_there = any(record.rtype == question.rtype for record in answer)
        if do or self.signs_unasked:
            answer += self._over(answer, question)
        rcode = RCode.NOERROR if exists or is_there else RCode.NXDOMAIN
        return self._told(question, answer, rcode, () if is_there else self._soa(name))

    def _over(self, answer: tuple[Record, ...], question: Question) -> tuple[Record, ...]:
        """The signatures over an answer; a question for signatures is about those of the zone."""
        if question.rtype == RRType.RRSIG:
            return ()
        signed = dict.fromkeys((record.name, record.rtype) for record in answer)
        return tuple(one for key in signed for one in self.signatures.get(key, ()))

    def _soa(self, name: Name) -> tuple[Record, ...]:
        ttl = self.negative.get(name)
        if ttl is None:
            return ()
        data = b"\5mname\0\5rname\0" + bytes(16) + ttl.to_bytes(4)
        return (Record(name, RRType.SOA, ttl, data),)

    @staticmethod
    def _told(
        question: Question,
        answer: tuple[Record, ...],
        rcode: RCode = RCode.NOERROR,
        authority: tuple[Record, ...] = (),
    ) -> Message:
        asked = (WireQuestion(question.name, question.rtype, IN),)
        return Message(0, 0x8000 | RA | rcode, asked, answer, authority)


def world_of(choices: Choices) -> World:
    """Both sources, with chains, loops, dangling ends, failures and names without records."""
    zone: dict[Name, tuple[Record, ...]] = {}
    for name in OWNERS:
        kind = choices.below(8)
        if kind == 0:
            continue
        if kind < 3:
            zone[name] = alias(choices, name, TARGETS)
            continue
        records = address_records(choices, name, list(ADDRESSES))
        if choices.chance(4):
            records += [Record(name, RRType.A, 45, address) for address in MANY]
        zone[name] = (*records, *other_records(choices, name, TARGETS))
    for name in KEYS:
        if choices.chance(30):
            zone[name] = (textual(choices, name, RRType.TLSA, b""),)
    if choices.chance(40):
        zone[DNAME_OWNER] = (Record(DNAME_OWNER, RRType.DNAME, choices.pick(TTLS), CORP),)
    for owner in REVERSE:
        if choices.chance(20):
            zone |= reverse_entry(choices, owner)
    lines = [
        (choices.pick((*ADDRESSES, *BLOCKS)), tuple(choices.some(NAMES, 2)) or (NAMES[0],))
        for _ in range(choices.below(3))
    ]
    return World(
        zone,
        hosts_table(lines),
        frozenset(
            Question(name, choices.pick(TYPES)) for name in choices.some((*OWNERS, NOWHERE), 3)
        ),
        {name: choices.pick((4 / 1024, 12 / 1024)) for name in choices.some(OWNERS, 2)},
        {name: choices.pick((60, 5, 30)) for name in TARGETS},
        frozenset(choices.some(TARGETS, 3)),
        over_tcp_of(choices, OWNERS),
        signatures_of(choices, zone, 20),
        choices.chance(40),
    )


def over_tcp_of(choices: Choices, names: Sequence[Name]) -> frozenset[Question]:
    """A few questions for addresses that are answered over TCP."""
    return frozenset(Question(name, choices.pick(FAMILIES)) for name in choices.some(names, 2))


def signatures_of(
    choices: Choices, zone: Mapping[Name, tuple[Record, ...]], percent: int
) -> Signatures:
    """Signatures over so many of a hundred record sets; none over RRSIGs (RFC 4035, 2.2)."""
    covered = dict.fromkeys((r.name, r.rtype) for records in zone.values() for r in records)
    return {
        key: (signature(*key, choices.pick(TTLS), number),)
        for number, key in enumerate(covered)
        if key[1] != RRType.RRSIG and choices.chance(percent)
    }
