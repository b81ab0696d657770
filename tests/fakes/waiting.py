"""Waiting for something that another task or the kernel brings about."""

import asyncio
from collections.abc import Callable

ENOUGH = 30.0
"""Seconds after which whatever a test waits for will never come."""


async def eventually(condition: Callable[[], object]) -> None:
    """Return when `condition` holds; fail when it does not hold in any time worth waiting."""
    loop = asyncio.get_running_loop()
    end = loop.time() + ENOUGH
    while not condition():
        assert loop.time() < end, "what the test waits for does not happen"
        # Most conditions need a few turns of the loop, some need the kernel.
        await asyncio.sleep(0.0005)
