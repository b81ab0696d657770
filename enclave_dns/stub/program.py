"""The stub, assembled: the organisation in, own zones and groups of gateways out, one server."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from enclave_dns.config import (
    StubConfig,
    load_newer_organisation,
    load_organisation,
    not_in_effect,
)
from enclave_dns.errors import DocumentError, EnvironmentFault
from enclave_dns.machine.detection import RESOLV_CONF
from enclave_dns.machine.keeper import saved_resolv_conf
from enclave_dns.machine.links import look
from enclave_dns.machine.roaming import Roaming
from enclave_dns.observe.endpoint import MetricsEndpoint
from enclave_dns.observe.figures import Cache, Figures, Policy, upstreams_of
from enclave_dns.organisation.connections import gateways_of
from enclave_dns.organisation.stub_advice import refuse_other_slice
from enclave_dns.organisation.versions import own_system
from enclave_dns.serve.daemon import Listeners, serve_until_stopped
from enclave_dns.serve.server import Server
from enclave_dns.serve.sockets import own_addresses
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.sources.resolv_files import SYSTEMD, select_nameservers
from enclave_dns.sources.watching import Watcher
from enclave_dns.stub.answer import State, StubAnswers
from enclave_dns.stub.assembly import GATEWAY_SIGNS, assemble, source_address
from enclave_dns.stub.fallback import SystemNameservers
from enclave_dns.stub.machine import keeper_of, wanted
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import State as Health
from enclave_dns.upstream.vitals import Vitals

logger = structlog.get_logger()

RECHECK: Final = 30.0
"""Seconds after which policies and the machine's addresses are looked at again."""


class StubProgram:
    """One running stub."""

    def __init__(self, config: StubConfig, resolv_conf: Path = RESOLV_CONF) -> None:
        self._config = config
        self._resolv_conf = resolv_conf
        self._epoch = 0
        self._local: frozenset[str] = frozenset()
        self._listening: frozenset[tuple[str, int]] = frozenset()
        self._watcher = Watcher((config.organisation, resolv_conf, SYSTEMD), self._changed)
        self._organisation = load_organisation(config.organisation)
        refuse_other_slice(self._organisation, config.system_id)
        self._system = own_system(self._organisation, config.system_id)
        self._exchange = Exchange(source_address(config, self._system))
        self._vitals: Vitals
        self._fallback: SystemNameservers | None = None
        self._answers: StubAnswers
        self._greeting: asyncio.Task[None] | None = None
        self._server: Server
        self._policy = Policy(self._organisation.version)
        self.metrics = MetricsEndpoint(self._figures, self._unready)
        self._listeners: Listeners
        self._keeper = keeper_of(config, resolv_conf, self._miss_changed)

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until stopped. `announce` gets the line that says where.

        Raises EnvironmentFault where a socket cannot be had.
        """
        config = self._config
        for setting in not_in_effect(config):
            logger.warning("this version does not serve the setting yet", setting=setting)
        self._local = await asyncio.to_thread(own_addresses)
        self._vitals = Vitals(self._exchange, GATEWAY_SIGNS, _log_gateway)
        if config.fallback == "system":
            self._fallback = SystemNameservers(Selected(), self._exchange.echoes)
        self._answers = StubAnswers(self._compile())
        self._server = server = Server(self._answers, self._exchange.echoes, has_one_sender=True)
        self._listeners = listeners = Listeners(server)
        roaming = Roaming(self._roamed, see=partial(look, self._own_places()))
        background = [self._watcher.run, self._recheck, roaming.run]
        if config.manage_dns:
            background.append(self._keeper.run)
        await self._keeper.recover()
        try:
            await self.metrics.open(config.metrics)
            await roaming.open()
            # To Linux, what this machine asks one of its own addresses comes in by the interface
            # that owns the address; what claims to be from here but is not, the kernel drops.
            await listeners.open(config.listen, "")
            self._listening = frozenset((e.address, e.port) for e in listeners.endpoints)
            self._reload_nameservers()
            self._use(self._answers.state)
            places = " ".join(str(endpoint) for endpoint in listeners.endpoints)
            await serve_until_stopped(
                server,
                listeners,
                background,
                on_ready=lambda: announce(f"ready stub {config.system_id} {places}"),
                on_reload=self._reload_all,
                # Whoever asks this machine's resolver is sent elsewhere before we stop answering.
                on_stop=self._keeper.close,
            )
        finally:
            await self._keeper.close()
            roaming.close()
            self._watcher.stop()
            await self.metrics.close()
            if self._greeting is not None:
                self._greeting.cancel()
            await self._answers.close()
            await self._vitals.close()
            if self._fallback is not None:
                await self._fallback.close()

    def _changed(self, path: Path) -> None:
        if path == self._config.organisation:
            self._reload_organisation()
        else:
            self._keeper.notice()
            self._reload_nameservers()

    def _reload_all(self) -> None:
        self._reload_organisation()
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
        self._use(self._compile())
        logger.info("organisation reloaded", version=organisation.version)

    def _reload_nameservers(self) -> None:
        """The machine's own nameservers, for `fallback = "system"`; never ourselves."""
        if self._fallback is None:
            return
        saved = saved_resolv_conf(self._config.state_dir, self._resolv_conf)
        selected = select_nameservers(
            self._resolv_conf,
            self._config.nameservers,
            self._listening,
            saved,
            is_behind_systemd=self._config.manage_dns,
        )
        if selected != self._fallback.selected:
            self._fallback.replace(selected)
            # What the earlier ones said may be of another network: nobody finds it again.
            state = self._answers.state
            self._epoch += 1
            audience = replace(state.audience, key=self._epoch.to_bytes(8))
            self._answers.state = replace(state, audience=audience)
            names = [str(server) for server in selected.nameservers]
            logger.info("fallback nameservers in use", nameservers=names)

    def _use(self, state: State) -> None:
        """Answer from this state, and find out which of its gateways answer first."""
        self._answers.state = state
        members = [gateway.server for group in state.asking.groups for gateway in group.gateways]
        self._vitals.replace(members)
        choices = gateways_of(self._organisation, self._system, datetime.now(UTC))
        gateways = [choice.gateway for choice in choices]
        listen = self._listeners.endpoints
        self._keeper.want(wanted(self._organisation, state, listen, gateways))
        if self._greeting is not None:
            self._greeting.cancel()
        self._greeting = asyncio.get_running_loop().create_task(
            state.asking.connect(GATEWAY_SIGNS.probe)
        )

    def _miss_changed(self) -> None:
        """Another integration is in use, or none: it needs to hear another miss."""
        self._use(self._compile())

    def _own_places(self) -> frozenset[str]:
        """The addresses that we listen at and ask from."""
        asks_from = source_address(self._config, self._system)
        return frozenset([asks_from, *(endpoint.address for endpoint in self._config.listen)])

    async def _roamed(self, reason: str) -> None:
        """Another network, or a sleep: nothing that was learned before counts any more."""
        logger.info("the machine has moved", reason=reason)
        try:
            for endpoint in await self._listeners.rebind():
                logger.info("listening anew", endpoint=str(endpoint))
        except EnvironmentFault as fault:
            logger.error("cannot listen anew", problem=str(fault))
        await self._see_addresses()
        self._keeper.notice()
        self._reload_nameservers()
        self._use(self._compile())

    async def _recheck(self) -> None:
        """Policies start and end, and addresses come and go, without a new document."""
        while True:
            await asyncio.sleep(RECHECK)
            await self._see_addresses()
            state = self._compile()
            if state.is_like(self._answers.state):
                self._answers.state = replace(self._answers.state, local_addresses=self._local)
            else:
                self._use(state)

    def _figures(self) -> Figures:
        asking = self._answers.state.asking
        names = {one.server: one.system_id for group in asking.groups for one in group.gateways}
        return Figures(
            "stub",
            self._server.traffic,
            self._server.in_flight,
            {"reply": Cache.of(self._server.replies), "gateways": Cache.of(*asking.caches)},
            upstreams_of(self._vitals, names),
            self._vitals.failovers,
            self._policy,
        )

    def _unready(self) -> str:
        """Why queries cannot be served now; empty where they can."""
        if self._server.is_draining:
            return "draining: it is about to stop"
        return "" if self._listeners.endpoints else "the listeners are not open yet"

    async def _see_addresses(self) -> None:
        """The machine's addresses as they are now, or as they were where they cannot be read."""
        try:
            self._local = await asyncio.to_thread(own_addresses)
        except EnvironmentFault as fault:
            logger.warning("the machine's addresses stay as they were", problem=str(fault))

    def _compile(self) -> State:
        self._epoch += 1
        return assemble(
            self._organisation,
            self._system,
            self._config,
            datetime.now(UTC),
            epoch=self._epoch,
            exchange=self._exchange,
            vitals=self._vitals,
            local_addresses=self._local,
            fallback=self._fallback,
            miss=self._keeper.miss,
        )


def _log_gateway(server: Nameserver, health: Health) -> None:
    logger.warning("gateway state", gateway=str(server), state=health.name.lower())
