"""The organisation as frozen values: what the document says, read once, checked, never changed.

Addresses are raw bytes (4 or 16) or `Range`s, names folded wire format, instants aware UTC. Fields
carry the names of the document's keys. The only things compiled here are the look-ups of
`Organisation`; what the document *means* is in `permission` and `connections`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import Enum
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from enclave_dns.disclosure.ranges import Range, prefix
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

DEFAULT_VIRTUAL_NETWORKS: Final = (prefix(4, 0x64400000, 10),)
"""100.64.0.0/10, where overlays take their addresses from (RFC 6598)."""


class PolicyType(Enum):
    """What a policy connects its senders with."""

    GENERAL = "general"
    """Other systems, by their tags."""
    GATEWAY = "gateway"
    """Subnets behind gateways."""


class GatewayPriority(Enum):
    """Which of a policy's gateways carries the traffic."""

    BALANCED = "balanced"
    """Whichever connects first."""
    ORDERED = "ordered"
    """The first listed that is up; the others stand by."""
    GEOGRAPHIC = "geographic"
    """The closest. Nothing here knows distances: handle it as BALANCED."""


class TrustType(Enum):
    """What a trust requirement asks of a system; the control plane verifies it, not we."""

    USER_AUTHENTICATION = "user_authentication"
    PUBLIC_IP = "public_ip"


@dataclass(frozen=True, slots=True)
class GatewayRoute:
    """A subnet that a gateway offers."""

    subnet: Range


@dataclass(frozen=True, slots=True)
class System:
    """A machine enrolled in the overlay."""

    system_id: str
    virtual_addresses: tuple[bytes, ...]
    """In the document's order; no two systems share one."""
    description: str = ""
    hostname: str = ""
    tags: frozenset[str] = frozenset()
    is_enabled: bool = True
    gateway_routes: tuple[GatewayRoute, ...] = ()
    satisfied_trust_requirements: frozenset[str] = frozenset()
    """Ids of what the control plane has verified about this system."""
    dns_suffixes: tuple[Name, ...] = ()
    """Stubs send only these names to this gateway; empty: every unknown name."""
    search_suffixes: tuple[Name, ...] = ()
    public_names: bool = False
    not_public: tuple[Range, ...] = ()
    no_answer: RCode = RCode.REFUSED
    """The rcode of this gateway's no-answer: REFUSED or NXDOMAIN."""

    @property
    def is_gateway(self) -> bool:
        """Whether it offers any subnet."""
        return bool(self.gateway_routes)


@dataclass(frozen=True, slots=True)
class PolicyGateway:
    """A gateway that a policy lists, and the routes through it that the policy grants."""

    system_id: str
    routes: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class SubnetFilter:
    """One entry of `gateway_allowed_ip_ranges`: an address, a CIDR prefix or a range."""

    ip_range: Range
    description: str = ""


@dataclass(frozen=True, slots=True)
class Acl:
    """Traffic that a policy lets through. Only its presence matters here: none, no policy."""

    protocol: str
    ports: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ActiveHours:
    """When a policy is active, by the wall clock of a time zone; see `hours`.

    `days` count from Monday as 0 and mean the day on which the span starts. `start > end` spans
    midnight, equal ones are never active.
    """

    zone: ZoneInfo
    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Policy:
    """What the systems with one of `sender_tags` may reach, and on which conditions."""

    index: int
    """The place in the document, from 0."""
    type: PolicyType
    description: str = ""
    is_enabled: bool = True
    sender_tags: frozenset[str] = frozenset()
    receiver_tags: frozenset[str] = frozenset()
    """Of general policies only."""
    gateways: tuple[PolicyGateway, ...] = ()
    """Of gateway policies only, as are the next two. One gateway may be listed twice."""
    gateway_allowed_ip_ranges: tuple[SubnetFilter, ...] = ()
    """Empty: the whole of every route."""
    gateway_priority: GatewayPriority = GatewayPriority.BALANCED
    acls: tuple[Acl, ...] = ()
    sender_trust_requirements: frozenset[str] = frozenset()
    disclosed_suffixes: tuple[Name, ...] = ()
    active_hours: ActiveHours | None = None
    auto_expire: datetime | None = None
    """The instant (UTC) from which on the policy no longer applies."""

    def __str__(self) -> str:
        return self.description or f"policy {self.index + 1}"


@dataclass(frozen=True, slots=True)
class Tag:
    """Extras of a tag; tags without extras need no entry."""

    tag: str
    trust_requirements: frozenset[str] = frozenset()
    """A system holds the tag only while it meets all of these."""
    query_log: bool = False


@dataclass(frozen=True, slots=True)
class TrustRequirement:
    """Something that the control plane verifies about a system."""

    id: str
    type: TrustType
    description: str = ""


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A name in one of the organisation's own zones, and the systems that it leads to."""

    name: Name
    """Whole, zone included; the leftmost label `*` marks a wildcard."""
    tags: frozenset[str] = frozenset()
    systems: tuple[str, ...] = ()
    auto_generated: bool = False
    """Made by a control plane from a host name: a manual record of the same name wins."""


@dataclass(frozen=True, slots=True)
class DnsZone:
    """A zone that stubs answer themselves."""

    name: Name
    auto_dns_tags: frozenset[str] = frozenset()
    """Systems with one of these tags get `<hostname>.<zone>`."""
    records: tuple[DnsRecord, ...] = ()
    closed: bool = False
    """Whether a name that the zone does not hold does not exist, rather than being unknown."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """The whole document. Ids and addresses are unique, references lead somewhere."""

    version: int
    systems: tuple[System, ...] = ()
    policies: tuple[Policy, ...] = ()
    tags: tuple[Tag, ...] = ()
    trust_requirements: tuple[TrustRequirement, ...] = ()
    dns_zones: tuple[DnsZone, ...] = ()
    virtual_networks: tuple[Range, ...] = DEFAULT_VIRTUAL_NETWORKS
    file: str = field(default="", compare=False)
    """Where it was read from, for messages."""
    _by_id: Mapping[str, System] = field(init=False, repr=False, compare=False)
    _by_address: Mapping[bytes, System] = field(init=False, repr=False, compare=False)
    _by_tag: Mapping[str, tuple[System, ...]] = field(init=False, repr=False, compare=False)
    _policies_at: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    _tag_trust: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        trust = {tag.tag: tag.trust_requirements for tag in self.tags if tag.trust_requirements}
        self._compile("_tag_trust", trust)
        self._compile("_by_id", {system.system_id: system for system in self.systems})
        owners = {at: system for system in self.systems for at in system.virtual_addresses}
        self._compile("_by_address", owners)
        held = ((tag, system) for system in self.systems for tag in self.effective_tags(system))
        self._compile("_by_tag", _grouped(held))
        listed = (
            (gateway_id, policy.index)
            for policy in self.policies
            for gateway_id in {gateway.system_id for gateway in policy.gateways}
        )
        self._compile("_policies_at", _grouped(listed))

    def _compile(self, name: str, table: object) -> None:
        """Set a look-up table: the one moment at which this value is written."""
        object.__setattr__(self, name, table)

    def system(self, system_id: str) -> System | None:
        """The system with this id, or None."""
        return self._by_id.get(system_id)

    def system_at(self, address: bytes) -> System | None:
        """The system that owns a virtual address (4 or 16 bytes), or None."""
        return self._by_address.get(address)

    def effective_tags(self, system: System) -> frozenset[str]:
        """The tags whose trust requirements the system meets; no other tag counts."""
        if self._tag_trust.keys().isdisjoint(system.tags):
            return system.tags
        return frozenset(tag for tag in system.tags if not self.unmet_trust(tag, system))

    def unmet_trust(self, tag: str, system: System) -> frozenset[str]:
        """The trust requirements of a tag that a system does not meet."""
        return self._tag_trust.get(tag, frozenset()) - system.satisfied_trust_requirements

    def systems_with(self, tags: Iterable[str]) -> dict[str, System]:
        """The systems that effectively hold one of these tags, by id."""
        return {s.system_id: s for tag in tags for s in self._by_tag.get(tag, ())}

    def policies_at(self, gateway: System) -> tuple[Policy, ...]:
        """The policies that list a gateway, in the document's order."""
        return tuple(self.policies[i] for i in self._policies_at.get(gateway.system_id, ()))


def _grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, tuple[_Value, ...]]:
    """Values by key, in order."""
    groups: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}
