"""How a child sends its result: as a sequence of small frames, each taken for itself.

Between two frames whoever serves can see to the replies. Pure.
"""

import json
import struct
from collections.abc import Iterator
from mmap import mmap
from typing import Final, Protocol

from enclave_dns.errors import EnvironmentFault

FRAME_HEAD: Final = struct.Struct("!cI")
"""What is in front of every frame: its kind, and how many bytes follow."""

MAX_FRAME: Final = 64 << 20
"""Bytes of one frame at most; only a view of an absurd document comes near it."""

PIECE: Final = 1 << 16
"""Bytes of one frame of what can be cut anywhere; a multiple of 8."""


class Taker(Protocol):
    """Puts a result together, frame by frame."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing more is to come."""

    def take(self, kind: bytes, content: bytes) -> None:
        """Take the next frame. Raises what the frame tells of, or one of GARBLED."""


GARBLED: Final = (AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What the taking of bytes that are no frame of ours ends in."""


def frame(kind: bytes, content: bytes) -> bytes:
    """A frame of one kind, which is one byte."""
    return FRAME_HEAD.pack(kind, len(content)) + content


def json_frame(kind: bytes, content: object) -> bytes:
    """A frame that holds plain data."""
    return frame(kind, json.dumps(content).encode())


def pieces(kind: bytes, content: bytes | bytearray | mmap) -> Iterator[bytes]:
    """Many bytes as frames of one kind."""
    for at in range(0, len(content), PIECE):
        yield frame(kind, bytes(content[at : at + PIECE]))


def read_frame_head(head: bytes) -> tuple[bytes, int]:
    """The kind of a frame and its length. Raises EnvironmentFault where it cannot be ours."""
    kind, length = FRAME_HEAD.unpack(head)
    if length > MAX_FRAME:
        raise EnvironmentFault(f"a frame of {length} bytes is none of ours")
    return kind, length
