"""Asking the gateways: inside a group until one answers, across groups until one knows.

One `Asking` serves one set of groups and is replaced whole with them, its caches and what it has
learned with it; only the gateways' health lives on. A gateway that is down is passed over; one that
fails or is late is followed by the next in the same query; what one says is checked before it
counts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from enclave_dns.resolution import Question, Resolution
from enclave_dns.resolve.record_cache import RecordCache
from enclave_dns.stub.check import Checked, Verdict
from enclave_dns.stub.conversation import Conversation, heard
from enclave_dns.stub.groups import Gateway, Group, Stop, way
from enclave_dns.stub.learned import Learned
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import State
from enclave_dns.upstream.racing import race
from enclave_dns.upstream.selection import Pace, order
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.message import Message
from enclave_dns.wire.numbers import RCode

BUDGET: Final = 0.95
"""Seconds for one query, over all groups (operating systems ask elsewhere after one second)."""

DOUBTFUL_SHARE: Final = 0.2
"""Seconds for a group none of whose gateways is up without doubt, where another one is left."""

RESEND_AFTER: Final = 0.4
"""Seconds after which the last gateway awaited is asked once more: a datagram may be lost."""

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

    @property
    def caches(self) -> tuple[RecordCache, ...]:
        """What the groups have said, one table each."""
        return tuple(self._caches.values())

    def active(self, group: Group) -> Gateway | None:
        """The gateway that serves a group now; None where none has answered yet."""
        return self._active.get(group)

    async def connect(self, question: Question) -> None:
        """Let every group find the gateway that a connection succeeds with first."""
        members = [(group, gateway) for group in self.groups for gateway in group.gateways]
        await asyncio.gather(*(self._greet(group, one, question) for group, one in members))

    async def _greet(self, group: Group, gateway: Gateway, question: Question) -> None:
        if self._vitals.state(gateway.server) is State.DOWN:
            return  # its probes are enough
        began = self._now()
        said = await self._exchange.converse(gateway.server, question, deadline=began + BUDGET)
        heard(self._vitals, gateway.server, said, began)
        is_well = isinstance(said, Message) and said.rcode == RCode.NOERROR
        if is_well and not group.is_ordered:
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
            if len(waiting) > 1 and not self._is_any_well(stop.group):
                share = min(share, DOUBTFUL_SHARE)
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

    def _is_any_well(self, group: Group) -> bool:
        """Whether a gateway of a group is up without doubt."""
        states = (self._vitals.state(gateway.server) for gateway in group.gateways)
        return State.UP in states

    def _candidates(self, group: Group) -> tuple[int, ...]:
        """The places of the gateways that are not known to be down, in the order to ask them.

        The active one comes first while it is up; without one, and where the group is ordered,
        the first listed.
        """
        active = None if group.is_ordered else self._active.get(group)
        start = 0 if active is None else group.gateways.index(active)
        return order([self._vitals.state(gateway.server) for gateway in group.gateways], start)

    async def _group(
        self, stop: Stop, question: Question, deadline: float
    ) -> tuple[Step, Resolution | None]:
        """What one group says, from its cache or its gateways."""
        group = stop.group
        kept = self._caches[group].fresh(question, False, self._now())
        if kept is not None and kept.age < kept.ttl:
            return Step(stop, Word.ANSWERED, kept.server, "from the cache"), kept
        self._caches[group].misses += 1
        places = self._candidates(group)
        if not places:
            return Step(stop, Word.FAILED, str(group), "every gateway is down"), None
        found = await self._raced(group, places, question, deadline)
        if found is None:
            return Step(stop, Word.FAILED, str(group), "no gateway answered"), None
        gateway, checked = found
        if checked.verdict is not Verdict.TAKEN:
            return Step(stop, Word.NO_ANSWER, gateway.system_id, checked.reason), None
        resolution = replace(checked.resolution, server=gateway.system_id)
        self._caches[group].keep(question, False, resolution, self._now())
        return Step(stop, Word.ANSWERED, gateway.system_id, checked.reason), resolution

    async def _raced(
        self, group: Group, places: tuple[int, ...], question: Question, deadline: float
    ) -> tuple[Gateway, Checked] | None:
        """The first word of a gateway: the next one is asked where one fails or is late."""
        servers = [gateway.server for gateway in group.gateways]
        left = deadline - self._now()
        pace = Pace(left, left, left, attempts=2, resend_after=RESEND_AFTER)
        selection = self._vitals.selection(servers, places, pace)
        conversation = Conversation(
            question, group, selection, self._exchange, self._vitals, self.learned
        )
        settled = await race(selection, conversation.ask)
        if settled is None or settled.result is None:
            return None
        self._vitals.raced(servers, settled, conversation.excused)
        gateway = group.gateways[settled.server]
        self._serves(group, gateway)
        return gateway, settled.result

    def _serves(self, group: Group, gateway: Gateway) -> None:
        """A gateway has answered: it serves the group, if the one that did has given way."""
        active = self._active.get(group)
        is_free = active is None or self._vitals.state(active.server) is not State.UP
        if is_free or group.is_ordered:
            self._active[group] = gateway
