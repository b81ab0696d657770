"""Addresses, subnets and ranges, against the standard library and netaddr."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.ranges import Range
from enclave_dns.organisation.addresses import (
    packed,
    read_range,
    read_subnet,
    read_virtual_address,
)

ADDRESSES = st.ip_addresses()


def number_of(address: IPv4Address | IPv6Address) -> tuple[int, int]:
    return address.version, int(address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", "10.0.0.1"),
        (" 10.0.0.1 ", "10.0.0.1"),
        ("10.0.0.0/24", "10.0.0.0/24"),
        ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
        ("10.0.0.0/0.0.0.255", "10.0.0.0/24"),
        ("10.0.0.1 - 10.0.0.9", "10.0.0.1 - 10.0.0.9"),
        ("10.0.0.1-10.0.0.9", "10.0.0.1 - 10.0.0.9"),
        ("10.0.0.1 - 10.0.0.1", "10.0.0.1"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("0.0.0.0/0.0.0.0", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8:0::/64", "2001:db8::/64"),
        ("fd00::1 - fd00::3", "fd00::1 - fd00::3"),
    ],
)
def test_addresses_prefixes_and_ranges_are_read(text: str, expected: str) -> None:
    assert str(read_range(text)) == expected


@pytest.mark.parametrize(
    ("text", "reason", "suggestion"),
    [
        ("", "is not an IP address", ""),
        ("10.0.0", "is not an IP address", ""),
        ("10.0.0.256", "is not an IP address", ""),
        ("010.0.0.1", "is not an IP address", ""),
        ("0x0a.0.0.1", "is not an IP address", ""),
        ("\uff110.0.0.1", "is not an IP address", ""),
        ("10.0.0.1\0", "is not an IP address", ""),
        ("fe80::1%eth0", "is not an IP address", ""),
        ("10.0.0.1/24", "has host bits set", "`10.0.0.0/24` or `10.0.0.1`"),
        ("10.0.0.0/0.0.0.0", "has host bits set", "`0.0.0.0/0`"),
        ("fd00::1/64", "has host bits set", "`fd00::/64`"),
        ("10.0.0.0/33", "no prefix length", ""),
        ("10.0.0.0/-1", "no prefix length", ""),
        ("10.0.0.0/+8", "no prefix length", ""),
        ("10.0.0.0/", "no prefix length", ""),
        ("10.0.0.0/255.0.255.0", "no prefix length", ""),
        ("10/8", "is not an IP address", ""),
        ("10.0.0.9 - 10.0.0.1", "backwards", "write `10.0.0.1 - 10.0.0.9`"),
        ("10.0.0.1 - fd00::1", "one address family", ""),
        ("10.0.0.1 - 9", "'9' is not an IP address", "FIRST - LAST"),
        ("10.0.0.1 - 10.0.0.2 - 10.0.0.3", "is not an IP address", ""),
    ],
)
def test_what_could_be_meant_in_two_ways_is_refused(
    text: str, reason: str, suggestion: str
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        read_range(text)
    context = getattr(caught.value, "context", {})
    assert suggestion in context["suggestion"]


def test_a_subnet_is_a_prefix_or_an_address_but_no_range() -> None:
    assert str(read_subnet("10.0.0.7")) == "10.0.0.7"
    assert str(read_subnet("10.0.0.0/8")) == "10.0.0.0/8"
    with pytest.raises(ValueError, match="is not a subnet"):
        read_subnet("10.0.0.1 - 10.0.0.2")


@pytest.mark.parametrize("value", [7, None, True, ["10.0.0.1"], {"a": 1}])
def test_only_text_is_read(value: object) -> None:
    with pytest.raises(ValueError, match="text"):
        read_range(value)
    with pytest.raises(ValueError, match="text"):
        read_subnet(value)


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:100.64.0.7"])
def test_no_system_has_a_wildcard_multicast_or_mapped_address(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        read_virtual_address(text)


@pytest.mark.parametrize("text", ["100.64.0.7", "127.0.0.9", "192.0.2.1", "fd00::7", "::1"])
def test_a_system_may_lie_anywhere_else(text: str) -> None:
    assert read_virtual_address(text) == packed(text)


@given(ADDRESSES)
def test_an_address_covers_itself(address: IPv4Address | IPv6Address) -> None:
    version, number = number_of(address)
    assert read_range(str(address)) == Range(version, number, number)
    assert packed(str(address)) == address.packed


@given(ADDRESSES, st.data())
def test_a_prefix_covers_what_netaddr_and_ipaddress_say(
    address: IPv4Address | IPv6Address, data: st.DataObject
) -> None:
    length = data.draw(st.integers(0, address.max_prefixlen))
    network = ip_network(f"{address}/{length}", strict=False)
    other = netaddr.IPNetwork(str(network))
    expected = Range(network.version, int(network[0]), int(network[-1]))
    assert read_range(str(network)) == read_subnet(str(network)) == expected
    assert (other.first, other.last) == (expected.first, expected.last)
    if int(address) != int(network[0]):
        with pytest.raises(ValueError, match="host bits"):
            read_range(f"{address}/{length}")


@given(ADDRESSES, ADDRESSES, st.sampled_from(["-", " - ", " -", "- "]))
def test_a_range_covers_first_to_last_or_is_refused(
    first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address, dash: str
) -> None:
    text = f"{first}{dash}{last}"
    if first.version == last.version and int(first) <= int(last):
        assert read_range(text) == Range(first.version, int(first), int(last))
    else:
        with pytest.raises(ValueError, match=r"backwards|family"):
            read_range(text)


@given(st.text(max_size=30) | st.from_regex(r"[0-9a-f:./ -]{0,30}", fullmatch=True))
def test_any_text_is_a_range_or_a_refusal(text: str) -> None:
    try:
        found = read_range(text)
    except ValueError:
        return
    assert isinstance(found, Range)
    if packed(text) is not None:
        assert netaddr.IPAddress(text).packed == packed(text)
