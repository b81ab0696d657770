"""The gateway, assembled: files in, views and resolver out, all behind one server.

Each input (organisation, hosts file, resolv.conf) is read beside what is in use and swapped in with
one assignment; an input that cannot be used leaves everything as it was, and is logged.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from enclave_dns.config import (
    GatewayConfig,
    load_newer_organisation,
    load_organisation,
    not_in_effect,
)
from enclave_dns.errors import DocumentError
from enclave_dns.gateway.answer import GatewayAnswers, State
from enclave_dns.gateway.inputs import read_hosts, select_nameservers
from enclave_dns.gateway.views import Views, compile_views
from enclave_dns.observe.endpoint import MetricsEndpoint
from enclave_dns.observe.figures import Cache, Figures, Policy, upstreams_of
from enclave_dns.organisation.versions import own_system
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

RECHECK: Final = 30.0
"""Seconds after which the wall clock is looked at again: it may have been set."""

LEEWAY: Final = 0.025
"""Seconds by which replies are decided before `timeout`, so that they are there in time: two ticks
of the pacing and the way out."""


class GatewayProgram:
    """One running gateway."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        self._epoch = 0
        paths = (config.organisation, config.hosts_file, config.resolv_conf, SYSTEMD)
        self._watcher = Watcher(paths, self._changed)
        self._organisation = load_organisation(config.organisation)
        self._system = own_system(self._organisation, config.system_id)
        self._listening: frozenset[tuple[str, int]] = frozenset()
        self._compiled_at = datetime.now(UTC)
        self._compiled_anew = asyncio.Event()
        self._policy = Policy(self._organisation.version)
        self.metrics = MetricsEndpoint(self._figures, self._unready)
        self._nameservers: Nameservers
        self._answers: GatewayAnswers
        self._server: Server
        self._listeners: Listeners

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until stopped. `announce` gets the line that says where.

        Raises EnvironmentFault where a socket cannot be had.
        """
        config = self._config
        for setting in not_in_effect(config):
            logger.warning("this version does not serve the setting yet", setting=setting)
        self._nameservers = Nameservers(
            self._select(), reply_in=config.timeout, on_state=self._log_nameserver
        )
        resolver = Resolver(self._nameservers)
        self._answers = GatewayAnswers(
            State(
                self._compile(),
                self._read_hosts(HostsTable()),
                resolver,
                self._own(),
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
                (self._watcher.run, self._keep_views),
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
            self._policy,
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
            self._reload_organisation()
        elif path == config.hosts_file:
            self._reload_hosts()
        else:
            self._reload_nameservers()

    def _reload_all(self) -> None:
        self._reload_organisation()
        self._reload_hosts()
        self._reload_nameservers()

    def _reload_organisation(self) -> None:
        """Use the document as it is now, or keep the one in use and say why."""
        try:
            organisation, system = load_newer_organisation(
                self._config.organisation, self._organisation, self._config.system_id
            )
        except DocumentError as error:
            self._policy.failures += 1
            for problem in error.problems:
                logger.error("organisation not reloaded", problem=str(problem))
            return
        self._organisation, self._system = organisation, system
        self._policy.applied(organisation.version)
        self._recompile()
        logger.info("organisation reloaded", version=organisation.version)

    def _recompile(self) -> None:
        self._answers.state = replace(
            self._answers.state,
            views=self._compile(),
            own=self._own(),
        )

    def _own(self) -> OwnZones:
        zone = sign_of_life(self._system.virtual_addresses)
        return OwnZones.of(self._organisation.version, (zone,))

    def _compile(self) -> Views:
        self._epoch += 1
        self._compiled_at = datetime.now(UTC)
        self._compiled_anew.set()
        views = compile_views(self._organisation, self._system, self._compiled_at, self._epoch)
        logger.info(
            "views compiled",
            version=self._organisation.version,
            senders=len(views.senders),
            views=views.count,
            valid_until=str(views.valid_until or "the next document"),
        )
        return views

    async def _keep_views(self) -> None:
        """Compile anew whenever a policy starts, ends or expires, or the clock was set back."""
        while True:
            self._compiled_anew.clear()
            now = datetime.now(UTC)
            until = self._answers.state.views.valid_until
            is_over = until is not None and now >= until
            if is_over or now < self._compiled_at:
                self._recompile()
                continue
            left = RECHECK if until is None else (until - now).total_seconds()
            # A new document may hold an earlier instant than the one that is waited for.
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, RECHECK)):
                    await self._compiled_anew.wait()

    def _read_hosts(self, before: HostsTable) -> HostsTable:
        """The hosts file as it is now; one that cannot be used leaves what was read `before`."""
        hosts = read_hosts(self._config.hosts_file)
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

    def _reload_hosts(self) -> None:
        before = self._answers.state.hosts
        hosts = self._read_hosts(before)
        if hosts is before:
            return
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
