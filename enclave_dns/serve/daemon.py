"""The life of a daemon: open the sockets, say ready, serve, and leave without losing a query.

Shared by gateway and stub, which differ only in the `Program` behind the server. Owns the
listeners and the program's background work; everything ends when `run` does.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence

import structlog

from enclave_dns.endpoint import Endpoint
from enclave_dns.serve.server import Server
from enclave_dns.serve.sockets import bound, interface_of
from enclave_dns.serve.tcp import TcpListener
from enclave_dns.serve.udp import UdpListener

logger = structlog.get_logger()


class Listeners:
    """Every socket of a daemon, UDP and TCP, on all its listen addresses."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._udp: list[UdpListener] = []
        self._tcp: list[TcpListener] = []
        self.endpoints: tuple[Endpoint, ...] = ()

    async def open(self, endpoints: Sequence[Endpoint], interface: str) -> None:
        """Bind and serve all addresses, or none. Raises EnvironmentFault with the remedy."""
        opened: list[Endpoint] = []
        try:
            for endpoint in endpoints:
                device = interface or await asyncio.to_thread(interface_of, endpoint.address)
                udp, tcp = bound(endpoint, device)
                opened.append(Endpoint(endpoint.address, udp.getsockname()[1]))
                self._udp.append(UdpListener(udp, self._server))
                listener = TcpListener(self._server)
                self._tcp.append(listener)
                await listener.open(tcp)
        except BaseException:
            await self.close()
            raise
        self.endpoints = tuple(opened)

    async def close(self) -> None:
        """Give all sockets back."""
        for udp in self._udp:
            udp.close()
        for tcp in self._tcp:
            await tcp.close()
        self._udp.clear()
        self._tcp.clear()


async def serve_until_stopped(
    server: Server,
    listeners: Listeners,
    background: Sequence[Callable[[], Coroutine[None, None, None]]],
    *,
    on_ready: Callable[[], None],
    on_reload: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then drain. SIGHUP calls `on_reload`.

    `background` is work that goes on meanwhile; it is cancelled at the end. The listeners must
    be open; they are closed in any case.
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
            logger.info("draining")
            await server.drain()
            for task in running:
                task.cancel()
    finally:
        await listeners.close()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)
    logger.info("stopped")
