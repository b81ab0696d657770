"""What is set on our link in systemd-resolved, told over the real wire to a resolved that listens.

The link itself takes root and a kernel: tests/lab/test_resolved.py has it, with the real resolved.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dbus_fast import Variant

from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.integration import Manager, Wanted
from enclave_dns.machine.own_link import Found
from enclave_dns.machine.resolved import NO_SUCH_LINK, SERVICE, Resolved
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode
from tests.fakes.own_link import INDEX, FakeLink
from tests.fakes.system_bus import FakeService, FakeSystemBus, RefusedError, Reply

MANAGER = f"{SERVICE}.Manager"
PATH = "/org/freedesktop/resolve1/link/_37"

WANTED = Wanted(
    servers=(Endpoint("127.0.0.1"),),
    domains=(from_text("enclave"), from_text("corp.net"), from_text("zone.test")),
    search=(from_text("corp.net"),),
)


class FakeResolved(FakeService):
    """A resolved that keeps what is set on one link. `sees_after`: looks before it sees it."""

    def __init__(self) -> None:
        super().__init__({})
        self.methods = {f"{MANAGER}.{name}": method for name, method in self._methods().items()}
        self.sees_after = 0

    def _methods(self) -> dict[str, object]:
        plain = ("DNSSEC", "DNSOverTLS", "LLMNR", "MulticastDNS")
        setters = dict.fromkeys(plain, "s") | {
            "Domains": "a(sb)",
            "DefaultRoute": "b",
            "DNS": "a(iay)",
            "DNSEx": "a(iayqs)",
        }
        found = {f"SetLink{name}": self._setter(name, sig) for name, sig in setters.items()}
        return found | {"GetLink": self._get_link, "RevertLink": self._revert}

    def _get_link(self, index: int) -> Reply:
        self.sees_after -= 1
        if index != INDEX or self.sees_after >= 0:
            raise RefusedError(NO_SUCH_LINK, f"Link {index} not known")
        return "o", [PATH]

    def _setter(self, name: str, signature: str) -> object:
        def set_it(index: int, value: object) -> Reply:
            assert index == INDEX
            self.set(name, signature, value)
            return "", []

        return set_it

    def set(self, name: str, signature: str, value: object) -> None:
        self.properties[PATH, f"{SERVICE}.Link", name] = Variant(signature, value)

    def value(self, name: str) -> object:
        return self.properties[PATH, f"{SERVICE}.Link", name].value

    def _revert(self, index: int) -> Reply:
        self.properties.clear()
        return "", []


@dataclass
class Scene:
    bus: FakeSystemBus
    service: FakeResolved
    link: FakeLink
    resolved: Resolved


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with FakeSystemBus(tmp_path) as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        service, link = FakeResolved(), FakeLink()
        bus.services[SERVICE] = service
        yield Scene(bus, service, link, Resolved(link))


async def test_a_miss_is_final_for_our_link_alone(scene: Scene) -> None:
    assert (scene.resolved.manager, scene.resolved.miss) == (Manager.RESOLVED, RCode.NXDOMAIN)


async def test_everything_is_set_on_our_link_and_the_servers_last(scene: Scene) -> None:
    entry = await scene.resolved.prepare(WANTED)
    assert scene.service.calls == []
    await scene.resolved.apply(WANTED, entry)
    service = scene.service
    assert service.value("DNS") == [(2, b"\x7f\0\0\1")]
    assert service.value("DefaultRoute") is True
    assert service.value("DNSSEC") == service.value("DNSOverTLS") == "no"
    assert service.value("LLMNR") == service.value("MulticastDNS") == "no"
    # A suffix for short names routes as well; nothing is both.
    assert service.value("Domains") == [
        ("corp.net", False),
        ("enclave", True),
        ("zone.test", True),
    ]
    assert service.calls[-1][0] == "SetLinkDNS"
    assert await scene.resolved.difference(WANTED, entry) == ""


async def test_other_ports_take_another_method(scene: Scene) -> None:
    wanted = Wanted((Endpoint("127.0.0.1", 5353), Endpoint("::1")), is_default=False)
    entry = await scene.resolved.prepare(wanted)
    await scene.resolved.apply(wanted, entry)
    expected = [(2, b"\x7f\0\0\1", 5353, ""), (10, bytes(15) + b"\1", 53, "")]
    assert scene.service.value("DNSEx") == expected
    assert scene.service.value("DefaultRoute") is False
    assert await scene.resolved.difference(wanted, entry) == ""


async def test_a_link_that_resolved_sees_late_is_waited_for(scene: Scene) -> None:
    scene.service.sees_after = 3
    await scene.resolved.apply(WANTED, await scene.resolved.prepare(WANTED))
    assert scene.service.value("DNS")


@pytest.mark.parametrize(
    ("name", "signature", "value"),
    [
        ("DNS", "a(iay)", [[2, b"\x08\x08\x08\x08"]]),
        ("Domains", "a(sb)", [["x", True]]),
        ("DefaultRoute", "b", False),
        ("DNSSEC", "s", "yes"),
    ],
)
async def test_what_others_change_is_seen_and_put_back(
    scene: Scene, name: str, signature: str, value: object
) -> None:
    entry = await scene.resolved.prepare(WANTED)
    await scene.resolved.apply(WANTED, entry)
    scene.service.set(name, signature, value)
    assert name in await scene.resolved.difference(WANTED, entry)
    await scene.resolved.apply(WANTED, entry)
    assert await scene.resolved.difference(WANTED, entry) == ""


async def test_a_resolved_that_has_forgotten_or_gone_is_seen(scene: Scene) -> None:
    entry = await scene.resolved.prepare(WANTED)
    assert "is gone" in await scene.resolved.difference(WANTED, entry)
    await scene.resolved.apply(WANTED, entry)
    scene.service.sees_after = 1
    assert "does not see" in await scene.resolved.difference(WANTED, entry)
    del scene.bus.services[SERVICE]
    with pytest.raises(EnvironmentFault, match="systemctl start systemd-resolved"):
        await scene.resolved.difference(WANTED, entry)
    scene.link.found = Found()
    assert "is gone" in await scene.resolved.difference(WANTED, entry)


async def test_undo_leaves_nothing_and_may_come_twice(scene: Scene) -> None:
    entry = await scene.resolved.prepare(WANTED)
    await scene.resolved.undo(entry)
    await scene.resolved.apply(WANTED, entry)
    await scene.resolved.undo(entry)
    await scene.resolved.undo(entry)
    assert scene.service.properties == {}
    assert scene.link.find() == Found()


async def test_undo_needs_no_bus(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = await scene.resolved.prepare(WANTED)
    await scene.resolved.apply(WANTED, entry)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    await scene.resolved.undo(entry)
    assert scene.link.find() == Found()


async def test_a_strangers_interface_is_left_alone(scene: Scene) -> None:
    scene.link.found = Found(9)
    with pytest.raises(EnvironmentFault, match="ip link delete enclave-dns0"):
        await scene.resolved.prepare(WANTED)
    assert scene.link.found == Found(9)


async def test_another_stubs_interface_is_left_alone(scene: Scene) -> None:
    entry = await scene.resolved.prepare(WANTED)
    await scene.resolved.apply(WANTED, entry)
    link = FakeLink()
    link.found = scene.link.found
    second = Resolved(link)
    with pytest.raises(EnvironmentFault, match="another stub holds it; stop that one first"):
        await second.prepare(WANTED)
    with pytest.raises(EnvironmentFault, match="another stub holds it"):
        await second.apply(WANTED, entry)
    await second.undo(entry)
    assert link.found == scene.link.found
    assert "RevertLink" not in [call[0] for call in scene.service.calls]
    assert await scene.resolved.difference(WANTED, entry) == ""
    await scene.resolved.prepare(WANTED)


@pytest.mark.parametrize("method", ["SetLinkDNS", "SetLinkDomains", "SetLinkDNSSEC"])
async def test_what_fails_half_way_leaves_no_link(scene: Scene, method: str) -> None:
    entry = await scene.resolved.prepare(WANTED)
    del scene.service.methods[f"{MANAGER}.{method}"]  # type: ignore[attr-defined] # a dict
    with pytest.raises(EnvironmentFault, match=f"has no {method}; it takes version 246"):
        await scene.resolved.apply(WANTED, entry)
    assert scene.link.find() == Found()


async def test_a_resolved_that_is_not_there_is_one_line(scene: Scene) -> None:
    scene.bus.services.clear()
    with pytest.raises(EnvironmentFault, match="systemctl start systemd-resolved"):
        await scene.resolved.prepare(WANTED)
