"""What entries say about each other: ids are given once, references lead somewhere.

Tags never dangle: a tag is whatever some system or policy calls it. Here belong the contradictions
that make a document unusable; what merely has no effect is in `advice`.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from enclave_dns.errors import Problem
from enclave_dns.organisation.document import (
    DnsZone,
    Policy,
    PolicyType,
    System,
    Tag,
    TrustRequirement,
)
from enclave_dns.validation import Part, did_you_mean, path_in
from enclave_dns.wire.names import Name, display


@dataclass(frozen=True, slots=True)
class Draft:
    """The entries of a document that could be read, by their place in their list.

    `misread_systems` and `misread_trust` are the ids of entries that could not.
    """

    file: str
    systems: dict[int, System]
    policies: dict[int, Policy]
    tags: dict[int, Tag]
    trust_requirements: dict[int, TrustRequirement]
    dns_zones: dict[int, DnsZone]
    misread_systems: frozenset[str]
    misread_trust: frozenset[str]

    def problem(self, place: tuple[Part, ...], reason: str, suggestion: str = "") -> Problem:
        """A problem at a place that is given in snake_case."""
        return Problem(self.file, path_in(self.file, *place), reason, suggestion)


def contradictions(draft: Draft) -> Iterator[Problem]:
    """Every problem between the entries of a document."""
    yield from _given_twice(draft)
    yield from _shared_addresses(draft)
    systems = {system.system_id for system in draft.systems.values()} | draft.misread_systems
    trust = {entry.id for entry in draft.trust_requirements.values()} | draft.misread_trust
    for at, system in draft.systems.items():
        place = ("systems", at, "satisfied_trust_requirements")
        yield from _dangling_trust(draft, place, system.satisfied_trust_requirements, trust)
    for at, tag in draft.tags.items():
        place = ("tags", at, "trust_requirements")
        yield from _dangling_trust(draft, place, tag.trust_requirements, trust)
    for policy in draft.policies.values():
        yield from _policy(draft, policy, systems, trust)
    yield from _repeated_records(draft)
    for at, zone in draft.dns_zones.items():
        yield from _records(draft, at, zone, systems)


def _given_twice(draft: Draft) -> Iterator[Problem]:
    # Two ids that differ only in case would be one name below id.enclave.
    systems = ((at, system.system_id.lower()) for at, system in draft.systems.items())
    yield from _repeated(draft, "systems", "system_id", systems)
    tags = ((at, tag.tag) for at, tag in draft.tags.items())
    yield from _repeated(draft, "tags", "tag", tags)
    trust = ((at, entry.id) for at, entry in draft.trust_requirements.items())
    yield from _repeated(draft, "trust_requirements", "id", trust)
    zones = ((at, display(zone.name)) for at, zone in draft.dns_zones.items())
    yield from _repeated(draft, "dns_zones", "name", zones)


def _repeated(
    draft: Draft, section: str, key: str, values: Iterable[tuple[int, str]]
) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for at, value in values:
        before = first.setdefault(value, at)
        if before != at:
            owner = path_in(draft.file, section, before)
            yield draft.problem((section, at, key), f"{value!r} is already that of {owner}")


def _shared_addresses(draft: Draft) -> Iterator[Problem]:
    owners: dict[bytes, tuple[int, System]] = {}
    for at, system in draft.systems.items():
        for address in system.virtual_addresses:
            before, owner = owners.setdefault(address, (at, system))
            if owner is not system:
                place = path_in(draft.file, "systems", before)
                reason = f"{ip_address(address)} is already that of {place} ({owner.system_id})"
                yield draft.problem(("systems", at, "virtual_address"), reason)


def _dangling_trust(
    draft: Draft, place: tuple[Part, ...], wanted: Iterable[str], known: set[str]
) -> Iterator[Problem]:
    for name in sorted(wanted):
        if name not in known:
            reason = f"there is no trust requirement {name!r}"
            yield draft.problem(place, reason, did_you_mean(name, known))


def _policy(draft: Draft, policy: Policy, systems: set[str], trust: set[str]) -> Iterator[Problem]:
    place = ("policies", policy.index)
    required = policy.sender_trust_requirements
    yield from _dangling_trust(draft, (*place, "sender_trust_requirements"), required, trust)
    for at, gateway in enumerate(policy.gateways):
        if gateway.system_id not in systems:
            reason = f"there is no system {gateway.system_id!r}"
            hint = did_you_mean(gateway.system_id, systems)
            yield draft.problem((*place, "gateways", at, "system_id"), reason, hint)
    if policy.type is PolicyType.GATEWAY:
        misplaced: dict[str, Collection[object]] = {"receiver_tags": policy.receiver_tags}
    else:
        misplaced = {
            "gateways": policy.gateways,
            "gateway_allowed_ip_ranges": policy.gateway_allowed_ip_ranges,
            "disclosed_suffixes": policy.disclosed_suffixes,
        }
    for key, value in misplaced.items():
        if value:
            reason = f"has no meaning in a policy of type {policy.type.value!r}"
            yield draft.problem((*place, key), reason)


def _repeated_records(draft: Draft) -> Iterator[Problem]:
    # Of the whole organisation: `a.b` in one zone may be `a` in another. A manual record and an
    # automatic one may share a name, for which of the two counts is settled.
    first: dict[tuple[Name, bool], tuple[Part, ...]] = {}
    for at, zone in draft.dns_zones.items():
        for number, record in enumerate(zone.records):
            place: tuple[Part, ...] = ("dns_zones", at, "records", number)
            before = first.setdefault((record.name, record.auto_generated), place)
            if before is not place:
                owner = path_in(draft.file, *before)
                reason = f"{display(record.name)!r} is already that of {owner}"
                yield draft.problem((*place, "name"), reason)


def _records(draft: Draft, at: int, zone: DnsZone, systems: set[str]) -> Iterator[Problem]:
    for number, record in enumerate(zone.records):
        for index, system_id in enumerate(record.systems):
            if system_id not in systems:
                place = ("dns_zones", at, "records", number, "systems", index)
                reason = f"there is no system {system_id!r}"
                yield draft.problem(place, reason, did_you_mean(system_id, systems))
