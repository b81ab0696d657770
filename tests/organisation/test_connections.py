"""Who is connected with whom, and through which gateways one goes."""

from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest

from enclave_dns.organisation.connections import connected, gateways_of
from enclave_dns.organisation.document import (
    ActiveHours,
    GatewayPriority,
    Organisation,
    PolicyGateway,
)
from tests.fakes.organisations import (
    GATEWAY,
    NOON,
    USER,
    gateway,
    gateway_policy,
    general_policy,
    organisation,
    system,
    tag_trust,
)

SERVER = system("SERVER", "100.64.0.80", "servers")
OTHER = system("OTHER", "100.64.0.81", "others")
SECOND = gateway("GW2", "100.64.0.71", "10.0.0.0/8")
TO_SERVERS = general_policy("users", "servers")
NIGHT = ActiveHours(ZoneInfo("UTC"), frozenset(range(7)), time(22), time(6))


def circle(found: Organisation, system_id: str) -> set[str]:
    member = found.system(system_id)
    assert member is not None
    return set(connected(found, member, NOON))


def test_a_general_policy_connects_both_ways() -> None:
    found = organisation(TO_SERVERS, systems=(SERVER, OTHER))
    assert circle(found, "USER") == {"SERVER"}
    assert circle(found, "SERVER") == {"USER"}
    assert circle(found, "OTHER") == set()


def test_senders_of_one_policy_are_not_connected_with_each_other() -> None:
    twin = replace(USER, system_id="TWIN", virtual_addresses=(b"\x64\x40\x00\x0d",))
    found = organisation(TO_SERVERS, systems=(SERVER, twin))
    assert circle(found, "USER") == {"SERVER"}
    assert circle(found, "SERVER") == {"USER", "TWIN"}


def test_nobody_is_connected_with_itself() -> None:
    found = organisation(general_policy("users", "users"))
    assert circle(found, "USER") == set()


def test_a_gateway_policy_connects_senders_with_its_gateways() -> None:
    found = organisation(gateway_policy("10.0.0.0/8"), systems=(SECOND, SERVER))
    assert circle(found, "USER") == {"GW"}
    assert circle(found, "GW") == {"USER"}
    assert circle(found, "GW2") == set()


@pytest.mark.parametrize(
    "found",
    [
        organisation(replace(TO_SERVERS, is_enabled=False), systems=(SERVER,)),
        organisation(replace(TO_SERVERS, acls=()), systems=(SERVER,)),
        organisation(replace(TO_SERVERS, auto_expire=NOON), systems=(SERVER,)),
        organisation(replace(TO_SERVERS, active_hours=NIGHT), systems=(SERVER,)),
        organisation(TO_SERVERS, systems=(replace(SERVER, is_enabled=False),)),
        organisation(TO_SERVERS, systems=(SERVER, replace(USER, is_enabled=False))),
        organisation(TO_SERVERS, systems=(SERVER,), tags=tag_trust("users", "mfa")),
        organisation(TO_SERVERS, systems=(SERVER,), tags=tag_trust("servers", "mfa")),
        organisation(
            replace(TO_SERVERS, sender_trust_requirements=frozenset({"mfa"})), systems=(SERVER,)
        ),
        organisation(gateway_policy("11.0.0.0/8")),
        organisation(gateway_policy("10.0.0.0/8", sender_trust_requirements=frozenset({"mfa"}))),
    ],
)
def test_a_policy_that_does_not_apply_connects_nobody(found: Organisation) -> None:
    assert [circle(found, member.system_id) for member in found.systems] == [set()] * len(
        found.systems
    )


def test_a_receiver_needs_no_trust_of_the_policys_senders() -> None:
    trusted = replace(USER, satisfied_trust_requirements=frozenset({"mfa"}))
    policy = replace(TO_SERVERS, sender_trust_requirements=frozenset({"mfa"}))
    found = organisation(policy, systems=(trusted, SERVER))
    assert circle(found, "SERVER") == {"USER"}


def ids(found: Organisation) -> list[tuple[str, GatewayPriority]]:
    return [(c.gateway.system_id, c.priority) for c in gateways_of(found, USER, NOON)]


def test_gateways_come_in_the_order_of_policies_and_of_their_lists() -> None:
    ordered = GatewayPriority.ORDERED
    found = organisation(
        gateway_policy("10.0.0.0/8", at="GW2", sender_tags=frozenset({"others"})),
        gateway_policy("10.1.0.0/16", at="GW2", gateway_priority=ordered),
        gateway_policy("10.0.0.0/8", at="GW"),
        gateway_policy("10.0.0.0/8", at="GW2"),
        systems=(SECOND,),
    )
    assert ids(found) == [("GW2", ordered), ("GW", GatewayPriority.BALANCED)]


def test_gateways_of_one_policy_come_in_its_own_order() -> None:
    policy = gateway_policy("10.0.0.0/8")
    routes = policy.gateways[0].routes
    listed = tuple(PolicyGateway(name, routes) for name in ("GW2", "GW", "GW2"))
    found = organisation(replace(policy, gateways=listed), systems=(SECOND,))
    assert [name for name, _ in ids(found)] == ["GW2", "GW"]


@pytest.mark.parametrize(
    "found",
    [
        organisation(gateway_policy("11.0.0.0/8")),
        organisation(gateway_policy("10.0.0.0/8", only=("11.0.0.1",))),
        organisation(gateway_policy("10.0.0.0/8", acls=())),
        organisation(gateway_policy("10.0.0.0/8", active_hours=NIGHT)),
        organisation(gateway_policy("10.0.0.0/8"), systems=(replace(GATEWAY, is_enabled=False),)),
        organisation(general_policy("users", "gateways")),
    ],
)
def test_a_gateway_through_which_nothing_can_be_reached_is_none(found: Organisation) -> None:
    assert ids(found) == []
