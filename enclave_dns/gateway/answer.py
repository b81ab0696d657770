"""From an admitted query to a reply: the loop around the rule.

`decide` says what it still wants to know; this loop looks it up and asks again. The sender is
identified anew after every wait, so that the last decision is always made with the view of now.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from enclave_dns.disclosure.chain import Wants
from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.reply import Kind, Reply, no_answer, own
from enclave_dns.disclosure.targets import TARGETED
from enclave_dns.disclosure.trace import Trace
from enclave_dns.gateway.pacing import release_at
from enclave_dns.gateway.views import Sender, Views
from enclave_dns.gateway.withheld import withheld
from enclave_dns.resolution import MAX_CHAIN, Facts, HostsTable, Question, Resolution
from enclave_dns.resolve.local import is_decided_here
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import NEVER_ANSWERED, Query, minimal_any
from enclave_dns.sources.own_zones import MY_ID, OwnZones
from enclave_dns.wire.names import Name, is_at_or_below
from enclave_dns.wire.numbers import RCode, RRType

MAX_ROUNDS: Final = 8 * (MAX_CHAIN + 1)
"""Passes through the rule for one query: families along chains, and targets 32 at a time."""

TARGET_TIME: Final = 0.4
"""Seconds for looking up the targets of records, after the records themselves."""


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
        progress = Progress(0.0)
        do = query.do and sender.view.is_open
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

    async def answer(self, source: str, query: Query) -> tuple[Audience, Reply] | None:
        """The reply, once what the rule wants has been looked up or its time is over.

        A reply that is paced is held until it may leave; its sender is identified, and the question
        decided, once more after that.
        """
        question = query.folded
        clock = asyncio.get_running_loop().time
        progress = Progress(clock())
        generation = self.state.generation
        is_counted = False
        start = self.state.resolver.next_start()
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
                    left = progress.release(state) - clock()
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

    def _decide(
        self, sender: Sender, state: State, question: Question, progress: "Progress", now: float = 0
    ) -> Reply | Wants:
        known = facts(state, question, progress.answers)
        if progress.is_late(now):
            known = replace(known, is_late=True)
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

    def _count(self, sender: Sender, question: Question, progress: "Progress") -> None:
        if progress.answers and question.rtype in self.withheld:
            number = withheld(sender.view, question, progress.answers)
            self.withheld[RRType(question.rtype)] += number

    def _remark(self, text: str) -> None:
        if self._trace is not None:
            self._trace.remark(text)

    @staticmethod
    async def _look_up(
        state: State, wants: Wants, do: bool, start: int, progress: "Progress"
    ) -> Mapping[Question, Resolution]:
        deadline = progress.arrival + state.timeout
        if wants.are_targets:
            deadline = min(deadline, progress.target_deadline(asyncio.get_running_loop().time()))
        return await state.resolver.look_up(
            wants.questions, do=do, start=start, deadline=deadline, refresh=wants.refresh
        )


class Progress:
    """How far the look-ups of one query have come. Times are the loop's clock, in seconds."""

    __slots__ = ("_ended", "_targets_until", "answers", "arrival", "look_up_time")

    def __init__(self, arrival: float) -> None:
        self.arrival = arrival
        self.answers: dict[Question, Resolution] = {}
        self.look_up_time = 0.0
        self._ended = arrival
        self._targets_until: float | None = None

    def add(self, found: Mapping[Question, Resolution], now: float) -> None:
        """Take the answers of one round, which has ended now; its look-ups ran beside each other.

        What was remembered counts with the time that it took when it was looked up; looked up anew,
        it counts once, with the longer of the two times.
        """
        known = self.answers
        times = [
            one.elapsed - (known[question].elapsed if question in known else 0.0)
            for question, one in found.items()
        ]
        self.look_up_time += max([0.0, *times])
        known.update(found)
        self._ended = now

    def forget(self) -> None:
        """Begin anew: other nameservers answer now."""
        self.answers.clear()
        self._targets_until = None

    def target_deadline(self, now: float) -> float:
        """Until when targets are looked up: counted from when the first one was wanted."""
        if self._targets_until is None:
            self._targets_until = now + TARGET_TIME
        return self._targets_until

    def is_late(self, now: float) -> bool:
        """Whether what is not settled now is left out."""
        return self._targets_until is not None and now >= self._targets_until

    def release(self, state: State) -> float:
        """When a no-answer may leave: its step covers the look-ups, and our own wait for them."""
        time = max(self.look_up_time, self._ended - self.arrival)
        return release_at(self.arrival, time, state.pace, state.timeout)


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
