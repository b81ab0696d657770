"""Records as values."""

import dataclasses

import pytest

from enclave_dns.wire.record import Record, made

PLAIN = Record(b"\1a\0", 1, 60, b"\n\0\0\1")


def test_a_record_made_quickly_is_like_any_other() -> None:
    quick = made(b"\1a\0", 1, 60, b"\n\0\0\1")
    assert quick == PLAIN
    assert hash(quick) == hash(PLAIN)
    assert repr(quick) == repr(PLAIN)


def test_a_record_made_quickly_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        made(b"\0", 1, 60, b"").ttl = 5  # type: ignore[misc] - that it is refused is the point
