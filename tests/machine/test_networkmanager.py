"""Our connection in NetworkManager, over the real wire; a test scripts what is at the other end."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import Variant

from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine import networkmanager
from enclave_dns.machine.integration import Entry, Manager, Wanted
from enclave_dns.machine.networkmanager import SERVICE, NetworkManager
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode
from tests.fakes.own_link import FakeLink
from tests.fakes.system_bus import FakeService, FakeSystemBus, RefusedError, Reply
from tests.fakes.waiting import eventually

PATH = "/org/freedesktop/NetworkManager"
ACTIVE = f"{SERVICE}.Connection.Active"
DEVICE = f"{PATH}/Devices/4"

OTHERS = "nameserver 192.0.2.1\n"

WANTED = Wanted((Endpoint("127.0.0.1"),), (from_text("enclave"),), (from_text("corp.net"),))


class FakeNetworkManager(FakeService):
    """Keeps active connections; takes those that are bound to a client down with it.

    `state` is what a new connection comes to: 2 is activated, 4 deactivated; `sees_after`: how
    often it does not see our link yet.
    """

    def __init__(self, resolv_conf: Path) -> None:
        super().__init__(
            {
                f"{SERVICE}.AddAndActivateConnection2": self._add,
                f"{SERVICE}.DeactivateConnection": self._deactivate,
                f"{SERVICE}.GetDeviceByIpIface": self._device,
            }
        )
        self.on_gone = self._client_gone
        self.state = 2
        self.sees_after = 0
        self.profiles: dict[str, dict[str, dict[str, Any]]] = {}
        self.resolv_conf = resolv_conf
        self.writes("default", "symlink")
        self.others()
        self._list()
        self._add_active("lan", "0aa3c02c-0000-4000-8000-000000000000")

    def writes(self, mode: str, rc_manager: str) -> None:
        place = f"{PATH}/DnsManager"
        self.properties[place, f"{SERVICE}.DnsManager", "Mode"] = Variant("s", mode)
        self.properties[place, f"{SERVICE}.DnsManager", "RcManager"] = Variant("s", rc_manager)

    def others(self, priority: int = 100) -> None:
        """Another connection, which shuts the rest out where its priority is below zero."""
        other = {"interface": Variant("s", "wg0"), "priority": Variant("i", priority)}
        place = f"{PATH}/DnsManager"
        self.properties[place, f"{SERVICE}.DnsManager", "Configuration"] = Variant(
            "aa{sv}", [other]
        )
        self.resolv_conf.write_text(OTHERS)

    def _device(self, name: str) -> Reply:
        self.sees_after -= 1
        if name != "enclave-dns0" or self.sees_after >= 0:
            raise RefusedError(f"{SERVICE}.UnknownDevice", f"No device found for {name}")
        return "o", [DEVICE]

    def _add(self, settings: Any, device: str, specific: str, options: Any) -> Reply:
        assert (device, specific) == (DEVICE, "/")
        plain = {name: {k: v.value for k, v in s.items()} for name, s in settings.items()}
        assert {k: v.value for k, v in options.items()} == {
            "persist": "volatile",
            "bind-activation": "dbus-client",
        }
        identity = plain["connection"]["uuid"]
        path = self._add_active(f"own{len(self.profiles)}", identity)
        self.profiles[path] = plain
        self.resolv_conf.write_text(f"nameserver 127.0.0.1\n{OTHERS}")
        return "ooa{sv}", [f"{PATH}/Settings/9", path, {}]

    def _add_active(self, name: str, identity: str) -> str:
        path = f"{PATH}/ActiveConnection/{name}"
        self.properties[path, ACTIVE, "Uuid"] = Variant("s", identity)
        self.properties[path, ACTIVE, "State"] = Variant("u", self.state)
        self._list()
        return path

    def _deactivate(self, path: str) -> Reply:
        self.profiles.pop(path, None)
        self.resolv_conf.write_text(OTHERS)
        for name in ("Uuid", "State"):
            self.properties.pop((path, ACTIVE, name))
        self._list()
        return "", []

    def _client_gone(self) -> None:
        for path in list(self.profiles):
            self._deactivate(path)

    def _list(self) -> None:
        paths = [path for path, _, name in self.properties if name == "Uuid"]
        self.properties[PATH, SERVICE, "ActiveConnections"] = Variant("ao", paths)

    @property
    def only(self) -> dict[str, dict[str, Any]]:
        (profile,) = self.profiles.values()
        return profile


@pytest.fixture
async def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeSystemBus]:
    async with FakeSystemBus(tmp_path) as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        yield bus


@pytest.fixture
def resolv_conf(tmp_path: Path) -> Path:
    return tmp_path / "resolv.conf"


@pytest.fixture
def service(bus: FakeSystemBus, resolv_conf: Path) -> FakeNetworkManager:
    service = FakeNetworkManager(resolv_conf)
    bus.services[SERVICE] = service
    return service


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


@pytest.fixture
async def integration(
    bus: FakeSystemBus, link: FakeLink, resolv_conf: Path
) -> AsyncIterator[NetworkManager]:
    integration = NetworkManager(resolv_conf, link)
    yield integration
    await integration.undo(Entry(Manager.NETWORK_MANAGER, {"uuid": ""}))


async def test_a_miss_sends_the_resolver_to_the_next_server(integration: NetworkManager) -> None:
    assert integration.manager is Manager.NETWORK_MANAGER
    assert integration.miss is RCode.REFUSED


async def test_our_connection_brings_nothing_but_our_nameserver(
    service: FakeNetworkManager, integration: NetworkManager
) -> None:
    entry = await integration.prepare(WANTED)
    assert service.profiles == {}
    await integration.apply(WANTED, entry)
    profile = service.only
    assert profile["connection"]["uuid"] == entry.data["uuid"]
    assert profile["connection"]["type"] == "tun"
    assert profile["ipv4"]["dns"] == [int.from_bytes(b"\x7f\0\0\1", sys.byteorder)]
    assert profile["ipv4"]["dns-search"] == ["corp.net"]
    assert 0 < profile["ipv4"]["dns-priority"] < 50  # first, and nobody shut out
    assert profile["ipv4"]["never-default"] is True
    assert await integration.difference(WANTED, entry) == ""


async def test_it_is_gone_with_us(service: FakeNetworkManager, integration: NetworkManager) -> None:
    entry = await integration.prepare(WANTED)
    await integration.apply(WANTED, entry)
    held = integration._bus
    assert held is not None
    held.close()  # as the kernel does for a process that is killed
    await eventually(lambda: not service.profiles)
    assert "lost our connection" in await integration.difference(WANTED, entry)
    await integration.apply(WANTED, entry)
    assert await integration.difference(WANTED, entry) == ""


async def test_undo_takes_it_down_from_another_process_as_well(
    service: FakeNetworkManager, integration: NetworkManager, link: FakeLink
) -> None:
    entry = await integration.prepare(WANTED)
    await integration.undo(entry)
    await integration.apply(WANTED, entry)
    await NetworkManager(link=link).undo(Entry(entry.manager, dict(entry.data)))
    assert service.profiles == {}
    assert "not up" in await integration.difference(WANTED, entry)
    await integration.undo(entry)
    assert len(service.properties[PATH, SERVICE, "ActiveConnections"].value) == 1


async def test_another_stubs_link_and_connection_are_left_alone(
    service: FakeNetworkManager, integration: NetworkManager, link: FakeLink
) -> None:
    entry = await integration.prepare(WANTED)
    await integration.apply(WANTED, entry)
    other = FakeLink()
    other.found = link.found
    second = NetworkManager(link=other)
    with pytest.raises(EnvironmentFault, match="another stub holds it; stop that one first"):
        await second.prepare(WANTED)
    own = Entry(entry.manager, {"uuid": "0"})
    with pytest.raises(EnvironmentFault, match="another stub holds it"):
        await second.apply(WANTED, own)
    await second.undo(own)
    assert other.found == link.found
    assert "DeactivateConnection" not in [call[0] for call in service.calls]
    assert link.is_there


async def test_undo_needs_no_bus(
    service: FakeNetworkManager,
    integration: NetworkManager,
    link: FakeLink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = await integration.prepare(WANTED)
    await integration.apply(WANTED, entry)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    await integration.undo(entry)
    assert not link.is_there


async def test_another_wish_is_another_profile(
    service: FakeNetworkManager, integration: NetworkManager
) -> None:
    entry = await integration.prepare(WANTED)
    await integration.apply(WANTED, entry)
    other = Wanted(WANTED.servers, WANTED.domains)
    assert await integration.difference(other, entry)
    await integration.apply(other, entry)
    assert service.only["ipv4"]["dns-search"] == []
    assert await integration.difference(other, entry) == ""


async def test_a_connection_that_shuts_us_out_is_seen(
    service: FakeNetworkManager, integration: NetworkManager
) -> None:
    entry = await integration.prepare(WANTED)
    await integration.apply(WANTED, entry)
    service.others(priority=-50)
    assert "does not list our nameserver first" in await integration.difference(WANTED, entry)
    await integration.undo(entry)
    calls = list(service.calls)
    with pytest.raises(EnvironmentFault, match="on wg0 has a dns-priority below zero"):
        await integration.prepare(WANTED)
    assert service.calls == calls


async def test_one_that_does_not_list_us_is_given_up(
    service: FakeNetworkManager,
    integration: NetworkManager,
    link: FakeLink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(networkmanager, "COMES_UP_WITHIN", 0.1)
    entry = await integration.prepare(WANTED)
    service.resolv_conf = service.resolv_conf.with_name("elsewhere")
    with pytest.raises(EnvironmentFault, match=r"does not list our nameserver first in .*conf;"):
        await integration.apply(WANTED, entry)
    assert not link.is_there


async def test_a_connection_that_does_not_come_up_is_taken_back(
    service: FakeNetworkManager, integration: NetworkManager, link: FakeLink
) -> None:
    entry = await integration.prepare(WANTED)
    service.state = 4
    with pytest.raises(EnvironmentFault, match="journalctl -u NetworkManager"):
        await integration.apply(WANTED, entry)
    assert not link.is_there
    await eventually(lambda: not service.profiles)


async def test_a_link_that_it_sees_late_is_waited_for(
    service: FakeNetworkManager, integration: NetworkManager
) -> None:
    service.sees_after = 3
    await integration.apply(WANTED, await integration.prepare(WANTED))
    assert service.only


async def test_a_link_that_it_never_sees_is_one_line(
    service: FakeNetworkManager,
    integration: NetworkManager,
    link: FakeLink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(networkmanager, "COMES_UP_WITHIN", 0.1)
    service.sees_after = 1000
    with pytest.raises(EnvironmentFault, match="does not see the interface enclave-dns0"):
        await integration.apply(WANTED, await integration.prepare(WANTED))
    assert not link.is_there


async def test_one_that_takes_too_long_is_given_up(
    service: FakeNetworkManager, integration: NetworkManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networkmanager, "COMES_UP_WITHIN", 0.1)
    service.state = 1
    with pytest.raises(EnvironmentFault, match="does not bring up"):
        await integration.apply(WANTED, await integration.prepare(WANTED))
    await eventually(lambda: not service.profiles)


@pytest.mark.parametrize(
    ("mode", "rc_manager"),
    [("systemd-resolved", "unmanaged"), ("dnsmasq", "symlink"), ("default", "unmanaged")],
)
async def test_where_it_writes_no_list_it_is_left_alone(
    service: FakeNetworkManager, integration: NetworkManager, mode: str, rc_manager: str
) -> None:
    service.writes(mode, rc_manager)
    with pytest.raises(EnvironmentFault, match="does not write resolv"):
        await integration.prepare(WANTED)
    assert service.calls == []


@pytest.mark.parametrize("server", [Endpoint("127.0.0.1", 5353), Endpoint("::1")])
async def test_what_it_cannot_list_is_refused(
    service: FakeNetworkManager, integration: NetworkManager, server: Endpoint
) -> None:
    with pytest.raises(EnvironmentFault, match=r"listen = \[\"127.0.0.1:53\"\]"):
        await integration.prepare(Wanted((server,)))


async def test_an_old_one_or_none_is_one_line(
    bus: FakeSystemBus, service: FakeNetworkManager, integration: NetworkManager
) -> None:
    entry = await integration.prepare(WANTED)
    methods = service.methods
    service.methods = {k: m for k, m in methods.items() if "AddAndActivate" not in k}
    with pytest.raises(EnvironmentFault, match=r"1\.16 or newer"):
        await integration.apply(WANTED, entry)
    service.methods = methods
    await integration.apply(WANTED, entry)
    bus.services.clear()
    with pytest.raises(EnvironmentFault, match="systemctl start NetworkManager"):
        await integration.difference(WANTED, entry)
    with pytest.raises(EnvironmentFault, match="systemctl start NetworkManager"):
        await integration.prepare(WANTED)
    await integration.undo(entry)
