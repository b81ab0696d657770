"""From an admitted query to a reply: the loop around the rule.

`decide` says what it still wants to know; this loop looks it up and asks again. The sender is
identified anew after every wait, so that the last decision is always made with the view of now.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from enclave_dns.disclosure.chain import Wants
from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.reply import Kind, Reply, no_answer, own
from enclave_dns.disclosure.targets import TARGETED
from enclave_dns.disclosure.trace import Trace
from enclave_dns.gateway.begun import Begun, Progress
from enclave_dns.gateway.views import Sender, Views
from enclave_dns.gateway.withheld import withheld
from enclave_dns.resolution import MAX_CHAIN, Facts, HostsTable, Outcome, Question, Resolution
from enclave_dns.resolve.local import is_decided_here
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.serve.program import Audience
from enclave_dns.serve.program import Begun as ProgramBegun
from enclave_dns.serve.query import NEVER_ANSWERED, Query, minimal_any
from enclave_dns.sources.own_zones import MY_ID, OwnZones
from enclave_dns.wire.names import Name, is_at_or_below
from enclave_dns.wire.numbers import RCode, RRType

MAX_ROUNDS: Final = 8 * (MAX_CHAIN + 1)
"""Passes through the rule for one query: families along chains, and targets 32 at a time."""


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
    pace: float = 0.02
    generation: int = 0


class GatewayAnswers:
    """The gateway as `serve` sees it (a `Program`).

    With a `trace`, notes there what led to the last reply: for an explanation, never in service.
    `withheld` counts the address records that did not leave, once for each decision.
    """

    def __init__(self, state: State, trace: Trace | None = None) -> None:
        self.state = state
        self._trace = trace
        self.withheld = {RRType.A: 0, RRType.AAAA: 0}

    def identify(self, source: str) -> Sender | None:
        """The sender behind an address that the overlay has authenticated."""
        return self.state.views.senders.get(source)

    def answer_now(self, audience: Audience, query: Query) -> Reply | None:
        """The reply, where hosts file, record cache and rule settle it without a wait."""
        sender = self.identify_again(audience)
        question = query.folded
        at_once = self.at_once(sender, question)
        if at_once is not None:
            return at_once
        state = self.state
        do = query.do and sender.view.is_open
        if self._must_ask(question, do):
            return None
        progress = Progress(0.0)
        for _ in range(MAX_ROUNDS):
            result = self._decide(sender, state, question, progress)
            if isinstance(result, Reply):
                if is_paced(sender, question, result, state, progress):
                    return None
                self._count(sender, question, progress)
                return result
            if result.refresh:
                return None
            found = {wanted: state.resolver.known(wanted, do=do) for wanted in result.questions}
            known = {wanted: one for wanted, one in found.items() if one is not None}
            if len(known) < len(found):
                return None
            progress.add(known, 0.0)
        return no_answer(sender.view.no_answer)

    def begin(self, source: str, query: Query, heard: Callable[[], None]) -> Begun | None:
        """Put the question itself to a nameserver, where that may be all there is to look up."""
        sender, state, question = self.identify(source), self.state, query.folded
        if sender is None or question.rtype not in self.withheld:
            return None
        do = query.do and sender.view.is_open
        if state.resolver.known(question, do=do) is not None:
            return None
        begun = self._begun(source, question)
        clock = asyncio.get_running_loop().time

        def hear(found: Resolution | None) -> None:
            if found is not None:
                begun.progress.add({question: found}, clock())
            heard()

        is_begun = state.resolver.look_up_soon(question, do=do, start=begun.start, then=hear)
        return begun if is_begun else None

    def _begun(self, source: str, question: Question) -> Begun:
        return Begun(
            self._settled,
            source,
            question,
            generation=self.state.generation,
            start=self.state.resolver.next_start(),
            arrival=asyncio.get_running_loop().time(),
        )

    async def answer(
        self, source: str, query: Query, begun: ProgramBegun | None = None
    ) -> tuple[Audience, Reply] | None:
        """The reply, once what the rule wants has been looked up or its time is over.

        A reply that is paced is held until it may leave; its sender is identified, and the question
        decided, once more after that.
        """
        question = query.folded
        clock = asyncio.get_running_loop().time
        if not isinstance(begun, Begun):
            begun = self._begun(source, question)
        progress, generation = begun.progress, begun.generation
        start = self.state.resolver.start_after(progress.answers.values(), begun.start)
        is_counted = False
        for _ in range(MAX_ROUNDS):
            sender = self.identify(source)
            if sender is None:
                return None
            if sender.refusal is not None:
                return sender, sender.refusal
            state = self.state
            if state.generation != generation:
                generation = state.generation
                progress.forget()
            result = self._decide(sender, state, question, progress, clock())
            if isinstance(result, Reply):
                if not is_counted:
                    # Before the tick: what follows it is to take equally long for all names.
                    self._count(sender, question, progress)
                    is_counted = True
                if is_paced(sender, question, result, state, progress):
                    left = progress.release(state.pace, state.timeout) - clock()
                    if left > 0:
                        await asyncio.sleep(left)
                        continue
                return sender, result
            do = query.do and sender.view.is_open
            found = await self._look_up(state, result, do, start, progress)
            start = state.resolver.start_after(found.values(), start)
            progress.add(found, clock())
        sender = self.identify(source)
        return None if sender is None else (sender, no_answer(sender.view.no_answer))

    def _settled(self, begun: Begun) -> tuple[Audience, Reply] | None:
        """The reply, if what was heard is all that it takes and it may leave at once."""
        sender, state, question = self.identify(begun.source), self.state, begun.question
        if sender is None or sender.refusal is not None or state.generation != begun.generation:
            return None
        progress = begun.progress
        result = self._decide(sender, state, question, progress)
        if not isinstance(result, Reply) or is_paced(sender, question, result, state, progress):
            return None
        self._count(sender, question, progress)
        return sender, result

    def _decide(
        self, sender: Sender, state: State, question: Question, progress: Progress, now: float = 0
    ) -> Reply | Wants:
        known = facts(state, question, progress.answers, is_late=progress.is_late(now))
        return decide(sender.view, question, known, self._trace)

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

    def _must_ask(self, question: Question, do: bool) -> bool:
        """Whether the rule would want nothing but the answer to this very question, and must wait.

        It begins with that question where the hosts file does not know the name.
        """
        state = self.state
        return (
            question.rtype in self.withheld
            and question.name not in state.hosts.addresses
            and state.resolver.known(question, do=do) is None
        )

    def _count(self, sender: Sender, question: Question, progress: Progress) -> None:
        if progress.answers and question.rtype in self.withheld:
            number = withheld(sender.view, question, progress.answers)
            self.withheld[RRType(question.rtype)] += number

    def _remark(self, text: str) -> None:
        if self._trace is not None:
            self._trace.remark(text)

    @staticmethod
    async def _look_up(
        state: State, wants: Wants, do: bool, start: int, progress: Progress
    ) -> Mapping[Question, Resolution]:
        deadline = progress.arrival + state.timeout
        if wants.are_targets:
            deadline = min(deadline, progress.target_deadline(asyncio.get_running_loop().time()))
        return await state.resolver.look_up(
            wants.questions, do=do, start=start, deadline=deadline, refresh=wants.refresh
        )


def is_paced(
    sender: Sender, question: Question, reply: Reply, state: State, progress: Progress
) -> bool:
    """Whether a reply waits for its tick: where look-ups about hidden records may have delayed it.

    That is every reply of a restricted view without records, since both families were waited for,
    and every reply to a question for records that point at names, since the hidden ones' targets
    were looked up too. What the question alone decides tells nothing by its time.
    """
    if state.pace <= 0 or sender.view.is_open or not progress.answers:
        return False
    return reply.kind is not Kind.ANSWER or question.rtype in TARGETED


def facts(
    state: State,
    question: Question,
    answers: Mapping[Question, Resolution],
    *,
    is_late: bool = False,
) -> Facts:
    """What is known for a decision. A name that is decided here needs no nameserver to be up."""
    if is_decided_here(question.name):
        return Facts(answers=answers, is_late=is_late)
    is_up = state.resolver.is_up and all(
        found.outcome is not Outcome.DOWN for found in answers.values()
    )
    return Facts(state.hosts, answers, is_up, is_late)


def sign_of_life(question: Question, zones: OwnZones) -> Reply | None:
    """`_my.id.enclave`: this system's own virtual addresses, for health checks."""
    found = zones.answer(question.name, question.rtype, secrets.randbelow)
    if found is None:
        return None
    return own(RCode.NOERROR, found.records, () if found.records else (found.soa,))
