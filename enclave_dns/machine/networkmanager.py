"""NetworkManager where it writes resolv.conf itself: a connection of our own, over D-Bus.

NetworkManager merges the nameservers of all its connections, those of the lowest `dns-priority`
first. Ours is a profile in memory on a link of our own (see `own_link`), which brings nothing but
our nameserver: we come first, and the servers of whatever network there is stand behind us, also
after a change of network. Where one of a priority below zero shuts all others out, we stay out,
too, until it is gone. Link and connection end with our process: after `kill -9` NetworkManager
writes resolv.conf without us. (The property GlobalDnsConfiguration would be kept on disk over
restarts, and would freeze the list of servers.)

Source: D-Bus API of NetworkManager 1.16 and later, AddAndActivateConnection2; nm-settings(5);
tried with 1.42.
"""

import asyncio
import sys
import uuid
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from enclave_dns.endpoint import DNS_PORT
from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine import own_link
from enclave_dns.machine.dbus import Place, SystemBus
from enclave_dns.machine.detection import RESOLV_CONF
from enclave_dns.machine.integration import Entry, Manager, Wanted
from enclave_dns.machine.own_link import ADDRESS, NAME
from enclave_dns.machine.resolv_conf_file import read_now
from enclave_dns.sources.resolv_conf import parse_resolv_conf
from enclave_dns.wire.names import display
from enclave_dns.wire.numbers import RCode

if TYPE_CHECKING:
    from dbus_fast import Variant

SERVICE: Final = "org.freedesktop.NetworkManager"
CONNECTION_ID: Final = "enclave-dns"

PRIORITY: Final = 5
"""Before VPNs (50) and all others (100); below zero it would shut their servers out."""

COMES_UP_WITHIN: Final = 10.0
"""Seconds for our connection to be up."""

_LOOKS_EVERY: Final = 0.05
_ACTIVATED: Final = 2
_MODE_TUN: Final = 1
_WRITES_FILE: Final = ("file", "symlink", "auto")

_PATH: Final = "/org/freedesktop/NetworkManager"
_MANAGER: Final = Place(SERVICE, _PATH, SERVICE)
_DNS: Final = Place(SERVICE, f"{_PATH}/DnsManager", f"{SERVICE}.DnsManager")
_UNKNOWN_METHOD: Final = "org.freedesktop.DBus.Error.UnknownMethod"
_UNSEEN: Final = (f"{SERVICE}.UnknownDevice",)
_GONE: Final = (
    _UNKNOWN_METHOD,
    "org.freedesktop.DBus.Error.UnknownObject",
    "org.freedesktop.DBus.Error.UnknownInterface",
    f"{SERVICE}.ConnectionNotActive",
)


class NetworkManager:
    """The integration for NetworkManager.

    Holds the link, and the connection to the bus that ours is bound to, from `apply` to `undo`.
    """

    manager = Manager.NETWORK_MANAGER
    miss = RCode.REFUSED

    def __init__(self, path: Path = RESOLV_CONF, link: own_link.OwnLink | None = None) -> None:
        self._path = path
        self._link = link or own_link.OwnLink()
        self._bus: SystemBus | None = None
        self._applied: Wanted | None = None

    async def prepare(self, wanted: Wanted) -> Entry:
        """The identity of our connection, from which it is found again."""
        _addresses(wanted)
        async with SystemBus() as bus:
            await _require_writer(bus)
            await _require_room(bus)
        await asyncio.to_thread(self._link.require_free)
        return Entry(Manager.NETWORK_MANAGER, {"uuid": str(uuid.uuid4())})

    async def apply(self, wanted: Wanted, entry: Entry) -> None:
        """Add our link and connection, in place of what is there, and wait until it is up."""
        settings = _settings(wanted, str(entry.data["uuid"]))
        await self.undo(entry)
        bus = SystemBus()
        try:
            await bus.open()
            await _require_writer(bus)
            await asyncio.to_thread(self._link.open)
            device = await _await_device(bus)
            active = await _activate(bus, settings, device)
            await _await_up(bus, active)
            await self._await_listed(wanted)
        except BaseException:
            # With the connection to the bus goes the one to the network.
            bus.close()
            self._link.close()
            raise
        self._bus, self._applied = bus, wanted

    async def difference(self, wanted: Wanted, entry: Entry) -> str:
        """Whether our connection is up, as wanted, and NetworkManager lists our nameserver first.

        It does not where another connection's `dns-priority` is below zero.
        """
        if self._bus is None or not self._bus.is_open:
            return "NetworkManager has lost our connection to D-Bus"
        await _require_running(self._bus)
        active = await _find(self._bus, str(entry.data["uuid"]))
        if not active or await _state(self._bus, active) != _ACTIVATED:
            return f"the connection {CONNECTION_ID} of NetworkManager is not up"
        if wanted != self._applied:
            return "NetworkManager has earlier settings of ours"
        return "" if self._is_listed(wanted) else f"{self._path} does not list our nameserver first"

    async def undo(self, entry: Entry) -> None:
        """Take link and connection down: with its link it is gone for good.

        Of a run that has died, the kernel has removed the link, and NetworkManager the connection.
        """
        own, self._bus, self._applied = self._bus, None, None
        if own is not None:
            own.close()
        self._link.close()
        try:
            async with SystemBus() as bus:
                if await bus.is_owned(SERVICE) and (
                    active := await _find(bus, str(entry.data["uuid"]))
                ):
                    await bus.call_if(_MANAGER, "DeactivateConnection", "o", [active], _GONE)
        except EnvironmentFault:
            # Without its link it is taken down anyway, whether NetworkManager was told or not.
            pass

    async def _await_listed(self, wanted: Wanted) -> None:
        now = asyncio.get_running_loop().time
        deadline = now() + COMES_UP_WITHIN
        while not self._is_listed(wanted):
            if now() > deadline:
                raise EnvironmentFault(
                    f"NetworkManager does not list our nameserver first in {self._path}; look for "
                    "[global-dns] in its configuration, and for a `dns-priority` below zero in "
                    "`nmcli connection show`"
                )
            await asyncio.sleep(_LOOKS_EVERY)

    def _is_listed(self, wanted: Wanted) -> bool:
        listed = parse_resolv_conf(read_now(self._path)).nameservers
        return bool(listed) and listed[0].address == _servers(wanted)[0]


async def _require_running(bus: SystemBus) -> None:
    if not await bus.is_owned(SERVICE):
        raise EnvironmentFault(
            "NetworkManager is not running; start it: systemctl start NetworkManager"
        )


async def _require_writer(bus: SystemBus) -> None:
    """Refuse where NetworkManager does not write a list of nameservers."""
    await _require_running(bus)
    mode, writes = await bus.get(_DNS, "Mode"), await bus.get(_DNS, "RcManager")
    if mode != "default" or writes not in _WRITES_FILE:
        raise EnvironmentFault(
            f"NetworkManager does not write resolv.conf itself (dns={mode}, rc-manager={writes}); "
            "set dns=default in NetworkManager.conf, or let systemd-resolved manage it"
        )


async def _require_room(bus: SystemBus) -> None:
    """Refuse where another connection shuts out the servers of all others."""
    for others in await bus.get(_DNS, "Configuration"):
        plain = {name: value.value for name, value in others.items()}
        if int(plain.get("priority", 0)) < 0 and plain.get("interface") != NAME:
            raise EnvironmentFault(
                f"the connection on {plain.get('interface', 'one interface')} has a dns-priority "
                "below zero, which shuts out all other nameservers; "
                "`nmcli connection modify` with `ipv4.dns-priority 50` lets ours in"
            )


async def _await_device(bus: SystemBus) -> str:
    """The path of our link as a device, when NetworkManager has seen it."""
    now = asyncio.get_running_loop().time
    deadline = now() + COMES_UP_WITHIN
    while True:
        answer = await bus.call_if(_MANAGER, "GetDeviceByIpIface", "s", [NAME], _UNSEEN)
        if answer is not None:
            return str(answer[0])
        if now() > deadline:
            raise EnvironmentFault(
                f"NetworkManager does not see the interface {NAME}; restart it: "
                "systemctl restart NetworkManager"
            )
        await asyncio.sleep(_LOOKS_EVERY)


async def _activate(bus: SystemBus, settings: "dict[str, dict[str, Variant]]", device: str) -> str:
    """Add and activate our profile for as long as this connection to the bus; the active path."""
    from dbus_fast import Variant

    options = {
        "persist": Variant("s", "volatile"),
        "bind-activation": Variant("s", "dbus-client"),
    }
    body = [settings, device, "/", options]
    method = "AddAndActivateConnection2"
    answer = await bus.call_if(_MANAGER, method, "a{sa{sv}}ooa{sv}", body, (_UNKNOWN_METHOD,))
    if answer is None:
        raise EnvironmentFault(
            f"this NetworkManager has no {method}; it takes version 1.16 or newer"
        )
    return str(answer[1])


async def _await_up(bus: SystemBus, active: str) -> None:
    now = asyncio.get_running_loop().time
    deadline = now() + COMES_UP_WITHIN
    while (state := await _state(bus, active)) != _ACTIVATED:
        if state > _ACTIVATED or not state or now() > deadline:
            raise EnvironmentFault(
                f"NetworkManager does not bring up the connection {CONNECTION_ID}; "
                "`journalctl -u NetworkManager` tells why"
            )
        await asyncio.sleep(_LOOKS_EVERY)


async def _state(bus: SystemBus, active: str) -> int:
    """The state of an active connection; 0 where there is none any more."""
    return int(await _property(bus, active, "State") or 0)


async def _find(bus: SystemBus, wanted: str) -> str:
    """The path of the active connection with this identity; empty where there is none."""
    for path in await bus.get(_MANAGER, "ActiveConnections"):
        if await _property(bus, path, "Uuid") == wanted:
            return str(path)
    return ""


async def _property(bus: SystemBus, path: str, name: str) -> Any:
    """A property of an active connection, which may be gone at any time: None."""
    properties = Place(SERVICE, path, "org.freedesktop.DBus.Properties")
    body = [f"{SERVICE}.Connection.Active", name]
    answer = await bus.call_if(properties, "Get", "ss", body, _GONE)
    return None if answer is None else answer[0].value


def _addresses(wanted: Wanted) -> list[int]:
    """Our servers as NetworkManager takes them: IPv4, in the byte order of the wire."""
    servers = _servers(wanted)
    if not servers or any(server.port != DNS_PORT for server in wanted.servers):
        raise EnvironmentFault(
            f"NetworkManager takes nameservers at port {DNS_PORT} of IPv4 addresses; "
            f'listen there, too: listen = ["127.0.0.1:{DNS_PORT}"]'
        )
    return [int.from_bytes(IPv4Address(server).packed, sys.byteorder) for server in servers]


def _servers(wanted: Wanted) -> list[str]:
    return [server.address for server in wanted.servers if ":" not in server.address]


def _settings(wanted: Wanted, identity: str) -> "dict[str, dict[str, Variant]]":
    """Our profile: an address that is nobody's, no route, and our nameserver."""
    from dbus_fast import Variant

    address = {"address": Variant("s", ADDRESS), "prefix": Variant("u", 32)}
    return {
        "connection": {
            "id": Variant("s", CONNECTION_ID),
            "uuid": Variant("s", identity),
            "type": Variant("s", "tun"),
            "interface-name": Variant("s", NAME),
            "autoconnect": Variant("b", False),
        },
        "tun": {"mode": Variant("u", _MODE_TUN)},
        "ipv4": {
            "method": Variant("s", "manual"),
            "address-data": Variant("aa{sv}", [address]),
            "dns": Variant("au", _addresses(wanted)),
            "dns-search": Variant("as", [display(name) for name in wanted.search]),
            "dns-priority": Variant("i", PRIORITY),
            "never-default": Variant("b", True),
        },
        "ipv6": {"method": Variant("s", "ignore")},
    }
