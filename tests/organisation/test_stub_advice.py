"""What `check` has to say about a document from the side of one stub."""

from dataclasses import replace

import pytest

from enclave_dns.errors import DocumentError
from enclave_dns.organisation.document import DnsZone
from enclave_dns.organisation.stub_advice import refuse_other_slice, slice_owner, stub_warnings
from enclave_dns.wire.names import from_text
from tests.fakes.organisations import (
    NOON,
    USER,
    gateway,
    gateway_policy,
    organisation,
    system,
)

FINE = gateway_policy("10.0.0.0/8")
OWNER = system("OWNER", "100.64.0.30", "self")


def test_a_stub_with_a_gateway_has_no_finding() -> None:
    assert stub_warnings(organisation(FINE), USER, NOON, 4) == ()


def test_the_slice_of_another_is_refused_by_name() -> None:
    whole = organisation(systems=(OWNER,), file="slice.json")
    assert slice_owner(whole) == OWNER
    with pytest.raises(
        DocumentError, match="no system KD9Q2: this is the slice of OWNER"
    ) as raised:
        refuse_other_slice(whole, "KD9Q2")
    (problem,) = raised.value.problems
    assert (problem.file, problem.key) == ("slice.json", "systems")
    assert "slice --for KD9Q2" in problem.suggestion
    refuse_other_slice(whole, "USER")
    refuse_other_slice(whole, "OWNER")


def test_a_document_where_two_or_none_are_self_is_no_slice() -> None:
    for systems in ((), (OWNER, system("TOO", "100.64.0.31", "self"))):
        whole = organisation(systems=systems)
        assert slice_owner(whole) is None
        refuse_other_slice(whole, "KD9Q2")


@pytest.mark.parametrize(
    "policies", [(), (replace(FINE, acls=()),), (gateway_policy("11.0.0.0/8"),)]
)
def test_a_stub_without_a_gateway_has_nobody_to_ask(policies: tuple[()]) -> None:
    (found,) = stub_warnings(organisation(*policies, file="o.toml"), USER, NOON, 4)
    assert (found.file, found.key) == ("o.toml", "policies")
    assert "USER may use no gateway" in found.reason


def test_a_gateway_without_an_address_of_our_family_is_named() -> None:
    v6 = gateway("GW6", "fd00::1", "10.0.0.0/8")
    both = organisation(FINE, gateway_policy("10.0.0.0/8", at="GW6"), systems=(v6,), file="o.json")
    (found,) = stub_warnings(both, USER, NOON, 4)
    assert found.key == "systems[2].virtualAddress"
    assert "GW6 has no IPv4 address" in found.reason
    (other,) = stub_warnings(both, USER, NOON, 6)
    assert "GW has no IPv6 address" in other.reason


@pytest.mark.parametrize(
    ("name", "is_public"),
    [
        ("com", True),
        ("co.uk", True),
        ("github.io", True),
        ("xn--p1ai", True),
        ("corp.co.uk", False),
        ("enclave", False),
        ("internal", False),
        ("dev.enclave", False),
    ],
)
def test_a_zone_that_is_a_public_suffix_is_pointed_out(name: str, is_public: bool) -> None:
    zones = (DnsZone(from_text("enclave")), DnsZone(from_text(name)))[name == "enclave" :]
    found = stub_warnings(organisation(FINE, dns_zones=zones), USER, NOON, 4)
    assert [problem.key for problem in found] == (["dns_zones[1].name"] if is_public else [])
    assert all(f"{name} is a public suffix" in problem.reason for problem in found)
