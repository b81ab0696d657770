"""A world: what the hosts file and the nameservers say, and what leaves of it for a view.

`World.answer` plays the nameservers together with the reading of their replies; `settle` plays the
gateway: it fetches what `decide` wants until there is a reply.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from socket import AF_INET, AF_INET6, inet_ntop

import dns.name
import dns.rdata
import dns.rdatatype

from enclave_dns.disclosure.chain import Wants
from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.ranges import Range, Ranges, without
from enclave_dns.disclosure.reply import Reply
from enclave_dns.disclosure.special import NEVER
from enclave_dns.disclosure.trace import Trace
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import NO_HOSTS, Facts, HostsTable, Outcome, Question, Resolution
from enclave_dns.wire.names import Name, display, from_text
from enclave_dns.wire.numbers import RCode, RRType, type_name
from enclave_dns.wire.record import Record

Zone = Mapping[Name, tuple[Record, ...]]
NAMES = (RRType.CNAME, RRType.DNAME, RRType.NS, RRType.PTR)


@dataclass(frozen=True, slots=True)
class World:
    """What each source answers.

    `zone` holds all records by owner; a name that is not in it does not exist. Questions in
    `silent`, and those whose chain meets one, get no answer. At names in `cuts` the nameserver ends
    an answer although the chain goes on. `age` is that of every answer; `is_up` says whether any
    nameserver is up: where none is, the zone is what the cache still holds.
    """

    zone: Zone = field(default_factory=dict)
    hosts: HostsTable = NO_HOSTS
    silent: frozenset[Question] = frozenset()
    cuts: frozenset[Name] = frozenset()
    stale: frozenset[Question] = frozenset()
    age: int = 0
    is_up: bool = True

    def answer(self, question: Question) -> Resolution:
        """What a look-up of this question ends in."""
        chain: tuple[Record, ...] = ()
        name = question.name
        seen = {name}
        marks = {"age": self.age, "is_stale": question in self.stale, "ttl": 60}
        while True:
            if Question(name, question.rtype) in self.silent:
                return Resolution(Outcome.FAILED if self.is_up else Outcome.DOWN, question.name)
            records = self.zone.get(name)
            if records is None:
                return Resolution(Outcome.NXDOMAIN, name, (), chain, **marks)
            found = tuple(record for record in records if record.rtype == question.rtype)
            alias = next((record for record in records if record.rtype == RRType.CNAME), None)
            if found or alias is None:
                return Resolution(Outcome.ANSWER, name, found, chain, **marks)
            chain += (alias,)
            name = alias.rdata.lower()
            if name in seen or name in self.cuts:
                return Resolution(Outcome.ANSWER, name, (), chain, is_final=False, **marks)
            seen.add(name)


def settle(view: View, question: Question, world: World, trace: Trace | None = None) -> Reply:
    """The reply, after as many look-ups as it wants; none is wanted twice.

    What is too old for the view is asked anew, and then counts.
    """
    facts = Facts(world.hosts, {}, world.is_up)
    renewed: set[Question] = set()
    while True:
        result = decide(view, question, facts, trace)
        if not isinstance(result, Wants):
            return result
        assert result.questions, "wants nothing and does not say so"
        if result.refresh:
            assert set(result.questions) <= facts.answers.keys(), "wants anew what it has not"
            assert not set(result.questions) <= renewed, "wants nothing old"
            renewed.update(result.questions)
            facts |= {one: replace(world.answer(one), age=0.0) for one in result.questions}
        else:
            assert not set(result.questions) & facts.answers.keys(), "wants what it has"
            facts |= {wanted: world.answer(wanted) for wanted in result.questions}


def asked(text: str) -> Question:
    """`NAME TYPE` as a question."""
    name, rtype = text.split()
    return Question(from_text(name).lower(), dns.rdatatype.from_text(rtype))


def packed(address: str) -> bytes:
    """An address as RDATA."""
    return ip_address(address).packed


def zone(text: str) -> Zone:
    """Lines of `OWNER TTL TYPE VALUE` as a zone; a lone `OWNER` is a name without records.

    The value is in presentation format; one word is an address or a name, whatever the type.
    """
    found: dict[Name, tuple[Record, ...]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        owner, *rest = line.split(maxsplit=3)
        name = from_text(owner)
        found.setdefault(name.lower(), ())
        if rest:
            ttl, kind, value = rest
            rtype = dns.rdatatype.from_text(kind)
            found[name.lower()] += (Record(name, rtype, int(ttl), rdata(kind, value)),)
    return found


def rdata(kind: str, value: str) -> bytes:
    """A value in presentation format as RDATA."""
    if kind in ("A", "AAAA"):
        return packed(value)
    if " " not in value and not value.startswith(('"', "\\")):
        return from_text(value)
    made = dns.rdata.from_text("IN", kind, value, origin=dns.name.root, relativize=False)
    return made.to_wire() or b""


def hosts(text: str) -> HostsTable:
    """Lines of `ADDRESS NAME...` as a hosts file gives them."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return hosts_table((packed(line[0]), tuple(map(from_text, line[1:]))) for line in lines)


def hosts_table(lines: Iterable[tuple[bytes, tuple[Name, ...]]]) -> HostsTable:
    """The table of these lines."""
    addresses: dict[Name, tuple[bytes, ...]] = {}
    names: dict[bytes, tuple[Name, ...]] = {}
    for address, on_line in lines:
        names[address] = names.get(address, ()) + on_line
        for name in on_line:
            addresses[name.lower()] = (*addresses.get(name.lower(), ()), address)
    return HostsTable(addresses, names)


def span(text: str) -> Range:
    """`ADDRESS`, `PREFIX` or `FIRST-LAST` as a range."""
    first, _, last = text.partition("-")
    if last:
        low, high = ip_address(first), ip_address(last)
        return Range(low.version, int(low), int(high))
    network = ip_network(text)
    return Range(network.version, int(network[0]), int(network[-1]))


def view_of(*texts: str, no_answer: RCode = RCode.REFUSED) -> View:
    """The view that these routes make, open where `0.0.0.0/0` is one of them."""
    left = []
    for mine in map(span, texts):
        named = any(mine.is_within(special) for special in NEVER)
        left += [mine] if named else without(mine, NEVER)
    return View(Ranges.of(left), is_open="0.0.0.0/0" in texts, no_answer=no_answer)


def shown(record: Record) -> str:
    """`OWNER TTL TYPE VALUE`, in presentation format."""
    families = {RRType.A: AF_INET, RRType.AAAA: AF_INET6}
    if record.rtype in families:
        value = inet_ntop(families[RRType(record.rtype)], record.rdata)
    elif record.rtype in NAMES:
        value = display(record.rdata)
    else:
        value = dns.rdata.from_wire(
            "IN", record.rtype, record.rdata, 0, len(record.rdata)
        ).to_text()
    return f"{display(record.name)} {record.ttl} {type_name(record.rtype)} {value}"


def told(reply: Reply) -> tuple[str, ...]:
    """A reply in words: its kind, and each answer record."""
    return (reply.kind.value, *(shown(record) for record in reply.answer))
