"""The zones of one asker, asked as a laptop asks them."""

from ipaddress import ip_address

import pytest

from enclave_dns.disclosure.ranges import Range, everything
from enclave_dns.organisation.addresses import read_subnet
from enclave_dns.organisation.connections import connected
from enclave_dns.organisation.document import DnsRecord, DnsZone, System
from enclave_dns.sources.own_zones import OwnZones
from enclave_dns.stub.zones import MAX_REVERSE_ZONES, compile_zones, reverse_apexes
from enclave_dns.wire.names import from_text, is_at_or_below, to_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.reverse import reverse_name
from tests.fakes.dns_worlds import packed
from tests.fakes.organisations import (
    NOON,
    gateway_policy,
    general_policy,
    organisation,
    system,
)

ME = System(
    "USER",
    (packed("100.64.0.12"), packed("fd00:64::12")),
    hostname="Laptop 7",
    tags=frozenset({"users"}),
)
FRIEND = system("FRIEND", "100.64.0.13", "friends", hostname="friend")
AFAR = system("AFAR", "192.0.2.9", "friends")
HIDDEN = system("HIDDEN", "100.64.0.99", "others", hostname="hr")


def record(name: str, *systems: str) -> DnsRecord:
    return DnsRecord(from_text(name), systems=systems)


ENCLAVE = DnsZone(
    from_text("enclave"),
    frozenset({"users", "friends", "others"}),
    (
        record("db.enclave", "FRIEND", "HIDDEN"),
        record("payroll.enclave", "HIDDEN"),
        record("hr.enclave", "FRIEND"),
        record("*.wild.enclave", "FRIEND"),
        record("enclave", "USER"),
    ),
)
DEV = DnsZone(from_text("dev.enclave"), records=(record("build.dev.enclave", "FRIEND"),))
LAB = DnsZone(from_text("lab.test"), records=(record("a.b.lab.test", "FRIEND"),))
SHUT = DnsZone(from_text("shut.test"), records=(record("x.shut.test", "HIDDEN"),), closed=True)
BARE = DnsZone(from_text("bare.test"), records=(record("x.bare.test", "HIDDEN"),))
BURIED = DnsZone(from_text("buried.enclave"), records=(record("x.buried.enclave", "HIDDEN"),))

WHOLE = organisation(
    general_policy("users", "friends"),
    gateway_policy("10.0.0.0/8"),
    systems=(ME, FRIEND, AFAR, HIDDEN),
    dns_zones=(ENCLAVE, DEV, LAB, SHUT, BARE, BURIED),
    virtual_networks=(read_subnet("100.64.0.0/10"), read_subnet("fd00:64::/48")),
)


def zones(asker: System = ME) -> OwnZones:
    return compile_zones(WHOLE, asker, connected(WHOLE, asker, NOON))


def asked(name: str, rtype: int = RRType.A, asker: System = ME) -> str | list[str]:
    """Addresses or names, `NXDOMAIN`, or `not ours`."""
    found = zones(asker).answer(from_text(name), rtype, lambda _: 0)
    if found is None:
        return "not ours"
    if not found.exists:
        return "NXDOMAIN"
    return [
        to_text(r.rdata) if r.rtype == RRType.PTR else str(ip_address(r.rdata))
        for r in found.records
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_my.id.enclave", ["100.64.0.12"]),
        ("user.id.enclave", ["100.64.0.12"]),
        ("friend.id.enclave", ["100.64.0.13"]),
        ("gw.id.enclave", ["100.64.0.70"]),
        ("hidden.id.enclave", "NXDOMAIN"),
        ("id.enclave", []),
        ("enclave", ["100.64.0.12"]),
        ("laptop-7.enclave", ["100.64.0.12"]),
        ("friend.enclave", ["100.64.0.13"]),
        ("db.enclave", ["100.64.0.13"]),
        ("payroll.enclave", "NXDOMAIN"),
        ("hr.enclave", ["100.64.0.13"]),
        ("any.thing.wild.enclave", ["100.64.0.13"]),
        ("wild.enclave", []),
        ("nothing.enclave", "NXDOMAIN"),
        ("build.dev.enclave", ["100.64.0.13"]),
        ("nothing.dev.enclave", "NXDOMAIN"),
        ("dev.enclave", []),
        ("x.buried.enclave", "NXDOMAIN"),
        ("buried.enclave", "NXDOMAIN"),
        ("a.b.lab.test", ["100.64.0.13"]),
        ("b.lab.test", "not ours"),
        ("lab.test", "not ours"),
        ("x.lab.test", "not ours"),
        ("x.shut.test", "NXDOMAIN"),
        ("shut.test", []),
        ("x.bare.test", "not ours"),
        ("corp.net", "not ours"),
    ],
)
def test_own_names(name: str, expected: str | list[str]) -> None:
    assert asked(name) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("100.64.0.12", ["laptop-7.enclave."]),
        ("fd00:64::12", ["laptop-7.enclave."]),
        ("100.64.0.13", ["friend.enclave."]),
        ("100.64.0.70", ["gw.id.enclave."]),
        ("192.0.2.9", ["afar.id.enclave."]),
        ("100.64.0.99", "NXDOMAIN"),
        ("100.64.0.200", "NXDOMAIN"),
        ("100.127.255.255", "NXDOMAIN"),
        ("fd00:64::99", "NXDOMAIN"),
        ("100.128.0.1", "not ours"),
        ("100.63.0.1", "not ours"),
        ("192.0.2.10", "not ours"),
        ("fd00:65::12", "not ours"),
    ],
)
def test_reverse_names(address: str, expected: str | list[str]) -> None:
    assert asked(to_text(reverse_name(packed(address))), RRType.PTR) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("64.100.in-addr.arpa", []),
        ("0.64.100.in-addr.arpa", []),
        ("1.64.100.in-addr.arpa", "NXDOMAIN"),
        ("100.in-addr.arpa", "not ours"),
        ("128.100.in-addr.arpa", "not ours"),
        ("2.0.192.in-addr.arpa", "not ours"),
        ("1.12.0.64.100.in-addr.arpa", "NXDOMAIN"),
        ("0.d.f.ip6.arpa", "not ours"),
        ("4.6.0.0.0.0.d.f.ip6.arpa", "not ours"),
    ],
)
def test_what_lies_between_reverse_names(name: str, expected: str | list[str]) -> None:
    assert asked(name, RRType.PTR) == expected


def test_another_asker_has_other_zones() -> None:
    assert asked("_my.id.enclave", asker=HIDDEN) == ["100.64.0.99"]
    assert asked("friend.id.enclave", asker=HIDDEN) == "NXDOMAIN"
    assert asked("payroll.enclave", asker=HIDDEN) == ["100.64.0.99"]
    # What people wrote about a system that this asker cannot see does not hide its own host name.
    assert asked("hr.enclave", asker=HIDDEN) == ["100.64.0.99"]


def test_a_gateway_and_its_senders_see_each_other() -> None:
    (gw,) = (s for s in WHOLE.systems if s.system_id == "GW")
    assert asked("user.id.enclave", asker=gw) == ["100.64.0.12"]
    assert asked("friend.id.enclave", asker=gw) == "NXDOMAIN"


def test_the_soa_names_the_zone_and_the_version() -> None:
    for name, apex in (("x.enclave", "enclave"), ("x.dev.enclave", "dev.enclave")):
        found = zones().answer(from_text(name), RRType.A, lambda _: 0)
        assert found is not None
        assert (found.soa.name, found.soa.ttl) == (from_text(apex), 0)
        assert found.soa.rdata[-20:-16] == (1).to_bytes(4)


def test_the_order_of_a_document_does_not_show() -> None:
    turned = organisation(
        *WHOLE.policies,
        systems=tuple(reversed(WHOLE.systems)),
        dns_zones=WHOLE.dns_zones,
        virtual_networks=WHOLE.virtual_networks,
    )
    assert compile_zones(turned, ME, connected(turned, ME, NOON)) == zones()


@pytest.mark.parametrize(
    ("network", "count", "one"),
    [
        ("100.64.0.0/10", 64, "127.100.in-addr.arpa"),
        ("10.0.0.0/8", 1, "10.in-addr.arpa"),
        ("10.1.2.0/24", 1, "2.1.10.in-addr.arpa"),
        ("10.1.2.128/25", 128, "255.2.1.10.in-addr.arpa"),
        ("10.1.2.3", 1, "3.2.1.10.in-addr.arpa"),
        ("0.0.0.0/0", 256, "255.in-addr.arpa"),
        ("fd00::/8", 1, "d.f.ip6.arpa"),
        ("fc00::/7", 2, "c.f.ip6.arpa"),
        ("fd00:64::/48", 1, "0.0.0.0.4.6.0.0.0.0.d.f.ip6.arpa"),
    ],
)
def test_a_network_is_zones_at_octets_or_nibbles(network: str, count: int, one: str) -> None:
    apexes = reverse_apexes(read_subnet(network))
    assert len(apexes) == len(set(apexes)) == count
    assert from_text(one) in apexes
    span = read_subnet(network)
    size = 4 if span.family == 4 else 16
    for number in (span.first, span.last):
        name = reverse_name(number.to_bytes(size))
        assert sum(is_at_or_below(name, apex) for apex in apexes) == 1


def test_too_many_zones_are_none() -> None:
    assert len(reverse_apexes(everything(4))) == MAX_REVERSE_ZONES
    assert reverse_apexes(Range(4, 1, (1 << 32) - 1)) == []
