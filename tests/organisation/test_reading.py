"""Whole documents: good ones become values, bad ones every problem at once."""

import json
from datetime import UTC, datetime, time
from ipaddress import ip_address
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.ranges import Range
from enclave_dns.errors import DocumentError, Problem
from enclave_dns.organisation.addresses import read_range
from enclave_dns.organisation.document import (
    Acl,
    ActiveHours,
    DnsRecord,
    DnsZone,
    GatewayPriority,
    GatewayRoute,
    Organisation,
    Policy,
    PolicyGateway,
    PolicyType,
    SubnetFilter,
    System,
    Tag,
    TrustRequirement,
    TrustType,
)
from enclave_dns.organisation.reading import parse_organisation
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode
from tests.fakes.enclave_api import API

WHOLE = """
version = 7
virtual_networks = ["100.64.0.0/10", "fd00:64::/32"]

[[systems]]
system_id = "WZL94"
description = "Menlo Park Office"
hostname = "ubuntu-dev"
virtual_address = ["100.64.0.70", "fd00:64::70"]
tags = ["gateways"]
is_enabled = false
gateway_routes = [{ subnet = "172.16.1.0/24" }, { subnet = "0.0.0.0/0" }]
dns_suffixes = ["Corp.NET."]
search_suffixes = ["corp.net"]
public_names = true
not_public = ["203.0.113.0/24"]
no_answer = "NXDomain"
satisfied_trust_requirements = ["mfa"]

[[policies]]
description = "DCs"
type = "Gateway"
sender_tags = ["users"]
gateways = [{ system_id = "WZL94", routes = ["172.16.1.0/24"] }]
gateway_allowed_ip_ranges = [{ ip_range = "172.16.1.10 - 172.16.1.11", description = "DCs" }]
gateway_priority = "ORDERED"
acls = [{ protocol = "Tcp", ports = "3268-3269", description = "ldap" }]
sender_trust_requirements = ["mfa"]
is_enabled = false
disclosed_suffixes = ["_MSDCS.corp.net"]
auto_expire = { at = 2026-12-31T00:00:00+01:00 }

[policies.active_hours]
time_zone = "Europe/London"
days = ["mon", "Friday"]
start = "22:00"
end = 06:30:00

[[policies]]
type = "general"
sender_tags = ["users"]
receiver_tags = ["gateways"]

[[tags]]
tag = "users"
trust_requirements = ["mfa"]
query_log = true

[[trust_requirements]]
id = "mfa"
type = "user_authentication"
description = "second factor"

[[dns_zones]]
name = "Enclave"
auto_dns_tags = ["users"]
closed = true
records = [{ name = "@", systems = ["WZL94"] }, { name = "*.Dev", tags = ["users"] }]
"""


def parsed(text: str, file: str = "o.toml") -> Organisation:
    return parse_organisation(text.encode(), file)


def problems(text: str | bytes, file: str = "o.toml") -> tuple[Problem, ...]:
    with pytest.raises(DocumentError) as caught:
        parse_organisation(text.encode() if isinstance(text, str) else text, file)
    return caught.value.problems


def test_every_key_of_the_document_reaches_its_value() -> None:
    zone = from_text("enclave")
    assert parsed(WHOLE) == Organisation(
        version=7,
        virtual_networks=(read_range("100.64.0.0/10"), read_range("fd00:64::/32")),
        systems=(
            System(
                "WZL94",
                (ip_address("100.64.0.70").packed, ip_address("fd00:64::70").packed),
                "Menlo Park Office",
                "ubuntu-dev",
                frozenset({"gateways"}),
                False,
                (
                    GatewayRoute(read_range("172.16.1.0/24")),
                    GatewayRoute(Range(4, 0, (1 << 32) - 1)),
                ),
                frozenset({"mfa"}),
                (from_text("corp.net"),),
                (from_text("corp.net"),),
                True,
                (read_range("203.0.113.0/24"),),
                RCode.NXDOMAIN,
            ),
        ),
        policies=(
            Policy(
                0,
                PolicyType.GATEWAY,
                "DCs",
                False,
                frozenset({"users"}),
                frozenset(),
                (PolicyGateway("WZL94", (read_range("172.16.1.0/24"),)),),
                (SubnetFilter(read_range("172.16.1.10 - 172.16.1.11"), "DCs"),),
                GatewayPriority.ORDERED,
                (Acl("tcp", "3268-3269", "ldap"),),
                frozenset({"mfa"}),
                (from_text("_msdcs.corp.net"),),
                ActiveHours(ZoneInfo("Europe/London"), frozenset({0, 4}), time(22), time(6, 30)),
                datetime(2026, 12, 30, 23, tzinfo=UTC),
            ),
            Policy(
                1,
                PolicyType.GENERAL,
                sender_tags=frozenset({"users"}),
                receiver_tags=frozenset({"gateways"}),
            ),
        ),
        tags=(Tag("users", frozenset({"mfa"}), True),),
        trust_requirements=(
            TrustRequirement("mfa", TrustType.USER_AUTHENTICATION, "second factor"),
        ),
        dns_zones=(
            DnsZone(
                zone,
                frozenset({"users"}),
                (
                    DnsRecord(zone, systems=("WZL94",)),
                    DnsRecord(from_text("*.dev.enclave"), frozenset({"users"})),
                ),
                True,
            ),
        ),
    )


def test_an_almost_empty_document_has_the_defaults() -> None:
    found = parsed('version = 0\n[[systems]]\nsystem_id = "A"\nvirtual_address = "100.64.0.1"')
    assert found.virtual_networks == (read_range("100.64.0.0/10"),)
    assert found.systems == (System("A", (bytes((100, 64, 0, 1)),)),)
    assert found.systems[0].is_enabled
    assert found.systems[0].no_answer is RCode.REFUSED
    assert found.file == "o.toml"


def test_what_enclaves_api_says_is_read_as_it_is() -> None:
    found = parsed(json.dumps(API), "o.json")
    gateway, policy = found.systems[0], found.policies[0]
    assert gateway.tags == {"office"}
    assert gateway.gateway_routes == (GatewayRoute(read_range("10.0.0.0/16")),)
    assert policy.sender_tags == {"staff"}
    assert policy.sender_trust_requirements == {"3"}
    assert policy.gateway_priority is GatewayPriority.GEOGRAPHIC
    assert policy.auto_expire == datetime(2030, 1, 15, 14, 30, tzinfo=UTC)
    assert policy.active_hours == ActiveHours(
        ZoneInfo("Europe/Dublin"), frozenset({0, 6}), time(8), time(18, 30)
    )
    assert found.policies[1].acls == ()
    assert found.tags == (Tag("staff", frozenset({"3"})),)
    assert found.trust_requirements[0].type is TrustType.PUBLIC_IP
    record = found.dns_zones[0].records[0]
    assert record == DnsRecord(from_text("db.enclave"), systems=("GW001",), auto_generated=True)


def test_all_problems_of_a_document_are_shown_at_once() -> None:
    text = """
versio = 1
[[systems]]
system_id = "A"
virtual_address = "100.64.0.300"
tag = ["x"]
[[systems]]
system_id = "B"
virtual_address = "100.64.0.1"
[[systems]]
system_id = "b"
virtual_address = "100.64.0.1"
[[policies]]
type = "gateway"
gateways = [{ system_id = "A", routes = [] }, { system_id = "C", routes = [] }]
"""
    assert [str(problem) for problem in problems(text)] == [
        "o.toml: versio: unknown key (did you mean `version`?)",
        "o.toml: systems[0].virtual_address: '100.64.0.300' is not an IP address",
        "o.toml: systems[0].tag: unknown key (did you mean `tags`?)",
        "o.toml: systems[2].system_id: 'b' is already that of systems[1]",
        "o.toml: systems[2].virtual_address: 100.64.0.1 is already that of systems[1] (B)",
        "o.toml: policies[0].gateways[1].system_id: there is no system 'C'",
    ]


POLICY = 'version = 1\n[[policies]]\ntype = "gateway"\n'


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("systems = []", "version", "is missing"),
        ('version = "7"', "version", "must be a whole number"),
        ("version = true", "version", "must be a whole number"),
        ("version = -1", "version", "greater than or equal to 0"),
        ("version = 1\nsystems = 3", "systems", "must be a list"),
        ("version = 1\nsystems = [3]", "systems[0]", "must be a table"),
        ("version = 1\n[systems]\na = 1", "systems", "must be a list"),
        ("version = 1\nvirtual_networks = ['10.0.0.1/8']", "virtual_networks[0]", "host bits"),
        (POLICY + "acls = [{}]", "policies[0].acls[0].protocol", "is missing"),
        (POLICY + "acls = [{protocol = 'x'}]", "policies[0].acls[0].protocol", "any, tcp"),
        (POLICY + "is_enabled = 1", "policies[0].is_enabled", "must be true or false"),
        (POLICY + "sender_tags = 'x'", "policies[0].sender_tags", "must be a list"),
        (POLICY + "sender_tags = ['']", "policies[0].sender_tags[0]", "empty"),
        (POLICY + "disclosed_suffixes = ['.']", "policies[0].disclosed_suffixes[0]", "root"),
        (
            POLICY + "gateways = [{system_id = 'A', routes = ['10.0.0.9/8']}]",
            "policies[0].gateways[0].routes[0]",
            "host bits",
        ),
        (
            POLICY + "gateway_allowed_ip_ranges = [{ip_range = '10.0.0.9 - 10.0.0.1'}]",
            "policies[0].gateway_allowed_ip_ranges[0].ip_range",
            "backwards",
        ),
        (
            POLICY + "active_hours = {time_zone = 'Mars', days = [], start = '1:00', end = 1}",
            "policies[0].active_hours.time_zone",
            "no time zone",
        ),
        (
            POLICY + "auto_expire = {at = 2026-01-01T00:00:00}",
            "policies[0].auto_expire.at",
            "no time zone",
        ),
        (
            "version = 1\n[[dns_zones]]\nname = 'x'\nrecords = [{name = 'a.*'}]",
            "dns_zones[0].records[0].name",
            "leftmost",
        ),
    ],
)
def test_a_problem_names_key_and_reason(text: str, key: str, reason: str) -> None:
    found = [problem for problem in problems(text) if problem.key == key]
    assert len(found) == 1
    assert reason in found[0].reason


def test_keys_and_suggestions_are_in_the_files_own_case() -> None:
    (found,) = problems(
        '{"version": 1, "policies": [{"type": "general", "sender_tags": []}]}', "a.json"
    )
    assert (found.key, found.suggestion) == (
        "policies[0].sender_tags",
        "did you mean `senderTags`?",
    )
    (found,) = problems('version = 1\n[[policies]]\ntype = "general"\nsenderTags = []')
    assert (found.key, found.suggestion) == (
        "policies[0].senderTags",
        "did you mean `sender_tags`?",
    )
    (found,) = problems('{"version": 1, "dnsZones": [{"name": "x", "autoDnsTags": 1}]}', "A.JSON")
    assert found.key == "dnsZones[0].autoDnsTags"


def test_a_misspelt_key_is_one_problem_and_not_a_missing_one_too() -> None:
    (found,) = problems('version = 1\n[[systems]]\nsystemid = "A"\nvirtual_address = "100.64.0.1"')
    assert str(found) == "o.toml: systems[0].systemid: unknown key (did you mean `system_id`?)"


def test_a_flood_of_problems_is_cut() -> None:
    found = problems("version = 1\nsystems = [" + "1," * 500 + "]")
    assert len(found) == 101
    assert found[-1].reason == "and more problems"


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "version",
                    "systems",
                    "policies",
                    "tags",
                    "systemId",
                    "virtualAddress",
                    "type",
                    "name",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSONISH)
def test_any_json_is_an_organisation_or_a_document_error(data: object) -> None:
    try:
        parse_organisation(json.dumps(data).encode(), "o.json")
    except DocumentError as error:
        found = error.problems
    else:
        return
    assert found
    assert all(problem.file == "o.json" for problem in found)


@given(st.binary(max_size=200), st.sampled_from(["o.toml", "o.json"]))
def test_any_bytes_are_an_organisation_or_a_document_error(text: bytes, file: str) -> None:
    try:
        parse_organisation(text, file)
    except DocumentError as error:
        str(error).encode()
