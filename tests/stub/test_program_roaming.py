"""A whole stub whose machine changes its network or sleeps: what it forgets, whom it greets."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.links import Network
from enclave_dns.machine.roaming import OnChange
from enclave_dns.stub import program as program_module
from tests.fakes.nameserver import zone
from tests.fakes.running import Log
from tests.fakes.sites import sites
from tests.fakes.waiting import eventually

DB = "db.corp.net"


class Moves:
    """Tells the stub what a test says has changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._news: asyncio.Queue[str] = asyncio.Queue()
        self._on_change: OnChange
        self.see: Callable[[], Network]
        monkeypatch.setattr(program_module, "Roaming", self._made)

    def _made(self, on_change: OnChange, *, see: Callable[[], Network]) -> "Moves":
        self._on_change, self.see = on_change, see
        return self

    async def open(self) -> None:
        """Nothing to watch."""

    def close(self) -> None:
        """As above."""

    async def run(self) -> None:
        while True:
            await self._on_change(await self._news.get())
            self._news.task_done()

    async def tell(self, reason: str) -> None:
        """Returns when the stub has done what it does."""
        await self._news.put(reason)
        await self._news.join()


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> Moves:
    return Moves(monkeypatch)


async def test_what_was_kept_is_forgotten(
    tmp_path: Path, moves: Moves, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.stub.program")
    async with sites(tmp_path) as made:
        assert await made.client.hears(DB) == "NOERROR 10.0.0.30"
        made.gateways["LON01"].respond = zone(f"{DB} 60 A 10.0.0.99")
        assert await made.client.hears(DB) == "NOERROR 10.0.0.30"
        await moves.tell("the machine slept for 3600 s")
        assert await made.client.hears(DB) == "NOERROR 10.0.0.99"
    (event,) = log.of("the machine has moved")
    assert event["reason"] == "the machine slept for 3600 s"


async def test_the_links_of_its_own_addresses_are_watched(tmp_path: Path, moves: Moves) -> None:
    async with sites(tmp_path):
        network = await asyncio.to_thread(moves.see)
        assert dict(network.links)["lo"].counts


async def test_all_gateways_are_greeted_again(tmp_path: Path, moves: Moves) -> None:
    async with sites(tmp_path) as made:
        gateways = list(made.gateways.values())
        await eventually(lambda: all(gateway.seen for gateway in gateways))
        before = [len(gateway.seen) for gateway in gateways]
        await moves.tell("wlan0 has 192.0.2.7")
        await eventually(
            lambda: all(len(g.seen) > n for g, n in zip(gateways, before, strict=True))
        )


async def test_addresses_that_cannot_be_read_stay_as_they_were(
    tmp_path: Path, moves: Moves, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.stub.program")
    looks = 0

    def fails() -> frozenset[str]:
        nonlocal looks
        looks += 1
        raise EnvironmentFault("cannot list the addresses of this machine: Too many open files")

    monkeypatch.setattr(program_module, "RECHECK", 0.01)
    async with sites(tmp_path) as made:
        monkeypatch.setattr(program_module, "own_addresses", fails)
        await moves.tell("wlan0 has 192.0.2.7")
        await eventually(lambda: looks > 3)
        assert await made.client.hears(DB) == "NOERROR 10.0.0.30"
    assert log.of("the machine's addresses stay as they were")
