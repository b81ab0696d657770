"""Which packets answer a query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.upstream.match import Verdict, is_truncated, judge, with_random_case
from enclave_dns.wire.names import from_labels, from_text
from enclave_dns.wire.render import render_query

NAME = from_text("dB.CoRp.net")
ASKED = NAME + b"\0\x01\0\x01"


def reply(**change: bytes) -> bytes:
    """A bare answer with some of its parts changed."""
    parts = {"id": b"\x12\x34", "flags": b"\x81\x80", "count": b"\0\x01", "question": ASKED}
    parts |= change
    return parts["id"] + parts["flags"] + parts["count"] + bytes(6) + parts["question"]


@pytest.mark.parametrize(
    ("packet", "verdict"),
    [
        (reply(), Verdict.ACCEPTED),
        (reply() + b"more", Verdict.ACCEPTED),
        (reply(flags=b"\x81\x83"), Verdict.ACCEPTED),
        (reply(flags=b"\x83\x80"), Verdict.ACCEPTED),
        (b"", Verdict.IGNORE),
        (reply()[:11], Verdict.IGNORE),
        (reply()[:12], Verdict.MISMATCH),
        (reply()[:-1], Verdict.MISMATCH),
        (reply(id=b"\x12\x35"), Verdict.MISMATCH),
        (reply(flags=b"\x01\x00"), Verdict.MISMATCH),
        (reply(flags=b"\xa1\x80"), Verdict.MISMATCH),
        (reply(count=b"\0\0"), Verdict.MISMATCH),
        (reply(count=b"\0\x02"), Verdict.MISMATCH),
        (reply(question=NAME.lower() + b"\0\x01\0\x01"), Verdict.MISMATCH),
        (reply(question=from_text("xB.CoRp.net") + b"\0\x01\0\x01"), Verdict.MISMATCH),
        (reply(question=NAME + b"\0\x1c\0\x01"), Verdict.MISMATCH),
        (reply(question=NAME + b"\0\x01\0\x03"), Verdict.MISMATCH),
    ],
)
def test_a_packet_is_judged(packet: bytes, verdict: Verdict) -> None:
    assert judge(packet, 0x1234, ASKED) is verdict


def test_another_case_is_forgiven_only_where_it_is_asked_for() -> None:
    lower = reply(question=ASKED.lower())
    assert judge(lower, 0x1234, ASKED) is Verdict.MISMATCH
    assert judge(lower, 0x1234, ASKED, is_exact=False) is Verdict.ACCEPTED


def test_a_type_has_no_case() -> None:
    https, looks_alike = NAME + b"\0\x41\0\x01", NAME + b"\0\x61\0\x01"
    packet = reply(question=looks_alike)
    assert judge(packet, 0x1234, https, is_exact=False) is Verdict.MISMATCH


def test_truncation_is_one_bit() -> None:
    assert is_truncated(reply(flags=b"\x83\x80"))
    assert not is_truncated(reply(flags=b"\x81\x80"))


_NAMES = st.lists(st.binary(min_size=1, max_size=20), max_size=6).map(from_labels)


@given(_NAMES, st.data())
def test_a_random_case_changes_letters_only(name: bytes, data: st.DataObject) -> None:
    bits = data.draw(st.binary(min_size=len(name), max_size=len(name)))
    cased = with_random_case(name, bits)
    assert cased.lower() == name.lower()
    assert len(cased) == len(name)
    expected = bytes(
        byte ^ (bit & 0x20) if chr(byte).isascii() and chr(byte).isalpha() else byte
        for byte, bit in zip(name, bits, strict=True)
    )
    assert cased == expected


@given(_NAMES, st.integers(0, 65535), st.binary(max_size=60))
def test_arbitrary_bytes_are_judged_without_error(name: bytes, id_: int, noise: bytes) -> None:
    query = render_query(id_, name, 1)
    assert judge(query, id_, query[12 : 16 + len(name)]) is Verdict.MISMATCH
    assert judge(noise, id_, query[12:]) in set(Verdict)
