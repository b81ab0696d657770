"""The gateway, assembled: files in, views and resolver out, all behind one server.

One process: it watches the files, compiles the organisation or has it compiled, and serves.
"""

from collections.abc import Callable
from pathlib import Path

import structlog

from enclave_dns.config import GatewayConfig, not_in_effect
from enclave_dns.gateway.compilation import Compilation
from enclave_dns.gateway.policy import PolicyInUse
from enclave_dns.gateway.service import Service
from enclave_dns.observe.endpoint import MetricsEndpoint
from enclave_dns.observe.figures import Figures
from enclave_dns.serve.daemon import Listeners, serve_until_stopped
from enclave_dns.sources.resolv_files import SYSTEMD
from enclave_dns.sources.watching import Watcher

logger = structlog.get_logger()


class GatewayProgram:
    """One running gateway."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        paths = (config.organisation, config.hosts_file, config.resolv_conf, SYSTEMD)
        self._watcher = Watcher(paths, self._changed)
        self._policy = PolicyInUse(config, self._apply)
        self.metrics = MetricsEndpoint(self._figures, self._unready)
        self._service: Service
        self._listeners: Listeners

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until stopped. `announce` gets the line that says where.

        Raises DocumentError where the organisation cannot be used, EnvironmentFault where a socket
        cannot be had.
        """
        config = self._config
        for setting in not_in_effect(config):
            logger.warning("this version does not serve the setting yet", setting=setting)
        self._service = service = Service(config, await self._policy.start())
        self._listeners = listeners = Listeners(service.server)
        try:
            await service.start()
            await self.metrics.open(config.metrics)
            await listeners.open(config.listen, config.interface)
            service.listens_at(listeners.endpoints)
            places = " ".join(str(endpoint) for endpoint in listeners.endpoints)
            await serve_until_stopped(
                service.server,
                listeners,
                (self._watcher.run, self._policy.run, service.keep_hosts),
                on_ready=lambda: announce(f"ready gateway {config.system_id} {places}"),
                on_reload=self._reload_all,
            )
        finally:
            self._watcher.stop()
            await self.metrics.close()
            await service.close()

    def _figures(self) -> Figures:
        return self._service.figures(self._policy.figures)

    def _unready(self) -> str:
        """Why queries cannot be served now; empty where they can."""
        if not self._listeners.endpoints and not self._service.server.is_draining:
            return "the listeners are not open yet"
        return self._service.unready

    def _changed(self, path: Path) -> None:
        config = self._config
        if path == config.organisation:
            self._policy.reload()
        elif path == config.hosts_file:
            self._service.reload_hosts()
        else:
            self._service.reload_nameservers()

    def _reload_all(self) -> None:
        self._policy.reload()
        self._service.reload_hosts()
        self._service.reload_nameservers()

    def _apply(self, compilation: Compilation) -> None:
        self._service.apply(compilation)
