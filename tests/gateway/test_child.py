"""Real children that do what they should, die, hang or babble: none is left, nothing half taken."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway import child
from enclave_dns.gateway.child import have_done
from tests.fakes.clients import PATIENCE, PAUSE, TRIES

ECHO = """
import sys
line, content = sys.stdin.buffer.readline(), sys.stdin.buffer.read()
for part in (line, content):
    sys.stdout.buffer.write(b"E" + len(part).to_bytes(4) + part)
"""
ONE_FRAME = "import sys; sys.stdin.read(); sys.stdout.buffer.write(b'E' + (3).to_bytes(4) + b'abc')"


class Two:
    """A taker of two frames."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, bytes]] = []

    @property
    def is_whole(self) -> bool:
        return len(self.taken) == 2

    def take(self, kind: bytes, content: bytes) -> None:
        if kind != b"E":
            raise ValueError("no frame for us")
        self.taken.append((kind, content))


def program(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(child, "_COMMAND", (sys.executable, "-c", text))


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("size", [0, 1, 3 << 20])
async def test_order_and_document_arrive_whole_and_so_do_the_frames(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    program(monkeypatch, ECHO)
    taker = Two()
    await have_done(b"order", b"x" * size, taker)
    assert taker.taken == [(b"E", b"order\n"), (b"E", b"x" * size)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import sys; sys.exit(3)", "with exit status 3"),
        ("import sys; sys.stdin.read(); sys.exit(3)", "with exit status 3"),
        (ONE_FRAME + "; sys.exit(4)", "with exit status 4"),
        ("import os, sys; sys.stdin.read(); os.kill(os.getpid(), 9)", "with exit status -9"),
        (ONE_FRAME, "with exit status 0"),
        ("import sys; sys.stdin.read(); print('E' * 100_000)", "none of ours"),
        ("import sys; sys.stdin.read(); print('X' + '\\0' * 4)", "no frame of ours"),
    ],
)
async def test_a_child_that_dies_or_babbles_is_told_of(
    monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    program(monkeypatch, text)
    with pytest.raises(EnvironmentFault, match=reason) as told:
        await have_done(b"order", b"x" * (1 << 20), Two())
    assert "\n" not in str(told.value)


async def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "DEADLINE", 0.2)
    for text in ("import time; time.sleep(600)", ONE_FRAME + "; import time; time.sleep(600)"):
        program(monkeypatch, text)
        with pytest.raises(EnvironmentFault, match=r"not done after 0\.2 s"):
            await have_done(b"order", b"x" * (1 << 20), Two())


async def test_a_child_that_cannot_be_started_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(child, "_COMMAND", (str(tmp_path / "nothing"),))
    with pytest.raises(EnvironmentFault, match="no child process can be started: No such file"):
        await have_done(b"order", b"", Two())


async def test_it_ends_with_whoever_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    program(monkeypatch, f"import time; open({str(there)!r}, 'w'); time.sleep(600)")
    task = asyncio.get_running_loop().create_task(have_done(b"order", b"", Two()))
    for _ in range(TRIES):
        if there.exists():
            break
        await asyncio.sleep(PAUSE)
    task.cancel()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_loop_has_its_turn_between_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_SLICE", 0.0)
    frames = 50
    text = f"import sys; sys.stdout.buffer.write((b'E' + bytes(4)) * {frames})"
    program(monkeypatch, text)
    turns: list[int] = []

    class Many(Two):
        is_whole = property(lambda self: len(self.taken) == frames)  # type: ignore[assignment]

    taker = Many()

    async def others() -> None:
        while True:
            turns.append(len(taker.taken))
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        beside = group.create_task(others())
        await have_done(b"order", b"", taker)
        beside.cancel()
    assert set(range(frames)) <= set(turns)
