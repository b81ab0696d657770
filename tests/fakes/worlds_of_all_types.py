"""Worlds with records of every type, as the nameservers tell them after wildcard expansion.

A world answers with whole messages, which the product's own reading turns into resolutions. Every
name has a label, every address four bytes, and every text a word that stands nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from enclave_dns.resolution import NO_HOSTS, HostsTable, Question
from enclave_dns.wire.message import RA, Message, WireQuestion
from enclave_dns.wire.names import ROOT, Name, from_text
from enclave_dns.wire.numbers import IN, RCode, RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.reverse import reverse_name
from tests.fakes.choices import Choices
from tests.fakes.dns_worlds import hosts_table

INSIDE: dict[str, tuple[str, ...]] = {
    "10.77.201.1": (),
    "10.77.201.2": (),
    "172.29.203.10": (),
    "fd77:aa55::9": (),
    "2001:db8:77::1": (),
    "10.211.173.5": (),
    "10.211.173.6": (),
    "fd99:dead:beef::5": (),
    "127.77.201.9": (),
    "169.254.77.9": (),
    "::ffff:10.77.201.1": ("10.77.201.1",),
    "::ffff:10.211.173.5": ("10.211.173.5",),
    "64:ff9b::10.77.201.2": ("10.77.201.2",),
    "64:ff9b::10.211.173.6": ("10.211.173.6",),
    "2002:ad3:ad05::1": ("10.211.173.5",),
    "2002:a4d:c901::1": ("10.77.201.1",),
}
"""The addresses of all worlds, and the IPv4 addresses inside each."""

ADDRESSES = {ip_address(text).packed: text for text in INSIDE}
MANY = tuple(bytes((10, 77, 201, 100 + number)) for number in range(40))
"""Further addresses in reach of the broad route: too many for a small reply."""

ROUTES = (
    *("10.77.201.0/24", "10.77.201.1/32", "172.29.203.10/31", "2001:db8:77::/64"),
    *("fd77:aa55::/32", "::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "169.254.77.9/32"),
)

TEXTS: dict[bytes, tuple[str, ...]] = {
    b"w0rdless": (),
    b"w1qk v=spf1 -all": (),
    b"w2qk ip4:10.211.173.5 -all": ("10.211.173.5/32",),
    b"w3qk host=10.77.201.1": ("10.77.201.1/32",),
    b"w4qk 10.77.201.0/30": ("10.77.201.0/30",),
    b"w5qk 0x0a.0xd3.0xad.0x05": ("10.211.173.5/32",),
    b"w6qk 6.173.211.10.in-addr.arpa": ("10.211.173.6/32",),
    b"w7qk fd99:dead:beef::5": ("fd99:dead:beef::5/128",),
    b"w8qk ip6:fd77:aa55::9": ("fd77:aa55::9/128",),
    b"w9qk 10.77.201.1-10.77.201.2": ("10.77.201.1/32", "10.77.201.2/32"),
}
"""Texts, and the addresses that each spells."""

_FIRST = ("ax7q", "bx7q", "cx7q", "dx7q", "ex7q", "fx7q", "gx7q", "hx7q")
NAMES: tuple[Name, ...] = tuple(from_text(f"{label}.corp.net") for label in _FIRST)
SUFFIX = from_text("msdx7q.corp.net")
POLICY_NAMES = (from_text("ix7q.msdx7q.corp.net"), from_text("jx7q.msdx7q.corp.net"))
DNAMED = tuple(from_text(f"{label}.dnx7q.corp.net") for label in _FIRST[:2])
DNAME_OWNER = from_text("dnx7q.corp.net")
CORP = from_text("corp.net")
KEYS = tuple(from_text(f"_443._tcp.{label}.corp.net") for label in _FIRST[:4])
NOWHERE = from_text("nowherex7q.example")
LOCAL = from_text("dbx7q.enclave")
OWNERS = (*NAMES, *POLICY_NAMES)
TARGETS = (*OWNERS, NOWHERE, LOCAL)
REVERSE = {reverse_name(address): address for address in ADDRESSES}

FAMILIES = (RRType.A, RRType.AAAA)
POINTING = (
    *(RRType.SRV, RRType.MX, RRType.NS, RRType.KX, RRType.AFSDB, RRType.RT),
    *(RRType.HTTPS, RRType.SVCB),
)
TEXTUAL = (RRType.TXT, RRType.CAA, RRType.SSHFP, RRType.URI, RRType.NAPTR)
NEVER = (RRType.SOA, RRType.RRSIG, RRType.NSEC, RRType.RP, RRType.HINFO, 65280)
TYPES = (*FAMILIES, RRType.CNAME, *POINTING, *TEXTUAL, *NEVER)
COST = 3 / 1024
"""Seconds of one exchange over UDP."""

TTLS = (30, 2, 5, 20, 45, 300, 0)


@dataclass(frozen=True, slots=True)
class World:
    """What each source answers, and how long an exchange about each name takes.

    `zone` holds all records by owner; a name that is not in it does not exist. Questions in
    `failing` get no usable answer; at names in `cuts` a message ends although the chain goes on.
    `delays` (seconds) are added to the cost of one exchange; `negative` are the SOA TTLs by name.
    """

    zone: Mapping[Name, tuple[Record, ...]] = field(default_factory=dict)
    hosts: HostsTable = NO_HOSTS
    failing: frozenset[Question] = frozenset()
    delays: Mapping[Name, float] = field(default_factory=dict)
    negative: Mapping[Name, int] = field(default_factory=dict)
    cuts: frozenset[Name] = frozenset()

    def cost(self, question: Question) -> float:
        """Seconds of one exchange: as of UDP, and for some names as of TCP or of a slow server."""
        return COST + self.delays.get(question.name, 0.0)

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

    def message(self, question: Question) -> Message | None:
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
        rcode = RCode.NOERROR if exists or is_there else RCode.NXDOMAIN
        return self._told(question, answer, rcode, () if is_there else self._soa(name))

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


def family(address: bytes) -> RRType:
    """The record type that holds an address."""
    return RRType.A if len(address) == 4 else RRType.AAAA


def address_records(
    choices: Choices, owner: Name, pool: list[bytes], most: int = 4
) -> list[Record]:
    """Some addresses of the pool under a name, duplicates among them."""
    found = choices.some(pool, most)
    return [Record(owner, family(one), choices.pick(TTLS), one) for one in found]


def pointing(choices: Choices, owner: Name, rtype: int, target: Name) -> Record:
    """A record that points at a target, perhaps in capitals."""
    if choices.chance(15):
        target = target.upper()
    if rtype in (RRType.HTTPS, RRType.SVCB):
        rdata = _service(choices, target)
    elif rtype == RRType.SRV:
        rdata = choices.below(3).to_bytes(2) + b"\0\7\x01\x85" + target
    else:
        rdata = b"" if rtype == RRType.NS else choices.below(3).to_bytes(2)
        rdata += target
    return Record(owner, rtype, choices.pick(TTLS), rdata)


def _service(choices: Choices, target: Name) -> bytes:
    """SVCB RDATA: alias mode, service mode with hints and other keys, or malformed."""
    if choices.chance(30):
        return b"\0\0" + target
    params: dict[int, bytes] = {}
    if choices.chance(40):
        params[1] = b"\2h2"
    if choices.chance(20):
        params[3] = b"\x01\xbb"
    for key, size in ((4, 4), (6, 16)):
        pool = sorted(address for address in ADDRESSES if len(address) == size)
        hints = choices.some(pool, 3)
        if hints:
            params[key] = b"".join(hints)
    if choices.chance(15):
        params[5] = b"\0\x0d\xfe\x0d\0\x09echsecret"
    if choices.chance(15):
        params[65400] = b"keysecret"
    if choices.chance(30) and params:
        listed = sorted(key for key in params if choices.chance(60))
        if listed:
            params[0] = b"".join(key.to_bytes(2) for key in listed)
    order = sorted(params, reverse=choices.chance(5))
    pieces = [key.to_bytes(2) + len(params[key]).to_bytes(2) + params[key] for key in order]
    return b"\0\1" + target + b"".join(pieces) + (b"\0" if choices.chance(5) else b"")


def textual(choices: Choices, owner: Name, rtype: int, text: bytes) -> Record:
    """A record that holds a text (SSHFP and TLSA hold none)."""
    match rtype:
        case RRType.TXT:
            cut = choices.below(len(text))
            parts = (text[:cut], text[cut:]) if cut else (text,)
            rdata = b"".join(bytes((len(part),)) + part for part in parts)
        case RRType.CAA:
            rdata = b"\0\5issue" + text
        case RRType.URI:
            rdata = b"\0\1\0\1" + text
        case RRType.NAPTR:
            rdata = b"\0\1\0\1\1u\3E2U" + bytes((len(text),)) + text + ROOT
        case RRType.SSHFP:
            rdata = b"\1\1" + b"fingerprint of twenty"[:20]
        case _:
            rdata = b"\3\1\1" + b"fingerprint of thirty-two bytes!"
    return Record(owner, rtype, choices.pick(TTLS), rdata)


def never(choices: Choices, owner: Name, rtype: int) -> Record:
    """A record of a type that no restricted view discloses."""
    if rtype == RRType.SOA:
        rdata = owner + owner + bytes(20)
    elif rtype == RRType.RP:
        rdata = owner + ROOT
    else:
        rdata = b"\7neverx7" + bytes(12) + ROOT
    return Record(owner, rtype, choices.pick(TTLS), rdata)


def other_records(choices: Choices, owner: Name, targets: tuple[Name, ...]) -> list[Record]:
    """Records of the types beside addresses: a few types, one to three of each."""
    found: list[Record] = []
    for _ in range(choices.below(3)):
        kind = choices.below(8)
        if kind < 4 and targets:
            rtype: int = choices.pick(POINTING)
            count = 1 + choices.below(3)
            pool = (*targets, ROOT) if choices.chance(20) else targets
            found += [pointing(choices, owner, rtype, choices.pick(pool)) for _ in range(count)]
        elif kind < 7:
            rtype = choices.pick(TEXTUAL)
            texts = [choices.pick(tuple(TEXTS)) for _ in range(1 + choices.below(2))]
            found += [textual(choices, owner, rtype, text) for text in texts]
        else:
            found.append(never(choices, owner, choices.pick(NEVER)))
    return found


def alias(choices: Choices, owner: Name, targets: tuple[Name, ...]) -> tuple[Record, ...]:
    """A name that is another's."""
    return (Record(owner, RRType.CNAME, choices.pick(TTLS), choices.pick(targets)),)


def pointers(choices: Choices, owner: Name) -> tuple[Record, ...]:
    """PTR records of one reverse name."""
    names = [choices.pick(NAMES) for _ in range(1 + choices.below(2))]
    return tuple(Record(owner, RRType.PTR, choices.pick(TTLS), name) for name in names)


def reverse_entry(choices: Choices, owner: Name) -> dict[Name, tuple[Record, ...]]:
    """The PTR records of an address, some through an alias (RFC 2317)."""
    if not choices.chance(25):
        return {owner: pointers(choices, owner)}
    target = b"\5alias" + owner
    link = Record(owner, RRType.CNAME, choices.pick(TTLS), target)
    return {owner: (link,), target: pointers(choices, target)}


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
        (choices.pick(tuple(ADDRESSES)), tuple(choices.some(NAMES, 2)) or (NAMES[0],))
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
    )
