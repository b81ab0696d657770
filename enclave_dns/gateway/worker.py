"""The program of one worker: `python -m` with this module serves sockets that its parent has bound.

Its arguments are their descriptors, UDP and TCP in turns; standard input is the socket over which
the parent tells it with what to serve. It reads the hosts file and resolv.conf itself, when it is
told to. Signals are for the parent; when that is gone, so is its worker.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from enclave_dns.errors import EnclaveDnsError, EnvironmentFault
from enclave_dns.gateway.compilation import Compilation
from enclave_dns.gateway.control import (
    DRAIN,
    FAULT,
    FIGURES,
    HOSTS,
    NAMESERVERS,
    REPORT_EVERY,
    SERVING,
    TERMS,
    USE,
    Terms,
    read_frame,
    read_terms,
    word,
)
from enclave_dns.gateway.frames import frame, json_frame
from enclave_dns.gateway.packed_views import Unpacker
from enclave_dns.gateway.service import Service
from enclave_dns.observe.figures import Policy
from enclave_dns.observe.logs import configure
from enclave_dns.observe.summed import plain
from enclave_dns.serve.daemon import Listeners
from enclave_dns.serve.loop import begin_service, loop_factory
from enclave_dns.serve.server import DRAIN_GRACE

logger = structlog.get_logger()

_WORDS: Final = frozenset((USE, HOSTS, NAMESERVERS, DRAIN))
_SLICE: Final = 0.002
"""Seconds of putting views together after which the replies have their turn."""
_FAREWELL: Final = 1.0
"""Seconds in which the last figures have to be taken."""

Pair = tuple[socket.socket, socket.socket]


class Orders:
    """What the parent says, word by word; the views that come meanwhile are put together."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._clock = asyncio.get_running_loop().time
        self._epoch = 0
        self._unpacker: Unpacker | None = None
        self._latest: Compilation | None = None

    async def terms(self) -> Terms:
        """What comes first."""
        kind, content = await read_frame(self._stream)
        if kind != TERMS:
            raise EnvironmentFault("a worker is told its terms first")
        return read_terms(content)

    async def next(self) -> bytes:
        """The next word. Raises IncompleteReadError or ConnectionError where the parent is gone."""
        pause_at = self._clock() + _SLICE
        while True:
            kind, content = await read_frame(self._stream)
            if kind in _WORDS:
                return kind
            self._take(kind, content)
            if self._clock() >= pause_at:
                # What has been received already is read without a wait.
                await asyncio.sleep(0)
                pause_at = self._clock() + _SLICE

    @property
    def compilation(self) -> Compilation:
        """The views that came last. Raises EnvironmentFault where none did."""
        if self._latest is None:
            raise EnvironmentFault("a worker is told to serve without views")
        return self._latest

    def _take(self, kind: bytes, content: bytes) -> None:
        if self._unpacker is None:
            self._epoch += 1
            self._unpacker = Unpacker(self._epoch)
        self._unpacker.take(kind, content)
        if self._unpacker.is_whole:
            self._latest, self._unpacker = self._unpacker.whole(), None


class Worker:
    """One worker: obeys `orders`, and says on `voice` how it goes."""

    def __init__(self, orders: Orders, voice: asyncio.StreamWriter) -> None:
        self._orders = orders
        self._voice = voice
        self._policy: Policy
        self._service: Service

    async def run(self, pairs: Sequence[Pair]) -> None:
        """Serve until told to drain, or until the parent is gone.

        Raises EnvironmentFault where that cannot be begun.
        """
        terms = await self._orders.terms()
        configure(terms.config.log_level, is_json=terms.is_json, worker=terms.number)
        if await self._orders.next() != USE:
            raise EnvironmentFault("a worker is told with which views to serve")
        compilation = self._orders.compilation
        self._policy = Policy(compilation.version)
        self._service = service = Service(terms.config, compilation)
        listeners = Listeners(service.server)
        try:
            await service.start()
            await listeners.adopt(pairs)
            service.listens_at(listeners.endpoints)
            await self._serve()
        finally:
            await listeners.close()
            await service.close()
        self._report()

    async def _serve(self) -> None:
        server = self._service.server
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(work()) for work in (self._service.keep_hosts, self._tell)]
            self._report()
            self._voice.write(word(SERVING))
            # As after the ready line: what is here stays.
            begin_service()
            try:
                await self._obey()
            except (asyncio.IncompleteReadError, ConnectionError):
                # Whoever comes after the parent wants the port at once.
                await server.drain(0.0)
            else:
                await server.drain(DRAIN_GRACE)
            for task in beside:
                task.cancel()

    async def _obey(self) -> None:
        """Do what is said until it is to drain."""
        orders, service = self._orders, self._service
        while (said := await orders.next()) != DRAIN:
            if said == USE:
                service.apply(orders.compilation)
                self._policy.applied(orders.compilation.version)
            elif said == HOSTS:
                service.reload_hosts()
            else:
                service.reload_nameservers()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY)
            self._report()

    def _report(self) -> None:
        figures = plain(self._service.figures(self._policy))
        self._voice.write(json_frame(FIGURES, [figures, self._service.unready]))


async def serve(control: socket.socket, pairs: Sequence[Pair]) -> int:
    """Run one worker; the exit status."""
    stream, voice = await asyncio.open_unix_connection(sock=control)
    try:
        await Worker(Orders(stream), voice).run(pairs)
    except (asyncio.IncompleteReadError, ConnectionError):
        return 1
    except EnclaveDnsError as error:
        voice.write(frame(FAULT, str(error).encode()))
        return 1
    finally:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await voice.drain()
                voice.close()
                await voice.wait_closed()
    return 0


def main() -> int:
    """Serve what the arguments name."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Service managers send them to every process; the parent sees to an orderly end.
        signal.signal(number, signal.SIG_IGN)
    _keep_from_children()
    numbers = list(map(int, sys.argv[1:]))
    sockets = [socket.socket(fileno=number) for number in numbers]
    pairs = list(zip(sockets[::2], sockets[1::2], strict=True))
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(serve(socket.socket(fileno=os.dup(0)), pairs))


def _keep_from_children() -> None:
    """Let no child of ours have our descriptors: a port would stay open, or our end be hidden."""
    for number in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 - only the names count
        with suppress(OSError):
            os.set_inheritable(number, number <= 2)


if __name__ == "__main__":
    sys.exit(main())
