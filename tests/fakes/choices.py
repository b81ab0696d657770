"""Choices out of bytes: the same bytes always make the same world.

Hypothesis draws the bytes and shrinks them (zeros make the simplest choices); a seed expands to
bytes where no hypothesis runs. Past the end of the bytes every choice is the simplest.
"""

from collections.abc import Sequence
from hashlib import shake_256
from typing import TypeVar

T = TypeVar("T")

SIZE = 1000
"""Bytes that a pair of worlds and its script take at most, mostly."""


class Choices:
    """A reader of bytes as decisions."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    @classmethod
    def of_seed(cls, seed: int) -> "Choices":
        """The choices that a seed stands for."""
        return cls(shake_256(str(seed).encode()).digest(SIZE))

    def below(self, count: int) -> int:
        """A number from 0 to count - 1; at most 256."""
        self.at += 1
        return self._data[self.at - 1] % count if self.at <= len(self._data) else 0

    def pick(self, things: Sequence[T]) -> T:
        """One of them."""
        return things[self.below(len(things))]

    def chance(self, percent: int) -> bool:
        """True in so many cases of a hundred; False is the simplest."""
        return self.below(256) >= 256 - percent * 256 // 100

    def some(self, things: Sequence[T], most: int) -> list[T]:
        """Up to `most` of them, the same one perhaps twice."""
        return [self.pick(things) for _ in range(self.below(most + 1))] if things else []

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """All of them in some order."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in range(len(left))]
