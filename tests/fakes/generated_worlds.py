"""Generated worlds, and pairs of them that differ only in what a view may not learn.

What may be learned is said here once more, naively, with `ipaddress` and a table written by hand,
so that nothing of the rule under test decides what the test expects.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

from hypothesis import strategies as st

from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Question
from enclave_dns.wire.names import Name, from_text
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.reverse import reverse_name
from tests.fakes.dns_worlds import World, hosts_table, packed, view_of

INSIDE: dict[str, tuple[str, ...]] = {
    "10.77.201.1": (),
    "10.77.201.2": (),
    "172.29.203.10": (),
    "192.168.207.30": (),
    "127.0.0.1": (),
    "2001:db8:77::1": (),
    "2001:db8:77::2": (),
    "fd77:aa55::9": (),
    "::ffff:10.77.201.1": ("10.77.201.1",),
    "::ffff:192.168.207.30": ("192.168.207.30",),
    "64:ff9b::10.77.201.2": ("10.77.201.2",),
    "64:ff9b::192.168.207.30": ("192.168.207.30",),
}
"""The addresses of all worlds, and the IPv4 addresses inside each."""

ADDRESSES = {packed(text): text for text in INSIDE}
NEVER_BY_WIDTH = packed("127.0.0.1")
ROUTES = (
    *("10.77.201.0/24", "10.77.201.1/32", "172.29.203.10/31", "192.168.0.0/16"),
    *("2001:db8:77::/64", "2001:db8:77::2/128", "fd77:aa55::/32", "::ffff:0:0/96", "64:ff9b::/96"),
)
OPENING = ("0.0.0.0/0",)
OPENING_BOTH = ("0.0.0.0/0", "::/0")

NAMES = tuple(from_text(f"{first}.corp.net") for first in ("a", "b", "c", "d", "e", "f"))
NOWHERE = from_text("nowhere.example")
POINTED_AT = tuple(map(from_text, ("host1.corp.net", "host2.corp.net", "secret.corp.net")))
FAMILIES = (RRType.A, RRType.AAAA)
TTLS = st.sampled_from([0, 5, 20, 45, 300])

QUESTIONS = tuple(
    Question(name, rtype)
    for name in (*NAMES, NOWHERE)
    for rtype in (*FAMILIES, RRType.CNAME, RRType.MX, RRType.PTR)
) + tuple(
    Question(reverse_name(address), rtype)
    for address in ADDRESSES
    for rtype in (RRType.PTR, RRType.A, RRType.TXT)
)


@dataclass(frozen=True, slots=True)
class Sender:
    """A view as the rule has it, and the routes it was made of."""

    view: View
    routes: tuple[str, ...]

    def may(self, address: bytes) -> bool:
        """Whether an address and all that it holds lie in the routes."""
        text = ADDRESSES[address]
        return address != NEVER_BY_WIDTH and all(map(self._is_routed, (text, *INSIDE[text])))

    def _is_routed(self, text: str) -> bool:
        return any(ip_address(text) in ip_network(route) for route in self.routes)


@st.composite
def senders(draw: st.DrawFn, *, opening: tuple[str, ...] = ()) -> Sender:
    """A sender of some routes; with `opening`, one whose view is open."""
    routes = opening + tuple(route for route in ROUTES if draw(st.booleans()))
    rcode = draw(st.sampled_from([RCode.REFUSED, RCode.NXDOMAIN]))
    return Sender(view_of(*routes, no_answer=rcode), routes)


def family(address: bytes) -> RRType:
    """The record type that holds an address."""
    return RRType.A if len(address) == 4 else RRType.AAAA


@st.composite
def address_records(draw: st.DrawFn, owner: Name, pool: Collection[bytes]) -> tuple[Record, ...]:
    """Some addresses of the pool under a name, duplicates among them."""
    if not pool:
        return ()
    drawn = draw(st.lists(st.tuples(st.sampled_from(sorted(pool)), TTLS), max_size=5))
    return tuple(Record(owner, family(address), ttl, address) for address, ttl in drawn)


@st.composite
def pointers(draw: st.DrawFn, owner: Name) -> tuple[Record, ...]:
    """PTR records of one reverse name."""
    drawn = draw(st.lists(st.tuples(st.sampled_from(POINTED_AT), TTLS), min_size=1, max_size=3))
    return tuple(Record(owner, RRType.PTR, ttl, target) for target, ttl in drawn)


def alias(owner: Name, target: Name, ttl: int) -> tuple[Record, ...]:
    """A name that is another's."""
    return (Record(owner, RRType.CNAME, ttl, target),)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Both sources, with chains, loops, dangling ends, silence, and names without records."""
    zone: dict[Name, tuple[Record, ...]] = {}
    for name in NAMES:
        match draw(st.sampled_from(["addresses", "addresses", "alias", "alias", "absent"])):
            case "addresses":
                zone[name] = draw(address_records(name, ADDRESSES))
            case "alias":
                zone[name] = alias(name, draw(st.sampled_from((*NAMES, NOWHERE))), draw(TTLS))
    for address in draw(st.sets(st.sampled_from(sorted(ADDRESSES)))):
        zone |= draw(reverse_entry(address))
    lines = draw(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(ADDRESSES)),
                st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True).map(tuple),
            ),
            max_size=3,
        )
    )
    return World(
        zone,
        hosts_table(lines),
        silent=draw(st.frozensets(st.sampled_from(QUESTIONS), max_size=6)),
        cuts=draw(st.frozensets(st.sampled_from((*NAMES, NOWHERE)))),
        is_up=draw(st.sampled_from([True, True, False])),
    )


@st.composite
def reverse_entry(draw: st.DrawFn, address: bytes) -> dict[Name, tuple[Record, ...]]:
    """The PTR records of an address, some through an alias (RFC 2317)."""
    name = reverse_name(address)
    if draw(st.booleans()):
        return {name: draw(pointers(name))}
    target = b"\x05alias" + name
    return {name: alias(name, target, draw(TTLS)), target: draw(pointers(target))}


def followed(world: World, question: Question) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """The chain of a question and the records at its end; both empty where there is no end."""
    chain: tuple[Record, ...] = ()
    name = question.name
    for _ in range(len(NAMES) + 2):
        if Question(name, question.rtype) in world.silent:
            return (), ()
        records = world.zone.get(name, ())
        if not records or records[0].rtype != RRType.CNAME:
            return chain, tuple(record for record in records if record.rtype == question.rtype)
        chain += records
        name = records[0].rdata
    return (), ()


def seen(world: World, question: Question, may: Callable[[bytes], bool]) -> tuple[Record, ...]:
    """The disclosed addresses at the end of an address question's chain."""
    return tuple(record for record in followed(world, question)[1] if may(record.rdata))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Sender, World, World]:
    """A restricted sender, and two worlds that differ only in what it may not learn."""
    sender = draw(senders())
    world = draw(worlds())
    return sender, world, draw(varied(world, sender.may))


@st.composite
def varied(draw: st.DrawFn, world: World, may: Callable[[bytes], bool]) -> World:
    """The same disclosed records among other hidden ones, told in another order and other cuts."""
    hidden = [address for address in ADDRESSES if not may(address)]
    shown = {
        name: [r for rtype in FAMILIES for r in seen(world, Question(name, rtype), may)]
        for name in (*NAMES, NOWHERE)
    }
    unseen = [name for name, records in shown.items() if not records]
    zone: dict[Name, tuple[Record, ...]] = {}
    silent: set[Question] = set()
    for name in NAMES:
        target = _target(world, name)
        if target is not None and shown[target]:
            # A disclosed CNAME: it stays, with all that is said and not said about it.
            zone[name] = world.zone[name]
            silent |= {question for question in world.silent if question.name == name}
            continue
        if shown[name]:
            others = draw(address_records(name, hidden))
            zone[name] = tuple(draw(st.permutations([*shown[name], *shown[name][:1], *others])))
        else:
            match draw(st.sampled_from(["addresses", "alias", "absent"])):
                case "addresses":
                    zone[name] = draw(address_records(name, hidden))
                case "alias" if unseen:
                    zone[name] = alias(name, draw(st.sampled_from(unseen)), draw(TTLS))
        told = {record.rtype for record in shown[name]}
        silent |= {
            Question(name, rtype)
            for rtype in (*FAMILIES, RRType.CNAME, RRType.MX)
            if rtype not in told and draw(st.booleans())
        }
    for address in ADDRESSES:
        name = reverse_name(address)
        names = (name, b"\x05alias" + name)
        if may(address):
            zone |= {owner: world.zone[owner] for owner in names if owner in world.zone}
            silent |= {question for question in world.silent if question.name in names}
        elif draw(st.booleans()):
            zone |= draw(reverse_entry(address))
    return replace(
        world,
        zone=zone,
        hosts=draw(_varied_hosts(world, may, hidden)),
        silent=frozenset(silent),
        cuts=draw(st.frozensets(st.sampled_from((*NAMES, NOWHERE)))),
        age=draw(st.integers(0, 500)),
    )


def _target(world: World, name: Name) -> Name | None:
    records = world.zone.get(name, ())
    return records[0].rdata if records and records[0].rtype == RRType.CNAME else None


@st.composite
def _varied_hosts(
    draw: st.DrawFn, world: World, may: Callable[[bytes], bool], hidden: list[bytes]
) -> object:
    kept = [(address, names) for address, names in world.hosts.names.items() if may(address)]
    some = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True).map(tuple)
    added = st.tuples(st.sampled_from(sorted(hidden)), some)
    return hosts_table(draw(st.permutations([*kept, *draw(st.lists(added, max_size=3))])))
