"""Records as values."""

import copy

from enclave_dns.wire.record import Record

PLAIN = Record(b"\1a\0", 1, 60, b"\n\0\0\1")


def test_equal_records_are_one_key() -> None:
    again = copy.copy(PLAIN)
    assert again is not PLAIN
    assert {PLAIN: "here"}[again] == "here"
    assert Record(b"\1a\0", 1, 61, b"\n\0\0\1") != PLAIN
