"""The system's nameservers: one source of resolutions, made of several servers.

Joins selection (whom next), racing (asking them), exchange (one question), reading (what was said)
and vitals (who is alive). The list of servers may be replaced between any two steps of a look-up.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.upstream.echoes import Echoes
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.first_try import FirstTries, FirstTry, Then
from enclave_dns.upstream.health import State
from enclave_dns.upstream.racing import race
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.upstream.selection import BUDGET, Ended, Pace, Try, order
from enclave_dns.upstream.transport import Failure, Transports
from enclave_dns.upstream.vitals import Signs, Vitals
from enclave_dns.wire.message import Message
from enclave_dns.wire.names import ROOT
from enclave_dns.wire.numbers import RRType

LONGEST_TRY: Final = 0.4
"""Seconds for one try while others are left."""


def _has_spoken(result: Message | Failure) -> bool:
    return isinstance(result, Message) or result is Failure.TRUNCATED


NAMESERVER_SIGNS: Final = Signs(Question(ROOT, RRType.NS), _has_spoken, are_traced=True)
"""The fixed question: every recursive server knows it, and any rcode is life."""


class Nameservers:
    """Asks the nameservers of `selected`, and knows which of them are alive.

    `on_state(server, state)` is called when a server's state changes, `reply_in` is when the
    askers are answered (seconds). Must be made and used in a running event loop, and closed.
    """

    def __init__(
        self,
        selected: Selected,
        *,
        exchange: Exchange | None = None,
        reply_in: float = 0.8,
        on_state: Callable[[Nameserver, State], None] | None = None,
    ) -> None:
        self._exchange = exchange or Exchange()
        self._vitals = Vitals(self._exchange, NAMESERVER_SIGNS, on_state)
        self._first_tries = FirstTries(self._vitals)
        self._reply_in = reply_in
        self._turn = 0
        self.replace(selected)

    def replace(self, selected: Selected) -> None:
        """Use another list from now on. Servers that stay keep their state; the order is new."""
        self._selected = selected
        share = self._reply_in / max(len(selected.nameservers), 1)
        self._pace = Pace(
            budget=max(BUDGET, self._reply_in),
            longest_try=min(selected.timeout, share, LONGEST_TRY),
            last_try=selected.timeout,
            attempts=selected.attempts,
        )
        self._vitals.use_tcp = selected.use_vc
        self._vitals.replace(selected.nameservers)
        self._first_tries.replace(selected.nameservers)

    @property
    def selected(self) -> Selected:
        """The list in use."""
        return self._selected

    @property
    def echoes(self) -> Echoes:
        """The questions under way, to tell when one comes back to us."""
        return self._exchange.echoes

    @property
    def is_up(self) -> bool:
        """Whether any nameserver is up; a suspect is, until its probe has failed."""
        return self._vitals.is_any_up

    @property
    def vitals(self) -> Vitals:
        """What is known of each server."""
        return self._vitals

    def states(self) -> tuple[tuple[Nameserver, State], ...]:
        """Every server and its state, in the order of the list."""
        return self._vitals.states()

    def next_start(self) -> int:
        """Where the questions of the next client question start: another place under `rotate`."""
        if not self._selected.rotate:
            return 0
        self._turn += 1
        return self._turn - 1

    def start_of(self, name: str) -> int:
        """The place of the server that a resolution names, for the questions that belong to it."""
        for place, server in enumerate(self._selected.nameservers):
            if str(server) == name:
                return place
        return 0

    def begin(self, question: Question, *, do: bool, start: int, then: Then) -> FirstTry | None:
        """Ask the nameserver at place `start`, which most often settles it at once.

        `then` is called with the resolution, or with None: then `look_up` goes on with it. None
        where the look-up does not begin so plainly.
        """
        selected = self._selected
        servers = selected.nameservers
        if not servers or selected.use_vc:
            return None
        server = servers[start % len(servers)]
        if self._vitals.state(server) is not State.UP:
            return None
        return self._first_tries.begin(question, selected, server, do=do, then=then)

    async def look_up(
        self, question: Question, *, do: bool = False, start: int = 0, begun: FirstTry | None = None
    ) -> Resolution:
        """What the nameservers know, asked from place `start` on; takes 2 s at most.

        `begun` is the first try, where there was one. `server` of the resolution names who
        answered, and `elapsed` counts from the first query: waiting for our own turn says nothing
        about the name. FAILED: a server is up but none settled this question; DOWN: none is up.
        """
        selected = self._selected if begun is None else begun.selected
        servers = list(selected.nameservers)
        vitals = self._vitals
        was_up = self.is_up or begun is not None
        now = asyncio.get_running_loop().time
        transports = Transports(use_tcp=selected.use_vc)
        places = self._places(servers, start, begun)
        look_up = _LookUp(question, do, servers, transports, self._exchange, vitals, begun)
        since = None if begun is None else begun.asked.began
        selection = vitals.selection(servers, places, self._pace, since)
        settled = await race(selection, look_up.ask, since)
        elapsed = now() - (look_up.began or now())
        if settled is not None and settled.result is not None:
            vitals.raced(servers, settled, look_up.excused)
            answerer = str(servers[settled.server])
            return replace(settled.result, server=answerer, elapsed=elapsed)
        is_up = was_up and self.is_up
        outcome = Outcome.FAILED if is_up else Outcome.DOWN
        return Resolution(outcome, question.name, elapsed=elapsed)

    def _places(
        self, servers: Sequence[Nameserver], start: int, begun: FirstTry | None
    ) -> tuple[int, ...]:
        """Whom to ask, in order; the one that is being asked stays the first."""
        places = whom_to_ask([self._vitals.state(server) for server in servers], start)
        if begun is None:
            return places
        first = servers.index(begun.server)
        return (first, *(place for place in places if place != first))

    async def close(self) -> None:
        """End all probes, and know no server any more. Look-ups belong to their callers."""
        self.replace(Selected())
        self._first_tries.close()
        await self._vitals.close()


@dataclass(slots=True)
class _LookUp:
    """One question on its way to some servers, when it began, and who was late by our fault."""

    question: Question
    do: bool
    servers: Sequence[Nameserver]
    transports: Transports
    exchange: Exchange
    vitals: Vitals
    begun: FirstTry | None = None
    began: float | None = None
    excused: set[int] = field(default_factory=set)

    async def ask(self, attempt: Try) -> tuple[Ended, Resolution | None]:
        """Perform one try."""
        server = self.servers[attempt.server]
        begun, self.begun = self.begun, None
        asked_at = attempt.began if begun is not None else asyncio.get_running_loop().time()
        self.began = self.began or asked_at
        result = await self.exchange.converse(
            server,
            self.question,
            deadline=attempt.deadline,
            transports=self.transports,
            do=self.do,
            begun=None if begun is None else begun.asked,
        )
        self.vitals.learn(server, result, asked_at)
        if result is Failure.NO_SOCKET:
            self.excused.add(attempt.server)
        return _read(result, self.question)


def whom_to_ask(states: Sequence[State], start: int = 0) -> tuple[int, ...]:
    """The places of the nameservers to ask, from `start` on.

    Where all are down, all: then any reply at all is a way back.
    """
    count = len(states)
    return order(states, start) or tuple((start + step) % count for step in range(count))


def _read(result: Message | Failure, question: Question) -> tuple[Ended, Resolution | None]:
    """How a try ended, and the resolution where that settles the question."""
    if isinstance(result, Message):
        reading = interpret(result, question)
        return (Ended.DECLINED, None) if isinstance(reading, Retry) else (Ended.SETTLED, reading)
    has_spoken = result in (Failure.GARBAGE, Failure.LOOP)
    return (Ended.DECLINED if has_spoken else Ended.FAILED), None
