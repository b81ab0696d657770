"""The gateway, assembled: files in, views and resolver out, all behind one server.

Each input (organisation, hosts file, resolv.conf) is read beside what is in use and swapped in with
one assignment; an input that cannot be used leaves everything as it was, and is logged.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from enclave_dns.config import GatewayConfig, not_in_effect
from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway.answer import GatewayAnswers, State
from enclave_dns.gateway.compilation import Compilation
from enclave_dns.gateway.compiling import hosts_in
from enclave_dns.gateway.inputs import select_nameservers
from enclave_dns.gateway.policy import PolicyInUse
from enclave_dns.observe.endpoint import MetricsEndpoint
from enclave_dns.observe.figures import Cache, Figures, upstreams_of
from enclave_dns.resolution import HostsTable
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.serve.daemon import Listeners, serve_until_stopped
from enclave_dns.serve.server import Server
from enclave_dns.sources.files import NoContent
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.sources.own_zones import OwnZones, sign_of_life
from enclave_dns.sources.resolv_files import SYSTEMD
from enclave_dns.sources.watching import Watcher
from enclave_dns.upstream.health import State as Health
from enclave_dns.upstream.nameservers import Nameservers

logger = structlog.get_logger()

LEEWAY: Final = 0.025
"""Seconds by which replies are decided before `timeout`, so that they are there in time: two ticks
of the pacing and the way out."""


class GatewayProgram:
    """One running gateway."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        paths = (config.organisation, config.hosts_file, config.resolv_conf, SYSTEMD)
        self._watcher = Watcher(paths, self._changed)
        self._listening: frozenset[tuple[str, int]] = frozenset()
        self._policy = PolicyInUse(config, self._apply)
        self._hosts_changed = asyncio.Event()
        self.metrics = MetricsEndpoint(self._figures, self._unready)
        self._nameservers: Nameservers
        self._answers: GatewayAnswers
        self._server: Server
        self._listeners: Listeners

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until stopped. `announce` gets the line that says where.

        Raises DocumentError where the organisation cannot be used, EnvironmentFault where a socket
        cannot be had.
        """
        config = self._config
        for setting in not_in_effect(config):
            logger.warning("this version does not serve the setting yet", setting=setting)
        compilation = await self._policy.start()
        self._nameservers = Nameservers(
            self._select(), reply_in=config.timeout, on_state=self._log_nameserver
        )
        resolver = Resolver(self._nameservers)
        self._answers = GatewayAnswers(
            State(
                compilation.views,
                await self._read_hosts(HostsTable()),
                resolver,
                _own(compilation),
                config.only_suffixes,
                max(config.timeout - LEEWAY, config.timeout / 2),
                config.no_answer_pace,
            )
        )
        self._server = Server(self._answers, self._nameservers.echoes)
        self._listeners = Listeners(self._server)
        try:
            await self.metrics.open(config.metrics)
            await self._listeners.open(config.listen, config.interface)
            self._listening = frozenset((e.address, e.port) for e in self._listeners.endpoints)
            self._reload_nameservers()
            places = " ".join(str(endpoint) for endpoint in self._listeners.endpoints)
            await serve_until_stopped(
                self._server,
                self._listeners,
                (self._watcher.run, self._policy.run, self._keep_hosts),
                on_ready=lambda: announce(f"ready gateway {config.system_id} {places}"),
                on_reload=self._reload_all,
            )
        finally:
            self._watcher.stop()
            await self.metrics.close()
            await self._answers.state.resolver.close()
            await self._nameservers.close()

    def _figures(self) -> Figures:
        vitals = self._nameservers.vitals
        records = self._answers.state.resolver.cache
        return Figures(
            "gateway",
            self._server.traffic,
            self._server.in_flight,
            {"reply": Cache.of(self._server.replies), "record": Cache.of(records)},
            upstreams_of(vitals, {}),
            vitals.failovers,
            self._policy.figures,
            {rtype.name: count for rtype, count in self._answers.withheld.items()},
        )

    def _unready(self) -> str:
        """Why queries cannot be served now; empty where they can."""
        if self._server.is_draining:
            return "draining: it is about to stop"
        if not self._listeners.endpoints:
            return "the listeners are not open yet"
        return "" if self._nameservers.is_up else "no nameserver is up"

    def _changed(self, path: Path) -> None:
        config = self._config
        if path == config.organisation:
            self._policy.reload()
        elif path == config.hosts_file:
            self._hosts_changed.set()
        else:
            self._reload_nameservers()

    def _reload_all(self) -> None:
        self._policy.reload()
        self._hosts_changed.set()
        self._reload_nameservers()

    def _apply(self, compilation: Compilation) -> None:
        """Serve with these views from now on, in one assignment."""
        state = self._answers.state
        self._answers.state = replace(state, views=compilation.views, own=_own(compilation))

    async def _read_hosts(self, before: HostsTable) -> HostsTable:
        """The hosts file as it is now; one that cannot be used leaves what was read `before`."""
        try:
            hosts = await hosts_in(self._config.hosts_file)
        except EnvironmentFault as fault:
            hosts = NoContent(str(fault))
        if not isinstance(hosts, NoContent):
            return hosts
        kept = HostsTable() if hosts.is_missing else before
        logger.warning(
            "no hosts file" if hosts.is_missing else "hosts file not read",
            file=str(self._config.hosts_file),
            reason=hosts.reason,
            names_in_use=len(kept.addresses),
        )
        return kept

    async def _keep_hosts(self) -> None:
        """Read the hosts file anew whenever it has changed; what changes meanwhile, once more."""
        while True:
            await self._hosts_changed.wait()
            self._hosts_changed.clear()
            before = self._answers.state.hosts
            hosts = await self._read_hosts(before)
            if hosts is not before:
                self._answers.state = replace(self._answers.state, hosts=hosts)
                self._server.forget()
                logger.info("hosts file reloaded", names=len(hosts.addresses))

    def _log_nameserver(self, server: Nameserver, health: Health) -> None:
        name, state = str(server), health.name.lower()
        if self._nameservers.vitals.is_looping(server):
            logger.warning("this nameserver leads back to us", nameserver=name, state=state)
        else:
            logger.warning("nameserver state", nameserver=name, state=state)

    def _select(self) -> Selected:
        selected = select_nameservers(self._config, self._listening)
        for skipped in selected.skipped:
            logger.warning("nameserver skipped", skipped=str(skipped))
        return selected

    def _reload_nameservers(self) -> None:
        """Ask the nameservers that are listed now; what others have said is forgotten."""
        selected = self._select()
        if selected == self._nameservers.selected:
            return
        self._nameservers.replace(selected)
        state = self._answers.state
        state.resolver.forget()
        self._answers.state = replace(state, generation=state.generation + 1)
        self._server.forget()
        names = [str(server) for server in selected.nameservers]
        logger.info("nameservers in use", nameservers=names, origin=selected.origin.value)


def _own(compilation: Compilation) -> OwnZones:
    return OwnZones.of(compilation.version, (sign_of_life(compilation.addresses),))
