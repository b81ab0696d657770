"""Each manager has its way in, and the way is found from what is there."""

from pathlib import Path

import pytest

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine import ways
from enclave_dns.machine.integration import Manager
from enclave_dns.machine.ways import find, owned_names, way_into


def test_every_manager_has_one_integration(tmp_path: Path) -> None:
    way = way_into(tmp_path / "resolv.conf")
    for manager in Manager:
        assert way(manager).manager is manager
        assert way(manager) is way(manager)


async def test_a_file_alone_is_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody() -> frozenset[str]:
        return frozenset()

    monkeypatch.setattr(ways, "owned_names", nobody)
    found = await find(tmp_path / "resolv.conf")
    assert found.manager is Manager.PLAIN_FILE


async def test_without_a_bus_the_question_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus")
    with pytest.raises(EnvironmentFault, match="cannot connect to D-Bus"):
        await owned_names()
