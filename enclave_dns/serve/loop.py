"""What whatever serves runs on: the event loop, and how often the garbage is looked through."""

import asyncio
import gc
from collections.abc import Callable
from typing import Final

ALLOCATIONS: Final = 20_000
"""Objects that come to be, over those that go, before the youngest are looked through. Hardly any
of ours end in circles, and with Python's 700 that takes a third of a question asked upstream."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the loop; None: asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def begin_service() -> None:
    """Spare the garbage collector what is there now: it stays, and replies wait meanwhile."""
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
