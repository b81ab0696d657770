"""The place of a worker: who cannot serve is told of, who dies is followed, and nobody is left."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway import worker_process
from enclave_dns.gateway.control import HOSTS, word
from enclave_dns.gateway.worker_process import (
    FIRST_PAUSE,
    LAST_PAUSE,
    STEADY,
    WorkerProcess,
    next_pause,
)
from tests.fakes.running import Log
from tests.fakes.waiting import eventually

SERVES = "import os, sys; os.write(0, b's' + bytes(4)); "
UNTIL_DRAINED = SERVES + "[None for _ in iter(lambda: os.read(0, 1), b'd')]"
MODULE = "enclave_dns.gateway.worker_process"


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@asynccontextmanager
async def kept(
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    greeting: bytes = b"",
    sockets: Sequence[socket.socket] = (),
) -> AsyncIterator[WorkerProcess]:
    monkeypatch.setattr(worker_process, "_COMMAND", (sys.executable, "-c", text))
    place = WorkerProcess(1, sockets, lambda: greeting)
    task = asyncio.get_running_loop().create_task(place.keep())
    try:
        yield place
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("before", "lasted", "expected"),
    [
        (0.0, 0.1, FIRST_PAUSE),
        (0.0, 100.0, FIRST_PAUSE),
        (FIRST_PAUSE, 0.1, 2 * FIRST_PAUSE),
        (4.0, STEADY / 2, 8.0),
        (4.0, STEADY, FIRST_PAUSE),
        (LAST_PAUSE, 0.1, LAST_PAUSE),
        (LAST_PAUSE - 1, 0.1, LAST_PAUSE),
    ],
)
def test_the_pause_doubles_while_a_worker_does_not_last(
    before: float, lasted: float, expected: float
) -> None:
    assert next_pause(before, lasted) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import sys; sys.exit(3)", "ended with exit status 3: see standard error"),
        ("import os; os.kill(os.getpid(), 9)", "ended with exit status -9"),
        ("import os; os.write(0, b'x' + (5).to_bytes(4) + b'a bad')", "does not start: a bad"),
        ("import os; os.write(0, b'f' + (2).to_bytes(4) + b'{}')", "what no worker says"),
        ("import os; os.write(0, b'E' * 100)", "none of ours"),
    ],
)
async def test_who_does_not_serve_at_the_start_is_told_of_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    async with kept(monkeypatch, text) as place:
        with pytest.raises(EnvironmentFault, match=reason) as told:
            await place.served
        assert "\n" not in str(told.value)
        assert str(told.value).startswith("worker 1 does not start: ")
        assert (place.ended, place.pid) == (0, 0)


async def test_who_says_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "START", 0.1)
    async with kept(monkeypatch, "import time; time.sleep(600)") as place:
        with pytest.raises(EnvironmentFault, match=r"it said nothing for 0\.1 s"):
            await place.served


async def test_a_program_that_is_not_there_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with kept(monkeypatch, "") as place:
        monkeypatch.setattr(worker_process, "_COMMAND", (str(tmp_path / "nothing"),))
        with pytest.raises(EnvironmentFault, match="no process can be started: No such file"):
            await place.served


async def test_who_falls_silent_while_serving_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(monkeypatch, MODULE)
    monkeypatch.setattr(worker_process, "SILENCE", 0.1)
    async with kept(monkeypatch, SERVES + "import time; time.sleep(600)") as place:
        await place.served
        entries = await log.until("worker ended", 2)
        assert {entry["reason"] for entry in entries} == {"it said nothing for 0.1 s"}
        assert [entry["again_in"] for entry in entries[:2]] == [FIRST_PAUSE, 2 * FIRST_PAUSE]


async def test_each_process_is_greeted_and_then_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heard = tmp_path / "heard"
    text = f"{SERVES}open({str(heard)!r}, 'ab').write(os.read(0, 2) + os.read(0, 5))"
    monkeypatch.setattr(worker_process, "FIRST_PAUSE", 0.01)
    async with kept(monkeypatch, text, b"hi") as place:
        for number in (1, 2):
            await eventually(lambda: place.is_serving)
            first = place.pid
            place.tell(word(HOSTS))
            await eventually(lambda: place.ended == number and place.pid != first)  # noqa: B023
        assert heard.read_bytes() == 2 * (b"hi" + word(HOSTS))


async def test_who_was_asked_to_end_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    sock = socket.socket()
    async with kept(monkeypatch, UNTIL_DRAINED, sockets=[sock]) as place:
        await place.served
        place.stop()
        # What comes from now on is for those that are there still.
        await eventually(lambda: sock.fileno() == -1)
        await eventually(lambda: place.pid == 0)
        assert (place.ended, place.is_serving) == (0, False)
