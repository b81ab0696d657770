"""systemd-resolved, over its D-Bus interface: our nameserver on a link of our own.

resolved asks all links with a default route in parallel and takes the positive answer, so a miss is
NXDOMAIN here: final for our link, and no reason to try us again. In one list with other servers it
would leave us at the first miss for good. What is set on a link lives and dies with the link (see
`own_link`), and resolved keeps it over its own restarts.

Source: org.freedesktop.resolve1(5), systemd 252.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from socket import AF_INET, AF_INET6
from typing import Any, Final

from enclave_dns.endpoint import DNS_PORT, Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine import own_link
from enclave_dns.machine.dbus import Place, SystemBus
from enclave_dns.machine.integration import Entry, Manager, Wanted
from enclave_dns.wire.names import display
from enclave_dns.wire.numbers import RCode

SERVICE: Final = "org.freedesktop.resolve1"
NO_SUCH_LINK: Final = "org.freedesktop.resolve1.NoSuchLink"

SEES_LINK_WITHIN: Final = 3.0
"""Seconds for resolved to notice a new link, which the kernel tells it in its own time."""

_LOOKS_EVERY: Final = 0.05
_MANAGER: Final = Place(SERVICE, "/org/freedesktop/resolve1", f"{SERVICE}.Manager")
_UNKNOWN: Final = "org.freedesktop.DBus.Error.UnknownMethod"
_GONE: Final = (
    NO_SUCH_LINK,
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.UnknownObject",
)


@dataclass(frozen=True, slots=True)
class _Setting:
    """One property of a link: how it is set, and how it reads when it is as set.

    `value` is the argument behind the link's index, `reads` what `seen` makes of the property.
    """

    method: str
    signature: str
    value: object
    name: str
    reads: object


class Resolved:
    """The integration for systemd-resolved. Holds the link from `apply` to `undo`."""

    manager = Manager.RESOLVED
    miss = RCode.NXDOMAIN

    def __init__(self, link: own_link.OwnLink | None = None) -> None:
        self._link = link or own_link.OwnLink()

    async def prepare(self, wanted: Wanted) -> Entry:
        """The link's name is all that an undo needs."""
        async with SystemBus() as bus:
            await _require_running(bus)
        await asyncio.to_thread(self._link.require_free)
        return Entry(Manager.RESOLVED, {"link": own_link.NAME})

    async def apply(self, wanted: Wanted, entry: Entry) -> None:
        """Make the link where it is missing, and set all of it: our servers last."""
        async with SystemBus() as bus:
            await _require_running(bus)
            is_new = not await asyncio.to_thread(self._is_there)
            if is_new:
                self._link.close()
                await asyncio.to_thread(self._link.open)
            try:
                await _await_link(bus, self._link.index)
                for setting in _settings(wanted):
                    await _set(bus, self._link.index, setting)
            except BaseException:
                if is_new:
                    self._link.close()
                raise

    async def difference(self, wanted: Wanted, entry: Entry) -> str:
        """What others changed on our link, or that it is gone."""
        if not await asyncio.to_thread(self._is_there):
            return f"the interface {own_link.NAME} is gone"
        async with SystemBus() as bus:
            # One that is restarted finds its links' settings again: nothing to undo meanwhile.
            await _require_running(bus)
            answer = await bus.call_if(_MANAGER, "GetLink", "i", [self._link.index], _GONE)
            if answer is None:
                return f"systemd-resolved does not see {own_link.NAME}"
            place = Place(SERVICE, str(answer[0]), f"{SERVICE}.Link")
            for setting in _settings(wanted):
                is_so = _seen(setting.name, await bus.get(place, setting.name))
                if is_so != setting.reads:
                    return f"{setting.name} of {own_link.NAME} is not what we have set"
        return ""

    async def undo(self, entry: Entry) -> None:
        """Take everything off the link, and the link away: with it resolved forgets us.

        After a run that has died there is nothing to undo: the kernel has done it.
        """
        if self._link.index:
            try:
                async with SystemBus() as bus:
                    if await bus.is_owned(SERVICE):
                        await bus.call_if(_MANAGER, "RevertLink", "i", [self._link.index], _GONE)
            except EnvironmentFault:
                # Without its link there is nothing left of it, whether resolved was told or not.
                pass
        self._link.close()

    def _is_there(self) -> bool:
        return self._link.is_there


async def _require_running(bus: SystemBus) -> None:
    if not await bus.is_owned(SERVICE):
        raise EnvironmentFault(
            "systemd-resolved is not running; start it: systemctl start systemd-resolved"
        )


async def _await_link(bus: SystemBus, index: int) -> None:
    now = asyncio.get_running_loop().time
    deadline = now() + SEES_LINK_WITHIN
    while await bus.call_if(_MANAGER, "GetLink", "i", [index], (NO_SUCH_LINK,)) is None:
        if now() > deadline:
            raise EnvironmentFault(
                f"systemd-resolved does not see the interface {own_link.NAME}; restart it: "
                "systemctl restart systemd-resolved"
            )
        await asyncio.sleep(_LOOKS_EVERY)


async def _set(bus: SystemBus, index: int, setting: _Setting) -> None:
    body = [index, setting.value]
    signature = f"i{setting.signature}"
    if await bus.call_if(_MANAGER, setting.method, signature, body, (_UNKNOWN,)) is None:
        raise EnvironmentFault(
            f"this systemd-resolved has no {setting.method}; it takes version 246 or newer, and "
            f"`listen` at port {DNS_PORT} helps older ones that only lack SetLinkDNSEx"
        )


def _settings(wanted: Wanted) -> Iterator[_Setting]:
    """What is set on the link, in order. With the servers it comes into use, so they are last."""
    for name in ("DNSSEC", "DNSOverTLS", "LLMNR", "MulticastDNS"):
        # Ours are plain replies that nobody has signed, and no neighbours are on this link.
        yield _Setting(f"SetLink{name}", "s", "no", name, "no")
    domains = _domains(wanted)
    yield _Setting("SetLinkDomains", "a(sb)", domains, "Domains", _seen("Domains", domains))
    yield _Setting("SetLinkDefaultRoute", "b", wanted.is_default, "DefaultRoute", wanted.is_default)
    if all(server.port == DNS_PORT for server in wanted.servers):
        plain = [[_family(server), _packed(server)] for server in wanted.servers]
        yield _Setting("SetLinkDNS", "a(iay)", plain, "DNS", _seen("DNS", plain))
    else:
        full = [[_family(s), _packed(s), s.port, ""] for s in wanted.servers]
        yield _Setting("SetLinkDNSEx", "a(iayqs)", full, "DNSEx", _seen("DNSEx", full))


def _domains(wanted: Wanted) -> list[list[object]]:
    """Suffixes for short names, which route as well, and names that only route."""
    search = dict.fromkeys(display(name) for name in wanted.search)
    routing = dict.fromkeys(display(name) for name in wanted.domains)
    only = [[name, True] for name in routing if name not in search]
    return [*([name, False] for name in search), *only]


def _seen(name: str, value: Any) -> object:
    """A property in a shape that compares: the order of domains and the spelling do not count."""
    if name == "Domains":
        return {(str(n).rstrip(".").lower(), bool(only)) for n, only in value}
    if name in ("DNS", "DNSEx"):
        return [_seen_server(*server) for server in value]
    return value


def _seen_server(family: int, packed: bytes, port: int = 0, _name: str = "") -> tuple[object, ...]:
    return family, bytes(packed), port or DNS_PORT


def _family(server: Endpoint) -> int:
    return int(AF_INET6 if ":" in server.address else AF_INET)


def _packed(server: Endpoint) -> bytes:
    return ip_address(server.address).packed
