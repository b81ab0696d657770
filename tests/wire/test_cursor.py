"""The bounded walk: pointers that lead backwards, and work that is counted twice over.

`Looks` is a packet that counts every look into it, so that the cursor's own count of its steps is
not believed but checked.
"""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.wire.cursor import HEADER_SIZE, Cursor, allowance
from enclave_dns.wire.names import from_labels, from_text
from tests.fakes.dns_messages import names

HEADER = bytes(HEADER_SIZE)
ONE_NAME = 128
"""Steps for the labels of one name at most: what may be done before a step too many shows."""
LOOKS_PER_STEP = 8
"""Looks into the packet that one step may stand for: a name of one pointer takes the most."""


class Looks(bytes):
    """Bytes that count how often they are indexed or sliced."""

    count = 0

    def __getitem__(self, key: Any) -> Any:
        self.count += 1
        return super().__getitem__(key)


def pointer(offset: int) -> bytes:
    return (0xC000 | offset).to_bytes(2)


@given(names())
def test_a_plain_name_is_read_and_the_position_moves_behind_it(name: bytes) -> None:
    cursor = Cursor(HEADER + name + b"x", HEADER_SIZE)
    assert cursor.name() == name
    assert cursor.take(1) == b"x"


@given(names(), names())
def test_a_pointer_stands_for_the_rest_of_a_name(first: bytes, base: bytes) -> None:
    cursor = Cursor(HEADER + base + first[:-1] + pointer(12) + b"x", HEADER_SIZE + len(base))
    if len(first) - 1 + len(base) > 255:
        with pytest.raises(MessageError):
            cursor.name()
        return
    assert cursor.name() == first[:-1] + base
    assert cursor.take(1) == b"x"


def test_a_pointer_may_lead_into_the_middle_of_a_name_and_through_other_pointers() -> None:
    base = from_text("a.b.c")
    packet = HEADER + base + b"\1x" + pointer(14) + pointer(19) + pointer(23)
    cursor = Cursor(packet, HEADER_SIZE)
    found = [cursor.name() for _ in range(4)]
    assert found == [base, *[from_text("x.b.c")] * 3]
    assert cursor.at == len(packet)


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        (pointer(12), "itself"),
        (pointer(13), "the middle of itself"),
        (pointer(14), "behind itself"),
        (pointer(0x3FFF), "behind the end"),
        (b"\1a" + pointer(12), "its own beginning"),
        (b"\1a" + pointer(14), "its own pointer"),
        (pointer(0), "the header"),
        (pointer(4), "the counts"),
        (pointer(11), "the last byte of the header"),
        (b"\xc0", "half a pointer"),
        (b"\1a\xc0", "half a pointer behind a label"),
        (b"\x40a", "a reserved label type"),
        (b"\x80a", "a reserved label type"),
        (b"\x3fa", "a label past the end"),
        (b"\1a", "a name without an end"),
        (b"", "nothing"),
    ],
)
def test_a_name_that_does_not_lead_backwards_to_an_end_is_refused(tail: bytes, why: str) -> None:
    cursor = Cursor(HEADER + tail, HEADER_SIZE)
    with pytest.raises(MessageError):
        cursor.name()
    assert cursor.steps < 6


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(pointer(14) + pointer(12), id="two pointers at each other"),
        pytest.param(
            b"\1a" + pointer(16) + b"\1b" + pointer(12), id="two names, each in the other"
        ),
        pytest.param(b"\6" + b"a" * 5 + pointer(12) + pointer(12), id="a label over a pointer"),
    ],
)
def test_loops_are_refused_wherever_they_are_entered(packet: bytes) -> None:
    for start in range(len(packet)):
        cursor = Cursor(HEADER + packet, HEADER_SIZE + start)
        try:
            assert len(cursor.name()) <= 255
        except MessageError:
            continue


def test_a_name_of_255_bytes_is_read_and_one_of_256_refused() -> None:
    base = from_labels([b"a" * 63] * 3)
    for size, is_read in ((61, True), (62, False)):
        first = bytes((size,)) + b"b" * size
        for packet in (first + base, base + first + pointer(12)):
            cursor = Cursor(HEADER + packet, HEADER_SIZE + packet.index(first))
            if is_read:
                assert len(cursor.name()) == 255
            else:
                with pytest.raises(MessageError):
                    cursor.name()


def test_numbers_and_bytes_end_with_the_packet() -> None:
    cursor = Cursor(b"\1\2\3")
    assert cursor.integer(2) == 0x0102
    for take in (lambda: cursor.take(2), lambda: cursor.integer(2)):
        with pytest.raises(MessageError):
            take()
    assert cursor.take(1) == b"\3"


def test_a_name_that_many_refer_to_is_expanded_once() -> None:
    base = from_labels([b"a"] * 127)
    cursor = Cursor(HEADER + base + pointer(12) * 300, HEADER_SIZE)
    assert {cursor.name() for _ in range(301)} == {base}
    assert cursor.steps == 128 + 300


@given(st.integers(0, 40), st.integers(0, 60))
def test_a_chain_of_pointers_costs_a_step_for_each(links: int, again: int) -> None:
    chain = b"".join(pointer(12 + max(0, 2 * at - 1)) for at in range(links))
    packet = HEADER + b"\0" + chain + pointer(13 + 2 * (links - 1) if links else 12) * again
    cursor = Cursor(packet, HEADER_SIZE + 1 + 2 * links)
    for _ in range(again):
        assert cursor.name() == b"\0"
    assert cursor.steps <= 2 * links + 1 + again


def test_bad_names_are_paid_for() -> None:
    # Each of these names runs on to the end of the packet, or past the longest name.
    for packet in (b"\x0b" * 60_000, b"\1" * 60_000, b"\0\1a" * 20_000):
        looked = Looks(packet)
        cursor = Cursor(looked)
        while cursor.steps <= allowance(len(packet)):
            with suppress(MessageError):
                cursor.name()
            cursor.at = (cursor.at + 12) % 50_000
        assert cursor.steps <= allowance(len(packet)) + ONE_NAME
        assert looked.count <= LOOKS_PER_STEP * cursor.steps
        with pytest.raises(MessageError, match="laborious"):
            cursor.name()


@given(st.lists(st.sampled_from([0, 1, 2, 0xC0, 12, 13, 14, 16, 20]), max_size=60).map(bytes))
def test_any_bytes_are_a_name_or_a_message_error_within_the_budget(tail: bytes) -> None:
    packet = Looks(HEADER + tail)
    for start in range(HEADER_SIZE, len(packet)):
        packet.count = 0
        cursor = Cursor(packet, start)
        try:
            assert len(cursor.name()) <= 255
        except MessageError:
            assert cursor.steps <= allowance(len(packet)) + ONE_NAME
        assert packet.count <= LOOKS_PER_STEP * max(1, cursor.steps)
