"""One query of one sender, played through the gateway's own code without a socket to the sender.

Admission, identification, the loop around the rule and rendering are those that serve; the
nameservers are really asked. Only the resolver and the exchange are watched, so that what they
brought can be told afterwards.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from enclave_dns.config import GatewayConfig
from enclave_dns.disclosure.reply import Reply
from enclave_dns.disclosure.trace import Trace
from enclave_dns.gateway.answer import GatewayAnswers, State
from enclave_dns.gateway.views import compile_views
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.resolution import HostsTable, Question, Resolution
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.serve.query import Query, Refusal, admit
from enclave_dns.serve.rendering import render_reply
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.sources.own_zones import OwnZones, sign_of_life
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.nameservers import Nameservers
from enclave_dns.upstream.transport import Failure, Transport
from enclave_dns.wire.message import Message
from enclave_dns.wire.render import MAX_MESSAGE, render_query

_ANY_PORT: Final = 49152
"""The source port of the rehearsed query: one that a client may have."""


@dataclass(frozen=True, slots=True)
class Try:
    """One exchange with one nameserver; `result` is None where nobody waited for its end."""

    server: Nameserver
    question: Question
    transport: Transport
    result: Message | Failure | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What happened. `reply` and `packet` are None where the gateway stays silent.

    `is_decided` says whether the disclosure rule was asked at all; `trace` is that of its last
    pass. `answers` are the resolutions it was given, in the order in which they came.
    """

    query: Query | Refusal
    reply: Reply | None
    packet: bytes | None
    is_decided: bool
    trace: Trace
    answers: Mapping[Question, Resolution]
    tries: tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """What a running gateway would have at `now`: its documents and files, read already."""

    config: GatewayConfig
    organisation: Organisation
    gateway: System
    hosts: HostsTable
    selected: Selected
    now: datetime


class _WatchedExchange(Exchange):
    """Keeps what every try brought."""

    __slots__ = ("tries",)

    def __init__(self) -> None:
        super().__init__()
        self.tries: list[Try] = []

    async def ask(
        self,
        server: Nameserver,
        question: Question,
        *,
        transport: Transport,
        deadline: float,
        do: bool = False,
    ) -> Message | Failure:
        clock = asyncio.get_running_loop().time
        start = clock()
        result: Message | Failure | None = None
        try:
            result = await super().ask(
                server, question, transport=transport, deadline=deadline, do=do
            )
            return result
        finally:
            self.tries.append(Try(server, question, transport, result, clock() - start))


class _WatchedResolver(Resolver):
    """Keeps every resolution that it gave."""

    def __init__(self, source: Nameservers) -> None:
        super().__init__(source)
        self.answers: dict[Question, Resolution] = {}

    def known(self, question: Question, *, do: bool) -> Resolution | None:
        found = super().known(question, do=do)
        if found is not None:
            self.answers[question] = found
        return found

    async def look_up(
        self,
        questions: Iterable[Question],
        *,
        do: bool,
        start: int,
        deadline: float,
        refresh: bool = False,
    ) -> Mapping[Question, Resolution]:
        found = await super().look_up(
            questions, do=do, start=start, deadline=deadline, refresh=refresh
        )
        self.answers.update(found)
        return found


async def rehearse(stage: Stage, source: bytes, question: Question) -> Rehearsal:
    """What a sender at an address (4 or 16 bytes) would get for a question of class IN."""
    exchange = _WatchedExchange()
    nameservers = Nameservers(stage.selected, exchange=exchange, reply_in=stage.config.timeout)
    resolver = _WatchedResolver(nameservers)
    trace = Trace()
    answers = GatewayAnswers(_state(stage, resolver), trace)
    try:
        query, reply, is_decided = await _reply(answers, str(ip_address(source)), question)
    finally:
        await resolver.close()
        await nameservers.close()
    packet = None if reply is None else render_reply(query, reply, MAX_MESSAGE)
    return Rehearsal(
        query, reply, packet, is_decided, trace, resolver.answers, tuple(exchange.tries)
    )


async def _reply(
    answers: GatewayAnswers, source: str, question: Question
) -> tuple[Query | Refusal, Reply | None, bool]:
    """The query as it is admitted, the reply to it, and whether the rule was asked."""
    packet = render_query(0, question.name, question.rtype)
    query = admit(packet, _ANY_PORT, is_tcp=False)
    if query is None:
        raise TypeError("a query of our own is no query")
    audience = answers.identify(source)
    if audience is None:
        return query, None, False
    if isinstance(query, Refusal):
        return query, query.reply, False
    settled = audience.refusal or answers.at_once(audience, query.folded)
    if settled is not None:
        return query, settled, False
    reply = answers.answer_now(audience, query)
    if reply is None:
        answered = await answers.answer(source, query)
        reply = None if answered is None else answered[1]
    return query, reply, True


def _state(stage: Stage, resolver: Resolver) -> State:
    organisation, gateway, config = stage.organisation, stage.gateway, stage.config
    return State(
        compile_views(organisation, gateway, stage.now, epoch=0),
        stage.hosts,
        resolver,
        OwnZones.of(organisation.version, (sign_of_life(gateway.virtual_addresses),)),
        config.only_suffixes,
        config.timeout,
        pace=0.0,
    )
