"""The names that this program itself is the authority of: zones as tables, answered exactly.

A zone holds nodes: the systems that a name leads to, or the name that a reverse name points to.
Answers follow RFC 1034, 4.3.2, with wildcards as RFC 4592 and empty non-terminals as RFC 8020 have
them; TTL 0, the serial is the document's version. A *closed* zone knows every name in it; an open
one answers what it holds and leaves the rest to others.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from enclave_dns.wire.names import Name, ancestors, from_labels, from_text, labels, parent
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

ENCLAVE: Final = from_text("enclave")
ID_ZONE: Final = from_text("id.enclave")
MY_ID: Final = from_text("_my.id.enclave")
"""The documented sign of life: every stub and gateway answers it with its own address."""

_RNAME: Final = from_text("nobody.invalid")
_TIMERS: Final = (3600, 600, 86400, 0)
_SIZES: Final[dict[int, int]] = {RRType.A: 4, RRType.AAAA: 16}
_WILDCARD: Final = b"\1*"

Choose = Callable[[int], int]
"""From a count, an index below it; the caller's randomness."""


@dataclass(frozen=True, slots=True)
class Node:
    """What stands at one name: the addresses of each system it leads to, or a pointer."""

    systems: tuple[tuple[bytes, ...], ...] = ()
    pointer: Name | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone: its nodes by folded name, `*` labels for wildcards."""

    name: Name
    nodes: Mapping[Name, Node]
    is_closed: bool = True
    _existing: frozenset[Name] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        existing = {self.name}
        for node in self.nodes:
            for above in ancestors(node):
                if above == self.name:
                    break
                existing.add(above)
        object.__setattr__(self, "_existing", frozenset(existing))

    def exists(self, name: Name) -> bool:
        """Whether a name has a node, or one below it (an empty non-terminal)."""
        return name in self._existing

    def find(self, name: Name) -> Node | None:
        """The node of a name in this zone, its own or a wildcard's; None where it has none."""
        if name in self._existing:
            return self.nodes.get(name)
        for above in ancestors(parent(name)):
            if above in self._existing:
                # The closest encloser: no wildcard further up counts (RFC 4592, 3.3.1).
                return self.nodes.get(_WILDCARD + above)
        return None


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What a zone says: `exists` is False for a name that is not there (NXDOMAIN)."""

    exists: bool
    records: tuple[Record, ...]
    soa: Record


@dataclass(frozen=True, slots=True)
class OwnZones:
    """All zones of one asker at one version of the document."""

    version: int
    zones: Mapping[Name, Zone]

    @classmethod
    def of(cls, version: int, zones: Iterable[Zone]) -> "OwnZones":
        """From zones with different names."""
        return cls(version, {zone.name: zone for zone in zones})

    def zone_of(self, name: Name) -> Zone | None:
        """The zone that a folded name lies in: the deepest one, or None."""
        return next((self.zones[above] for above in ancestors(name) if above in self.zones), None)

    def answer(self, name: Name, rtype: int, choose: Choose) -> OwnAnswer | None:
        """The answer to a question for a folded name; None where it is not ours to answer.

        Where several systems share the name, one that has an address of the asked family.
        """
        zone = self.zone_of(name)
        if zone is None:
            return None
        node = zone.find(name)
        if node is None and not zone.is_closed:
            return None
        soa = self.soa(zone)
        if name == zone.name and rtype == RRType.SOA:
            return OwnAnswer(True, (soa,), soa)
        if node is None:
            return OwnAnswer(zone.exists(name), (), soa)
        return OwnAnswer(True, _records(node, name, rtype, choose), soa)

    def soa(self, zone: Zone) -> Record:
        """The SOA of a zone; its serial is the document's version, and nothing may be kept."""
        numbers = (self.version & 0xFFFFFFFF, *_TIMERS)
        rdata = zone.name + _RNAME + b"".join(number.to_bytes(4) for number in numbers)
        return Record(zone.name, RRType.SOA, 0, rdata)


def _records(node: Node, name: Name, rtype: int, choose: Choose) -> tuple[Record, ...]:
    if node.pointer is not None:
        return (Record(name, RRType.PTR, 0, node.pointer),) if rtype == RRType.PTR else ()
    size = _SIZES.get(rtype)
    having = [own for own in node.systems if any(len(address) == size for address in own)]
    if not having:
        return ()
    chosen = having[choose(len(having))]
    return tuple(Record(name, rtype, 0, address) for address in chosen if len(address) == size)


def id_name(system_id: str) -> Name:
    """The name of a system by its id, folded."""
    return from_labels([system_id.lower().encode(), *labels(ID_ZONE)])


def sign_of_life(own: tuple[bytes, ...]) -> Zone:
    """The part of `enclave` that every program has: its own system's `_my.id.enclave`."""
    return Zone(ENCLAVE, {MY_ID: Node((own,))})
