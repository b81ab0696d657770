"""Noticing that the machine has changed its network, or has slept.

The kernel's messages (rtnetlink(7)) only wake us; they are not read, so that none can be missed and
no queue can grow. When it has been quiet for a moment the network is looked at, in a thread, and
compared with what it was. Sleep shows as a jump of CLOCK_BOOTTIME against CLOCK_MONOTONIC, which
stands still meanwhile (clock_gettime(2)).
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Self

import structlog

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.links import Network, changes, look

logger = structlog.get_logger()

QUIET: Final = 0.3
"""Seconds without news after which the network is looked at: an address comes after its link."""

LONGEST: Final = 2.0
"""Seconds after which it is looked at in any case."""

TICK: Final = 5.0
"""Seconds between two looks at the clocks."""

LEAST_SLEEP: Final = 1.0
"""Seconds; the two clocks are not read at the same instant."""

_GROUPS: Final = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""Links, and addresses and routes of both families (RTMGRP_*)."""

_READ: Final = 65536
_MOST_READS: Final = 64

OnChange = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Clocks:
    """The two clocks, in seconds, at about the same instant."""

    boottime: float
    monotonic: float

    @classmethod
    def now(cls) -> Self:
        return cls(time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic())

    def slept_since(self, earlier: "Clocks") -> float:
        """Seconds that the machine has slept since then; 0 where it has not."""
        gap = (self.boottime - earlier.boottime) - (self.monotonic - earlier.monotonic)
        return gap if gap >= LEAST_SLEEP else 0.0


class Roaming:
    """Awaits `on_change(reason)` after every change of network and every sleep, one at a time.

    `on_change` must not raise. `see` and `clocks` are how network and clocks are read. Changes are
    told from `open` on, which comes before whatever depends on them is read. One `run` per object,
    owned by the caller's task; then `close`.
    """

    def __init__(
        self,
        on_change: OnChange,
        *,
        see: Callable[[], Network] = look,
        clocks: Callable[[], Clocks] = Clocks.now,
        quiet: float = QUIET,
        tick: float = TICK,
    ) -> None:
        self._on_change = on_change
        self._see = see
        self._clocks = clocks
        self._quiet = quiet
        self._tick = tick
        self._news = asyncio.Event()
        self._socket: socket.socket | None = None
        self._awake = clocks()
        self._network = Network()
        self._fault = ""

    def notice(self) -> None:
        """There may be something to see."""
        self._news.set()

    async def open(self) -> None:
        """Begin to watch. Raises EnvironmentFault where there is nothing to compare with."""
        self._socket = self._listening()
        self._network = await asyncio.to_thread(self._see)

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._wait(self._tick)
            now = self._clocks()
            slept, self._awake = now.slept_since(self._awake), now
            is_news = self._news.is_set() or bool(self._fault)
            if self._socket is not None and not slept and not is_news:
                continue
            await self._settle()
            before, self._network = self._network, await self._looked()
            if reason := _reason(slept, before, self._network):
                await self._on_change(reason)

    async def _looked(self) -> Network:
        """The network as it is; as it was where that cannot be told, until the next tick."""
        try:
            network = await asyncio.to_thread(self._see)
        except EnvironmentFault as fault:
            if not self._fault:
                logger.warning("no look at the network", problem=str(fault))
            self._fault = str(fault)
            return self._network
        self._fault = ""
        return network

    def close(self) -> None:
        """Give the descriptor back; may be called at any time, repeatedly."""
        news, self._socket = self._socket, None
        if news is not None:
            asyncio.get_running_loop().remove_reader(news)
            news.close()

    def _listening(self) -> socket.socket | None:
        """Be woken by the kernel; None where it does not let us, and every tick is a look."""
        try:
            news = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        except OSError as error:
            logger.warning("no news of the network from the kernel", problem=str(error.strerror))
            return None
        news.setblocking(False)
        try:
            news.bind((0, _GROUPS))
        except OSError as error:
            news.close()
            logger.warning("no news of the network from the kernel", problem=str(error.strerror))
            return None
        asyncio.get_running_loop().add_reader(news, self._drain, news)
        return news

    def _drain(self, news: socket.socket) -> None:
        self._news.set()
        for _ in range(_MOST_READS):
            try:
                news.recv(_READ)
            except BlockingIOError:
                return
            except OSError:
                continue  # messages were lost: that they came is all that counts

    async def _settle(self) -> None:
        """Wait for a moment without news, though not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                while self._news.is_set():
                    self._news.clear()
                    await self._wait(self._quiet)
        self._news.clear()

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()


def _reason(slept: float, before: Network, after: Network) -> str:
    sleep = f"the machine slept for {slept:.0f} s" if slept else ""
    return "; ".join(part for part in (sleep, changes(before, after)) if part)
