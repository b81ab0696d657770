"""What entries of a document say about each other."""

import pytest

from enclave_dns.errors import DocumentError
from enclave_dns.organisation.reading import parse_organisation

BASE = """
version = 1
trust_requirements = [{ id = "mfa", type = "user_authentication" }]
dns_zones = [{ name = "corp", records = [{ name = "db", systems = ["A"] }] }]
tags = [{ tag = "users", trust_requirements = ["mfa"] }]
[[systems]]
system_id = "A"
virtual_address = ["100.64.0.1", "fd00::1"]
satisfied_trust_requirements = ["mfa"]
[[systems]]
system_id = "B"
virtual_address = "100.64.0.2"
[[policies]]
type = "gateway"
gateways = [{ system_id = "A", routes = ["10.0.0.0/8"] }, { system_id = "A", routes = [] }]
sender_trust_requirements = ["mfa"]
sender_tags = ["a tag that nobody holds"]
[[policies]]
type = "general"
receiver_tags = ["users"]
"""


def found(old: str, new: str) -> list[tuple[str, str, str]]:
    text = BASE.replace(old, new, 1)
    assert text != BASE
    with pytest.raises(DocumentError) as caught:
        parse_organisation(text.encode(), "o.toml")
    return [(p.key, p.reason, p.suggestion) for p in caught.value.problems]


def test_references_that_lead_somewhere_and_tags_of_nobody_are_fine() -> None:
    parse_organisation(BASE.encode(), "o.toml")


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('"B"', '"A"', "systems[1].system_id", "'a' is already that of systems[0]"),
        ('"B"', '"a"', "systems[1].system_id", "'a' is already that of systems[0]"),
        (
            '"100.64.0.2"',
            '["fd00::1"]',
            "systems[1].virtual_address",
            "fd00::1 is already that of systems[0] (A)",
        ),
        (
            '[{ tag = "users"',
            '[{ tag = "users" }, { tag = "users"',
            "tags[1].tag",
            "'users' is already that of tags[0]",
        ),
        (
            '[{ id = "mfa"',
            '[{ id = "mfa", type = "public_ip" }, { id = "mfa"',
            "trust_requirements[1].id",
            "'mfa' is already that of trust_requirements[0]",
        ),
        (
            '[{ name = "corp"',
            '[{ name = "CORP." }, { name = "corp"',
            "dns_zones[1].name",
            "'corp' is already that of dns_zones[0]",
        ),
        (
            '[{ name = "db"',
            '[{ name = "DB" }, { name = "db"',
            "dns_zones[0].records[1].name",
            "'db.corp' is already that of dns_zones[0].records[0]",
        ),
        (
            '{ system_id = "A", routes = [] }',
            '{ system_id = "C", routes = [] }',
            "policies[0].gateways[1].system_id",
            "there is no system 'C'",
        ),
        (
            'systems = ["A"]',
            'systems = ["A", "C"]',
            "dns_zones[0].records[0].systems[1]",
            "there is no system 'C'",
        ),
        (
            'sender_trust_requirements = ["mfa"]',
            'sender_trust_requirements = ["mfb"]',
            "policies[0].sender_trust_requirements",
            "there is no trust requirement 'mfb'",
        ),
        (
            'satisfied_trust_requirements = ["mfa"]',
            'satisfied_trust_requirements = ["x"]',
            "systems[0].satisfied_trust_requirements",
            "there is no trust requirement 'x'",
        ),
        (
            'tag = "users", trust_requirements = ["mfa"]',
            'tag = "users", trust_requirements = ["x"]',
            "tags[0].trust_requirements",
            "there is no trust requirement 'x'",
        ),
        (
            'type = "gateway"',
            'type = "gateway"\nreceiver_tags = ["x"]',
            "policies[0].receiver_tags",
            "has no meaning in a policy of type 'gateway'",
        ),
        (
            'receiver_tags = ["users"]',
            'gateway_allowed_ip_ranges = [{ ip_range = "10.0.0.1" }]',
            "policies[1].gateway_allowed_ip_ranges",
            "has no meaning in a policy of type 'general'",
        ),
    ],
)
def test_contradictions_name_both_places(old: str, new: str, key: str, reason: str) -> None:
    assert [(place, why) for place, why, _ in found(old, new)] == [(key, reason)]


def test_a_dangling_reference_suggests_what_may_be_meant() -> None:
    old = 'sender_trust_requirements = ["mfa"]'
    ((_, _, suggestion),) = found(old, 'sender_trust_requirements = ["MFA"]')
    assert suggestion == "did you mean `mfa`?"


def test_what_refers_to_a_misread_entry_does_not_dangle() -> None:
    assert [key for key, _, _ in found('["100.64.0.1", "fd00::1"]', '"x"')] == [
        "systems[0].virtual_address"
    ]


def test_a_manual_and_an_automatic_record_may_share_a_name() -> None:
    text = BASE.replace('[{ name = "db"', '[{ name = "db", auto_generated = true }, { name = "db"')
    (zone,) = parse_organisation(text.encode(), "o.toml").dns_zones
    assert [record.auto_generated for record in zone.records] == [True, False]


def test_two_zones_may_not_hold_the_same_name() -> None:
    other = '[{ name = "db.corp", records = [{ name = "@" }] }, { name = "corp"'
    assert found('[{ name = "corp"', other) == [
        (
            "dns_zones[1].records[0].name",
            "'db.corp' is already that of dns_zones[0].records[0]",
            "",
        )
    ]
