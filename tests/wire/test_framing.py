"""Messages in a TCP stream: however the bytes arrive, the messages are the same."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.wire.framing import FrameReader, frame

PACKETS = st.lists(st.binary(max_size=40), max_size=6)


@given(PACKETS, st.binary(max_size=3), st.lists(st.integers(0, 300), max_size=12))
def test_any_cutting_of_a_stream_gives_the_same_messages(
    packets: list[bytes], rest: bytes, cuts: list[int]
) -> None:
    # A length of 1,000 or more keeps the rest from being a message of its own.
    rest = rest and b"\x04" + rest
    stream = b"".join(map(frame, packets)) + rest
    reader = FrameReader()
    found: list[bytes] = []
    borders = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for begin, end in pairwise(borders):
        found += reader.feed(stream[begin:end])
    assert found == packets
    assert reader.has_part is bool(rest)


@given(PACKETS)
def test_byte_by_byte_is_the_hardest_cut(packets: list[bytes]) -> None:
    stream = b"".join(map(frame, packets))
    reader = FrameReader()
    assert [p for byte in stream for p in reader.feed(bytes((byte,)))] == packets
    assert not reader.has_part


def test_the_largest_message_passes_and_a_larger_one_is_refused() -> None:
    largest = bytes(65535)
    assert FrameReader().feed(frame(largest)) == [largest]
    with pytest.raises(MessageError):
        frame(bytes(65536))


def test_an_unfinished_message_waits() -> None:
    reader = FrameReader()
    assert reader.feed(b"") == []
    assert not reader.has_part
    assert reader.feed(b"\0") == []
    assert reader.has_part
    assert reader.feed(b"\x02a") == []
    assert reader.feed(b"b\0\0") == [b"ab", b""]
    assert not reader.has_part
