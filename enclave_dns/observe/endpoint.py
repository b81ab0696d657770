"""Metrics and health over HTTP: `/metrics`, `/health` (alive), `/ready` (able to serve).

Plain HTTP without a password, meant for loopback. Its libraries are loaded when it is opened, so
that a program without it does not carry them.
"""

import json
import os
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import structlog

from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.observe.figures import Figures

if TYPE_CHECKING:
    from aiohttp import web

logger = structlog.get_logger()

GRACE: Final = 0.5
"""Seconds that a request under way gets at the end."""


class MetricsEndpoint:
    """The HTTP side of one program; closed by whoever opens it.

    `figures` is asked at every scrape. `unready` gives the reason, in a line, why the program
    cannot serve now; empty where it can.
    """

    def __init__(self, figures: Callable[[], Figures], unready: Callable[[], str]) -> None:
        self._figures = figures
        self._unready = unready
        self._runner: web.AppRunner | None = None
        self.endpoint: Endpoint | None = None

    async def open(self, endpoint: Endpoint | None) -> None:
        """Serve there, or nowhere. Raises EnvironmentFault with the remedy."""
        if endpoint is None:
            return
        from aiohttp import web
        from prometheus_client.aiohttp import make_aiohttp_handler

        from enclave_dns.observe.metrics import registry_of

        if not ip_address(endpoint.address).is_loopback:
            logger.warning("metrics can be read by whoever reaches them", metrics=str(endpoint))
        app = web.Application()
        app.router.add_get("/metrics", make_aiohttp_handler(registry_of(self._figures)))
        app.router.add_get("/health", self._health)
        app.router.add_get("/ready", self._ready)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
        await self._runner.setup()
        host = str(endpoint).rpartition(":")[0].strip("[]")
        try:
            await web.TCPSite(self._runner, host, endpoint.port).start()
        except OSError as error:
            await self.close()
            reason = os.strerror(error.errno or 0).lower()
            raise EnvironmentFault(
                f"{endpoint}: metrics cannot be served there: {reason};"
                " stop what listens there or change `metrics`"
            ) from error
        self.endpoint = Endpoint(endpoint.address, self._runner.addresses[0][1], endpoint.scope)
        logger.info("metrics served", metrics=str(self.endpoint))

    async def close(self) -> None:
        """Give the port back."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _health(self, request: "web.Request") -> "web.Response":  # noqa: ARG002 - aiohttp's signature
        return _said({"alive": True})

    async def _ready(self, request: "web.Request") -> "web.Response":  # noqa: ARG002 - aiohttp's signature
        reason = self._unready()
        return _said({"ready": False, "reason": reason} if reason else {"ready": True}, not reason)


def _said(body: dict[str, object], is_well: bool = True) -> "web.Response":
    from aiohttp import web

    return web.Response(
        text=json.dumps(body) + "\n",
        content_type="application/json",
        status=200 if is_well else 503,
    )
