"""Look-ups that are under way, shared by everyone who waits for the same question.

One question has at most one look-up in flight, whoever asks: that saves work, and denies an
attacker the many open (port, id) pairs that identical questions would give (RFC 5452, section 5).
A look-up outlives the client that started it, so that its result still fills the cache.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Final, Generic, TypeVar

MAX_LOOK_UPS: Final = 4096
"""Look-ups under way at once; past it a new question is not asked."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class InFlight(Generic[K, V]):
    """Owner of the tasks that look things up. Close it to end them.

    `K` is all that a result depends on, `V` the result.
    """

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    async def share(
        self,
        key: K,
        start: Callable[[], Coroutine[None, None, V]],
        patience: float,
    ) -> V | None:
        """The result of the one look-up of `key`, started if need be.

        None where it takes longer than `patience` seconds (it goes on without us), or where too
        many look-ups are under way for another one.
        """
        task = self._tasks.get(key)
        if task is None:
            if len(self._tasks) >= MAX_LOOK_UPS:
                return None
            task = asyncio.get_running_loop().create_task(start())
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        finished, _ = await asyncio.wait((task,), timeout=max(0.0, patience))
        return task.result() if finished and not task.cancelled() else None

    def _forget(self, key: K, task: asyncio.Task[V]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]

    async def close(self) -> None:
        """End every look-up."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
