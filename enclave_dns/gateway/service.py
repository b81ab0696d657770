"""What serves in one process: rule, resolver, nameservers and hosts file, behind one server.

Each input (views, hosts file, resolv.conf) is read beside what is in use and swapped in with one
assignment; an input that cannot be used leaves everything as it was, and is logged. Whoever owns a
service tells it what has changed.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import structlog

from enclave_dns.config import GatewayConfig
from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway.answer import GatewayAnswers, State
from enclave_dns.gateway.compilation import Compilation
from enclave_dns.gateway.compiling import hosts_in
from enclave_dns.gateway.inputs import select_nameservers
from enclave_dns.observe.figures import Cache, Figures, Policy, upstreams_of
from enclave_dns.resolution import HostsTable
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.serve.server import Server
from enclave_dns.sources.files import NoContent
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.sources.own_zones import OwnZones, sign_of_life
from enclave_dns.upstream.health import State as Health
from enclave_dns.upstream.nameservers import Nameservers

logger = structlog.get_logger()

LEEWAY: Final = 0.025
"""Seconds by which replies are decided before `timeout`, so that they are there in time: two ticks
of the pacing and the way out."""


class Service:
    """Serves with a compilation from the beginning; `start` before the first query."""

    def __init__(self, config: GatewayConfig, compilation: Compilation) -> None:
        self._config = config
        self._listening: frozenset[tuple[str, int]] = frozenset()
        self._hosts_changed = asyncio.Event()
        self._nameservers = Nameservers(
            self._select(), reply_in=config.timeout, on_state=self._log_nameserver
        )
        self._answers = GatewayAnswers(
            State(
                compilation.views,
                HostsTable(),
                Resolver(self._nameservers),
                _own(compilation),
                config.only_suffixes,
                max(config.timeout - LEEWAY, config.timeout / 2),
                config.no_answer_pace,
            )
        )
        self.server = Server(self._answers, self._nameservers.echoes)

    async def start(self) -> None:
        """Read the hosts file for the first time."""
        state = self._answers.state
        self._answers.state = replace(state, hosts=await self._read_hosts(state.hosts))

    async def close(self) -> None:
        """Give back what look-ups and probes use."""
        await self._answers.state.resolver.close()
        await self._nameservers.close()

    def listens_at(self, endpoints: Iterable[Endpoint]) -> None:
        """Know where our own sockets are: nobody is asked there."""
        self._listening = frozenset((e.address, e.port) for e in endpoints)
        self.reload_nameservers()

    def figures(self, policy: Policy) -> Figures:
        """What this process has counted, under that version of the organisation."""
        vitals = self._nameservers.vitals
        records = self._answers.state.resolver.cache
        return Figures(
            "gateway",
            self.server.traffic,
            self.server.in_flight,
            {"reply": Cache.of(self.server.replies), "record": Cache.of(records)},
            upstreams_of(vitals, {}),
            vitals.failovers,
            policy,
            {rtype.name: count for rtype, count in self._answers.withheld.items()},
        )

    @property
    def unready(self) -> str:
        """Why queries cannot be served now; empty where they can."""
        if self.server.is_draining:
            return "draining: it is about to stop"
        return "" if self._nameservers.is_up else "no nameserver is up"

    def apply(self, compilation: Compilation) -> None:
        """Serve with these views from now on, in one assignment."""
        state = self._answers.state
        self._answers.state = replace(state, views=compilation.views, own=_own(compilation))

    def reload_hosts(self) -> None:
        """The hosts file may be another one."""
        self._hosts_changed.set()

    async def keep_hosts(self) -> None:
        """Read the hosts file anew whenever it has changed; what changes meanwhile, once more."""
        while True:
            await self._hosts_changed.wait()
            self._hosts_changed.clear()
            before = self._answers.state.hosts
            hosts = await self._read_hosts(before)
            if hosts is not before:
                self._answers.state = replace(self._answers.state, hosts=hosts)
                self.server.forget()
                logger.info("hosts file reloaded", names=len(hosts.addresses))

    def reload_nameservers(self) -> None:
        """Ask the nameservers that are listed now; what others have said is forgotten."""
        selected = self._select()
        if selected == self._nameservers.selected:
            return
        self._nameservers.replace(selected)
        state = self._answers.state
        state.resolver.forget()
        self._answers.state = replace(state, generation=state.generation + 1)
        self.server.forget()
        names = [str(server) for server in selected.nameservers]
        logger.info("nameservers in use", nameservers=names, origin=selected.origin.value)

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


def _own(compilation: Compilation) -> OwnZones:
    return OwnZones.of(compilation.version, (sign_of_life(compilation.addresses),))
