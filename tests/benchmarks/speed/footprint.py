"""What our programs cost beside the queries: memory, the time to start, and latency when idle.

Latency is that of one question at a time with pauses between, so that everybody sleeps when it
comes; what a stub adds is the difference to a C echo that is asked in the same way, in turns.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial

from tests.benchmarks.figures import Figure
from tests.benchmarks.speed.fresh import Fresh
from tests.benchmarks.speed.load import Senders, Sent
from tests.benchmarks.speed.names import hot, unique, written
from tests.benchmarks.speed.scenes import Bench, echoes, fill
from tests.benchmarks.speed.servers import (
    ASKER,
    gateway,
    gateway_files,
    organisation,
    ours,
    stub,
)
from tests.fakes.processes import ROOT, environment

STARTS = 5
IDLE_RATE = 250
IDLE_SECONDS = 3.0
IDLE_NAMES = 100
"""Few enough that each is asked for again while it is kept."""


def starting(bench: Bench) -> Iterator[Figure]:
    """How long it takes until help is shown, and until a gateway and a stub are ready."""
    helped = statistics.median(_help() for _ in range(STARTS))
    yield _below("enclave-dns --help", "ms", helped * 1000, 150, digits=0)
    file = gateway_files(
        bench.folder / "starts", bench.both, {"organisation.toml": organisation()}, 1
    )
    ready = []
    for _ in range(STARTS):
        before = time.perf_counter()
        with ours("gateway", file, bench.core):
            ready.append(time.perf_counter() - before)
    yield _below("gateway ready", "s", statistics.median(ready), 1.0)


def _help() -> float:
    before = time.perf_counter()
    command = [sys.executable, "-m", "enclave_dns", "--help"]
    subprocess.run(
        command, cwd=ROOT, env=environment(), check=True, timeout=20, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - before


def remembering(bench: Bench) -> Iterator[Figure]:
    """Memory with empty caches, and what each of 10,000 cached replies adds."""
    with gateway("memory", bench.both, bench.core, bench.folder) as server:
        empty = server.process.memory()
        yield _below("gateway with empty caches, memory", "MiB", empty, 80, digits=1)
        # What is made at the first questions is no part of an entry.
        fill(bench, server, written(bench.folder / "first.names", unique("first", 200), []))
        before = server.process.memory()
        names = hot()
        fill(bench, server, written(bench.folder / "kept.names", names, []))
        each = (server.process.memory() - before) * (1 << 20) / len(names)
        yield _below("memory for each cached reply", "bytes", each, 1024, digits=0)


def idle(bench: Bench, senders: Senders) -> Iterator[Figure]:
    """What a hit of the stub takes longer than an echo."""
    file = bench.folder / "idle.names"
    file.write_text("".join(f"{ASKER} {name}\n" for name in hot()[:IDLE_NAMES]))
    with ExitStack() as stack:
        behind = stack.enter_context(gateway("idle", bench.both, bench.other_core, bench.folder))
        server = stack.enter_context(stub("idle stub", behind.place[1], bench.core, bench.folder))
        floor = stack.enter_context(next(echoes(bench)))
        took: list[tuple[Sent, Sent]] = []
        fill = partial(senders.ask, server.place, file, window=1, seconds=9, times=2)
        fresh = Fresh(lambda: faultless(fill()))
        for _ in range(bench.rounds):
            fresh.for_next(2 * IDLE_SECONDS)
            alone = senders.ask(
                floor.place, file, window=1, rate=IDLE_RATE, seconds=IDLE_SECONDS, is_echo=True
            )
            hit = senders.ask(server.place, file, window=1, rate=IDLE_RATE, seconds=IDLE_SECONDS)
            faultless(hit)
            took.append((hit, alone))
    yield _added("p50", [(hit.p50, echo.p50) for hit, echo in took], 150)
    yield _added("p99", [(hit.p99, echo.p99) for hit, echo in took], 1000)


def faultless(sent: Sent) -> None:
    """Raise RuntimeError where an answer was wrong or did not come."""
    if sent.faults:
        raise RuntimeError(f"idle stub: {', '.join(sent.faults)}")


def _added(which: str, took: Sequence[tuple[float, float]], bar: float) -> Figure:
    """The median of what a hit takes longer; `took` is in milliseconds, the bar in microseconds."""
    added = 1000 * statistics.median(hit - echo for hit, echo in took)
    hit, echo = (1000 * statistics.median(column) for column in zip(*took, strict=True))
    return Figure(
        f"latency added by a stub hit, idle, {which}",
        f"{added:,.0f} us ({hit:,.0f} us, a C echo {echo:,.0f} us)",
        f"at most {bar:,.0f} us",
        added <= bar,
    )


def _below(name: str, unit: str, value: float, bar: float, digits: int = 2) -> Figure:
    text = f"{value:,.{digits}f} {unit}"
    return Figure(name, text, f"at most {bar:,g} {unit}", value <= bar)
