"""Servers on loopback and the vitals that watch them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from enclave_dns.resolution import Question
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import FAILURES, State
from enclave_dns.upstream.nameservers import NAMESERVER_SIGNS
from enclave_dns.upstream.transport import Failure
from enclave_dns.upstream.vitals import Signs, Vitals
from enclave_dns.wire.message import Message
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.nameserver import FakeNameserver, Respond, zone
from tests.fakes.waiting import eventually

PROBE = Question(from_text("_my.id.enclave"), RRType.A)
ALIVE = zone("_my.id.enclave 1 A 100.64.0.70")
LIFE = Message(0, 0x8180)
ANY_WORD = Signs(PROBE, NAMESERVER_SIGNS.is_good)
"""Those of a nameserver, but for the question."""


class Scene:
    """Vitals, what they report, and the servers."""

    def __init__(self, fakes: list[FakeNameserver], signs: Signs = ANY_WORD) -> None:
        self.fakes = fakes
        self.reports: list[tuple[str, State]] = []
        self.exchange = Exchange()
        self.vitals = Vitals(
            self.exchange, signs, lambda server, state: self.reports.append((str(server), state))
        )
        self.vitals.replace(fake.server for fake in fakes)

    @property
    def state(self) -> State:
        """That of the first server."""
        return self.vitals.state(self.fakes[0].server)

    def fail(self, times: int = FAILURES, failure: Failure = Failure.SILENCE) -> None:
        """So many questions to the first server have failed."""
        for _ in range(times):
            self.learn(failure)

    def learn(self, result: Message | Failure, took: float = 0.0) -> None:
        """A question to the first server has ended just now."""
        asked_at = asyncio.get_running_loop().time() - took
        self.vitals.learn(self.fakes[0].server, result, asked_at)

    async def until(self, state: State) -> None:
        await eventually(lambda: self.state is state)


@asynccontextmanager
async def scene(*responds: Respond, signs: Signs = ANY_WORD) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        fakes = [await stack.enter_async_context(FakeNameserver(one)) for one in responds]
        made = Scene(fakes, signs)
        stack.push_async_callback(made.vitals.close)
        yield made
