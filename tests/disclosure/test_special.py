"""The literal table of addresses that are never disclosed by a route that is merely wide."""

import pytest

from enclave_dns.disclosure.special import LOOPBACK, NEVER, UNSPECIFIED
from tests.fakes.dns_worlds import packed, view_of

HIDDEN = [
    *("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.0.1", "169.254.169.254"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "febf::1", "fec0::1", "ff02::fb", "ffff::", "100::1"),
]
SHOWN = [
    *("1.0.0.0", "10.0.0.1", "100.64.0.1", "126.255.255.255", "128.0.0.1", "169.253.255.255"),
    *("169.255.0.0", "172.16.1.10", "192.0.2.1", "192.168.0.1", "198.18.0.1", "223.255.255.255"),
    *("2001:db8::1", "2606:4700::1111", "fc00::1", "fd00::1", "fe00::1", "fe7f::1", "100:0:0:1::"),
]


@pytest.mark.parametrize("address", HIDDEN)
def test_no_wide_route_discloses(address: str) -> None:
    assert not view_of("0.0.0.0/0", "::/0").permits(packed(address))
    assert any(packed(address) in span for span in NEVER)


@pytest.mark.parametrize("address", SHOWN)
def test_a_wide_route_discloses(address: str) -> None:
    assert view_of("0.0.0.0/0", "::/0").permits(packed(address))
    assert not any(packed(address) in span for span in NEVER)


@pytest.mark.parametrize(
    ("route", "address"),
    [
        ("127.0.0.0/8", "127.0.0.1"),
        ("169.254.169.254", "169.254.169.254"),
        ("240.0.0.0/4", "240.0.0.1"),
        ("fe80::/10", "fe80::1"),
        ("100::/64", "100::1"),
    ],
)
def test_a_route_inside_such_a_range_discloses(route: str, address: str) -> None:
    assert view_of(route).permits(packed(address))


@pytest.mark.parametrize(
    ("address", "spans", "is_inside"),
    [
        ("127.0.0.1", LOOPBACK, True),
        ("127.1.2.3", LOOPBACK, True),
        ("::1", LOOPBACK, True),
        ("::2", LOOPBACK, False),
        ("128.0.0.1", LOOPBACK, False),
        ("0.0.0.0", UNSPECIFIED, True),
        ("::", UNSPECIFIED, True),
        ("0.0.0.1", UNSPECIFIED, False),
    ],
)
def test_what_blocks_a_name_in_a_hosts_file(address: str, spans: tuple, is_inside: bool) -> None:
    assert any(packed(address) in span for span in spans) is is_inside
