"""Which policies let an address through, which nearly do, and what is in the way."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from enclave_dns.disclosure.ranges import Ranges
from enclave_dns.observe.coverage import allowing, hidden_part, nearly_allowing, policy_name
from enclave_dns.organisation.addresses import read_range
from enclave_dns.organisation.document import Policy
from enclave_dns.organisation.permission import explain_policies, permission
from tests.fakes.organisations import GATEWAY, NOON, USER, gateway_policy, organisation


def raw(text: str) -> bytes:
    return ip_address(text).packed


def near(address: str, *policies: Policy) -> tuple[str, ...]:
    document = organisation(*policies)
    verdicts = explain_policies(document, USER, GATEWAY, NOON)
    return nearly_allowing(document, verdicts, GATEWAY, raw(address))


def test_every_grant_behind_an_address_is_named_with_route_and_filter_entry() -> None:
    document = organisation(
        gateway_policy("10.0.0.0/8", description="Servers"),
        gateway_policy("10.0.0.0/8", "172.16.1.0/24", only=("10.0.0.0 - 10.0.0.9",)),
    )
    granted = permission(document, USER, GATEWAY, NOON)
    assert allowing(granted, raw("10.0.0.5")) == (
        'policy "Servers", route 10.0.0.0/8, no subnet filter',
        "policy 2, route 10.0.0.0/8, filter entry 10.0.0.0 - 10.0.0.9",
    )
    assert allowing(granted, raw("172.16.1.5")) == ()


@pytest.mark.parametrize(
    ("policy", "address", "obstacle"),
    [
        (gateway_policy("10.0.0.0/8", only=("10.0.0.1",)), "10.0.0.2", "leaves the address out"),
        (gateway_policy("10.0.0.0/8", acls=()), "10.0.0.2", "does not apply: the policy has no"),
        (gateway_policy("10.0.0.0/8", "11.0.0.0/8"), "11.0.0.2", "GW does not offer that subnet"),
        (
            gateway_policy("10.0.0.0/8", sender_trust_requirements=frozenset({"mfa"})),
            "10.0.0.2",
            "needs trust that USER does not have (mfa)",
        ),
    ],
)
def test_a_policy_that_nearly_lets_an_address_through_says_what_is_in_the_way(
    policy: Policy, address: str, obstacle: str
) -> None:
    (text,) = near(address, policy)
    assert "has the route" in text
    assert obstacle in text


def test_an_address_that_is_kept_back_says_from_which_range() -> None:
    everything = gateway_policy("0.0.0.0/0")
    document = organisation(everything)
    offering = replace(GATEWAY, gateway_routes=())
    verdict = replace(
        explain_policies(document, USER, offering, NOON)[0], applies=True, reasons=(), withdrawn=()
    )
    (text,) = nearly_allowing(document, [verdict], offering, raw("100.64.0.9"))
    assert "addresses in 100.64.0.0/10 need a route or filter entry" in text


def test_a_policy_without_a_covering_route_is_not_near() -> None:
    assert near("192.168.0.1", gateway_policy("10.0.0.0/8", only=("10.0.0.1",))) == ()


def test_the_nearest_policy_comes_first_and_the_list_is_bounded() -> None:
    far = gateway_policy("10.0.0.0/8", acls=(), is_enabled=False)
    wide = gateway_policy("10.0.0.0/8", only=("10.0.0.1",), description="wide")
    narrow = gateway_policy("10.0.0.0/24", only=("10.0.0.1",), description="narrow")
    found = near("10.0.0.2", far, wide, narrow)
    assert [text.split(" has ")[0] for text in found] == [
        'policy "narrow"',
        'policy "wide"',
        "policy 1",
    ]
    many = near("10.0.0.2", *[far] * 8)
    assert (len(many), many[-1]) == (6, "and 3 more")


@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
        ("64:ff9b::10.0.0.1", "10.0.0.1"),
        ("64:ff9b::10.0.0.9", "64:ff9b::10.0.0.9"),
    ],
)
def test_a_drop_is_about_the_address_or_the_one_inside_it(address: str, part: str) -> None:
    ranges = Ranges.of([read_range("64:ff9b::/96"), read_range("10.0.0.9")])
    assert hidden_part(ranges, raw(address)) == raw(part)


def test_a_policy_without_a_description_is_named_by_its_number() -> None:
    assert policy_name(replace(gateway_policy("10.0.0.0/8"), index=3)) == "policy 4"
    assert policy_name(gateway_policy("10.0.0.0/8", description="x")) == 'policy "x"'
