"""What the verbs that run a daemon share: the loop, the ready line, the flags over the file."""

import argparse
import asyncio
import gc
from collections.abc import Callable, Coroutine
from types import ModuleType


def run_daemon(run: Callable[[Callable[[str], None]], Coroutine[None, None, None]]) -> None:
    """Run a program to its end on an event loop; uvloop's where it is installed."""
    fast = _uvloop()
    with asyncio.Runner(loop_factory=None if fast is None else fast.new_event_loop) as runner:
        runner.run(run(_announce))


def overrides(options: argparse.Namespace) -> dict[str, str]:
    """The settings that were given as flags."""
    return {"log_level": options.log_level} if options.log_level else {}


def _announce(line: str) -> None:
    # What is there when the daemon is ready stays: the garbage collector, which would look through
    # all of it again and again while replies wait, need not.
    gc.freeze()
    print(line, flush=True)


def _uvloop() -> ModuleType | None:
    try:
        import uvloop
    except ImportError:
        return None
    module: ModuleType = uvloop
    return module
