"""Addresses in RDATA of the types that can hold one: what leaves to an open view."""

import pytest

from enclave_dns.disclosure.holders import permitted_form
from enclave_dns.wire.names import from_text
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import packed, view_of

OPEN = view_of("0.0.0.0/0")
NAME = from_text("x.corp.net")
V4, V6 = packed("10.0.0.1"), packed("fd00::1")
LOOPBACK = packed("127.0.0.1")
WKS, A6, APL, IPSECKEY, L32, L64, AMTRELAY = 11, 38, 42, 45, 105, 106, 260


@pytest.mark.parametrize(
    ("rtype", "rdata", "leaves"),
    [
        (1, V4, True),
        (1, LOOPBACK, False),
        (1, V4 + b"\0", False),
        (28, V6, False),
        (WKS, V4 + b"\6\x80", True),
        (WKS, LOOPBACK + b"\6\x80", False),
        (WKS, V4, False),
        (A6, b"\0" + V6, False),
        (A6, b"\x40" + bytes(8) + b"\0", False),
        (A6, b"\x80\0", False),
        (A6, b"", False),
        (APL, b"", True),
        (APL, b"\0\1\x08\1\x0a", True),
        (APL, b"\0\1\x08\1\x0a\0\1\x08\1\x7f", False),
        (APL, b"\0\1\0\0", False),
        (APL, b"\0\2\x40\1\xfd", False),
        (APL, b"\0\3\x08\1\x0a", False),
        (APL, b"\0\1\x21\1\x0a", False),
        (APL, b"\0\1\x08\2\x0a", False),
        (APL, b"\0\1\x08\5\x0a\0\0\0\1", False),
        (APL, b"\0\1\x08", False),
        (APL, b"\0\1\x08\4\x0a\0\0\1", True),
        (IPSECKEY, b"\1\0\2key", True),
        (IPSECKEY, b"\1\1\2" + V4 + b"key", True),
        (IPSECKEY, b"\1\1\2" + LOOPBACK + b"key", False),
        (IPSECKEY, b"\1\1\2" + V4[:3], False),
        (IPSECKEY, b"\1\2\2" + V6, False),
        (IPSECKEY, b"\1\3\2\1x\0key", True),
        (IPSECKEY, b"\1\4\2" + V4, False),
        (IPSECKEY, b"\1\1", False),
        (AMTRELAY, b"\1\0", True),
        (AMTRELAY, b"\1\1" + V4, True),
        (AMTRELAY, b"\1\1" + V4 + b"x", False),
        (AMTRELAY, b"\1\1" + LOOPBACK, False),
        (AMTRELAY, b"\1\3\1x\0", True),
        (AMTRELAY, b"\1\5" + V4, False),
        (AMTRELAY, b"\1", False),
        (L32, b"\0\1" + V4, True),
        (L32, b"\0\1" + LOOPBACK, False),
        (L32, V4, False),
        (L64, b"\0\1" + V6[:8], False),
        (L64, V6[:8], False),
        (64, b"\0\1", False),
        (16, b"\5ab", False),
        (65280, LOOPBACK, True),
    ],
)
def test_a_record_leaves_when_all_its_addresses_may(rtype: int, rdata: bytes, leaves: bool) -> None:
    form = permitted_form(OPEN, Record(NAME, rtype, 60, rdata))
    assert form == (rdata if leaves else None)


@pytest.mark.parametrize(
    ("rtype", "rdata"),
    [
        (28, V6),
        (A6, b"\0" + V6),
        (APL, b"\0\2\x10\1\xfd"),
        (IPSECKEY, b"\1\2\2" + V6),
        (AMTRELAY, b"\1\2" + V6),
        (L64, b"\0\1" + V6[:8]),
    ],
)
def test_ipv6_addresses_leave_where_the_view_holds_them(rtype: int, rdata: bytes) -> None:
    both = view_of("0.0.0.0/0", "fd00::/8")
    assert permitted_form(both, Record(NAME, rtype, 60, rdata)) == rdata


@pytest.mark.parametrize(
    ("rtype", "rdata"),
    [
        (A6, b"\0" + V6[:15]),
        (A6, b"\x40" + V6),
        (IPSECKEY, b"\1\2\2" + V6[:15]),
    ],
)
def test_a_part_of_an_address_leaves_to_nobody(rtype: int, rdata: bytes) -> None:
    whole = view_of("0.0.0.0/0", "::/0")
    assert permitted_form(whole, Record(NAME, rtype, 60, rdata)) is None
