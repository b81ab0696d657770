"""The judgement of an address by a view (D1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.ranges import EMPTY
from enclave_dns.disclosure.view import View
from enclave_dns.wire.numbers import RCode
from tests.fakes.dns_worlds import packed, view_of

CONTRACTOR = view_of("172.16.1.10-172.16.1.11")
DUAL = view_of("10.0.0.0/24", "2001:db8::/64", "64:ff9b::/96", "::ffff:0:0/96")
OPEN4 = view_of("0.0.0.0/0")
OPEN = view_of("0.0.0.0/0", "::/0")


@pytest.mark.parametrize(
    ("view", "address", "is_permitted"),
    [
        (CONTRACTOR, "172.16.1.9", False),
        (CONTRACTOR, "172.16.1.10", True),
        (CONTRACTOR, "172.16.1.11", True),
        (CONTRACTOR, "172.16.1.12", False),
        (CONTRACTOR, "::ffff:172.16.1.10", False),
        (DUAL, "10.0.0.255", True),
        (DUAL, "10.0.1.0", False),
        (DUAL, "2001:db8::1", True),
        (DUAL, "2001:db8:0:1::1", False),
        (DUAL, "64:ff9b::10.0.0.30", True),
        (DUAL, "64:ff9b::10.0.1.30", False),
        (DUAL, "::ffff:10.0.0.30", True),
        (DUAL, "::ffff:8.8.8.8", False),
        (OPEN4, "8.8.8.8", True),
        (OPEN4, "127.0.0.1", False),
        (OPEN4, "2606:4700::1111", False),
        (OPEN, "2606:4700::1111", True),
        (OPEN, "::ffff:8.8.8.8", True),
        (OPEN, "::ffff:127.0.0.1", False),
        (OPEN, "64:ff9b::169.254.169.254", False),
        (OPEN, "2002:7f00:1::1", False),
    ],
)
def test_an_address_is_permitted_with_all_that_it_holds(
    view: View, address: str, is_permitted: bool
) -> None:
    assert view.permits(packed(address)) is is_permitted


@given(st.binary(max_size=20))
def test_any_bytes_can_be_judged_and_only_addresses_pass(rdata: bytes) -> None:
    assert not View(EMPTY).permits(rdata)
    if len(rdata) not in (4, 16):
        assert not OPEN.permits(rdata)
    # A prefix of an embedding layout is no address either.
    assert not OPEN.permits(b"\0\x64\xff\x9b\0\1"[: len(rdata)])


def test_equal_permissions_make_equal_views() -> None:
    mine = view_of("10.0.0.0/25", "10.0.0.128/25")
    assert mine == view_of("10.0.0.0/24")
    assert hash(mine) == hash(view_of("10.0.0.0/24"))
    assert mine != view_of("10.0.0.0/24", no_answer=RCode.NXDOMAIN)
    assert view_of("0.0.0.0/1", "128.0.0.0/1") != OPEN4
