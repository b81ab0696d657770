"""Running the tries of a look-up: who is asked beside whom, and what becomes of the others."""

import asyncio
from collections.abc import Mapping

import pytest

from enclave_dns.upstream.racing import Settled, race
from enclave_dns.upstream.selection import Ended, Pace, Selection, Try
from tests.fakes.waiting import eventually

SOON, LATE, NEVER = 0.0, 0.12, 60.0
HEDGE = 0.01


class Scene:
    """Servers that each take so many seconds and end so; `asked`, `left` tell who was there."""

    def __init__(self, servers: Mapping[int, tuple[float, Ended]]) -> None:
        self.servers = servers
        self.asked: list[int] = []
        self.left: list[int] = []

    async def ask(self, attempt: Try) -> tuple[Ended, str]:
        self.asked.append(attempt.server)
        seconds, ended = self.servers[attempt.server]
        try:
            await asyncio.sleep(seconds)
        finally:
            self.left.append(attempt.server)
        return ended, f"the word of {attempt.server}"

    async def race(self) -> Settled[str] | None:
        now = asyncio.get_running_loop().time()
        delays = [HEDGE] * len(self.servers)
        pace = Pace(budget=30.0, longest_try=30.0, last_try=30.0, attempts=1)
        return await race(Selection(list(self.servers), pace, delays, now), self.ask)


@pytest.mark.parametrize(
    ("servers", "asked", "settled"),
    [
        ({0: (SOON, Ended.SETTLED), 1: (SOON, Ended.SETTLED)}, [0], (0, (), ())),
        ({0: (NEVER, Ended.SETTLED), 1: (SOON, Ended.SETTLED)}, [0, 1], (1, (0,), ())),
        ({0: (LATE, Ended.SETTLED), 1: (NEVER, Ended.SETTLED)}, [0, 1], (0, (), ())),
        ({0: (SOON, Ended.FAILED), 1: (SOON, Ended.SETTLED)}, [0, 1], (1, (0,), ())),
        ({0: (SOON, Ended.DECLINED), 1: (SOON, Ended.SETTLED)}, [0, 1], (1, (0,), (0,))),
        (
            {0: (NEVER, Ended.FAILED), 1: (LATE, Ended.DECLINED), 2: (LATE, Ended.SETTLED)},
            [0, 1, 2],
            (2, (0, 1), (1,)),
        ),
    ],
    ids=["quick", "silent", "late", "failing", "declining", "three"],
)
async def test_the_first_word_that_settles_the_question_wins(
    servers: dict[int, tuple[float, Ended]],
    asked: list[int],
    settled: tuple[int, tuple[int, ...], tuple[int, ...]],
) -> None:
    scene = Scene(servers)
    found = await scene.race()
    assert found is not None
    assert found.result == f"the word of {settled[0]}"
    assert (found.server, found.outrun, tuple(found.declined)) == settled
    assert scene.asked == asked


@pytest.mark.parametrize("ended", [Ended.FAILED, Ended.DECLINED])
async def test_where_nobody_settles_it_there_is_nothing(ended: Ended) -> None:
    scene = Scene({0: (SOON, ended), 1: (SOON, ended)})
    assert await scene.race() is None
    assert scene.asked == [0, 1]


async def test_without_servers_there_is_nothing() -> None:
    assert await Scene({}).race() is None


async def test_nobody_is_still_being_asked_when_a_race_is_over() -> None:
    scene = Scene({0: (NEVER, Ended.SETTLED), 1: (SOON, Ended.SETTLED)})
    await scene.race()
    assert sorted(scene.left) == [0, 1]


async def test_nobody_is_still_being_asked_when_a_race_is_called_off() -> None:
    scene = Scene({0: (NEVER, Ended.SETTLED), 1: (NEVER, Ended.SETTLED)})
    task = asyncio.get_running_loop().create_task(scene.race())
    await eventually(lambda: len(scene.asked) == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(scene.left) == [0, 1]


async def test_a_race_whose_last_moments_are_left_does_not_spin() -> None:
    """What is due but has no time left is not waited for again and again."""
    turns = 0

    async def ask(attempt: Try) -> tuple[Ended, None]:
        await asyncio.sleep(0.05)
        return Ended.FAILED, None

    class Counting(Selection):
        def next_try(self, now: float) -> Try | None:
            nonlocal turns
            turns += 1
            return super().next_try(now)

    pace = Pace(budget=0.006, longest_try=1.0, last_try=1.0, attempts=1)
    now = asyncio.get_running_loop().time()
    assert await race(Counting([0, 1], pace, [0.001, 0.001], now), ask) is None
    assert turns < 10
