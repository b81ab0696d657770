"""When a policy applies: every condition once, each with the words for its not being met.

The four functions yield the objections to one policy from four sides: the policy itself, the
clock, the sender, the gateway. A policy applies exactly when none of them has any, and that is
also how `permission`, `connections` and the explanations decide it, so they cannot disagree.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from enclave_dns.disclosure.ranges import Range
from enclave_dns.organisation.document import Organisation, Policy, System
from enclave_dns.organisation.hours import is_active

_SHOWN: Final = 5


def is_offered(gateway: System, route: Range) -> bool:
    """Whether a policy's route is a subnet that the gateway offers, or part of one."""
    return any(route.is_within(offered.subnet) for offered in gateway.gateway_routes)


def routes_at(policy: Policy, gateway: System) -> tuple[Range, ...]:
    """The routes that a policy grants through a gateway, offered or not, each once."""
    listed = (g.routes for g in policy.gateways if g.system_id == gateway.system_id)
    return tuple(dict.fromkeys(route for routes in listed for route in routes))


def unmet_by_policy(policy: Policy) -> Iterator[str]:
    """Objections that lie in the policy itself."""
    if not policy.is_enabled:
        yield "the policy is disabled"
    if not policy.acls:
        yield "the policy has no ACL, so it lets no traffic through"


def unmet_by_clock(policy: Policy, now: datetime) -> Iterator[str]:
    """Objections that lie in the time."""
    if policy.auto_expire is not None and now >= policy.auto_expire:
        yield f"the policy expired at {policy.auto_expire.isoformat()}"
    hours = policy.active_hours
    if hours is not None and not is_active(hours, now):
        local = now.astimezone(hours.zone)
        yield (
            f"it is {local:%a %H:%M} in {hours.zone.key}, outside the active hours"
            f" {hours.start:%H:%M} to {hours.end:%H:%M}"
        )


def unmet_by_sender(organisation: Organisation, policy: Policy, sender: System) -> Iterator[str]:
    """Objections that lie in the sender: its tags and what it is trusted with."""
    if not sender.is_enabled:
        yield f"{sender.system_id} is disabled"
    if policy.sender_tags.isdisjoint(organisation.effective_tags(sender)):
        held = policy.sender_tags & sender.tags
        if not held:
            wanted = _list(policy.sender_tags) or "there are none"
            yield f"{sender.system_id} has none of the sender tags ({wanted})"
        for tag in sorted(held):
            missing = _list(organisation.unmet_trust(tag, sender))
            yield f"tag {tag!r} needs trust that {sender.system_id} does not have ({missing})"
    unmet = policy.sender_trust_requirements - sender.satisfied_trust_requirements
    if unmet:
        yield f"the policy needs trust that {sender.system_id} does not have ({_list(unmet)})"


def unmet_by_gateway(policy: Policy, gateway: System) -> Iterator[str]:
    """Objections that lie in the gateway and the subnets that it offers."""
    if not gateway.is_enabled:
        yield f"{gateway.system_id} is disabled"
    if all(listed.system_id != gateway.system_id for listed in policy.gateways):
        yield f"the policy does not list {gateway.system_id}"
        return
    routes = routes_at(policy, gateway)
    if not any(is_offered(gateway, route) for route in routes):
        shown = _list(str(route) for route in routes) or "there are none"
        yield f"{gateway.system_id} offers none of the policy's routes ({shown})"


def is_met(objections: Iterator[str]) -> bool:
    """Whether there is no objection; stops at the first one."""
    return next(objections, None) is None


def _list(words: Iterable[str]) -> str:
    found = sorted(words)
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more
