"""The stub, assembled: the organisation in, own zones and gateways out, behind one server."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import structlog

from enclave_dns.config import StubConfig, load_organisation, not_in_effect
from enclave_dns.disclosure.view import View
from enclave_dns.errors import DocumentError
from enclave_dns.organisation.connections import connected, gateways_of
from enclave_dns.organisation.permission import permission
from enclave_dns.organisation.versions import own_system, refuse_older
from enclave_dns.serve.daemon import Listeners, serve_until_stopped
from enclave_dns.serve.program import Audience
from enclave_dns.serve.server import Server
from enclave_dns.serve.sockets import own_addresses
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.sources.own_zones import OwnZones
from enclave_dns.sources.watching import Watcher
from enclave_dns.stub.answer import State, StubAnswers
from enclave_dns.stub.gateways import Gateway, Gateways
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.wire.numbers import RCode

logger = structlog.get_logger()

RECHECK: Final = 30.0
"""Seconds after which policies and the machine's addresses are looked at again."""

_MISS: Final = {
    "auto": RCode.REFUSED,
    "refused": RCode.REFUSED,
    "servfail": RCode.SERVFAIL,
    "nxdomain": RCode.NXDOMAIN,
}


class StubProgram:
    """One running stub."""

    def __init__(self, config: StubConfig) -> None:
        self._config = config
        self._epoch = 0
        self._local: frozenset[str] = frozenset()
        self._watcher = Watcher((config.organisation,), self._changed)
        self._organisation = load_organisation(config.organisation)
        self._system = own_system(self._organisation, config.system_id)
        self._answers: StubAnswers
        self._server: Server

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until stopped. `announce` gets the line that says where.

        Raises EnvironmentFault where a socket cannot be had.
        """
        config = self._config
        for setting in not_in_effect(config):
            logger.warning("this version does not serve the setting yet", setting=setting)
        self._local = await asyncio.to_thread(own_addresses)
        self._answers = StubAnswers(self._compile())
        self._server = Server(self._answers)
        listeners = Listeners(self._server)
        # To Linux, what this machine asks one of its own addresses comes in by the interface that
        # owns the address; what claims to be from here but is not, the kernel drops there.
        await listeners.open(config.listen, "")
        places = " ".join(str(endpoint) for endpoint in listeners.endpoints)
        try:
            await serve_until_stopped(
                self._server,
                listeners,
                (self._watcher.run, self._recheck),
                on_ready=lambda: announce(f"ready stub {config.system_id} {places}"),
                on_reload=lambda: self._changed(config.organisation),
            )
        finally:
            self._watcher.stop()

    def _changed(self, path: Path) -> None:
        """Use the document as it is now, or keep the one in use and say why."""
        try:
            organisation = load_organisation(path)
            refuse_older(organisation, self._organisation)
            system = own_system(organisation, self._config.system_id)
        except DocumentError as error:
            for problem in error.problems:
                logger.error("organisation not reloaded", problem=str(problem))
            return
        self._organisation, self._system = organisation, system
        self._answers.state = self._compile()
        logger.info("organisation reloaded", version=organisation.version)

    async def _recheck(self) -> None:
        """Policies start and end, and addresses come and go, without a new document."""
        while True:
            await asyncio.sleep(RECHECK)
            self._local = await asyncio.to_thread(own_addresses)
            state = self._compile()
            if not state.is_like(self._answers.state):
                self._answers.state = state

    def _compile(self) -> State:
        self._epoch += 1
        organisation, system, config = self._organisation, self._system, self._config
        now = datetime.now(UTC)
        visible = connected(organisation, system, now) | {system.system_id}
        systems = {
            entry.system_id: entry.virtual_addresses
            for entry in organisation.systems
            if entry.system_id in visible
        }
        source = config.source_address or str(ip_address(system.virtual_addresses[0]))
        gateways = tuple(self._gateways(source, now))
        return State(
            Audience(self._epoch.to_bytes(8), system.system_id),
            OwnZones.of(organisation.version, system.virtual_addresses, systems),
            Gateways(gateways, Exchange(source)),
            self._local,
            _MISS[config.miss],
        )

    def _gateways(self, source: str, now: datetime) -> Iterator[Gateway]:
        """The gateways that we may use, each at its address of our own address's family."""
        family = ip_address(source).version
        for choice in gateways_of(self._organisation, self._system, now):
            gateway = choice.gateway
            granted = permission(self._organisation, self._system, gateway, now)
            view = View(granted.ranges, granted.is_open)
            for raw in gateway.virtual_addresses:
                address = ip_address(raw)
                if address.version == family:
                    server = Nameserver(str(address), port=self._config.gateway_port)
                    yield Gateway(gateway.system_id, server, view)
                    break
