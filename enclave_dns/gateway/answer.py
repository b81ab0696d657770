"""From an admitted query to a reply: the loop around the rule.

`decide` says what it still wants to know; this loop looks it up and asks again. The sender is
identified anew after every wait, so that the last decision is always made with the view of now.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from enclave_dns.disclosure.chain import MAX_CHAIN, Wants
from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.reply import Reply, no_answer, own
from enclave_dns.disclosure.trace import Trace
from enclave_dns.gateway.views import Sender, Views
from enclave_dns.resolution import Facts, HostsTable, Question, Resolution
from enclave_dns.resolve.local import is_decided_here
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import NEVER_ANSWERED, Query, minimal_any
from enclave_dns.sources.own_zones import MY_ID, OwnZones
from enclave_dns.wire.names import Name, is_at_or_below
from enclave_dns.wire.numbers import RCode, RRType

MAX_ROUNDS: Final = 4 * (MAX_CHAIN + 1)
"""Passes through the rule for one query: both families, each along a chain, twice over."""


@dataclass(frozen=True, slots=True)
class State:
    """All that the gateway's answers depend on; replaced whole, never changed.

    `own` holds the gateway's own id; `only_suffixes` (folded names), where there are any, are all
    that is resolved; `timeout` is the budget of one query in seconds. `generation` goes up when
    other nameservers are to be asked: what the earlier ones have said no longer counts.
    """

    views: Views
    hosts: HostsTable
    resolver: Resolver
    own: OwnZones
    only_suffixes: tuple[Name, ...] = ()
    timeout: float = 0.8
    generation: int = 0


class GatewayAnswers:
    """The gateway as `serve` sees it (a `Program`).

    With a `trace`, notes there what led to the last reply: for an explanation, never in service.
    """

    def __init__(self, state: State, trace: Trace | None = None) -> None:
        self.state = state
        self._trace = trace

    def identify(self, source: str) -> Sender | None:
        """The sender behind an address that the overlay has authenticated."""
        return self.state.views.senders.get(source)

    def answer_now(self, audience: Audience, query: Query) -> Reply | None:
        """The reply, where hosts file, record cache and rule settle it without a look-up."""
        sender = self.identify_again(audience)
        question = query.folded
        at_once = self.at_once(sender, question)
        if at_once is not None:
            return at_once
        state = self.state
        answers: dict[Question, Resolution] = {}
        do = query.do and sender.view.is_open
        for _ in range(MAX_ROUNDS):
            result = decide(sender.view, question, facts(state, question, answers), self._trace)
            if isinstance(result, Reply):
                return result
            for wanted in result.questions:
                known = state.resolver.known(wanted, do=do)
                if known is None:
                    return None
                answers[wanted] = known
        return no_answer(sender.view.no_answer)

    async def answer(self, source: str, query: Query) -> tuple[Audience, Reply] | None:
        """The reply, once what the rule wants has been looked up or its time is over."""
        question = query.folded
        answers: dict[Question, Resolution] = {}
        deadline = asyncio.get_running_loop().time() + self.state.timeout
        start = self.state.resolver.next_start()
        generation = self.state.generation
        for _ in range(MAX_ROUNDS):
            sender = self.identify(source)
            if sender is None:
                return None
            if sender.refusal is not None:
                return sender, sender.refusal
            state = self.state
            if state.generation != generation:
                generation = state.generation
                answers.clear()
            result = decide(sender.view, question, facts(state, question, answers), self._trace)
            if isinstance(result, Reply):
                return sender, result
            found = await self._look_up(
                state, result, query.do and sender.view.is_open, start, deadline
            )
            start = state.resolver.start_after(found.values(), start)
            answers.update(found)
        sender = self.identify(source)
        return None if sender is None else (sender, no_answer(sender.view.no_answer))

    def identify_again(self, audience: Audience) -> Sender:
        """The audience as what it is: `identify` makes no other kind."""
        if not isinstance(audience, Sender):
            raise TypeError("an audience of another program")
        return audience

    def at_once(self, sender: Sender, question: Question) -> Reply | None:
        """What is settled by the question alone, before the rule; None for all other questions."""
        if question.name == MY_ID:
            self._remark("the documented sign of life: the gateway's own virtual address")
            return sign_of_life(question, self.state.own)
        if question.rtype == RRType.ANY:
            self._remark("ANY is answered with one small record of ours, for every name alike")
            return minimal_any(question)
        if question.rtype in NEVER_ANSWERED:
            self._remark("no question can sensibly have this type: it is never answered")
            return no_answer(sender.view.no_answer)
        suffixes = self.state.only_suffixes
        if suffixes and not any(is_at_or_below(question.name, suffix) for suffix in suffixes):
            self._remark("the name is below none of the gateway's `only_suffixes`")
            return no_answer(sender.view.no_answer)
        return None

    def _remark(self, text: str) -> None:
        if self._trace is not None:
            self._trace.remark(text)

    @staticmethod
    async def _look_up(
        state: State, wants: Wants, do: bool, start: int, deadline: float
    ) -> Mapping[Question, Resolution]:
        return await state.resolver.look_up(wants.questions, do=do, start=start, deadline=deadline)


def facts(state: State, question: Question, answers: Mapping[Question, Resolution]) -> Facts:
    """What is known for a decision. A name that is decided here needs no nameserver to be up."""
    if is_decided_here(question.name):
        return Facts(answers=answers)
    return Facts(state.hosts, is_up=state.resolver.is_up) | answers


def sign_of_life(question: Question, zones: OwnZones) -> Reply | None:
    """`_my.id.enclave`: this system's own virtual addresses, for health checks."""
    found = zones.answer(question.name, question.rtype, secrets.randbelow)
    if found is None:
        return None
    return own(RCode.NOERROR, found.records, () if found.records else (found.soa,))
