"""The part of an organisation that one system needs: equal in effect, and nothing else in it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from ipaddress import ip_address
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from enclave_dns.organisation.advice import warnings
from enclave_dns.organisation.connections import connected, gateways_of
from enclave_dns.organisation.document import (
    ActiveHours,
    DnsRecord,
    DnsZone,
    Organisation,
    Policy,
    System,
)
from enclave_dns.organisation.permission import permission
from enclave_dns.organisation.reading import build_organisation, parse_organisation
from enclave_dns.organisation.slice import slice_for, valid_until
from enclave_dns.stub.zones import compile_zones
from enclave_dns.wire.names import from_text
from tests.fakes.generated_organisations import ME, Document, disguised, organisations
from tests.fakes.organisations import (
    GATEWAY,
    NOON,
    USER,
    gateway,
    gateway_policy,
    general_policy,
    organisation,
    system,
)

quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def sliced(whole: Organisation, system_id: str = "USER", now: datetime = NOON) -> Organisation:
    text = json.dumps(slice_for(whole, own(whole, system_id), now))
    return parse_organisation(text.encode(), "slice.json")


def own(whole: Organisation, system_id: str) -> System:
    found = whole.system(system_id)
    assert found is not None
    return found


def effect(whole: Organisation, system_id: str, now: datetime = NOON) -> object:
    """All that a stub takes from its document."""
    me = own(whole, system_id)
    gateways = []
    for choice in gateways_of(whole, me, now):
        granted = permission(whole, me, choice.gateway, now)
        gateways.append(
            (
                choice.gateway.system_id,
                choice.gateway.virtual_addresses,
                choice.gateway.dns_suffixes,
                choice.gateway.search_suffixes,
                choice.priority,
                granted.ranges,
                granted.is_open,
                granted.disclosed_suffixes,
            )
        )
    zones = compile_zones(whole, me, connected(whole, me, now))
    return whole.version, me.virtual_addresses, me.is_enabled, gateways, zones


@quick
@given(organisations())
def test_a_stub_does_the_same_on_a_slice_as_on_the_whole(document: Document) -> None:
    whole = build_organisation(document, "whole.json")
    part = sliced(whole, ME)
    assert effect(part, ME) == effect(whole, ME)
    assert warnings(part) == ()
    assert connected(part, own(part, ME), NOON) == connected(whole, own(whole, ME), NOON)


@quick
@given(organisations())
def test_what_the_system_may_not_learn_leaves_no_trace(document: Document) -> None:
    texts = []
    for data in (document, disguised(document)):
        whole = build_organisation(data, "whole.json")
        texts.append(json.dumps(slice_for(whole, own(whole, ME), NOON)))
    assert texts[0] == texts[1]
    part = parse_organisation(texts[0].encode(), "slice.json")
    assert json.dumps(slice_for(part, own(part, ME), NOON)) == texts[0]


OPEN = gateway("GW", "100.64.0.70", "0.0.0.0/0", "127.0.0.0/8", "100.64.0.0/10", "::/0")


@pytest.mark.parametrize(
    ("policy", "at"),
    [
        (gateway_policy("0.0.0.0/0"), OPEN),
        (gateway_policy("0.0.0.0/0", "127.0.0.0/8"), OPEN),
        (gateway_policy("0.0.0.0/0", only=("0.0.0.0/0", "100.64.0.9")), OPEN),
        (gateway_policy("::/0"), OPEN),
        (gateway_policy("0.0.0.0/0", "::/0"), OPEN),
        (gateway_policy("0.0.0.0/0", only=("0.0.0.0 - 127.255.255.255", "128.0.0.0/1")), OPEN),
        (gateway_policy("0.0.0.0/0", only=("10.0.0.3 - 10.0.0.9", "10.0.0.10")), OPEN),
        (gateway_policy("0.0.0.0/0", only=("100.63.255.255", "100.64.0.0", "100.64.0.1")), OPEN),
        (gateway_policy("0.0.0.0/0", only=("126.255.255.255", "127.0.0.0 - 127.0.0.9")), OPEN),
        (gateway_policy("::/0", only=("::1", "::2 - ::5", "2001:db8::/33")), OPEN),
    ],
)
def test_ranges_survive(policy: Policy, at: System) -> None:
    whole = organisation(policy, systems=(at,))
    part = sliced(whole)
    assert effect(part, "USER") == effect(whole, "USER")
    granted = permission(part, own(part, "USER"), own(part, "GW"), NOON)
    assert granted.ranges == permission(whole, USER, at, NOON).ranges
    assert granted.ranges


def test_a_slice_in_full() -> None:
    hidden = system("HIDDEN", "100.64.0.99", "others", hostname="hr")
    friend = system("FRIEND", "100.64.0.13", "friends", hostname="Friend", description="x")
    records = (
        DnsRecord(from_text("db.enclave"), systems=("HIDDEN", "FRIEND")),
        DnsRecord(from_text("hr.enclave"), systems=("HIDDEN",)),
        DnsRecord(from_text("enclave"), tags=frozenset({"users"})),
    )
    zone = DnsZone(from_text("enclave"), frozenset({"friends", "others"}), records)
    policies = (
        gateway_policy("10.0.0.0/8", only=("10.0.0.1",)),
        general_policy("users", "friends"),
    )
    whole = organisation(*policies, systems=(hidden, friend), dns_zones=(zone,))
    acls = [{"protocol": "any"}]
    assert slice_for(whole, USER, NOON) == {
        "version": 1,
        "virtualNetworks": ["100.64.0.0/10"],
        "systems": [
            {"systemId": "USER", "virtualAddress": ["100.64.0.12"], "tags": ["self"]},
            {"systemId": "FRIEND", "virtualAddress": ["100.64.0.13"], "tags": ["peer"]},
            {
                "systemId": "GW",
                "virtualAddress": ["100.64.0.70"],
                "tags": ["peer"],
                "gatewayRoutes": [{"subnet": "10.0.0.1/32"}],
                "dnsSuffixes": [],
                "searchSuffixes": [],
            },
        ],
        "policies": [
            {"type": "general", "senderTags": ["self"], "receiverTags": ["peer"], "acls": acls},
            {
                "type": "gateway",
                "senderTags": ["self"],
                "gateways": [{"systemId": "GW", "routes": ["10.0.0.1/32"]}],
                "gatewayPriority": "balanced",
                "disclosedSuffixes": [],
                "acls": acls,
            },
        ],
        "dnsZones": [
            {
                "name": "enclave",
                "closed": False,
                "records": [
                    {"name": "db", "systems": ["FRIEND"], "autoGenerated": False},
                    {"name": "@", "systems": ["USER"], "autoGenerated": False},
                    {"name": "friend", "systems": ["FRIEND"], "autoGenerated": True},
                ],
            }
        ],
    }


def test_ids_and_names_keep_their_case_and_escapes() -> None:
    me = replace(USER, system_id="kD9q2")
    zone = DnsZone(
        from_text("corp.net"), records=(DnsRecord(from_text(r"a\.b.corp.net"), systems=("kD9q2",)),)
    )
    whole = organisation(systems=(me,), dns_zones=(zone,))
    assert sliced(whole, "kD9q2").dns_zones[0].records[0].name == from_text(r"a\.b.corp.net")
    assert sliced(whole, "kD9q2").system("kD9q2") is not None


def test_a_gateway_that_may_use_itself_keeps_what_it_offers() -> None:
    both = replace(GATEWAY, tags=frozenset({"users"}))
    whole = organisation(gateway_policy("10.0.0.0/8"), systems=(both,))
    assert effect(sliced(whole, "GW"), "GW") == effect(whole, "GW")
    assert warnings(sliced(whole, "GW")) == ()


def test_a_system_that_is_disabled_gets_itself_and_stays_disabled() -> None:
    off = replace(USER, is_enabled=False)
    whole = organisation(gateway_policy("10.0.0.0/8"), systems=(off,))
    part = sliced(whole)
    assert [s.system_id for s in part.systems] == ["USER"]
    assert not own(part, "USER").is_enabled


HOURS = ActiveHours(ZoneInfo("UTC"), frozenset(range(7)), time(9), time(17))
EVENING = replace(HOURS, start=time(18), end=time(20))
EXPIRY = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("policy", "until"),
    [
        (gateway_policy("10.0.0.0/8"), None),
        (gateway_policy("10.0.0.0/8", active_hours=HOURS), datetime(2026, 6, 3, 17, tzinfo=UTC)),
        # What begins later is no less a change, also where it leads to a new gateway or system.
        (gateway_policy("10.0.0.0/8", active_hours=EVENING), datetime(2026, 6, 3, 18, tzinfo=UTC)),
        (
            general_policy("users", "others", active_hours=EVENING),
            datetime(2026, 6, 3, 18, tzinfo=UTC),
        ),
        (general_policy("others", "users", auto_expire=EXPIRY), EXPIRY),
        (gateway_policy("10.0.0.0/8", auto_expire=EXPIRY, active_hours=HOURS), EXPIRY),
        (gateway_policy("10.0.0.0/8", auto_expire=NOON, active_hours=HOURS), None),
        (gateway_policy("10.0.0.0/8", auto_expire=EXPIRY, is_enabled=False), None),
        (general_policy("others", "strangers", auto_expire=EXPIRY), None),
    ],
)
def test_a_slice_holds_until_a_policy_of_the_system_changes(
    policy: Policy, until: datetime | None
) -> None:
    assert valid_until(organisation(policy), USER, NOON) == until


def test_a_gateway_is_an_end_of_its_policies() -> None:
    whole = organisation(gateway_policy("10.0.0.0/8", auto_expire=EXPIRY))
    assert valid_until(whole, GATEWAY, NOON) == EXPIRY


def test_addresses_are_written_as_people_write_them() -> None:
    me = replace(USER, virtual_addresses=(ip_address("fd00::1").packed, USER.virtual_addresses[0]))
    document = slice_for(organisation(systems=(me,)), me, NOON)
    assert document["systems"][0]["virtualAddress"] == ["fd00::1", "100.64.0.12"]
