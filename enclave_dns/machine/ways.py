"""The way into each manager of a machine's resolver, and how to find out which one to take."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from enclave_dns.machine.dbus import SystemBus
from enclave_dns.machine.detection import (
    NETWORK_MANAGER_NAME,
    RESOLV_CONF,
    RESOLVED_NAME,
    Found,
    collect,
    decide,
)
from enclave_dns.machine.integration import Integration, Manager
from enclave_dns.machine.networkmanager import NetworkManager
from enclave_dns.machine.plain_file import PlainFile
from enclave_dns.machine.resolvconf import Resolvconf
from enclave_dns.machine.resolved import Resolved

_MADE: Final[Mapping[Manager, Callable[[Path, Path | None], Integration]]] = {
    Manager.RESOLVED: lambda *_: Resolved(),
    Manager.NETWORK_MANAGER: lambda path, _: NetworkManager(path),
    Manager.RESOLVCONF: lambda path, _: Resolvconf(path),
    Manager.PLAIN_FILE: PlainFile,
}


async def owned_names() -> frozenset[str]:
    """Which of the managers on the system's message bus are there. Raises EnvironmentFault."""
    async with SystemBus() as bus:
        names = (RESOLVED_NAME, NETWORK_MANAGER_NAME)
        return frozenset([name for name in names if await bus.is_owned(name)])


async def find(path: Path = RESOLV_CONF) -> Found:
    """Who manages the file, as things are now. Never raises."""
    return decide(await collect(owned_names, path))


def way_into(
    path: Path = RESOLV_CONF, journal: Path | None = None
) -> Callable[[Manager], Integration]:
    """The integrations, one of each: some hold what their undo needs.

    `path` is where programs look for their nameservers; `journal`: where their entries go.
    """
    made: dict[Manager, Integration] = {}

    def way(manager: Manager) -> Integration:
        if manager not in made:
            made[manager] = _MADE[manager](path, journal)
        return made[manager]

    return way
