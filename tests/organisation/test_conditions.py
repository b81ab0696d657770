"""Every objection to a policy, in its words."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from enclave_dns.organisation.addresses import read_subnet
from enclave_dns.organisation.conditions import (
    is_met,
    is_offered,
    routes_at,
    unmet_by_clock,
    unmet_by_gateway,
    unmet_by_policy,
    unmet_by_sender,
)
from enclave_dns.organisation.document import ActiveHours, PolicyGateway
from tests.fakes.organisations import (
    GATEWAY,
    NOON,
    USER,
    gateway_policy,
    organisation,
    system,
    tag_trust,
)

FINE = gateway_policy("10.0.0.0/8")
OFFICE = ActiveHours(ZoneInfo("Europe/London"), frozenset(range(5)), time(9), time(17))


def test_where_nothing_objects_every_condition_is_met() -> None:
    assert is_met(unmet_by_policy(FINE))
    assert is_met(unmet_by_clock(FINE, NOON))
    assert is_met(unmet_by_sender(organisation(FINE), FINE, USER))
    assert is_met(unmet_by_gateway(FINE, GATEWAY))


def test_objections_of_the_policy_itself() -> None:
    policy = replace(FINE, is_enabled=False, acls=())
    assert list(unmet_by_policy(policy)) == [
        "the policy is disabled",
        "the policy has no ACL, so it lets no traffic through",
    ]


def test_objections_of_the_clock() -> None:
    evening = datetime(2026, 6, 3, 18, tzinfo=UTC)
    policy = replace(FINE, active_hours=OFFICE, auto_expire=NOON)
    assert list(unmet_by_clock(policy, evening)) == [
        "the policy expired at 2026-06-03T12:00:00+00:00",
        "it is Wed 19:00 in Europe/London, outside the active hours 09:00 to 17:00",
    ]
    assert is_met(unmet_by_clock(policy, NOON - timedelta(microseconds=1)))
    assert not is_met(unmet_by_clock(policy, NOON))


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        (replace(USER, is_enabled=False), ["USER is disabled"]),
        (replace(USER, tags=frozenset({"x"})), ["USER has none of the sender tags (users)"]),
    ],
)
def test_objections_of_the_sender(sender: object, expected: list[str]) -> None:
    assert isinstance(sender, type(USER))
    assert list(unmet_by_sender(organisation(FINE), FINE, sender)) == expected


def test_objections_of_trust() -> None:
    policy = replace(FINE, sender_trust_requirements=frozenset({"a", "b"}))
    found = organisation(policy, tags=tag_trust("users", "c"))
    half = replace(USER, satisfied_trust_requirements=frozenset({"a"}))
    assert list(unmet_by_sender(found, policy, half)) == [
        "tag 'users' needs trust that USER does not have (c)",
        "the policy needs trust that USER does not have (b)",
    ]
    whole = replace(USER, satisfied_trust_requirements=frozenset({"a", "b", "c"}))
    assert is_met(unmet_by_sender(found, policy, whole))


def test_one_tag_whose_trust_is_met_is_enough() -> None:
    policy = replace(FINE, sender_tags=frozenset({"users", "staff"}))
    both = system("X", "100.64.0.9", "users", "staff")
    assert is_met(unmet_by_sender(organisation(tags=tag_trust("users", "c")), policy, both))


def test_a_policy_without_sender_tags_is_nobodys() -> None:
    policy = replace(FINE, sender_tags=frozenset())
    (found,) = unmet_by_sender(organisation(policy), policy, USER)
    assert found == "USER has none of the sender tags (there are none)"


def test_objections_of_the_gateway() -> None:
    assert list(unmet_by_gateway(FINE, replace(GATEWAY, is_enabled=False))) == ["GW is disabled"]
    assert list(unmet_by_gateway(FINE, USER)) == ["the policy does not list USER"]
    withdrawn = replace(GATEWAY, gateway_routes=())
    assert list(unmet_by_gateway(FINE, withdrawn)) == [
        "GW offers none of the policy's routes (10.0.0.0/8)"
    ]
    many = gateway_policy(*(f"11.0.{n}.0/24" for n in range(9)))
    (found,) = unmet_by_gateway(many, GATEWAY)
    assert found.endswith("11.0.4.0/24 and 4 more)")


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("10.0.0.0/8", True),
        ("10.1.2.3", True),
        ("172.16.1.128/25", True),
        ("10.0.0.0/7", False),
        ("0.0.0.0/0", False),
        ("172.16.0.0/16", False),
        ("::/0", False),
    ],
)
def test_a_route_is_offered_when_it_is_an_offered_subnet_or_part_of_one(
    route: str, expected: bool
) -> None:
    assert is_offered(GATEWAY, read_subnet(route)) is expected


def test_a_gateway_listed_twice_has_the_routes_of_both_once() -> None:
    first, second, third = (read_subnet(f"10.{n}.0.0/16") for n in range(3))
    listed = (
        PolicyGateway("GW", (first, second)),
        PolicyGateway("OTHER", (third,)),
        PolicyGateway("GW", (second, third)),
    )
    assert routes_at(replace(FINE, gateways=listed), GATEWAY) == (first, second, third)
