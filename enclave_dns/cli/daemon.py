"""What the verbs that run a daemon share: the loop, the ready line, the flags over the file."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine

from enclave_dns.serve.loop import begin_service, loop_factory


def run_daemon(run: Callable[[Callable[[str], None]], Coroutine[None, None, None]]) -> None:
    """Run a program to its end on an event loop; uvloop's where it is installed."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(_announce))


def overrides(options: argparse.Namespace) -> dict[str, str]:
    """The settings that were given as flags."""
    return {"log_level": options.log_level} if options.log_level else {}


def _announce(line: str) -> None:
    begin_service()
    print(line, flush=True)
