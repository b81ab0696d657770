"""What a document says to no effect: not wrong, but hardly meant.

Each finding is a `Problem` like any other; the document loads all the same.
"""

from collections.abc import Iterator

from enclave_dns.errors import Problem
from enclave_dns.organisation.conditions import is_offered
from enclave_dns.organisation.document import DnsZone, Organisation, Policy, PolicyType
from enclave_dns.organisation.names import IDS
from enclave_dns.validation import path_in
from enclave_dns.wire.names import display, is_at_or_below

_NOTHING = "so it allows nothing"


def warnings(organisation: Organisation) -> tuple[Problem, ...]:
    """Every finding that `check` shows without failing, in the document's order."""
    file = organisation.file
    policies = (
        Problem(file, path_in(file, "policies", policy.index, *place), why)
        for policy in organisation.policies
        for place, why in _findings(organisation, policy)
    )
    records = (
        Problem(file, path_in(file, "dns_zones", at, "records", number, "name"), why)
        for at, zone in enumerate(organisation.dns_zones)
        for number, why in _misplaced(organisation, zone)
    )
    return (*policies, *records)


def _misplaced(organisation: Organisation, zone: DnsZone) -> Iterator[tuple[int, str]]:
    """The records of a zone that lie in another one, further down."""
    others = (other.name for other in organisation.dns_zones if other is not zone)
    inner = [IDS, *(name for name in others if is_at_or_below(name, zone.name))]
    for number, record in enumerate(zone.records):
        owner = next((name for name in inner if is_at_or_below(record.name, name)), None)
        if owner == IDS:
            yield number, "id.enclave belongs to the systems' ids, so it is never answered"
        elif owner is not None:
            yield number, f"lies in {display(owner)}, a zone of its own, and belongs there"


def _findings(
    organisation: Organisation, policy: Policy
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if not policy.acls:
        yield ("acls",), f"the policy has no ACL, {_NOTHING}"
    hours = policy.active_hours
    if hours and (hours.start == hours.end or not hours.days):
        yield ("active_hours",), f"the policy is never active, {_NOTHING}"
    if policy.type is PolicyType.GATEWAY:
        yield from _routes(organisation, policy)
        yield from _filters(policy)


def _routes(
    organisation: Organisation, policy: Policy
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for at, listed in enumerate(policy.gateways):
        gateway = organisation.system(listed.system_id)
        for number, route in enumerate(listed.routes):
            if gateway is not None and not is_offered(gateway, route):
                offer = f"{route} is no subnet that {gateway.system_id} offers, nor part of one"
                yield ("gateways", at, "routes", number), f"{offer}, {_NOTHING}"


def _filters(policy: Policy) -> Iterator[tuple[tuple[str | int, ...], str]]:
    routes = [route for listed in policy.gateways for route in listed.routes]
    for at, entry in enumerate(policy.gateway_allowed_ip_ranges):
        if all(route.intersection(entry.ip_range) is None for route in routes):
            place = ("gateway_allowed_ip_ranges", at)
            yield place, f"{entry.ip_range} lies outside every route of the policy, {_NOTHING}"
