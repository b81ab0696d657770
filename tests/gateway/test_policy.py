"""When the document is compiled, for which instant, and what happens to what cannot be used."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enclave_dns.config import load_gateway_config
from enclave_dns.errors import DocumentError, EnvironmentFault
from enclave_dns.gateway.compilation import Compilation, Order, compile_document
from enclave_dns.gateway.policy import PolicyInUse
from tests.fakes.clients import PATIENCE, PAUSE, TRIES
from tests.fakes.running import (
    A_SECOND,
    NOON,
    UNTIL_NOON,
    Clock,
    Log,
    document,
    gateway_file,
    replace,
)

MODULE = "enclave_dns.gateway.policy"
Prepare = Callable[[Compilation], None] | None


@dataclass
class Compiler:
    """Compiles in this process; each order waits while `gate` is shut, and fails where told to."""

    orders: list[Order] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    faults: int = 0

    async def __call__(self, order: Order, content: bytes, epoch: int) -> Compilation:
        self.orders.append(order)
        self.began.set()
        await self.gate.wait()
        if self.faults:
            self.faults -= 1
            raise EnvironmentFault("the child process was ended")
        return compile_document(order, content, epoch)


class Scene:
    """A policy in use, its document, and what it has applied, with the wall clock of that time."""

    def __init__(
        self, folder: Path, compiler: Compiler, text: str, prepare: Prepare = None
    ) -> None:
        self.file = folder / "organisation.toml"
        self.compiler = compiler
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.applied: list[tuple[int, datetime]] = []
        self._came = asyncio.Event()
        config = load_gateway_config(gateway_file(folder, organisation=text), {})
        self.policy = PolicyInUse(config, self._apply, prepare)

    def _apply(self, compilation: Compilation) -> None:
        self.applied.append((compilation.version, self.clock()))
        self._came.set()

    @property
    def versions(self) -> list[int]:
        return [version for version, _ in self.applied]

    def write(self, text: str) -> None:
        replace(self.file, text)
        self.policy.reload()

    async def until_applied(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.applied) < count:
                self._came.clear()
                await self._came.wait()


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Compiler:
    made = Compiler()
    made.gate.set()
    monkeypatch.setattr(f"{MODULE}.compiled", made)
    return made


@asynccontextmanager
async def running(
    folder: Path, compiler: Compiler, text: str = "", prepare: Prepare = None
) -> AsyncIterator[Scene]:
    scene = Scene(folder, compiler, text or document(), prepare)
    await scene.policy.start()
    task = asyncio.get_running_loop().create_task(scene.policy.run())
    try:
        yield scene
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_first_document_has_to_be_right(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Compiler(), "version =")
    with pytest.raises(DocumentError):
        await scene.policy.start()


async def test_what_is_asked_for_meanwhile_is_one_more_and_the_last_one_wins(
    tmp_path: Path, compiler: Compiler
) -> None:
    async with running(tmp_path, compiler) as scene:
        compiler.gate.clear()
        compiler.began.clear()
        scene.write(document(2))
        async with asyncio.timeout(PATIENCE):
            await compiler.began.wait()
        for version in (3, 4, 5):
            scene.write(document(version))
            await asyncio.sleep(0)
        assert scene.versions == []
        compiler.gate.set()
        await scene.until_applied(2)
    assert scene.versions == [2, 5]
    assert [order.running for order in compiler.orders] == [None, 1, 2]


async def test_the_same_bytes_are_not_compiled_again(tmp_path: Path, compiler: Compiler) -> None:
    async with running(tmp_path, compiler) as scene:
        scene.policy.reload()
        scene.write(document())
        scene.write(document(2))
        await scene.until_applied(1)
    assert scene.versions == [2]
    assert len(compiler.orders) == 2


async def test_where_the_machine_fails_the_state_stays_and_it_is_tried_again(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{MODULE}.RETRY", 0.01)
    log = Log(monkeypatch, MODULE)
    async with running(tmp_path, compiler) as scene:
        compiler.faults = 2
        scene.write(document(2))
        await scene.until_applied(1)
        assert scene.versions == [2]
        faults = log.of("organisation not compiled")
        assert [entry["reason"] for entry in faults] == ["the child process was ended"] * 2
        assert (scene.policy.figures.revision, scene.policy.figures.failures) == (2, 2)


async def test_a_new_document_does_not_wait_for_the_next_try(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{MODULE}.RETRY", 3600.0)
    log = Log(monkeypatch, MODULE)
    async with running(tmp_path, compiler) as scene:
        compiler.faults = 1
        scene.write(document(2))
        await log.until("organisation not compiled")
        scene.write(document(3))
        await scene.until_applied(1)
    assert scene.versions == [3]


async def test_what_ends_is_compiled_for_the_instant_of_its_end_and_counts_from_then(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Begun at once: how long ahead depends on how long compiling takes.
    monkeypatch.setattr(f"{MODULE}._MARGIN", 1e9)
    clock = Clock(monkeypatch, MODULE, NOON - 2 * A_SECOND)
    async with running(tmp_path, compiler, document(more=UNTIL_NOON)) as scene:
        scene.clock = lambda: clock.now(UTC)
        await scene.until_applied(1)
    [_, renewal] = compiler.orders
    assert renewal.now == NOON
    [(version, at)] = scene.applied
    assert version == 1
    assert at >= NOON


async def test_what_is_made_ahead_is_handed_over_before_its_instant(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, MODULE, NOON - A_SECOND)
    prepared: list[tuple[int, datetime]] = []

    def prepare(compilation: Compilation) -> None:
        prepared.append((compilation.version, clock.now(UTC)))

    async with running(tmp_path, compiler, document(more=UNTIL_NOON), prepare) as scene:
        scene.clock = lambda: clock.now(UTC)
        await scene.until_applied(1)
    [(_, first), (version, second)] = prepared
    assert version == 1
    assert first <= second <= scene.applied[0][1]


async def test_what_has_ended_already_is_compiled_for_now(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{MODULE}.RECHECK", 0.05)
    clock = Clock(monkeypatch, MODULE, NOON - timedelta(hours=1))
    async with running(tmp_path, compiler, document(more=UNTIL_NOON)) as scene:
        for ahead in (1, -1):
            clock.set(NOON + timedelta(hours=ahead))
            await scene.until_applied(len(scene.applied) + 1)
    later, back = (order.now for order in compiler.orders[1:3])
    assert later >= NOON + timedelta(hours=1)
    assert back < NOON


async def test_a_new_document_overtakes_what_is_made_ahead(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So far ahead that the renewal is made at once, and waits for its instant.
    monkeypatch.setattr(f"{MODULE}._MARGIN", 1e9)
    clock = Clock(monkeypatch, MODULE, NOON - timedelta(hours=1))
    async with running(tmp_path, compiler, document(more=UNTIL_NOON)) as scene:
        scene.clock = lambda: clock.now(UTC)
        for _ in range(TRIES):
            if len(compiler.orders) == 2:
                break
            await asyncio.sleep(PAUSE)
        scene.write(document(2))
        await scene.until_applied(1)
    assert scene.versions == [2]
    assert compiler.orders[1].now == NOON
