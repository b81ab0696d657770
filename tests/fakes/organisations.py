"""Small organisations for tests: values with defaults under which everything is permitted."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from enclave_dns.organisation.addresses import read_range, read_subnet
from enclave_dns.organisation.document import (
    Acl,
    GatewayRoute,
    Organisation,
    Policy,
    PolicyGateway,
    PolicyType,
    SubnetFilter,
    System,
    Tag,
)

NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
"""A Wednesday."""


def system(system_id: str, address: str, *tags: str, **more: Any) -> System:
    return System(system_id, (ip_address(address).packed,), tags=frozenset(tags), **more)


def gateway(system_id: str, address: str, *subnets: str, **more: Any) -> System:
    routes = tuple(GatewayRoute(read_subnet(subnet)) for subnet in subnets)
    return system(system_id, address, gateway_routes=routes, **more)


def gateway_policy(*routes: str, at: str = "GW", only: tuple[str, ...] = (), **more: Any) -> Policy:
    """Senders tagged `users` reach `routes` of the gateway `at`, narrowed to `only`."""
    listed = PolicyGateway(at, tuple(read_subnet(route) for route in routes))
    settings: dict[str, Any] = {
        "sender_tags": frozenset({"users"}),
        "gateways": (listed,),
        "gateway_allowed_ip_ranges": tuple(SubnetFilter(read_range(text)) for text in only),
        "acls": (Acl("any"),),
    }
    return Policy(0, PolicyType.GATEWAY, **(settings | more))


def general_policy(senders: str, receivers: str, **more: Any) -> Policy:
    settings: dict[str, Any] = {
        "sender_tags": frozenset({senders}),
        "receiver_tags": frozenset({receivers}),
        "acls": (Acl("any"),),
    }
    return Policy(0, PolicyType.GENERAL, **(settings | more))


USER = system("USER", "100.64.0.12", "users")
GATEWAY = gateway("GW", "100.64.0.70", "10.0.0.0/8", "172.16.1.0/24")


def organisation(*policies: Policy, systems: tuple[System, ...] = (), **more: Any) -> Organisation:
    """The policies, numbered in turn, among USER, GATEWAY and further or replaced systems."""
    members = {s.system_id: s for s in (USER, GATEWAY, *systems)}
    numbered = tuple(replace(policy, index=at) for at, policy in enumerate(policies))
    return Organisation(1, tuple(members.values()), numbered, **more)


def tag_trust(tag: str, *requirements: str) -> tuple[Tag, ...]:
    return (Tag(tag, frozenset(requirements)),)
