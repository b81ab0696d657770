"""All workers of a gateway: their sockets, the views that they serve with, and their figures.

The kernel spreads the packets over them by source address and port. Every one is handed the same
views, as frames, before their instant; then one word makes all of them serve with these.
"""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from enclave_dns.config import GatewayConfig
from enclave_dns.endpoint import Endpoint
from enclave_dns.gateway.compilation import Compilation
from enclave_dns.gateway.control import USE, Terms, pack_terms, word
from enclave_dns.gateway.packed_views import pack
from enclave_dns.gateway.worker_process import WorkerProcess
from enclave_dns.observe.figures import Figures, Policy, Workers
from enclave_dns.observe.summed import summed
from enclave_dns.serve.server import DRAIN_GRACE
from enclave_dns.serve.sockets import interface_of, shared

LEAVE: Final = DRAIN_GRACE + 4.0
"""Seconds that workers get to drain and to end; then they are ended."""


class WorkerSet:
    """So many workers of one gateway. Views must have been prepared and used before the start."""

    def __init__(self, config: GatewayConfig, count: int, *, is_json: bool) -> None:
        self._config = config
        self._is_json = is_json
        self._count = count
        self._in_use = b""
        self._prepared = b""
        self._tasks: list[asyncio.Task[None]] = []
        self.places: tuple[WorkerProcess, ...] = ()
        self.endpoints: tuple[Endpoint, ...] = ()
        self.is_draining = False

    def prepare(self, compilation: Compilation) -> None:
        """Hand views over, ahead of their use."""
        self._prepared = b"".join(pack(compilation))
        self.tell(self._prepared)

    def use(self) -> None:
        """Serve with the views that were prepared last."""
        self._in_use = self._prepared
        self.tell(word(USE))

    def tell(self, frames: bytes) -> None:
        """Tell every worker."""
        for place in self.places:
            place.tell(frames)

    async def open(self) -> None:
        """Bind every listen address for each worker. Raises EnvironmentFault with the remedy."""
        sockets: list[list[socket.socket]] = [[] for _ in range(self._count)]
        found: list[Endpoint] = []
        try:
            for endpoint in self._config.listen:
                device = self._config.interface or await asyncio.to_thread(
                    interface_of, endpoint.address
                )
                pairs = shared(endpoint, device, self._count)
                for own, pair in zip(sockets, pairs, strict=True):
                    own.extend(pair)
                found.append(Endpoint(endpoint.address, pairs[0][0].getsockname()[1]))
        finally:
            self.places = tuple(self._place(number, own) for number, own in enumerate(sockets, 1))
        self.endpoints = tuple(found)

    async def start(self) -> None:
        """Start all workers; returns when all serve.

        Raises EnvironmentFault with the reason why one of them does not.
        """
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(place.keep()) for place in self.places]
        await asyncio.gather(*(place.served for place in self.places))

    async def run(self) -> None:
        """Keep every place filled until drained."""
        # Not `gather`: it would cancel them, and they are cancelled once, by `close`.
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()

    async def drain(self) -> None:
        """Let all workers answer what they have in hand, and end."""
        self.is_draining = True
        for place in self.places:
            place.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LEAVE)

    async def close(self) -> None:
        """Leave no process and no socket."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        for place in self.places:
            place.close()
            if place.served.done() and not place.served.cancelled():
                # Of several that did not start, the first was told.
                place.served.exception()

    def figures(self, policy: Policy) -> Figures:
        """What all workers have counted together."""
        parts = (figures for place in self.places for figures in place.figures)
        serving = sum(place.is_serving for place in self.places)
        ended = sum(place.ended for place in self.places)
        return summed("gateway", parts, policy, Workers(self._count, serving, ended))

    @property
    def unready(self) -> str:
        """Why queries cannot be served now, all of them; empty where they can."""
        if self.is_draining:
            return "draining: it is about to stop"
        missing = [str(place.number) for place in self.places if not place.is_serving]
        if missing or not self.places:
            return f"workers that do not serve: {', '.join(missing) or 'all'}"
        said = ((place.number, place.unready) for place in self.places if place.unready)
        return next((f"worker {number}: {reason}" for number, reason in said), "")

    def _place(self, number: int, sockets: Sequence[socket.socket]) -> WorkerProcess:
        terms = pack_terms(Terms(self._config, number, self._is_json))
        return WorkerProcess(number, sockets, lambda: terms + self._views())

    def _views(self) -> bytes:
        """What a new worker is told of views: those in use, and those that wait for their time."""
        waiting = b"" if self._prepared is self._in_use else self._prepared
        return self._in_use + word(USE) + waiting
