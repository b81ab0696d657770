"""The TCP connections of one program, over all its listen addresses: who may have one more.

When there are too many in all, one that waits for nothing gives way to a new one (RFC 7766, 6.2.3
lets a server close idle connections when it is short of them), of the sender that has most; so
silent connections cannot keep others out. Pure: the caller closes what `enter` returns.
"""

from collections import Counter
from typing import Final, Generic, Protocol, TypeVar

MAX_CONNECTIONS: Final = 150
MAX_PER_SENDER: Final = 20
"""By sender, whichever of its addresses it comes from. A stub needs one for a long reply, a
resolver that pipelines a few; each may hold 64 kB of a message and 1 MB of replies."""


class Member(Protocol):
    """A connection, as far as this is about it."""

    @property
    def sender(self) -> str:
        """Whose it is: a system id."""

    @property
    def is_idle(self) -> bool:
        """Whether no query of it waits for a reply."""


M = TypeVar("M", bound=Member)


class Connections(Generic[M]):
    """Those that are open, the one that has been quiet longest first."""

    def __init__(self, limit: int = MAX_CONNECTIONS, per_sender: int = MAX_PER_SENDER) -> None:
        self._limit = limit
        self._per_sender = per_sender
        self._members: dict[M, None] = {}
        self._by_sender: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._members)

    def enter(self, member: M) -> tuple[str, M | None]:
        """Take a new connection in: why not (empty: it is in), and which other one has to go."""
        if self._by_sender[member.sender] >= self._per_sender:
            return "connections_of_sender", None
        ousted = None
        if len(self._members) >= self._limit:
            ousted = self._most_dispensable()
            if ousted is None:
                return "connections", None
            self.leave(ousted)
        self._members[member] = None
        self._by_sender[member.sender] += 1
        return "", ousted

    def spoke(self, member: M) -> None:
        """A whole message has come."""
        if member in self._members:
            del self._members[member]
            self._members[member] = None

    def leave(self, member: M) -> None:
        """A connection is gone; one that is not here is let be."""
        if member in self._members:
            del self._members[member]
            self._by_sender[member.sender] -= 1
            if not self._by_sender[member.sender]:
                del self._by_sender[member.sender]

    def _most_dispensable(self) -> M | None:
        idle = [member for member in self._members if member.is_idle]
        return max(idle, key=lambda member: self._by_sender[member.sender], default=None)
