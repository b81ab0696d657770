"""Look-ups that are under way, shared by everyone who waits for the same question.

One question has at most one look-up in flight, whoever asks: that saves work, and denies an
attacker the many open (port, id) pairs that identical questions would give (RFC 5452, section 5).
A look-up outlives the client that started it, so that its result still fills the cache. It is a
task; or it was only begun, and becomes a task when it turns out to take longer.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Final, Generic, TypeVar

MAX_LOOK_UPS: Final = 4096
"""Look-ups under way at once; past it a new question is not asked."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Then = Callable[[V | None], None]


class _Begun(Generic[V]):
    """A look-up without a task: who hears of it, and the future of those who await it."""

    __slots__ = ("ended", "thens")

    def __init__(self, then: Then[V]) -> None:
        self.thens = [then]
        self.ended: asyncio.Future[V] | None = None

    def awaited(self) -> "asyncio.Future[V]":
        """A future that gets the result."""
        if self.ended is None:
            self.ended = asyncio.get_running_loop().create_future()
        return self.ended


class InFlight(Generic[K, V]):
    """Owner of the tasks that look things up. Close it to end them.

    `K` is all that a result depends on, `V` the result.
    """

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[V]] = {}
        self._begun: dict[K, _Begun[V]] = {}
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._tasks) + len(self._begun)

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
        begun = self._begun.get(key)
        task = self._tasks.get(key) if begun is None else begun.awaited()
        if task is None:
            if self.is_full:
                return None
            task = self._start(key, start())
        finished, _ = await asyncio.wait((task,), timeout=max(0.0, patience))
        return task.result() if finished and not task.cancelled() else None

    @property
    def is_full(self) -> bool:
        """Whether no more look-ups may be begun."""
        return len(self) >= MAX_LOOK_UPS

    def is_task(self, key: K) -> bool:
        """Whether a look-up of `key` is under way that takes longer."""
        return key in self._tasks

    def hear(self, key: K, then: Then[V]) -> bool:
        """Hear of a look-up that was begun; False where none was."""
        begun = self._begun.get(key)
        if begun is None:
            return False
        begun.thens.append(then)
        return True

    def begin(self, key: K, then: Then[V]) -> None:
        """A look-up of `key` has begun; `settle` or `go_on` will end that."""
        self._begun[key] = _Begun(then)

    def settle(self, key: K, result: V) -> None:
        """What was begun is settled."""
        begun = self._begun.pop(key)
        if begun.ended is not None and not begun.ended.done():
            begun.ended.set_result(result)
        for then in begun.thens:
            then(result)

    def go_on(self, key: K, work: Coroutine[None, None, V]) -> None:
        """What was begun takes longer: `work` ends it."""
        begun = self._begun.pop(key)
        if self._is_closed:
            work.close()
            return
        task = self._start(key, work)
        ended = begun.ended
        if ended is not None:
            task.add_done_callback(lambda done: _hand_over(done, ended))
        for then in begun.thens:
            then(None)

    def _start(self, key: K, work: Coroutine[None, None, V]) -> "asyncio.Task[V]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))
        return task

    def _forget(self, key: K, task: "asyncio.Task[V]") -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]

    async def close(self) -> None:
        """End every look-up."""
        self._is_closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _hand_over(task: "asyncio.Task[V]", ended: "asyncio.Future[V]") -> None:
    """Give a task's result to those who have waited since before it was one."""
    if ended.done():
        return
    if task.cancelled():
        ended.cancel()
    elif (error := task.exception()) is not None:
        ended.set_exception(error)
    else:
        ended.set_result(task.result())
