"""One program's front: each packet gets silence, a refusal, a kept reply, or a task of its own.

`receive` is synchronous: whatever can be answered without waiting is answered in the same call.
The rest waits in `Pending` until the program has a reply. Deciding, keeping and sending a reply are
one step without a wait in between, so that a reply always obeys the policy of its instant.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from enclave_dns.disclosure.reply import EDE_NOT_READY, Reply, failed
from enclave_dns.serve.pending import MAX_IN_FLIGHT, MAX_PER_SENDER, Pending, Ticket
from enclave_dns.serve.program import Audience, Program
from enclave_dns.serve.query import Query, Refusal, admit
from enclave_dns.serve.rendering import render_reply
from enclave_dns.serve.reply_cache import ReplyCache

logger = structlog.get_logger()

Address = tuple[str, int]

DRAIN_GRACE: Final = 1.0
"""Seconds that queries in flight get to finish when the program is asked to stop."""

_SETTLE: Final = 0.05
"""Seconds for which the sockets are still read before the last queries are waited for."""

_OUR_FAULT: Final = "a query could not be answered"
"""A fault of ours costs one query, not the daemon."""


class Channel(Protocol):
    """Where a reply goes: a UDP listener, or one TCP connection."""

    is_tcp: bool

    def send(self, packet: bytes, address: Address) -> None:
        """Send, now or not at all; never raises."""

    def drop(self) -> None:
        """A packet from here gets no reply: silence over UDP, the end of a TCP connection."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A query whose reply is being worked out."""

    query: Query
    channel: Channel
    address: Address
    task: asyncio.Task[None] | None = field(default=None)


class Server:
    """Answers packets for one program. `counts` holds replies by kind and refusals by reason.

    `has_one_sender`: nobody's share has to be kept from anybody else.
    """

    def __init__(self, program: Program, *, has_one_sender: bool = False) -> None:
        self._program = program
        self._replies = ReplyCache()
        per_sender = MAX_IN_FLIGHT if has_one_sender else MAX_PER_SENDER
        self._pending: Pending[_Waiting] = Pending(per_sender=per_sender)
        self._clock = asyncio.get_running_loop().time
        self._is_draining = False
        self.counts: Counter[str] = Counter()

    def receive(self, packet: bytes, address: Address, channel: Channel) -> bytes | None:
        """Take one packet; returns the reply if there is one at once. A later one is sent."""
        audience = self._program.identify(address[0])
        if audience is None:
            self._drop(channel, "dropped_unknown_sender")
            return None
        query = admit(packet, address[1], is_tcp=channel.is_tcp)
        if query is None:
            self._drop(channel, "dropped_no_query")
            return None
        if isinstance(query, Refusal):
            return self._refuse(query, query.reply, query_limit(channel))
        if audience.refusal is not None:
            return self._refuse(query, audience.refusal, query.limit(channel.is_tcp))
        if self._is_draining:
            return self._refuse(query, failed(EDE_NOT_READY), query.limit(channel.is_tcp))
        limit = query.limit(channel.is_tcp)
        kept = self._replies.find(audience, query, limit, self._clock())
        if kept is not None:
            self.counts["kept"] += 1
            return kept
        try:
            reply = self._program.answer_now(audience, query)
            if reply is not None:
                return self._finish(audience, query, reply, limit)
        except Exception:
            logger.exception(_OUR_FAULT)
            return self._refuse(query, failed(), limit)
        self._wait(audience, _Waiting(query, channel, address))
        return None

    def is_known(self, source: str) -> bool:
        """Whether a TCP connection from this address is taken at all."""
        return self._program.identify(source) is not None

    def forget(self) -> None:
        """Empty the reply cache."""
        self._replies.clear()

    def _drop(self, channel: Channel, reason: str) -> None:
        self.counts[reason] += 1
        channel.drop()

    def _refuse(self, query: Query | Refusal, reply: Reply, limit: int) -> bytes:
        self.counts[reply.kind.value] += 1
        return render_reply(query, reply, limit)

    def _finish(self, audience: Audience, query: Query, reply: Reply, limit: int) -> bytes:
        self.counts[reply.kind.value] += 1
        turn = self._replies.keep(audience, query, reply, self._clock())
        return render_reply(query, reply, limit, turn)

    def _wait(self, audience: Audience, waiting: _Waiting) -> None:
        ticket, ousted = self._pending.enter(audience.sender, waiting)
        for loser in ousted:
            self._fail(loser)
        waiting.task = asyncio.get_running_loop().create_task(self._answer(ticket, waiting))

    def _fail(self, loser: _Waiting) -> None:
        """Answer a query that had to give way."""
        self.counts["ousted"] += 1
        if loser.task is not None:
            loser.task.cancel()
        limit = loser.query.limit(loser.channel.is_tcp)
        loser.channel.send(self._refuse(loser.query, failed(), limit), loser.address)

    async def _answer(self, ticket: Ticket, waiting: _Waiting) -> None:
        query, channel, address = waiting.query, waiting.channel, waiting.address
        limit = query.limit(channel.is_tcp)
        try:
            answered = await self._program.answer(address[0], query)
            if answered is None:
                self._drop(channel, "dropped_unknown_sender")
                return
            audience, reply = answered
            channel.send(self._finish(audience, query, reply, limit), address)
        except Exception:
            logger.exception(_OUR_FAULT)
            channel.send(self._refuse(query, failed(), limit), address)
        finally:
            self._pending.leave(ticket)

    async def drain(self, grace: float = DRAIN_GRACE) -> None:
        """Send new queries elsewhere, and give those in flight `grace` seconds to finish."""
        self._is_draining = True
        deadline = self._clock() + grace
        await asyncio.sleep(_SETTLE)
        tasks = [waiting.task for waiting in self._pending.everything() if waiting.task]
        if tasks:
            await asyncio.wait(tasks, timeout=max(0.0, deadline - self._clock()))
        for waiting in self._pending.everything():
            self._fail(waiting)


def query_limit(channel: Channel) -> int:
    """The most bytes of an error reply to a message that could not be read."""
    return 65535 if channel.is_tcp else 512
