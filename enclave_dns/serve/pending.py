"""Queries that are being answered: how many at once, and who gives way when it is too many.

Over a limit the oldest query of that kind is answered with SERVFAIL and the new one enters, so
that a burst costs those who have waited longest and would soon give up anyway. Pure: the caller
sends what `enter` returns.
"""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from enclave_dns.values import value

T = TypeVar("T")

MAX_IN_FLIGHT: Final = 2048
MAX_PER_SENDER: Final = 256

ROOM_UNDER_SATURATION: Final = 1024
"""Queries in flight past which only senders below an even part begin more while we cannot keep up:
half of all places. It is servers slow to answer that fill them, not our own slowness: the listener
begins few at once."""


@value(frozen=True, slots=True)
class Ticket:
    """One query's place among those in flight."""

    sender: str
    number: int


class Pending(Generic[T]):
    """The queries in flight, oldest first, in all and by sender; `T` is what ends one."""

    def __init__(self, limit: int = MAX_IN_FLIGHT, per_sender: int = MAX_PER_SENDER) -> None:
        self._limit = limit
        self._per_sender = per_sender
        self._all: OrderedDict[Ticket, T] = OrderedDict()
        self._by_sender: dict[str, OrderedDict[Ticket, T]] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, ticket: object) -> bool:
        return ticket in self._all

    def has_room_under_saturation(self, sender: str) -> bool:
        """Whether one more is begun: there is room, or the sender has less than an even part.

        Never where one of its own would lose its place for it.
        """
        mine = len(self._by_sender.get(sender, ())) + 1
        if mine > self._per_sender:
            return False
        if len(self._all) < ROOM_UNDER_SATURATION:
            return True
        senders = len(self._by_sender) + (mine == 1)
        return mine * senders <= ROOM_UNDER_SATURATION

    def enter(self, sender: str, item: T) -> tuple[Ticket, tuple[T, ...]]:
        """Take a place; returns it, and the items that lost theirs and are to be failed."""
        ousted: list[T] = []
        mine = self._by_sender.get(sender)
        if mine is not None and len(mine) >= self._per_sender:
            ousted.append(self._oust(next(iter(mine))))
        if len(self._all) >= self._limit:
            ousted.append(self._oust(next(iter(self._all))))
        self._next += 1
        ticket = Ticket(sender, self._next)
        self._all[ticket] = item
        self._by_sender.setdefault(sender, OrderedDict())[ticket] = item
        return ticket, tuple(ousted)

    def leave(self, ticket: Ticket) -> bool:
        """Give the place back; False where it had been lost before."""
        if ticket not in self._all:
            return False
        self._oust(ticket)
        return True

    def everything(self) -> tuple[T, ...]:
        """All items, oldest first."""
        return tuple(self._all.values())

    def _oust(self, ticket: Ticket) -> T:
        item = self._all.pop(ticket)
        mine = self._by_sender[ticket.sender]
        del mine[ticket]
        if not mine:
            del self._by_sender[ticket.sender]
        return item
