"""Asking the gateways: inside a group until one answers, across groups until one knows.

One `Asking` serves one set of groups and is replaced whole with them, its caches and what it has
learned with it; only the gateways' health lives on. A gateway that is down is passed over; one that
fails is followed by the next in the same query; what one says is checked before it counts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.resolve.record_cache import RecordCache
from enclave_dns.stub.check import Checked, Verdict, check, companions
from enclave_dns.stub.groups import Gateway, Group, Stop, way
from enclave_dns.stub.learned import Learned
from enclave_dns.upstream.exchange import Exchange, Failure
from enclave_dns.upstream.health import State
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.upstream.selection import Transport
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.message import Message
from enclave_dns.wire.numbers import RCode

BUDGET: Final = 0.95
"""Seconds for one query, over all groups (operating systems ask elsewhere after one second)."""

CACHE_ENTRIES: Final = 10_000
CACHE_BYTES: Final = 4 << 20


class Word(Enum):
    """What a group said to a question."""

    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One group on the way of one question, for `explain`."""

    stop: Stop
    word: Word
    gateway: str
    detail: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the gateways said: a checked resolution, or none. `did_fail`: some group failed."""

    resolution: Resolution | None
    did_fail: bool
    steps: tuple[Step, ...] = ()


class Asking:
    """The groups of one document, and what is known of them."""

    def __init__(self, groups: Sequence[Group], exchange: Exchange, vitals: Vitals) -> None:
        self.groups = tuple(groups)
        self.learned = Learned()
        self._exchange = exchange
        self._vitals = vitals
        self._active: dict[Group, Gateway] = {}
        self._caches = {group: RecordCache(CACHE_ENTRIES, CACHE_BYTES) for group in self.groups}
        self._now = asyncio.get_running_loop().time

    def active(self, group: Group) -> Gateway | None:
        """The gateway that serves a group now; None where none has answered yet."""
        return self._active.get(group)

    async def connect(self, question: Question) -> None:
        """Let every group find the gateway that a connection succeeds with first."""
        members = [(group, gateway) for group in self.groups for gateway in group.gateways]
        await asyncio.gather(*(self._greet(group, one, question) for group, one in members))

    async def _greet(self, group: Group, gateway: Gateway, question: Question) -> None:
        result = await self._exchange.ask(
            gateway.server, question, transport=Transport.UDP, deadline=self._now() + BUDGET
        )
        self._vitals.learn(gateway.server, result)
        if isinstance(result, Message) and not group.is_ordered:
            self._active.setdefault(group, gateway)

    async def ask(self, question: Question) -> Said:
        """The first checked answer on the question's way, within the budget. Never raises."""
        now = self._now
        deadline = now() + BUDGET
        stops = way(question, self.groups, self.learned.group_for(question.name, now()))
        steps: list[Step] = []
        for place, stop in enumerate(stops):
            waiting = [s for s in stops[place:] if self._candidates(s.group)]
            share = (deadline - now()) / max(len(waiting), 1)
            step, resolution = await self._group(stop, question, now() + share)
            steps.append(step)
            did_fail = any(step.word is Word.FAILED for step in steps)
            if resolution is not None and self._counts(stop, resolution, did_fail):
                return Said(resolution, did_fail, tuple(steps))
        return Said(None, any(step.word is Word.FAILED for step in steps), tuple(steps))

    @staticmethod
    def _counts(stop: Stop, resolution: Resolution, did_fail: bool) -> bool:
        """An open group's negative word is final, unless a group that might know has failed."""
        return bool(resolution.rrset) or not stop.group.is_open or not did_fail

    def _candidates(self, group: Group) -> list[Gateway]:
        """The gateways of a group that are not known to be down, in the order to ask them."""
        up = [g for g in group.gateways if self._vitals.state(g.server) is not State.DOWN]
        active = self._active.get(group)
        if active in up and not group.is_ordered:
            up.remove(active)
            up.insert(0, active)
        return up

    async def _group(
        self, stop: Stop, question: Question, deadline: float
    ) -> tuple[Step, Resolution | None]:
        """What one group says, from its cache or its gateways."""
        group = stop.group
        kept = self._caches[group].fresh(question, False, self._now())
        if kept is not None and kept.age < kept.ttl:
            return Step(stop, Word.ANSWERED, kept.server, "from the cache"), kept
        candidates = self._candidates(group)
        if not candidates:
            return Step(stop, Word.FAILED, str(group), "every gateway is down"), None
        for place, gateway in enumerate(candidates):
            share = (deadline - self._now()) / (len(candidates) - place)
            checked = await self._checked(group, gateway, question, self._now() + share)
            if checked is None:
                continue
            self._active[group] = gateway
            if checked.verdict is Verdict.TAKEN:
                resolution = replace(checked.resolution, server=gateway.system_id)
                self._caches[group].keep(question, False, resolution, self._now())
                return Step(stop, Word.ANSWERED, gateway.system_id, checked.reason), resolution
            return Step(stop, Word.NO_ANSWER, gateway.system_id, checked.reason), None
        return Step(stop, Word.FAILED, str(group), "no gateway answered"), None

    async def _checked(
        self, group: Group, gateway: Gateway, question: Question, deadline: float
    ) -> Checked | None:
        """One gateway's answer after the check; None where it gave none."""
        resolution = await self._one(gateway, question, deadline)
        if resolution is None:
            return None
        checked = check(gateway.view, question, resolution)
        if checked.verdict is Verdict.TAKEN and checked.has_address:
            self.learned.answered(question.name, group, self._now())
        if checked.verdict is not Verdict.NEEDS_ADDRESS:
            return checked
        did_fail = False
        for companion in companions(question):
            other = await self._one(gateway, companion, deadline)
            if other is None:
                did_fail = True
            elif check(gateway.view, companion, other).has_address:
                self.learned.answered(question.name, group, self._now())
                return replace(checked, verdict=Verdict.TAKEN)
        if did_fail:
            return None
        reason = "it gave no address of this name that we may reach: not believed"
        return replace(checked, verdict=Verdict.NO_ANSWER, reason=reason)

    async def _one(
        self, gateway: Gateway, question: Question, deadline: float
    ) -> Resolution | None:
        """Ask over UDP, then TCP where the reply was cut short or a datagram was not ours.

        FAILED stands for the gateway's no-answer; None for a gateway that gave none at all.
        """
        said = await self._ask(gateway, question, Transport.UDP, deadline)
        if said in (Failure.TRUNCATED, Failure.MISMATCH):
            said = await self._ask(gateway, question, Transport.TCP, deadline)
        if not isinstance(said, Message):
            return None
        if said.rcode == RCode.REFUSED:
            return Resolution(Outcome.FAILED, question.name)
        read = interpret(said, question)
        return None if isinstance(read, Retry) else read

    async def _ask(
        self, gateway: Gateway, question: Question, transport: Transport, deadline: float
    ) -> Message | Failure:
        result = await self._exchange.ask(
            gateway.server, question, transport=transport, deadline=deadline
        )
        self._vitals.learn(gateway.server, result)
        return result
