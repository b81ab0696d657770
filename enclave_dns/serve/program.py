"""What a server needs to know of the program behind it: the contract of gateway and stub."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from enclave_dns.disclosure.reply import Reply
from enclave_dns.serve.query import Query


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who get the same replies: opaque here, made from the sender's view and its epoch.

    `key` goes in front of every key of the reply cache, so that a new epoch leaves all older
    entries unreachable; the keys of one program are all of one length. `sender` (a system id) is
    what limits are counted by. `refusal`, where set, is the reply to everything this audience asks.
    """

    key: bytes
    sender: str
    refusal: Reply | None = None


class Begun(Protocol):
    """A query that may be answered as soon as one question of ours is."""

    def answer(self) -> tuple[Audience, Reply] | None:
        """The reply, now that something was heard; None where it takes longer."""


class Program(Protocol):
    """A gateway or a stub. None of its methods raises."""

    def identify(self, source: str) -> Audience | None:
        """Who asks, by the packet's source address; None gets silence. Synchronous and cheap."""

    def answer_now(self, audience: Audience, query: Query) -> Reply | None:
        """The reply, if it can be had without waiting for anything; else None."""

    def begin(self, source: str, query: Query, heard: Callable[[], None]) -> Begun | None:
        """Begin what may settle a query without a task for it; `heard` is called once, later.

        None where it takes a task from the beginning.
        """

    async def answer(
        self, source: str, query: Query, begun: Begun | None = None
    ) -> tuple[Audience, Reply] | None:
        """The reply, after as much waiting as the budget allows.

        `begun` is what was begun for this query and did not settle it. The audience is the one that
        the reply was decided for, identified anew after the last wait: a revocation obeys no queue.
        None where the source is no longer known.
        """
