"""The system's nameservers: one source of resolutions, made of several servers.

Joins selection (whom next), exchange (ask), reading (what was said) and vitals (who is alive). The
list of servers may be replaced between any two steps of a look-up.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.upstream.exchange import Exchange, Failure
from enclave_dns.upstream.health import State
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.upstream.selection import BUDGET, Pace, Selection, Try, order
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.message import Message
from enclave_dns.wire.names import ROOT
from enclave_dns.wire.numbers import RRType

PROBE: Final = Question(ROOT, RRType.NS)
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
        self._vitals = Vitals(self._exchange, PROBE, on_state)
        self._reply_in = reply_in
        self._turn = 0
        self.replace(selected)

    def replace(self, selected: Selected) -> None:
        """Use another list from now on. Servers that stay keep their state; the order is new."""
        self._selected = selected
        self._pace = Pace(
            timeout=selected.timeout,
            attempts=selected.attempts,
            reply_in=self._reply_in,
            budget=max(BUDGET, self._reply_in),
            use_tcp=selected.use_vc,
        )
        self._vitals.use_tcp = selected.use_vc
        self._vitals.replace(selected.nameservers)

    @property
    def selected(self) -> Selected:
        """The list in use."""
        return self._selected

    @property
    def is_up(self) -> bool:
        """Whether any nameserver is up; a suspect is, until its probe has failed."""
        return self._vitals.is_any_up

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

    async def look_up(self, question: Question, *, do: bool = False, start: int = 0) -> Resolution:
        """What the nameservers know, asked from place `start` on; takes 2 s at most.

        `server` of the resolution names who answered. FAILED: a server is up but none settled this
        question; DOWN: none is up.
        """
        now = asyncio.get_running_loop().time
        servers = self._selected.nameservers
        was_up = self.is_up
        states = [self._vitals.state(server) for server in servers]
        selection = Selection(order(states, start), self._pace, now())
        while (attempt := selection.next_try(now())) is not None:
            server = servers[attempt.server]
            result = await self._ask(server, question, attempt, do)
            self._vitals.learn(server, result)
            resolution = _advance(selection, result, question)
            if resolution is not None:
                return replace(resolution, server=str(server))
        is_up = was_up and self.is_up
        return Resolution(Outcome.FAILED if is_up else Outcome.DOWN, question.name)

    async def close(self) -> None:
        """End all probes, and know no server any more. Look-ups belong to their callers."""
        self.replace(Selected())
        await self._vitals.close()

    async def _ask(
        self, server: Nameserver, question: Question, attempt: Try, do: bool
    ) -> Message | Failure:
        return await self._exchange.ask(
            server, question, transport=attempt.transport, deadline=attempt.deadline, do=do
        )


def _advance(
    selection: Selection, result: Message | Failure, question: Question
) -> Resolution | None:
    """Tell the selection how a try ended; the resolution where that settles the question."""
    if isinstance(result, Message):
        reading = interpret(result, question)
        if isinstance(reading, Retry):
            selection.after_retry()
            return None
        selection.after_answer()
        return reading
    if result is Failure.TRUNCATED:
        selection.after_truncated()
    elif result is Failure.MISMATCH:
        selection.after_mismatch()
    elif result is Failure.GARBAGE:
        selection.after_retry()
    else:
        selection.after_failure()
    return None
