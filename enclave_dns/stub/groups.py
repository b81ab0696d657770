"""Which gateways are asked for a name, and in which order. Pure.

A *group* is the gateways through which we have the same compiled view, under the same suffixes;
inside it one gateway is as good as another. Across groups a name goes first to the group that
answered a name below the same parent, then to the others in the document's order, and last to open
groups, whose word is final. A reverse name goes to the group with the most specific route.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from enclave_dns.disclosure.view import View
from enclave_dns.organisation.document import GatewayPriority
from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.wire.names import Name, is_at_or_below
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.reverse import address_of, is_reverse


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that we may use: where it listens, what we may learn through it, for which names.

    `suffixes` (folded): only names at or below one of them are sent there; empty: every name.
    """

    system_id: str
    server: Nameserver
    view: View
    priority: GatewayPriority = GatewayPriority.BALANCED
    suffixes: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Gateways with one view, in the document's order."""

    gateways: tuple[Gateway, ...]

    @property
    def view(self) -> View:
        """What we may learn through any of them."""
        return self.gateways[0].view

    @property
    def is_open(self) -> bool:
        """Whether its word about any name is final."""
        return self.view.is_open

    @property
    def is_ordered(self) -> bool:
        """Whether the first listed that is up serves, rather than the first that connected."""
        return self.gateways[0].priority is GatewayPriority.ORDERED

    def takes(self, name: Name) -> bool:
        """Whether a folded name is sent there at all."""
        suffixes = self.gateways[0].suffixes
        return not suffixes or any(is_at_or_below(name, suffix) for suffix in suffixes)

    def __str__(self) -> str:
        return ", ".join(gateway.system_id for gateway in self.gateways)


@dataclass(frozen=True, slots=True)
class Stop:
    """One group on a question's way, and why it stands there."""

    group: Group
    reason: str


LEARNED: Final = "it answered a name with the same parent"
ORDER: Final = "the document's order"
LAST: Final = "open: last, and final"
ROUTE: Final = "the most specific route that covers the address"


def grouped(gateways: Iterable[Gateway]) -> tuple[Group, ...]:
    """The groups, each at the place of its first gateway."""
    members: dict[tuple[View, tuple[Name, ...]], list[Gateway]] = {}
    for gateway in gateways:
        members.setdefault((gateway.view, gateway.suffixes), []).append(gateway)
    return tuple(Group(tuple(found)) for found in members.values())


def way(question: Question, groups: Sequence[Group], learned: Group | None) -> tuple[Stop, ...]:
    """The groups that a question goes to, in order. `learned` knows a name with its parent."""
    if is_reverse(question.name):
        return _reverse_way(question, groups)
    taking = [group for group in groups if group.takes(question.name)]
    closed = [Stop(group, ORDER) for group in taking if not group.is_open]
    if learned in taking and not learned.is_open:
        closed = [Stop(learned, LEARNED), *(stop for stop in closed if stop.group != learned)]
    return (*closed, *(Stop(group, LAST) for group in taking if group.is_open))


def _reverse_way(question: Question, groups: Sequence[Group]) -> tuple[Stop, ...]:
    """Whoever routes the address, the narrowest route first; other reverse names only to open
    groups, since nobody else discloses anything at them."""
    address = address_of(question.name)
    if address is None or question.rtype != RRType.PTR:
        return tuple(Stop(group, LAST) for group in groups if group.is_open)
    routing = [group for group in groups if group.view.permits(address)]
    routing.sort(key=lambda group: (group.is_open, _breadth(group, address)))
    return tuple(Stop(group, ROUTE) for group in routing)


def _breadth(group: Group, address: bytes) -> int:
    """How many addresses the span of the view that holds `address` has."""
    span = group.view.ranges.around(address)
    return 0 if span is None else span.last - span.first
