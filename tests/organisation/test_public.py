"""Public addresses for senders without another resolver: what they are, and what is left out."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from enclave_dns.disclosure.ranges import Ranges
from enclave_dns.gateway.views import Views, compile_views
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.public import public_ranges
from enclave_dns.organisation.reading import parse_organisation
from enclave_dns.wire.numbers import RCode

DOCUMENT = """
version = 1

[[systems]]
system_id = "GATE1"
virtual_address = "100.64.0.70"
tags = ["gateways"]
gateway_routes = [ { subnet = "172.16.1.0/24" }, { subnet = "93.184.0.0/16" } ]
public_names = true
not_public = ["198.41.0.0/24"]
no_answer = "nxdomain"

[[systems]]
system_id = "GATE2"
virtual_address = "100.64.0.71"
gateway_routes = [ { subnet = "2a00:1450::/32" }, { subnet = "0.0.0.0/0" }, { subnet = "::/0" } ]

[[systems]]
system_id = "PHONE"
virtual_address = "100.64.0.12"
tags = ["users"]

[[systems]]
system_id = "ALIEN"
virtual_address = "100.64.0.13"

[[policies]]
description = "office"
type = "gateway"
sender_tags = ["users"]
gateways = [ { system_id = "GATE1", routes = ["172.16.1.0/24"] } ]
acls = [ { protocol = "any" } ]
"""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def organisation() -> Organisation:
    return parse_organisation(DOCUMENT.encode(), "organisation.toml")


def gateway_of(organisation: Organisation) -> System:
    return next(system for system in organisation.systems if system.system_id == "GATE1")


def views(organisation: Organisation) -> Views:
    return compile_views(organisation, gateway_of(organisation), NOW, 1)


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("1.1.1.1", True),
        ("8.8.8.8", True),
        ("223.255.255.255", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("172.16.2.1", False),
        ("192.168.1.1", False),
        ("100.64.0.70", False),
        ("100.127.0.1", False),
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("198.18.0.1", False),
        ("192.0.2.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("93.184.216.34", False),
        ("198.41.0.4", False),
        ("198.41.1.4", True),
        ("2a00:1450::1", False),
        ("2a00:1451::1", True),
        ("fd00::1", False),
        ("fe80::1", False),
        ("2001:db8::1", False),
        ("2001::1", False),
        ("2002:0808:0808::1", False),
        ("64:ff9b::808:808", False),
        ("::ffff:8.8.8.8", False),
        ("4000::1", False),
    ],
)
def test_public_is_what_is_routed_globally_and_not_by_the_organisation(
    organisation: Organisation, address: str, is_public: bool
) -> None:
    ranges = Ranges.of(public_ranges(organisation, gateway_of(organisation)))
    assert (ip_address(address).packed in ranges) is is_public


def test_without_public_names_nothing_is_added(organisation: Organisation) -> None:
    gateway = replace(gateway_of(organisation), public_names=False)
    assert public_ranges(organisation, gateway) == ()


def test_a_view_with_public_names_stays_restricted_and_private_addresses_hidden(
    organisation: Organisation,
) -> None:
    sender = views(organisation).senders["100.64.0.12"]
    view = sender.view
    assert sender.refusal is None
    assert (view.is_open, view.no_answer) == (False, RCode.NXDOMAIN)
    permitted = [view.permits(ip_address(one).packed) for one in ("8.8.8.8", "172.16.1.9")]
    assert permitted == [True, True]
    hidden = ("10.0.0.1", "172.16.2.1", "100.64.0.71", "93.184.216.34", "64:ff9b::a00:1")
    assert not any(view.permits(ip_address(one).packed) for one in hidden)


def test_a_sender_without_a_policy_stays_refused(organisation: Organisation) -> None:
    sender = views(organisation).senders["100.64.0.13"]
    assert sender.refusal is not None
    assert not sender.view.permits(ip_address("8.8.8.8").packed)
