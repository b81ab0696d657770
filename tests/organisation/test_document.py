"""The look-ups of an organisation."""

from dataclasses import replace

from enclave_dns.organisation.document import Organisation
from tests.fakes.organisations import (
    GATEWAY,
    USER,
    gateway_policy,
    general_policy,
    organisation,
    system,
    tag_trust,
)


def test_systems_are_found_by_id_and_by_address() -> None:
    both = replace(USER, virtual_addresses=(b"\x64\x40\x00\x0c", bytes(15) + b"\x0c"))
    found = organisation(systems=(both,))
    assert found.system("USER") is both
    assert found.system("user") is None
    assert found.system_at(b"\x64\x40\x00\x0c") is both
    assert found.system_at(bytes(15) + b"\x0c") is both
    assert found.system_at(b"\x64\x40\x00\x0d") is None


def test_policies_are_found_by_the_gateways_that_they_list() -> None:
    found = organisation(
        gateway_policy("10.0.0.0/8"),
        gateway_policy("10.0.0.0/8", at="USER"),
        general_policy("users", "users"),
        replace(gateway_policy(), gateways=gateway_policy().gateways * 2),
    )
    assert [policy.index for policy in found.policies_at(GATEWAY)] == [0, 3]
    assert [policy.index for policy in found.policies_at(USER)] == [1]


def test_a_tag_counts_only_while_its_trust_is_met() -> None:
    met = system("MET", "100.64.0.1", "users", "x", satisfied_trust_requirements=frozenset({"a"}))
    found = organisation(systems=(met,), tags=tag_trust("users", "a"))
    assert found.effective_tags(met) == {"users", "x"}
    assert found.effective_tags(USER) == frozenset()
    assert found.unmet_trust("users", USER) == {"a"}
    assert found.unmet_trust("x", USER) == frozenset()
    assert found.systems_with(("users", "x")).keys() == {"MET"}


def test_organisations_compare_by_what_they_say_not_by_file() -> None:
    assert organisation(file="a.toml") == organisation(file="b.json")
    assert organisation() != Organisation(1)


def test_a_policy_goes_by_its_description_or_place() -> None:
    assert str(gateway_policy(description="servers")) == "servers"
    assert str(organisation(gateway_policy(), gateway_policy()).policies[1]) == "policy 2"


def test_whoever_offers_a_subnet_is_a_gateway() -> None:
    assert GATEWAY.is_gateway
    assert not USER.is_gateway
