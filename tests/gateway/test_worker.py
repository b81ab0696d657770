"""One worker by itself: it obeys its parent and nobody else, and does not outlive it."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

from enclave_dns.config import GatewayConfig, load_gateway_config
from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway.compilation import Compilation, Order, compile_document
from enclave_dns.gateway.control import (
    DRAIN,
    FAULT,
    FIGURES,
    SERVING,
    USE,
    Terms,
    pack_terms,
    read_frame,
    word,
)
from enclave_dns.gateway.packed_views import pack
from enclave_dns.gateway.worker import Orders
from enclave_dns.serve.sockets import bound
from tests.fakes.clients import PATIENCE, Client
from tests.fakes.processes import environment
from tests.fakes.running import DEVELOPER, GATEWAY, document, gateway_file

NAME, SHOWN = "printer", "NOERROR 10.0.0.40"
OTHER, OTHER_SHOWN = "plotter", "NOERROR 10.1.0.40"


def views(text: str) -> bytes:
    order = Order("organisation.toml", "WZL94", None, datetime.now(UTC))
    return b"".join(pack(compile_document(order, text.encode(), 0)))


def config(folder: Path) -> GatewayConfig:
    return load_gateway_config(
        gateway_file(folder, hosts="10.0.0.40 printer\n10.1.0.40 plotter"), {}
    )


@dataclass
class Parent:
    """A test in the parent's place."""

    process: "Popen[bytes]"
    stream: asyncio.StreamReader
    voice: asyncio.StreamWriter
    client: Client
    said: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def until(self, kind: bytes) -> bytes:
        """The content of the next frame of a kind."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self.said.append(await read_frame(self.stream))
                if self.said[-1][0] == kind:
                    return self.said[-1][1]

    async def status(self) -> int:
        return await asyncio.to_thread(self.process.wait, PATIENCE)


@asynccontextmanager
async def worker(greeting: bytes) -> AsyncIterator[Parent]:
    pair = bound(Endpoint(GATEWAY, 0), "lo")
    ours, theirs = socket.socketpair()
    numbers = [sock.fileno() for sock in pair]
    place = pair[0].getsockname()[:2]
    with theirs:
        process = Popen(  # noqa: ASYNC220 - that returns at once
            [sys.executable, "-P", "-m", "enclave_dns.gateway.worker", *map(str, numbers)],
            stdin=theirs,
            stdout=DEVNULL,
            pass_fds=numbers,
            env=environment(),
        )
    stream, voice = await asyncio.open_unix_connection(sock=ours)
    try:
        voice.write(greeting)
        yield Parent(process, stream, voice, Client(DEVELOPER, place))
    finally:
        voice.close()
        process.kill()
        process.wait()
        for sock in pair:
            sock.close()


async def test_it_serves_what_it_is_handed_until_it_is_to_drain(tmp_path: Path) -> None:
    terms = pack_terms(Terms(config(tmp_path), 1, is_json=True))
    async with worker(terms + views(document(1)) + word(USE)) as parent:
        await parent.until(SERVING)
        assert await parent.client.hears(NAME) == SHOWN
        # Views count from the word on, and not before.
        parent.voice.write(views(document(2, developers="10.1.0.0/24")))
        await parent.until(FIGURES)
        assert await parent.client.hears(NAME) == SHOWN
        parent.voice.write(word(USE))
        await parent.client.until_hears(OTHER_SHOWN, OTHER)
        parent.voice.write(word(DRAIN))
        with pytest.raises(asyncio.IncompleteReadError):
            await parent.until(b"?")
        assert await parent.status() == 0
        figures, _ = json.loads(parent.said[-1][1])
        assert figures["revision"] == 2
        assert sum(figures["udp"][0]) >= 3


async def test_signals_are_not_for_it(tmp_path: Path) -> None:
    terms = pack_terms(Terms(config(tmp_path), 1, is_json=True))
    async with worker(terms + views(document()) + word(USE)) as parent:
        await parent.until(SERVING)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(parent.process.pid, number)
        assert await parent.client.hears(NAME) == SHOWN
        assert parent.process.poll() is None


@pytest.mark.parametrize("is_serving", [False, True])
async def test_it_ends_when_its_parent_is_gone(tmp_path: Path, is_serving: bool) -> None:
    terms = pack_terms(Terms(config(tmp_path), 1, is_json=True))
    async with worker(terms + (views(document()) + word(USE) if is_serving else b"")) as parent:
        if is_serving:
            await parent.until(SERVING)
        parent.voice.close()
        assert await parent.status() in (0, 1)


async def test_it_says_why_it_cannot_serve(tmp_path: Path) -> None:
    terms = pack_terms(Terms(config(tmp_path), 1, is_json=True))
    for greeting, reason in (
        (word(USE), "is told its terms first"),
        (terms + word(USE), "without views"),
        (terms + word(DRAIN), "with which views"),
    ):
        async with worker(greeting) as parent:
            assert reason in (await parent.until(FAULT)).decode()
            assert await parent.status() == 1


async def test_views_that_are_prepared_twice_are_the_last_ones() -> None:
    stream = asyncio.StreamReader()
    orders = Orders(stream)
    with pytest.raises(EnvironmentFault, match="without views"):
        _ = orders.compilation
    stream.feed_data(views(document(1)) + views(document(2)) + word(USE))
    assert await orders.next() == USE
    first = orders.compilation
    assert first.version == 2
    stream.feed_data(views(document(2)) + word(USE))
    assert await orders.next() == USE
    second = orders.compilation
    assert keys(first).isdisjoint(keys(second))


def keys(compilation: Compilation) -> set[bytes]:
    return {sender.key for sender in compilation.views.senders.values()}
