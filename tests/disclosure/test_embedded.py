"""Every way to hide an IPv4 address inside an IPv6 one, and the near misses."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.embedded import embedded
from tests.fakes.dns_worlds import packed, view_of

NONE = ""

TABLE = [
    # IPv4-mapped, RFC 4291 2.5.5.2
    ("::ffff:10.0.0.30", "10.0.0.30"),
    ("::ffff:0a00:1e", "10.0.0.30"),
    ("::ffff:255.255.255.255", "255.255.255.255"),
    ("0:0:0:0:1:ffff:0a00:1e", NONE),
    ("1::ffff:0a00:1e", NONE),
    ("::fffe:0a00:1e", NONE),
    # IPv4-compatible, RFC 4291 2.5.5.1
    ("::10.0.0.30", "10.0.0.30"),
    ("::1", "0.0.0.1"),
    ("::", "0.0.0.0"),
    ("::1:0a00:1e", NONE),
    # SIIT, RFC 2765: the ones stand two bytes further left
    ("::ffff:0:10.0.0.30", "10.0.0.30"),
    ("::ffff:1:0a00:1e", NONE),
    ("::1:ffff:0:0a00:1e", NONE),
    # NAT64 well-known prefix, RFC 6052
    ("64:ff9b::10.0.0.30", "10.0.0.30"),
    ("64:ff9b::a00:1e", "10.0.0.30"),
    ("64:ff9b::1:a00:1e", NONE),
    ("64:ff9c::a00:1e", NONE),
    ("65:ff9b::a00:1e", NONE),
    ("64:ff9b:2::a00:1e", NONE),
    # NAT64 local use, RFC 8215. The layout of a 96-bit prefix fits wherever the u-octet is zero,
    # so that its reading counts beside every other.
    # Prefix of 48 bits: two bytes, u-octet, two bytes, zeros
    ("64:ff9b:1:a00:0:1e00::", "10.0.0.30 0.0.30.0 0.30.0.0 0.0.0.0"),
    ("64:ff9b:1:a00:0:1e01::", "0.0.30.1 0.30.1.0 0.0.0.0"),
    # ... of 56 bits: one byte, u-octet, three bytes
    ("64:ff9b:1:aa0a:0:1e::", "10.0.0.30 0.0.30.0 0.0.0.0"),
    ("64:ff9b:1:000a:0:1::", "10.0.0.1 0.0.1.0 0.0.0.0"),
    ("64:ff9b:1:000a:0:101::", "10.0.1.1 0.1.1.0 0.0.0.0"),
    # ... of 64 bits: u-octet, four bytes
    ("64:ff9b:1:aaaa:a:0:1e00:0", "10.0.0.30 30.0.0.0"),
    ("64:ff9b:1:aaaa:ac:1001:0a00:0", "172.16.1.10 10.0.0.0"),
    # ... of 96 bits: the last four bytes
    ("64:ff9b:1::10.0.0.30", "10.0.0.30"),
    ("64:ff9b:1:aaaa:bb:cccc:10.0.0.30", "10.0.0.30"),
    ("64:ff9b:1:ffff:ff:ffff:172.16.1.10", "172.16.1.10"),
    # ... a u-octet that is not zero: no layout
    ("64:ff9b:1:a00:100:1e00::", NONE),
    ("64:ff9b:1:aaaa:ff00::10.0.0.30", NONE),
    # 6to4, RFC 3056
    ("2002:a00:1e::", "10.0.0.30"),
    ("2002:a00:1e::1", "10.0.0.30"),
    ("2002:a00:1e:ffff:ffff:ffff:ffff:ffff", "10.0.0.30"),
    ("2003:a00:1e::1", NONE),
    ("2102:a00:1e::1", NONE),
    # Teredo, RFC 4380: server, and client turned inside out
    ("2001:0:a00:1e::", "10.0.0.30 255.255.255.255"),
    ("2001::f5ff:ffe1", "0.0.0.0 10.0.0.30"),
    ("2001:0:ac10:10a:8000:63bf:f5ff:ffe1", "172.16.1.10 10.0.0.30"),
    ("2001:1:a00:1e::f5ff:ffe1", NONE),
    ("2001:db8::f5ff:ffe1", NONE),
    # ISATAP, RFC 5214: under any prefix, in both forms
    ("2001:db8::5efe:10.0.0.30", "10.0.0.30"),
    ("2001:db8::200:5efe:10.0.0.30", "10.0.0.30"),
    ("fe80::5efe:a00:1e", "10.0.0.30"),
    ("fd00:1:2:3:0200:5efe:ac10:10a", "172.16.1.10"),
    ("2001:db8::100:5efe:10.0.0.30", NONE),
    ("2001:db8::300:5efe:10.0.0.30", NONE),
    ("2001:db8::5eff:10.0.0.30", NONE),
    # Two layouts at once: both readings count
    ("2002:ac10:10a::5efe:10.0.0.30", "172.16.1.10 10.0.0.30"),
    ("64:ff9b:1::5efe:10.0.0.30", "10.0.0.30 10.0.0.30"),
    ("2001:0:102:304:0:5efe:f5ff:ffe1", "1.2.3.4 10.0.0.30 245.255.255.225"),
    # Nothing inside
    ("2001:db8::10.0.0.30", NONE),
    ("fd00::10.0.0.30", NONE),
    ("2606:4700:4700::1111", NONE),
    ("ff02::1", NONE),
]


@pytest.mark.parametrize(("address", "inside"), TABLE)
def test_what_an_ipv6_address_holds(address: str, inside: str) -> None:
    found = {str(IPv4Address(inner)) for inner in embedded(packed(address))}
    assert found == set(inside.split())


@pytest.mark.parametrize(("address", "inside"), [row for row in TABLE if row[1]])
def test_an_address_is_disclosed_only_with_every_address_inside(address: str, inside: str) -> None:
    """The IPv6 address itself is in each of these views."""
    held = sorted(set(inside.split()))
    assert view_of(address, *held).permits(packed(address))
    for missing in held:
        others = [other for other in held if other != missing]
        assert not view_of(address, *others).permits(packed(address))
    assert not view_of(*held).permits(packed(address))


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_the_standard_library_finds_nothing_that_we_miss(inner: int, rest: int) -> None:
    for high in (0xFFFF << 32, 0x2002 << 112 | rest & 0xFFFF, 0x20010000 << 96 | rest << 32):
        shift = 80 if high >> 112 == 0x2002 else 0
        address = IPv6Address(high | inner << shift)
        theirs = {address.ipv4_mapped, address.sixtofour, *(address.teredo or ())} - {None}
        assert theirs <= {IPv4Address(found) for found in embedded(address.packed)}
        assert theirs


@given(st.binary(min_size=16, max_size=16))
def test_any_address_can_be_judged(address: bytes) -> None:
    assert all(len(inner) == 4 for inner in embedded(address))
