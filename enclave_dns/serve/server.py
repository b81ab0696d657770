"""One program's front: each packet gets silence, a refusal, a kept reply, or a task of its own.

`receive` is synchronous: whatever can be answered without waiting is answered in the same call.
The rest waits in `Pending` until the program has a reply. Deciding, keeping and sending a reply are
one step without a wait in between, so that a reply always obeys the policy of its instant.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from enclave_dns.disclosure.reply import EDE_NOT_READY, Reply, failed
from enclave_dns.resolution import Question
from enclave_dns.serve.hot import HotPath
from enclave_dns.serve.pending import MAX_IN_FLIGHT, MAX_PER_SENDER, Pending, Ticket
from enclave_dns.serve.program import Audience, Begun, Program
from enclave_dns.serve.query import Query, Refusal, admit, silence_reason
from enclave_dns.serve.rendering import render_reply
from enclave_dns.serve.reply_cache import ReplyCache
from enclave_dns.tally import (
    ANY_OTHER,
    ASKED,
    CACHE,
    LOCAL,
    REFUSAL,
    TYPES,
    ZONE,
    Traffic,
)
from enclave_dns.upstream.echoes import Echoes

logger = structlog.get_logger()

Address = tuple[str, int]

DRAIN_GRACE: Final = 1.0
"""Seconds that queries in flight get to finish when the program is asked to stop."""

_SETTLE: Final = 0.05
"""Seconds for which the sockets are still read before the last queries are waited for."""

_GLANCE: Final = 0.005
"""Seconds between two looks at who is still waited for."""

_OUR_FAULT: Final = "a query could not be answered"
"""A fault of ours costs one query, not the daemon."""


class Channel(Protocol):
    """Where a reply goes: a UDP listener, or one TCP connection."""

    is_tcp: bool

    @property
    def is_saturated(self) -> bool:
        """Whether more has been coming in here for long than can be answered."""

    def send(self, packet: bytes, address: Address) -> None:
        """Send, now or not at all; never raises."""

    def drop(self) -> None:
        """A packet from here gets no reply: silence over UDP, the end of a TCP connection."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A query whose reply is being worked out since `began`."""

    query: Query
    channel: Channel
    address: Address
    began: float
    ticket: Ticket | None = field(default=None)
    begun: Begun | None = field(default=None)
    task: asyncio.Task[None] | None = field(default=None)


class Server:
    """Answers packets for one program. `traffic` counts what comes and what becomes of it.

    `echoes` knows our own questions under way: one that comes in has gone in a circle.
    `has_one_sender`: nobody's share has to be kept from anybody else.
    """

    def __init__(
        self, program: Program, echoes: Echoes | None = None, *, has_one_sender: bool = False
    ) -> None:
        self._program = program
        self._echoes = echoes or Echoes()
        self.has_one_sender = has_one_sender
        per_sender = MAX_IN_FLIGHT if has_one_sender else MAX_PER_SENDER
        self._pending: Pending[_Waiting] = Pending(per_sender=per_sender)
        self._asked: Counter[Question] = Counter()
        self._clock = asyncio.get_running_loop().time
        self.replies = ReplyCache()
        self.is_draining = False
        self.traffic = Traffic()
        self.counts = self.traffic.counts
        self._hit_times = self.traffic.times[CACHE]
        self.hot = HotPath(program, self.replies, self.traffic)

    @property
    def in_flight(self) -> int:
        """Queries that wait for their reply."""
        return len(self._pending)

    def receive(self, packet: bytes, address: Address, channel: Channel) -> bytes | None:
        """Take one packet; returns the reply if there is one at once. A later one is sent."""
        clock, traffic, is_tcp, source = self._clock, self.traffic, channel.is_tcp, address[0]
        began = clock()
        families = traffic.tcp if is_tcp else traffic.udp
        arrived = families[":" in source]
        audience = self._program.identify(source)
        if audience is None:
            arrived[ANY_OTHER] += 1
            self._drop(channel, "unknown_sender")
            return None
        query = admit(packet, address[1], is_tcp=is_tcp)
        if query is None:
            arrived[ANY_OTHER] += 1
            self._drop(channel, silence_reason(packet))
            return None
        asked = query.question
        rtype = asked.rtype if asked is not None else ANY_OTHER
        arrived[rtype if rtype < TYPES else ANY_OTHER] += 1
        if isinstance(query, Refusal):
            return self._refuse(query, query.reply, query_limit(channel), query.reason, began)
        limit = query.limit(is_tcp)
        if audience.refusal is not None:
            return self._refuse(query, audience.refusal, limit, "no_policy", began)
        if self.is_draining:
            return self._refuse(query, failed(EDE_NOT_READY), limit, "draining", began)
        kept = self.replies.find(audience, query, limit, began)
        if kept is not None:
            if not is_tcp:
                self.hot.learn(packet, query)
            traffic.kept[kept[3] & 0xF] += 1
            self._hit_times.add(clock() - began)
            return kept
        try:
            has_looped = self._echoes.came_in(query.question.name)
            reply = failed() if has_looped else self._program.answer_now(audience, query)
            if reply is not None:
                origin = ZONE if reply.is_authoritative else LOCAL
                return self._finish(audience, query, reply, limit, origin, began)
        except Exception:
            logger.exception(_OUR_FAULT)
            return self._refuse(query, failed(), limit, "fault", began)
        if channel.is_saturated and not self._may_begin(audience, query):
            return self._refuse(query, failed(), limit, "saturated", began)
        self._wait(audience, _Waiting(query, channel, address, began))
        return None

    def sender_of(self, source: str) -> str | None:
        """Who asks from this address, as limits count them; None: nobody that we answer."""
        audience = self._program.identify(source)
        return None if audience is None else audience.sender

    def has_room(self, sender: str) -> bool:
        """Whether one more query of this sender may be begun under saturation."""
        return self._pending.has_room_under_saturation(sender)

    def turn_away(self, source: str, reason: str) -> None:
        """Count a UDP packet that gets no reply and is not looked at."""
        self.traffic.udp[":" in source][ANY_OTHER] += 1
        self.counts["dropped_" + reason] += 1

    def forget(self) -> None:
        """Empty the reply cache."""
        self.replies.clear()

    def _drop(self, channel: Channel, reason: str) -> None:
        self.counts["dropped_" + reason] += 1
        channel.drop()

    def _refuse(
        self, query: Query | Refusal, reply: Reply, limit: int, reason: str, began: float
    ) -> bytes:
        """An error of ours, for a reason that the counters name."""
        packet = render_reply(query, reply, limit)
        self.counts["refused_" + reason] += 1
        self._made(reply, REFUSAL, began)
        return packet

    def _finish(
        self, audience: Audience, query: Query, reply: Reply, limit: int, origin: str, began: float
    ) -> bytes:
        kept = self.replies.keep(audience, query, reply, self._clock())
        turn = 0 if kept is None else kept.turn
        packet = None if kept is None else kept.packet(query, limit)
        if packet is None:
            packet = render_reply(query, reply, limit, turn)
            if kept is not None:
                kept.turn += 1
        self._made(reply, origin, began)
        return packet

    def _made(self, reply: Reply, origin: str, began: float) -> None:
        self.traffic.made[reply.rcode, origin] += 1
        self.traffic.times[origin].add(self._clock() - began)

    def _wait(self, audience: Audience, waiting: _Waiting) -> None:
        waiting.ticket, ousted = self._pending.enter(audience.sender, waiting)
        for loser in ousted:
            self._fail(loser, "in_flight")
        self._asked[waiting.query.folded] += 1
        source, query = waiting.address[0], waiting.query
        try:
            waiting.begun = self._program.begin(source, query, lambda: self._heard(waiting))
        except Exception:
            logger.exception(_OUR_FAULT)
            self._fault(waiting)
            self._leave(waiting)
            return
        if waiting.begun is None:
            self._pursue(waiting)

    def _heard(self, waiting: _Waiting) -> None:
        """What was begun for a query has come to something."""
        if waiting.ticket not in self._pending or waiting.begun is None:
            return
        try:
            answered = waiting.begun.answer()
            if answered is None:
                self._pursue(waiting)
                return
            self._answered(waiting, answered)
        except Exception:
            logger.exception(_OUR_FAULT)
            self._fault(waiting)
        self._leave(waiting)

    def _pursue(self, waiting: _Waiting) -> None:
        waiting.task = asyncio.get_running_loop().create_task(self._answer(waiting))

    def _may_begin(self, audience: Audience, query: Query) -> bool:
        """Under saturation: what is being asked anyway costs next to nothing more."""
        if query.folded in self._asked:
            return True
        return self._pending.has_room_under_saturation(audience.sender)

    def _leave(self, waiting: _Waiting) -> None:
        """A query has its reply."""
        if waiting.ticket is not None and self._pending.leave(waiting.ticket):
            self._forget_asked(waiting)

    def _forget_asked(self, waiting: _Waiting) -> None:
        question = waiting.query.folded
        self._asked[question] -= 1
        if not self._asked[question]:
            del self._asked[question]

    def _fail(self, loser: _Waiting, reason: str) -> None:
        """Answer a query that has lost its place and gets no other reply any more."""
        if loser.task is not None:
            loser.task.cancel()
        self._forget_asked(loser)
        limit = loser.query.limit(loser.channel.is_tcp)
        packet = self._refuse(loser.query, failed(), limit, reason, loser.began)
        loser.channel.send(packet, loser.address)

    def _fault(self, waiting: _Waiting) -> None:
        limit = waiting.query.limit(waiting.channel.is_tcp)
        packet = self._refuse(waiting.query, failed(), limit, "fault", waiting.began)
        waiting.channel.send(packet, waiting.address)

    def _answered(self, waiting: _Waiting, answered: tuple[Audience, Reply]) -> None:
        """Send the reply to a query that has waited for it."""
        audience, reply = answered
        query, channel = waiting.query, waiting.channel
        limit = query.limit(channel.is_tcp)
        packet = self._finish(audience, query, reply, limit, ASKED, waiting.began)
        channel.send(packet, waiting.address)

    async def _answer(self, waiting: _Waiting) -> None:
        source, query = waiting.address[0], waiting.query
        try:
            answered = await self._program.answer(source, query, waiting.begun)
            if answered is None:
                self._drop(waiting.channel, "unknown_sender")
                return
            self._answered(waiting, answered)
        except Exception:
            logger.exception(_OUR_FAULT)
            self._fault(waiting)
        finally:
            self._leave(waiting)

    async def drain(self, grace: float = DRAIN_GRACE) -> None:
        """Send new queries elsewhere, and give those in flight `grace` seconds to finish."""
        self.is_draining = True
        self.hot.close()
        deadline = self._clock() + grace
        await asyncio.sleep(_SETTLE)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._pending_ended()
        for waiting in self._pending.everything():
            if waiting.ticket is not None:
                self._pending.leave(waiting.ticket)
            self._fail(waiting, "draining")

    async def _pending_ended(self) -> None:
        """Nobody waits any more."""
        while self._pending.everything():  # noqa: ASYNC110 - an event costs every query its share
            await asyncio.sleep(_GLANCE)


def query_limit(channel: Channel) -> int:
    """The most bytes of an error reply to a message that could not be read."""
    return 65535 if channel.is_tcp else 512
