"""What a server needs to know of the program behind it: the contract of gateway and stub."""

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


class Program(Protocol):
    """A gateway or a stub. None of its methods raises."""

    def identify(self, source: str) -> Audience | None:
        """Who asks, by the packet's source address; None gets silence. Synchronous and cheap."""

    def answer_now(self, audience: Audience, query: Query) -> Reply | None:
        """The reply, if it can be had without waiting for anything; else None."""

    async def answer(self, source: str, query: Query) -> tuple[Audience, Reply] | None:
        """The reply, after as much waiting as the budget allows.

        The audience is the one that the reply was decided for, identified anew after the last
        wait: a revocation obeys no queue. None where the source is no longer known.
        """
