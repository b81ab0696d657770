"""Running the tries of one look-up, beside each other where they overlap, until one settles it.

The selection decides; this starts, waits and cancels. Every try is a task of the look-up that
started it, and has ended when the look-up has.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from enclave_dns.upstream.selection import Ended, Selection, Try

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Settled(Generic[T_co]):
    """What settled a look-up, and who said it.

    `outrun` are the servers that were asked earlier; `declined` those of all that did reply, with
    nothing that settles.
    """

    result: T_co
    server: int
    outrun: tuple[int, ...] = ()
    declined: frozenset[int] = frozenset()


async def race(
    selection: Selection,
    ask: Callable[[Try], Coroutine[Any, Any, tuple[Ended, T]]],
    began: float | None = None,
) -> Settled[T] | None:
    """Perform the tries of a selection with `ask`; None where none settled the question.

    `ask` ends by the deadline of its try, and does not raise. `began`: when the first try began, if
    that was before now.
    """
    loop = asyncio.get_running_loop()
    running: dict[asyncio.Task[tuple[Ended, T]], Try] = {}
    declined: set[int] = set()
    try:
        while True:
            # One instant for both: what is not due at it is waited for.
            now = loop.time() if began is None else began
            while (attempt := selection.next_try(now)) is not None:
                running[loop.create_task(ask(attempt))] = attempt
            if began is not None:
                began = None
                continue
            if not running:
                return None
            for task in await _first_ended(running, selection.wake_at, now):
                attempt = running.pop(task)
                ended, result = task.result()
                selection.after(attempt, ended, loop.time())
                if ended is Ended.SETTLED:
                    outrun = selection.outrun_by(attempt)
                    return Settled(result, attempt.server, outrun, frozenset(declined))
                if ended is Ended.DECLINED:
                    declined.add(attempt.server)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _first_ended(
    running: dict[asyncio.Task[tuple[Ended, T]], Try], wake_at: float | None, now: float
) -> list[asyncio.Task[tuple[Ended, T]]]:
    """The tries that have ended, the first asked first; none where it is time for another one."""
    # What is due but has not begun will not: the look-up has no time left for it.
    timeout = wake_at - now if wake_at is not None and wake_at > now else None
    done, _ = await asyncio.wait(running, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    return [task for task in running if task in done]
