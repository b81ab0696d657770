"""Addresses as names, and the names that look like them."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.wire.names import from_text, labels
from enclave_dns.wire.reverse import address_of, is_reverse, reverse_name

ADDRESSES = st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16)


@given(ADDRESSES)
def test_every_address_has_one_reverse_name(address: bytes) -> None:
    name = reverse_name(address)
    assert address_of(name) == address
    assert is_reverse(name)
    assert name == from_text(ip_address(address).reverse_pointer)


@given(ADDRESSES, st.data())
def test_a_changed_reverse_name_is_another_address_or_none(
    address: bytes, data: st.DataObject
) -> None:
    parts = labels(reverse_name(address))
    at = data.draw(st.integers(0, len(parts) - 3))
    parts[at] = data.draw(st.text("0123456789abcg-/", min_size=1, max_size=4)).encode()
    found = address_of(from_text(b".".join(parts).decode()))
    assert found is None or labels(reverse_name(found)) == parts


@pytest.mark.parametrize(
    "text",
    [
        "arpa",
        "in-addr.arpa",
        "ip6.arpa",
        "10.in-addr.arpa",
        "0.0.10.in-addr.arpa",
        "1.2.3.4.5.in-addr.arpa",
        "256.0.0.10.in-addr.arpa",
        "030.0.0.10.in-addr.arpa",
        "00.0.0.10.in-addr.arpa",
        "-1.0.0.10.in-addr.arpa",
        "0x1.0.0.10.in-addr.arpa",
        r"1\.0.0.10.in-addr.arpa",
        r"\043 1.0.0.10.in-addr.arpa",
        "0-127.0.0.10.in-addr.arpa",
        "1.0-127.0.0.10.in-addr.arpa",
        "0/25.0.0.10.in-addr.arpa",
        "_dns-sd.30.0.0.10.in-addr.arpa",
        "b._dns-sd._udp.0.0.0.10.in-addr.arpa",
        "30.0.0.10.in-addr.arpa.corp.net",
        "30.0.0.10.in-addr",
        "a" + ".0" * 30 + ".ip6.arpa",
        "a" + ".0" * 32 + ".ip6.arpa",
        "g" + ".0" * 31 + ".ip6.arpa",
        "00" + ".0" * 31 + ".ip6.arpa",
        "ab" + ".0" * 15 + ".ip6.arpa",
        "a" + ".0" * 31 + ".ip6.int",
        "30.0.0.10.ip6.arpa",
        "dbserver1.corp.net",
        ".",
    ],
)
def test_partial_malformed_and_other_names_are_no_address(text: str) -> None:
    assert address_of(from_text(text)) is None


@pytest.mark.parametrize(
    ("text", "is_in_tree"),
    [
        ("in-addr.arpa", True),
        ("0-127.0.0.10.in-addr.arpa", True),
        ("_dns-sd.ip6.arpa", True),
        ("arpa", False),
        (r"1\.in-addr.arpa", False),
        ("xin-addr.arpa", False),
        ("in-addr.arpa.corp.net", False),
    ],
)
def test_the_two_reverse_trees_are_told_from_other_names(text: str, is_in_tree: bool) -> None:
    assert is_reverse(from_text(text)) is is_in_tree
