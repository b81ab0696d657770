"""The life of a daemon: open the sockets, say ready, serve, and leave without losing a query.

Shared by gateway and stub, which differ only in the `Program` behind the server. Owns the
listeners and the program's background work; everything ends when `run` does.
"""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Protocol

import structlog

from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.serve.connections import MAX_CONNECTIONS, MAX_PER_SENDER, Connections
from enclave_dns.serve.server import Server
from enclave_dns.serve.sockets import DESCRIPTORS, allow_descriptors, bound, interface_of
from enclave_dns.serve.tcp import Connection, TcpListener
from enclave_dns.serve.udp import UdpListener

logger = structlog.get_logger()

_NOT_FOLLOWED: Final = -1
"""In place of the number of an interface: whoever has bound the sockets sees to it."""


class Drained(Protocol):
    """What serves, here or in other processes."""

    async def drain(self) -> None:
        """Take nothing new, and let what is in flight have its replies."""


class Closed(Protocol):
    """What holds sockets."""

    async def close(self) -> None:
        """Give all sockets back."""


@dataclass(slots=True, eq=False)
class _Place:
    """One listen address and the listeners there.

    `index` is the number of the interface that they are bound to: another one may get its name.
    """

    endpoint: Endpoint
    index: int
    udp: UdpListener
    tcp: TcpListener

    async def close(self) -> None:
        self.udp.close()
        await self.tcp.close()


class Listeners:
    """Every socket of a daemon, UDP and TCP, on all its listen addresses."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._interface = ""
        self._places: list[_Place] = []
        per_sender = MAX_CONNECTIONS if server.has_one_sender else MAX_PER_SENDER
        self._admission: Connections[Connection] = Connections(per_sender=per_sender)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where we listen, with the ports that were picked."""
        return tuple(place.endpoint for place in self._places)

    async def open(self, endpoints: Sequence[Endpoint], interface: str) -> None:
        """Bind and serve all addresses, or none. Raises EnvironmentFault with the remedy."""
        self._interface = interface
        _allow_descriptors()
        try:
            for endpoint in endpoints:
                self._places.append(await self._bind(endpoint))
        except BaseException:
            await self.close()
            raise

    async def adopt(self, pairs: Sequence[tuple[socket.socket, socket.socket]]) -> None:
        """Serve sockets that somebody else has bound, UDP and TCP. Raises EnvironmentFault."""
        _allow_descriptors()
        try:
            for udp, tcp in pairs:
                address = str(ip_address(udp.getsockname()[0]))
                self._places.append(await self._serve(address, udp, tcp, _NOT_FOLLOWED))
        except BaseException:
            await self.close()
            raise

    async def rebind(self) -> tuple[Endpoint, ...]:
        """Follow interfaces that have gone and come back as others; returns who was moved.

        An address that no interface has now is left for the next time. Raises EnvironmentFault
        where a socket cannot be had; the old ones stay, and the other addresses are moved still.
        """
        moved: list[Endpoint] = []
        faults: list[EnvironmentFault] = []
        for number, place in enumerate(self._places):
            try:
                device = await self._device(place.endpoint)
                if _index(device) == place.index:
                    continue
            except EnvironmentFault:
                continue
            try:
                # The old socket belongs to an interface that is gone, and is in nobody's way.
                self._places[number] = await self._bind(place.endpoint)
            except EnvironmentFault as fault:
                faults.append(fault)
                continue
            await place.close()
            moved.append(place.endpoint)
        if faults:
            raise faults[0]
        return tuple(moved)

    async def close(self) -> None:
        """Give all sockets back."""
        for place in self._places:
            await place.close()
        self._places.clear()

    async def _device(self, endpoint: Endpoint) -> str:
        return self._interface or await asyncio.to_thread(interface_of, endpoint.address)

    async def _bind(self, endpoint: Endpoint) -> _Place:
        device = await self._device(endpoint)
        index = _index(device)
        return await self._serve(endpoint.address, *bound(endpoint, device), index)

    async def _serve(
        self, address: str, udp: socket.socket, tcp: socket.socket, index: int
    ) -> _Place:
        at = Endpoint(address, udp.getsockname()[1])
        listener = TcpListener(self._server, self._admission)
        place = _Place(at, index, UdpListener(udp, self._server), listener)
        try:
            await place.tcp.open(tcp)
        except OSError as error:
            await place.close()
            raise EnvironmentFault(f"cannot listen on {at}: {error.strerror}") from error
        except BaseException:
            await place.close()
            raise
        return place


def _allow_descriptors() -> None:
    allowed = allow_descriptors()
    if allowed < DESCRIPTORS:
        logger.warning("few open files are allowed", allowed=allowed, wanted=DESCRIPTORS)


def _index(device: str) -> int:
    """The number of an interface; 0 where there is none."""
    try:
        return socket.if_nametoindex(device)
    except OSError:
        return 0


async def serve_until_stopped(
    server: Drained,
    listeners: Closed,
    background: Sequence[Callable[[], Coroutine[None, None, None]]],
    *,
    on_ready: Callable[[], None],
    on_reload: Callable[[], None],
    on_stop: Callable[[], Coroutine[None, None, None]] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain. SIGHUP calls `on_reload`.

    `background` is work that goes on meanwhile; it is cancelled at the end. `on_stop` is awaited
    before the drain, while everything is answered still. The listeners must be open; they are
    closed in any case.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, on_reload)
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(work()) for work in background]
            on_ready()
            await stop.wait()
            if on_stop is not None:
                await on_stop()
            logger.info("draining")
            await server.drain()
            for task in running:
                task.cancel()
    finally:
        await listeners.close()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)
    logger.info("stopped")
