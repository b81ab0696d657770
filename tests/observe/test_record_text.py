"""Records in presentation format, whatever is in them."""

import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.observe.record_text import rdata_text, record_text
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

NAME = from_text("db.corp.net")


@pytest.mark.parametrize(
    ("rtype", "rdata", "text"),
    [
        (RRType.A, bytes((10, 0, 0, 30)), "10.0.0.30"),
        (RRType.AAAA, bytes(15) + b"\1", "::1"),
        (RRType.CNAME, from_text("a.b"), "a.b."),
        (RRType.TXT, b"\2hi\1\x1b", '"hi" "\\027"'),
        (RRType.A, b"\1", "\\# 1 01"),
        (65280, b"\1\2", "\\# 2 0102"),
    ],
)
def test_rdata_is_in_presentation_format(rtype: int, rdata: bytes, text: str) -> None:
    assert rdata_text(Record(NAME, rtype, 30, rdata)) == text


def test_a_record_is_one_line() -> None:
    record = Record(NAME, RRType.A, 30, bytes((10, 0, 0, 30)))
    assert record_text(record) == "db.corp.net. 30 IN A 10.0.0.30"
    parsed = dns.rrset.from_text("db.corp.net.", 30, "IN", "A", "10.0.0.30")
    assert record_text(record) == parsed.to_text()


@given(st.integers(1, 65535), st.binary(max_size=40))
def test_any_rdata_becomes_text_that_shows(rtype: int, rdata: bytes) -> None:
    assert rdata_text(Record(NAME, rtype, 0, rdata)).isprintable()
