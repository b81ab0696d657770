"""The system's nameservers: one source of resolutions, made of several servers.

Joins selection (whom next), exchange (ask), reading (what was said) and health (who is alive), and
owns the probes. All state changes are synchronous: between two of them the list of servers may have
been replaced, so health is kept by server and whoever is no longer listed is left alone.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.upstream.exchange import Exchange, Failure
from enclave_dns.upstream.health import FIRST_PAUSE, UP, Health, State
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.upstream.selection import BUDGET, Pace, Selection, Transport, Try, order
from enclave_dns.wire.message import Message
from enclave_dns.wire.names import ROOT
from enclave_dns.wire.numbers import RRType

PROBE: Final = Question(ROOT, RRType.NS)
"""The fixed question: every recursive server knows it, and any rcode is life."""

PROBE_TIME: Final = 1.5
"""Seconds that a probe waits for its reply."""


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
        self._reply_in = reply_in
        self._on_state = on_state
        self._health: dict[Nameserver, Health] = {}
        self._probes: dict[Nameserver, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
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
        self._health = {server: self._health.get(server, UP) for server in selected.nameservers}
        for server in [server for server in self._probes if server not in self._health]:
            self._end_probe(server)

    @property
    def selected(self) -> Selected:
        """The list in use."""
        return self._selected

    @property
    def is_up(self) -> bool:
        """Whether any nameserver is up; a suspect is, until its probe has failed."""
        return any(health.state is not State.DOWN for health in self._health.values())

    def states(self) -> tuple[tuple[Nameserver, State], ...]:
        """Every server and its state, in the order of the list."""
        return tuple((server, health.state) for server, health in self._health.items())

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
        states = [self._health[server].state for server in servers]
        selection = Selection(order(states, start), self._pace, now())
        while (attempt := selection.next_try(now())) is not None:
            server = servers[attempt.server]
            result = await self._ask(server, question, attempt, do)
            self._learn(server, result)
            resolution = _advance(selection, result, question)
            if resolution is not None:
                return replace(resolution, server=str(server))
        is_up = was_up and self.is_up
        return Resolution(Outcome.FAILED if is_up else Outcome.DOWN, question.name)

    async def close(self) -> None:
        """End all probes, and know no server any more. Look-ups belong to their callers."""
        self.replace(Selected())
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(
        self, server: Nameserver, question: Question, attempt: Try, do: bool
    ) -> Message | Failure:
        return await self._exchange.ask(
            server, question, transport=attempt.transport, deadline=attempt.deadline, do=do
        )

    def _learn(self, server: Nameserver, result: Message | Failure) -> None:
        """What one exchange says about the server's health."""
        health = self._health.get(server)
        if health is None:
            return
        if _is_life(result):
            self._set(server, health.after_life())
        elif result in (Failure.SILENCE, Failure.UNREACHABLE):
            self._set(server, health.after_failure(asyncio.get_running_loop().time()))

    def _set(self, server: Nameserver, health: Health) -> None:
        before = self._health[server]
        self._health[server] = health
        if health.probe_at is None:
            self._end_probe(server)
        elif server not in self._probes:
            self._start_probe(server)
        if self._on_state is not None and health.state is not before.state:
            self._on_state(server, health.state)

    def _start_probe(self, server: Nameserver) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._probe(server), name=f"probe {server}")
        self._probes[server] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end_probe(self, server: Nameserver) -> None:
        """No longer wanted. A probe that has just found this out itself ends by itself."""
        task = self._probes.pop(server, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _probe(self, server: Nameserver) -> None:
        """Probe one server until it is up; cancelled when it is no longer listed."""
        loop = asyncio.get_running_loop()
        while (health := self._health.get(server)) is not None and health.probe_at is not None:
            await asyncio.sleep(health.probe_at - loop.time())
            result = await self._probed(server)
            if result is Failure.NO_SOCKET:
                await asyncio.sleep(FIRST_PAUSE)
                continue
            jitter = int.from_bytes(os.urandom(2)) / 65536
            health = self._health[server]
            self._set(server, health.after_probe(_is_life(result), loop.time(), jitter))

    async def _probed(self, server: Nameserver) -> Message | Failure:
        """One probe: UDP, and TCP where a datagram was not ours (or by `use-vc`)."""
        deadline = asyncio.get_running_loop().time() + PROBE_TIME
        transport = Transport.TCP if self._pace.use_tcp else Transport.UDP
        result = await self._exchange.ask(server, PROBE, transport=transport, deadline=deadline)
        if result is Failure.MISMATCH:
            result = await self._exchange.ask(
                server, PROBE, transport=Transport.TCP, deadline=deadline
            )
        return result


def _is_life(result: Message | Failure) -> bool:
    return isinstance(result, Message) or result is Failure.TRUNCATED


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
