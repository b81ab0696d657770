"""When a change of network or a sleep is told, with a network and clocks that a test moves."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.links import Link, Network
from enclave_dns.machine.roaming import Clocks, Roaming
from tests.fakes.running import Log
from tests.fakes.waiting import eventually


@pytest.mark.parametrize(
    ("boottime", "monotonic", "slept"),
    [
        (10, 10, 0),  # awake
        (10.9, 10, 0),  # the two were not read at once
        (3610, 10, 3600),
        (11.5, 10, 1.5),
        (9.9, 10, 0),
    ],
)
def test_sleep_is_what_only_one_of_the_clocks_has_seen(
    boottime: float, monotonic: float, slept: float
) -> None:
    earlier = Clocks(1000, 500)
    later = Clocks(1000 + boottime, 500 + monotonic)
    assert later.slept_since(earlier) == slept


def test_the_clocks_of_this_machine_are_read() -> None:
    assert Clocks.now().slept_since(Clocks.now()) == 0


class Scene:
    """A watch on a network that the test changes; `reasons` is what was told."""

    def __init__(self) -> None:
        self.network = Network((("eth0", Link(True)),))
        self.slept = 0.0
        self.wakes_in: Network | None = None
        self.looks = 0
        self.fault = ""
        self.reasons: list[str] = []
        self.roaming = Roaming(
            self._told, see=self._see, clocks=self._clocks, quiet=0.001, tick=0.001
        )

    def _see(self) -> Network:
        self.looks += 1
        if self.fault:
            raise EnvironmentFault(self.fault)
        return self.network

    def _clocks(self) -> Clocks:
        if self.wakes_in is not None:
            self.network, self.wakes_in, self.slept = self.wakes_in, None, 30
        return Clocks(1000 + self.slept, 1000)

    async def _told(self, reason: str) -> None:
        self.reasons.append(reason)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    await scene.roaming.open()
    task = asyncio.get_running_loop().create_task(scene.roaming.run())
    yield scene
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    scene.roaming.close()
    scene.roaming.close()


async def test_a_change_is_told_once(scene: Scene) -> None:
    scene.network = Network((("eth0", Link(False)),))
    scene.roaming.notice()
    await eventually(lambda: scene.reasons)
    scene.roaming.notice()
    looks = scene.looks
    await eventually(lambda: scene.looks > looks)
    assert scene.reasons == ["eth0 is down"]


async def test_news_without_a_change_is_none(scene: Scene) -> None:
    looks = scene.looks
    scene.roaming.notice()
    await eventually(lambda: scene.looks > looks)
    scene.network = Network()
    scene.roaming.notice()
    await eventually(lambda: scene.reasons)
    assert scene.reasons == ["eth0 is gone"]


async def test_sleep_is_told_though_the_network_is_the_same(scene: Scene) -> None:
    scene.slept = 3600
    await eventually(lambda: scene.reasons)
    scene.slept += 60
    await eventually(lambda: len(scene.reasons) == 2)
    assert scene.reasons == ["the machine slept for 3600 s", "the machine slept for 60 s"]


async def test_sleep_and_another_network_are_told_together(scene: Scene) -> None:
    scene.wakes_in = Network((("eth0", Link(True)), ("wlan0", Link(True))))
    await eventually(lambda: scene.reasons)
    assert scene.reasons == ["the machine slept for 30 s; wlan0 is new"]


async def test_news_without_end_do_not_keep_it_from_looking(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enclave_dns.machine.roaming.LONGEST", 0.01)
    scene.network = Network()
    loop = asyncio.get_running_loop()

    def disturb() -> None:
        scene.roaming.notice()
        if not scene.reasons:
            loop.call_soon(disturb)

    disturb()
    await eventually(lambda: scene.reasons)
    assert scene.reasons == ["eth0 is gone"]


async def test_a_look_that_fails_is_told_once_and_done_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.roaming")
    scene.fault = "cannot look at the network: Too many open files"
    scene.roaming.notice()
    await eventually(lambda: scene.looks > 3)
    scene.network = Network()
    scene.slept = 60
    await eventually(lambda: scene.reasons)
    scene.fault = ""
    await eventually(lambda: len(scene.reasons) == 2)
    assert scene.reasons == ["the machine slept for 60 s", "eth0 is gone"]
    (event,) = log.of("no look at the network")
    assert event["problem"] == "cannot look at the network: Too many open files"
