"""Which policies let an address through, and which nearly do: what a merged view has forgotten.

The words behind each ALLOW and DROP of an explanation. Nothing is decided here: a view has been
compiled by `organisation.permission`, and these are the grants and verdicts it was made of.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from enclave_dns.disclosure.embedded import embedded
from enclave_dns.disclosure.ranges import Range, Ranges
from enclave_dns.disclosure.special import NEVER
from enclave_dns.organisation.conditions import routes_at
from enclave_dns.organisation.document import Organisation, Policy, SubnetFilter, System
from enclave_dns.organisation.permission import Grant, Permission, PolicyVerdict, grants_for

_SHOWN: Final = 5


def allowing(permission: Permission, address: bytes) -> tuple[str, ...]:
    """Every grant that lets an address through, in words; empty where none does."""
    return tuple(dict.fromkeys(_granted(grant) for grant in grants_for(permission, address)))


def nearly_allowing(
    organisation: Organisation,
    verdicts: Iterable[PolicyVerdict],
    gateway: System,
    address: bytes,
) -> tuple[str, ...]:
    """The policies with a route that covers an address, and why each does not let it through.

    The nearest first: those with the fewest reasons, then those with the narrowest route.
    """
    found: list[tuple[int, int, str]] = []
    for verdict in verdicts:
        routes = [route for route in routes_at(verdict.policy, gateway) if address in route]
        if routes:
            obstacles = list(_obstacles(organisation, verdict, gateway, routes, address))
            route = min(routes, key=lambda one: one.last - one.first)
            named = f"{policy_name(verdict.policy)} has the route {route}"
            count = len(verdict.reasons) + len(obstacles)
            text = f"{named}, but {'; and '.join(obstacles)}"
            found.append((count, route.last - route.first, text))
    texts = [text for _, _, text in sorted(found, key=lambda one: one[:2])]
    more = len(texts) - _SHOWN
    return (*texts[:_SHOWN], *([f"and {more} more"] if more > 0 else []))


def hidden_part(ranges: Ranges, address: bytes) -> bytes:
    """The address that a verdict of DROP is about: itself, or an IPv4 address embedded in it."""
    if address in ranges and len(address) == 16:
        return next((inner for inner in embedded(address) if inner not in ranges), address)
    return address


def policy_name(policy: Policy) -> str:
    """A policy as a sentence names it."""
    return f'policy "{policy.description}"' if policy.description else str(policy)


def _granted(grant: Grant) -> str:
    text = f"{policy_name(grant.policy)}, route {grant.route}"
    if grant.subnet_filter is None:
        return f"{text}, no subnet filter"
    return f"{text}, filter entry {_entry(grant.subnet_filter)}"


def _entry(entry: SubnetFilter) -> str:
    return f"{entry.ip_range} ({entry.description})" if entry.description else str(entry.ip_range)


def _obstacles(
    organisation: Organisation,
    verdict: PolicyVerdict,
    gateway: System,
    routes: list[Range],
    address: bytes,
) -> Iterator[str]:
    """Why a policy with these routes, which cover the address, does not let it through."""
    if not verdict.applies:
        yield f"does not apply: {', '.join(verdict.reasons)}"
    elif all(route in verdict.withdrawn for route in routes):
        yield f"{gateway.system_id} does not offer that subnet"
    entries = verdict.policy.gateway_allowed_ip_ranges
    if entries and not any(address in entry.ip_range for entry in entries):
        shown = ", ".join(str(entry.ip_range) for entry in entries[:_SHOWN])
        more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
        yield f"its subnet filter leaves the address out ({shown}{more})"
    named = [*routes, *(entry.ip_range for entry in entries if address in entry.ip_range)]
    for hole in (*NEVER, *organisation.virtual_networks):
        if address in hole and not any(span.is_within(hole) for span in named):
            yield f"addresses in {hole} need a route or filter entry that lies wholly inside it"
