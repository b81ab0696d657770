"""Who is connected with whom, and through which gateways a sender goes.

A connection is one policy, applying now, with the two systems as its ends, in either direction.
The conditions are those of `conditions`; a tag counts for a receiver as it does for a sender, only
while its trust requirements are met.
"""

from dataclasses import dataclass
from datetime import datetime

from enclave_dns.organisation.conditions import (
    is_met,
    unmet_by_clock,
    unmet_by_gateway,
    unmet_by_policy,
    unmet_by_sender,
)
from enclave_dns.organisation.document import (
    GatewayPriority,
    Organisation,
    Policy,
    PolicyType,
    System,
)
from enclave_dns.organisation.permission import concerning_policies, permission_of


@dataclass(frozen=True, slots=True)
class GatewayChoice:
    """A gateway that a sender may use, and the priority of the first policy that says so."""

    gateway: System
    priority: GatewayPriority


def connected(organisation: Organisation, system: System, now: datetime) -> frozenset[str]:
    """The ids of the systems that `system` is connected with at `now`; never its own."""
    if not system.is_enabled:
        return frozenset()
    found: set[str] = set()
    for policy in organisation.policies:
        if is_met(unmet_by_policy(policy)) and is_met(unmet_by_clock(policy, now)):
            receivers = _receivers(organisation, policy)
            if is_met(unmet_by_sender(organisation, policy, system)):
                found |= receivers.keys()
            if system.system_id in receivers:
                found |= _senders(organisation, policy)
    return frozenset(found - {system.system_id})


def _receivers(organisation: Organisation, policy: Policy) -> dict[str, System]:
    """The systems at the far end of a policy, by id."""
    if policy.type is PolicyType.GENERAL:
        held = organisation.systems_with(policy.receiver_tags)
        return {name: system for name, system in held.items() if system.is_enabled}
    listed = (organisation.system(gateway.system_id) for gateway in policy.gateways)
    return {s.system_id: s for s in listed if s and is_met(unmet_by_gateway(policy, s))}


def _senders(organisation: Organisation, policy: Policy) -> set[str]:
    held = organisation.systems_with(policy.sender_tags)
    return {
        name
        for name, system in held.items()
        if is_met(unmet_by_sender(organisation, policy, system))
    }


def gateways_of(
    organisation: Organisation, sender: System, now: datetime
) -> tuple[GatewayChoice, ...]:
    """The gateways through which a sender may reach anything at `now`.

    In the document's order of policies, then in the policy's own order; each gateway once.
    """
    found: dict[str, GatewayChoice] = {}
    for policy in organisation.policies:
        if (
            policy.type is PolicyType.GATEWAY
            and is_met(unmet_by_policy(policy))
            and is_met(unmet_by_clock(policy, now))
            and is_met(unmet_by_sender(organisation, policy, sender))
        ):
            for listed in policy.gateways:
                gateway = organisation.system(listed.system_id)
                if gateway is None or listed.system_id in found:
                    continue
                if is_met(unmet_by_gateway(policy, gateway)):
                    choice = GatewayChoice(gateway, policy.gateway_priority)
                    found[listed.system_id] = choice
    return tuple(c for c in found.values() if _reaches(organisation, sender, c.gateway, now))


def _reaches(organisation: Organisation, sender: System, gateway: System, now: datetime) -> bool:
    concerning = concerning_policies(organisation, sender, gateway)
    return bool(permission_of(organisation, concerning, gateway, now).ranges)
