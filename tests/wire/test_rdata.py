"""RDATA: names expanded where they stand, and one bad record that costs only itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.wire.cursor import HEADER_SIZE, Cursor
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType, type_name
from enclave_dns.wire.rdata import LAYOUTS, expanded, name_in
from tests.fakes.dns_messages import ALL_TYPES, names, rdata

BASE = from_text("b.c")
POINTER = b"\xc0\x0c"

EXPANDED = [
    (RRType.NS, b"\1a" + POINTER, b"\1a" + BASE),
    (RRType.CNAME, POINTER, BASE),
    (RRType.PTR, b"\1a" + POINTER, b"\1a" + BASE),
    (RRType.SOA, POINTER + b"\1a" + POINTER + bytes(20), BASE + b"\1a" + BASE + bytes(20)),
    (RRType.MX, b"\0\5" + POINTER, b"\0\5" + BASE),
    (RRType.MINFO, POINTER + b"\0", BASE + b"\0"),
    (RRType.RP, b"\0" + POINTER, b"\0" + BASE),
    (RRType.PX, b"\0\1" + POINTER + POINTER, b"\0\1" + BASE + BASE),
    (RRType.AFSDB, b"\0\1" + POINTER, b"\0\1" + BASE),
    (RRType.RT, b"\0\1" + POINTER, b"\0\1" + BASE),
    (RRType.KX, b"\0\1" + POINTER, b"\0\1" + BASE),
    (RRType.SRV, bytes(6) + POINTER, bytes(6) + BASE),
    (RRType.DNAME, POINTER, BASE),
    # No names that may be compressed: bytes that look like a pointer are bytes.
    (RRType.TXT, POINTER, POINTER),
    (RRType.NAPTR, POINTER, POINTER),
    (65280, POINTER, POINTER),
    (RRType.A, b"\n\0\0\1", b"\n\0\0\1"),
    (RRType.AAAA, bytes(16), bytes(16)),
]

UNFIT = [
    (RRType.A, b""),
    (RRType.A, b"\n\0\0"),
    (RRType.A, b"\n\0\0\1\1"),
    (RRType.AAAA, b"\n\0\0\1"),
    (RRType.AAAA, bytes(17)),
    (RRType.CNAME, b""),
    (RRType.CNAME, b"\1a\0x"),
    (RRType.CNAME, b"\1a"),
    (RRType.CNAME, b"\xc0\xff"),
    (RRType.CNAME, b"\xc0\x04"),
    (RRType.MX, b"\0"),
    (RRType.MX, b"\0\1"),
    (RRType.SRV, bytes(6)),
    (RRType.SOA, b"\0\0" + bytes(19)),
    (RRType.SOA, b"\0\0" + bytes(21)),
    (RRType.RP, b"\0"),
]


def cursor_at(packet: bytes) -> Cursor:
    return Cursor(bytes(HEADER_SIZE) + BASE + packet, HEADER_SIZE + len(BASE))


@pytest.mark.parametrize(
    ("rtype", "written", "meant"), EXPANDED, ids=[type_name(row[0]) for row in EXPANDED]
)
def test_names_are_expanded_where_a_type_has_them(rtype: int, written: bytes, meant: bytes) -> None:
    cursor = cursor_at(written + b"next")
    assert expanded(cursor, rtype, len(written)) == meant
    assert cursor.take(4) == b"next"


@pytest.mark.parametrize(("rtype", "written"), UNFIT)
def test_rdata_that_does_not_fit_its_type_is_dropped_alone(rtype: int, written: bytes) -> None:
    # What follows would complete some of them: a record ends where its length says.
    cursor = cursor_at(written + b"\0next" + bytes(20))
    assert expanded(cursor, rtype, len(written)) is None
    assert cursor.take(5) == b"\0next"


@given(st.sampled_from(ALL_TYPES), st.data())
def test_well_formed_rdata_is_its_own_expansion(rtype: int, data: st.DataObject) -> None:
    written = data.draw(rdata(rtype, names()))
    assert expanded(cursor_at(written), rtype, len(written)) == written


@pytest.mark.parametrize("rtype", [RRType.A, RRType.MX, 65280])
def test_rdata_past_the_end_of_the_packet_is_an_error_of_the_message(rtype: int) -> None:
    with pytest.raises(MessageError):
        expanded(cursor_at(b"\0\0\0"), rtype, 4)


def test_a_used_up_budget_ends_the_message_and_not_just_the_record() -> None:
    cursor = cursor_at(POINTER * 10)
    with pytest.raises(MessageError, match="laborious"):
        cursor.spend(1 << 20)
    with pytest.raises(MessageError, match="laborious"):
        expanded(cursor, RRType.CNAME, 2)


def test_only_types_of_rfc_1035_may_be_compressed_again() -> None:
    rfc_1035 = {"NS", "MD", "MF", "CNAME", "SOA", "MB", "MG", "MR", "PTR", "MINFO", "MX"}
    assert {type_name(t) for t, layout in LAYOUTS.items() if layout.compressed} == rfc_1035


@given(st.binary(max_size=6), names(), st.binary(max_size=6))
def test_a_name_is_found_inside_rdata(before: bytes, name: bytes, after: bytes) -> None:
    assert name_in(before + name + after, len(before)) == name
