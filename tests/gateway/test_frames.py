"""Frames: cut, put together, and refused where they cannot be ours."""

import json

import pytest

from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway.frames import (
    FRAME_HEAD,
    MAX_FRAME,
    PIECE,
    frame,
    json_frame,
    pieces,
    read_frame_head,
)


def test_a_frame_tells_its_kind_and_length() -> None:
    made = frame(b"V", b"view")
    assert read_frame_head(made[: FRAME_HEAD.size]) == (b"V", 4)
    assert made[FRAME_HEAD.size :] == b"view"


def test_plain_data_comes_back_as_it_was() -> None:
    content = {"text": "ü \ud800", "numbers": [1, None, True]}
    assert json.loads(json_frame(b"H", content)[FRAME_HEAD.size :]) == content


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 3 * PIECE])
def test_pieces_are_small_and_together_the_whole(size: int) -> None:
    whole = bytes(range(256)) * (size // 256 + 1)
    found = list(pieces(b"a", whole[:size]))
    assert b"".join(one[FRAME_HEAD.size :] for one in found) == whole[:size]
    assert all(read_frame_head(one[: FRAME_HEAD.size])[1] <= PIECE for one in found)


def test_a_frame_that_nobody_sends_is_refused_before_it_is_read() -> None:
    assert read_frame_head(FRAME_HEAD.pack(b"V", MAX_FRAME)) == (b"V", MAX_FRAME)
    with pytest.raises(EnvironmentFault, match="none of ours"):
        read_frame_head(FRAME_HEAD.pack(b"V", MAX_FRAME + 1))
