"""The system's bus: what is asked over it, and the one line that each way of failing gives."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dbus_fast import Variant

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.dbus import Place, SystemBus
from tests.fakes.system_bus import FakeService, FakeSystemBus, RefusedError
from tests.fakes.waiting import eventually

NAME = "org.example.Clock"
PLACE = Place(NAME, "/clock", "org.example.Clock")


def _refuse(name: str) -> tuple[str, list[object]]:
    raise RefusedError(name, "not today")


@pytest.fixture
async def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeSystemBus]:
    """A bus with one service on it, which is the system's for this test."""
    async with FakeSystemBus(tmp_path) as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        methods = {
            "org.example.Clock.Add": lambda one, other: ("i", [one + other]),
            "org.example.Clock.Fail": _refuse,
        }
        properties = {("/clock", "org.example.Clock", "Hour"): Variant("u", 7)}
        bus.services[NAME] = FakeService(methods, properties)
        yield bus


async def test_names_methods_and_properties(bus: FakeSystemBus) -> None:
    async with SystemBus() as system:
        assert await system.is_owned(NAME)
        assert not await system.is_owned("org.example.Nobody")
        assert await system.call(PLACE, "Add", "ii", [1, 2]) == [3]
        assert await system.get(PLACE, "Hour") == 7


async def test_an_expected_error_is_a_value(bus: FakeSystemBus) -> None:
    async with SystemBus() as system:
        error = "org.example.Clock.Broken"
        assert await system.call_if(PLACE, "Fail", "s", [error], (error,)) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("org.example.Clock.Broken", "org.example.Clock failed in Fail: not today (Broken)"),
        (
            "org.freedesktop.DBus.Error.AccessDenied",
            "org.example.Clock does not let us call Fail: run as root (not today)",
        ),
    ],
)
async def test_an_error_is_one_line(bus: FakeSystemBus, error: str, words: str) -> None:
    async with SystemBus() as system:
        with pytest.raises(EnvironmentFault) as raised:
            await system.call(PLACE, "Fail", "s", [error])
    assert str(raised.value) == words


async def test_a_bus_that_does_not_answer_is_not_waited_for(bus: FakeSystemBus) -> None:
    async with SystemBus(timeout=0.05) as system:
        bus.is_mute = True
        with pytest.raises(EnvironmentFault, match=r"^org.example.Clock Add did not answer"):
            await system.call(PLACE, "Add", "ii", [1, 2])


async def test_a_bus_that_lets_nobody_in_is_not_waited_for(bus: FakeSystemBus) -> None:
    bus.is_deaf = True
    with pytest.raises(EnvironmentFault, match=r"^D-Bus did not answer within 0.05 s"):
        await SystemBus(timeout=0.05).open()


async def test_no_bus_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    with pytest.raises(EnvironmentFault, match=r"cannot connect to D-Bus: .*manage_dns = false"):
        await SystemBus().open()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "no address at all")
    with pytest.raises(EnvironmentFault, match="correct DBUS_SYSTEM_BUS_ADDRESS"):
        await SystemBus().open()


async def test_a_connection_that_broke_is_noticed(bus: FakeSystemBus) -> None:
    system = SystemBus(timeout=2)
    await system.open()
    assert system.is_open
    await bus.close()
    await eventually(lambda: not system.is_open)
    with pytest.raises(EnvironmentFault, match="connection to D-Bus is gone"):
        await system.call(PLACE, "Add", "ii", [1, 2])
    system.close()
    system.close()
