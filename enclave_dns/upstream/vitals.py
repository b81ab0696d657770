"""Who of a set of servers is alive: health by server, and the probes that settle it.

Fed by the exchanges of real questions, which can only raise a suspicion or show life; a probe of a
fixed question decides. Nameservers and gateways are watched alike and differ in that question. All
state changes are synchronous, and a server that is no longer listed is left alone.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import Final

from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.exchange import Exchange, Failure
from enclave_dns.upstream.health import FIRST_PAUSE, UP, Health, State
from enclave_dns.upstream.selection import Transport
from enclave_dns.wire.message import Message

PROBE_TIME: Final = 1.5
"""Seconds that a probe waits for its reply."""

OnState = Callable[[Nameserver, State], None]


class Vitals:
    """The health of some servers, and the owner of their probes. To be closed.

    `probe` is the fixed question; `on_state(server, state)` is called when a server's state
    changes; `use_tcp`: probe over TCP.
    """

    def __init__(
        self, exchange: Exchange, probe: Question, on_state: OnState | None = None
    ) -> None:
        self._exchange = exchange
        self._question = probe
        self._on_state = on_state
        self._health: dict[Nameserver, Health] = {}
        self._probes: dict[Nameserver, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.use_tcp = False

    def replace(self, servers: Iterable[Nameserver]) -> None:
        """Watch these from now on. Servers that stay keep their state; the order is new."""
        self._health = {server: self._health.get(server, UP) for server in servers}
        for server in [server for server in self._probes if server not in self._health]:
            self._end_probe(server)

    @property
    def is_any_up(self) -> bool:
        """Whether any server is up; a suspect is, until its probe has failed."""
        return any(health.state is not State.DOWN for health in self._health.values())

    def state(self, server: Nameserver) -> State:
        """The state of a server; DOWN where it is not listed."""
        health = self._health.get(server)
        return State.DOWN if health is None else health.state

    def states(self) -> tuple[tuple[Nameserver, State], ...]:
        """Every server and its state, in the order of the list."""
        return tuple((server, health.state) for server, health in self._health.items())

    def learn(self, server: Nameserver, result: Message | Failure) -> None:
        """What one exchange says about a server's health."""
        health = self._health.get(server)
        if health is None:
            return
        if is_life(result):
            self._set(server, health.after_life())
        elif result in (Failure.SILENCE, Failure.UNREACHABLE):
            self._set(server, health.after_failure(asyncio.get_running_loop().time()))

    async def close(self) -> None:
        """End all probes, and watch nobody any more."""
        self.replace(())
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
            self._set(server, health.after_probe(is_life(result), loop.time(), jitter))

    async def _probed(self, server: Nameserver) -> Message | Failure:
        """One probe: UDP, and TCP where a datagram was not ours (or by `use_tcp`)."""
        deadline = asyncio.get_running_loop().time() + PROBE_TIME
        transport = Transport.TCP if self.use_tcp else Transport.UDP
        result = await self._exchange.ask(
            server, self._question, transport=transport, deadline=deadline
        )
        if result is Failure.MISMATCH:
            result = await self._exchange.ask(
                server, self._question, transport=Transport.TCP, deadline=deadline
            )
        return result


def is_life(result: Message | Failure) -> bool:
    """Whether the server itself has spoken, whatever it said."""
    return isinstance(result, Message) or result is Failure.TRUNCATED
