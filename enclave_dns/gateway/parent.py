"""The gateway in several processes, assembled: one watches, compiles and counts, others serve.

No query passes through here. What the workers serve with comes from here, so that all have the same
version of the organisation; what they count is added up here.
"""

from collections.abc import Callable
from pathlib import Path

from enclave_dns.config import GatewayConfig
from enclave_dns.gateway.compilation import Compilation
from enclave_dns.gateway.control import HOSTS, NAMESERVERS, word
from enclave_dns.gateway.policy import PolicyInUse
from enclave_dns.gateway.workers import WorkerSet
from enclave_dns.observe.endpoint import MetricsEndpoint
from enclave_dns.observe.figures import Figures
from enclave_dns.serve.daemon import serve_until_stopped
from enclave_dns.sources.resolv_files import SYSTEMD
from enclave_dns.sources.watching import Watcher


class GatewayParent:
    """One running gateway and so many workers. `is_json`: how they log."""

    def __init__(self, config: GatewayConfig, count: int, *, is_json: bool = False) -> None:
        self._config = config
        paths = (config.organisation, config.hosts_file, config.resolv_conf, SYSTEMD)
        self._watcher = Watcher(paths, self._changed)
        self.workers = WorkerSet(config, count, is_json=is_json)
        self._policy = PolicyInUse(config, self._apply, self.workers.prepare)
        self.metrics = MetricsEndpoint(self._figures, lambda: self.workers.unready)

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until stopped. `announce` gets the line that says where, once all workers serve.

        Raises DocumentError where the organisation cannot be used, EnvironmentFault where a socket
        cannot be had or a worker does not start.
        """
        config, workers = self._config, self.workers
        self._apply(await self._policy.start())
        try:
            await self.metrics.open(config.metrics)
            await workers.open()
            await workers.start()
            places = " ".join(str(endpoint) for endpoint in workers.endpoints)
            await serve_until_stopped(
                workers,
                workers,
                (self._watcher.run, self._policy.run, workers.run),
                on_ready=lambda: announce(f"ready gateway {config.system_id} {places}"),
                on_reload=self._reload_all,
            )
        finally:
            self._watcher.stop()
            await self.metrics.close()
            await workers.close()

    def _figures(self) -> Figures:
        return self.workers.figures(self._policy.figures)

    def _changed(self, path: Path) -> None:
        config = self._config
        if path == config.organisation:
            self._policy.reload()
        else:
            self.workers.tell(word(HOSTS if path == config.hosts_file else NAMESERVERS))

    def _reload_all(self) -> None:
        self._policy.reload()
        self.workers.tell(word(HOSTS) + word(NAMESERVERS))

    def _apply(self, _: Compilation) -> None:
        """The workers have these views already."""
        self.workers.use()
