"""The organisation in use: kept in step with its document, and with the clock.

One piece of work goes on at a time. Whatever is asked for meanwhile becomes one more, so an older
result never follows a newer one. The serving process keeps the document's bytes alone, and has them
compiled anew when a policy starts, ends or expires.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import structlog

from enclave_dns.config import GatewayConfig, read_organisation
from enclave_dns.errors import DocumentError, EnvironmentFault
from enclave_dns.gateway.compilation import Compilation, Order
from enclave_dns.gateway.compiling import compiled
from enclave_dns.observe.figures import Policy

logger = structlog.get_logger()

RECHECK: Final = 30.0
"""Seconds after which the wall clock is looked at again: it may have been set."""

RETRY: Final = 10.0
"""Seconds after which what failed for no fault of the document is tried once more."""

_MARGIN: Final = 2
"""How many times as long as the last compilation took the next one is begun ahead of its instant.
"""


class PolicyInUse:
    """The compilation in use, and when it is to be replaced by which.

    `apply` gets each one after the first; it must be quick. `prepare`, where there is any, gets
    every one as soon as it is there, which may be before its instant. `figures` tell the version in
    use. What cannot be used leaves everything as it was, and is logged.
    """

    def __init__(
        self,
        config: GatewayConfig,
        apply: Callable[[Compilation], None],
        prepare: Callable[[Compilation], None] | None = None,
    ) -> None:
        self._config = config
        self._apply = apply
        self._prepare = prepare
        self._content = b""
        self._epoch = 0
        self._compiled_for = datetime.now(UTC)
        self._valid_until: datetime | None = None
        self._took = 0.0
        self._is_wanted = asyncio.Event()
        self.figures = Policy(0)

    async def start(self) -> Compilation:
        """Read the document for the first time.

        Raises DocumentError, and EnvironmentFault where it cannot be compiled.
        """
        content, now = await self._read(), datetime.now(UTC)
        compilation = await self._compile(content, now, None)
        self._take_over(content, now, compilation)
        self.figures.applied(compilation.version)
        return compilation

    def reload(self) -> None:
        """Use the document as it is now, as soon as nothing else is being done."""
        self._is_wanted.set()

    async def run(self) -> None:
        """Reload, and compile anew, whenever that is due."""
        while True:
            now = datetime.now(UTC)
            if self._is_over(now):
                await self._attempt(self._renew(now))
            elif self._is_wanted.is_set():
                self._is_wanted.clear()
                if not await self._attempt(self._reload(now)):
                    self._is_wanted.set()
            elif self._valid_until is not None and self._left(now) <= 0:
                await self._attempt(self._renew(self._valid_until))
            else:
                await self._wait(self._left(now))

    def _is_over(self, now: datetime) -> bool:
        """Whether the views hold no longer, or not yet: the clock may have been set back."""
        until = self._valid_until
        return now < self._compiled_for or (until is not None and now >= until)

    def _left(self, now: datetime) -> float:
        """Seconds until the next views have to be begun, so that they are there in time."""
        if self._valid_until is None:
            return RECHECK
        return (self._valid_until - now).total_seconds() - _MARGIN * self._took

    async def _wait(self, seconds: float) -> None:
        """Wait, but no longer than until a reload is asked for, or the clock is to be looked at."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, RECHECK)):
                await self._is_wanted.wait()

    async def _attempt(self, work: Coroutine[None, None, None]) -> bool:
        """Whether it could be done, well or not; where the machine fails, there is a pause."""
        try:
            await work
        except EnvironmentFault as fault:
            self.figures.failures += 1
            logger.error("organisation not compiled", reason=str(fault))
            await self._wait(RETRY)
            return False
        except DocumentError as error:
            self.figures.failures += 1
            for problem in error.problems:
                logger.error("organisation not reloaded", problem=str(problem))
        return True

    async def _reload(self, now: datetime) -> None:
        content = await self._read()
        if content == self._content:
            logger.info("organisation unchanged", version=self.figures.revision)
            return
        compilation = await self._compile(content, now, self.figures.revision)
        self._take_over(content, now, compilation)
        self.figures.applied(compilation.version)
        self._apply(compilation)
        logger.info("organisation reloaded", version=compilation.version)

    async def _renew(self, instant: datetime) -> None:
        """Compile the document in use for an instant, and apply that when it has come."""
        compilation = await self._compile(self._content, instant, None)
        while (left := (instant - (now := datetime.now(UTC))).total_seconds()) > 0:
            if self._is_wanted.is_set() or now < self._compiled_for:
                return
            await self._wait(left)
        self._take_over(self._content, instant, compilation)
        self._apply(compilation)

    def _take_over(self, content: bytes, instant: datetime, compilation: Compilation) -> None:
        views = compilation.views
        self._content = content
        self._compiled_for, self._valid_until = instant, views.valid_until
        logger.info(
            "views compiled",
            version=compilation.version,
            senders=len(views.senders),
            views=views.count,
            valid_until=str(views.valid_until or "the next document"),
        )

    async def _read(self) -> bytes:
        return await asyncio.to_thread(read_organisation, self._config.organisation)

    async def _compile(self, content: bytes, instant: datetime, running: int | None) -> Compilation:
        self._epoch += 1
        config, clock = self._config, asyncio.get_running_loop().time
        order = Order(str(config.organisation), config.system_id, running, instant)
        began = clock()
        compilation = await compiled(order, content, self._epoch)
        if self._prepare is not None:
            self._prepare(compilation)
        self._took = clock() - began
        return compilation
