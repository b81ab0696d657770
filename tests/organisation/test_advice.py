"""What a document says to no effect."""

from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest

from enclave_dns.organisation.advice import warnings
from enclave_dns.organisation.document import ActiveHours, DnsRecord, DnsZone, Policy
from enclave_dns.wire.names import from_text
from tests.fakes.organisations import GATEWAY, gateway_policy, general_policy, organisation

FINE = gateway_policy("10.0.0.0/8", "10.1.0.0/16", only=("10.0.0.1",))
NEVER = ActiveHours(ZoneInfo("UTC"), frozenset({0}), time(9), time(9))


def test_a_policy_with_an_effect_has_no_finding() -> None:
    assert warnings(organisation(FINE, general_policy("users", "others"))) == ()


@pytest.mark.parametrize(
    ("policy", "key", "reason"),
    [
        (gateway_policy("10.0.0.0/8", "11.0.0.0/8"), "gateways[0].routes[1]", "11.0.0.0/8 is no"),
        (gateway_policy("10.0.0.0/7"), "gateways[0].routes[0]", "nor part of one"),
        (
            gateway_policy("10.0.0.0/8", only=("10.0.0.1", "192.168.0.0/16")),
            "gateway_allowed_ip_ranges[1]",
            "192.168.0.0/16 lies outside every route",
        ),
        (replace(FINE, acls=()), "acls", "no ACL"),
        (replace(FINE, active_hours=NEVER), "active_hours", "never active"),
    ],
)
def test_what_allows_nothing_is_pointed_out(policy: Policy, key: str, reason: str) -> None:
    (found,) = warnings(organisation(FINE, policy, file="o.toml"))
    assert (found.file, found.key) == ("o.toml", f"policies[1].{key}")
    assert reason in found.reason
    assert "allows nothing" in found.reason


def test_findings_are_in_the_files_own_case() -> None:
    (found,) = warnings(organisation(gateway_policy("10.0.0.0/8", only=("::1",)), file="o.json"))
    assert found.key == "policies[0].gatewayAllowedIpRanges[0]"


def test_a_gateway_that_offers_nothing_is_pointed_out_by_its_policies() -> None:
    retired = replace(GATEWAY, gateway_routes=())
    (found,) = warnings(organisation(gateway_policy("10.0.0.0/8"), systems=(retired,)))
    assert found.key == "policies[0].gateways[0].routes[0]"


def test_records_in_a_zone_further_down_are_pointed_out() -> None:
    def zone(name: str, *records: str) -> DnsZone:
        found = tuple(DnsRecord(from_text(text), systems=("GW",)) for text in records)
        return DnsZone(from_text(name), records=found)

    outer = zone("enclave", "db.enclave", "a.dev.enclave", "x.id.enclave")
    zones = (outer, zone("dev.enclave", "b.dev.enclave"), zone("id.enclave", "id.enclave"))
    found = warnings(organisation(FINE, dns_zones=zones, file="o.toml"))
    assert [(problem.key, problem.reason.partition(",")[0]) for problem in found] == [
        ("dns_zones[0].records[1].name", "lies in dev.enclave"),
        ("dns_zones[0].records[2].name", "id.enclave belongs to the systems' ids"),
        ("dns_zones[2].records[0].name", "id.enclave belongs to the systems' ids"),
    ]
