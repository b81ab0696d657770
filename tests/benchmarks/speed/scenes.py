"""The scenes: what is asked of which servers, in turns with us.

A round asks every peer once, and us before each of them, so that whatever else the machine does
meets both alike. Before a run of hits every cache is full. All servers of a scene run all the time;
who is not asked does nothing.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.speed.cores import program
from tests.benchmarks.speed.fresh import Fresh
from tests.benchmarks.speed.load import dnsperf
from tests.benchmarks.speed.names import MACHINES, Questions, hot, permitted, unique, written
from tests.benchmarks.speed.products import PRODUCTS, Product
from tests.benchmarks.speed.samples import forever, sampled
from tests.benchmarks.speed.series import Run, Scene, Series
from tests.benchmarks.speed.servers import ASKER, Server, gateway, peer, stub, told_port

US, STUB = "enclave-dns", "enclave-dns stub"
ONE, TWO = "1 worker", "2 workers"
ECHO, ECHO_MANY = "C echo", "C echo, 64 at once"

MISSES = 100_000
"""Names for one run; more than anything here can answer in its time."""

FILLS = 8
"""Times that everything is asked for where two workers share the questions by source port, so that
each of them has heard (nearly) all."""

RATE = 15_000
"""Questions a second that one worker and two are asked alike. As fast as they go would compare how
many packets one wake-up finds: dnsperf itself needs one of two cores, which leaves two workers
waiting for it with a few packets each."""

FILLED = 20.0
"""Seconds at most until everything was asked for."""

Ask = Callable[[Server, Series], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """What all scenes share: a folder, the cores, the nameservers' ports, and how much is asked."""

    folder: Path
    core: int
    other_core: int
    both: int
    one: int
    rounds: int
    seconds: float
    echo: str


def is_here(product: Product) -> bool:
    """Whether a product is installed."""
    return program(product.program) is not None


def measured(
    bench: Bench,
    server: Server,
    series: Series,
    questions: Questions,
    right: Callable[[str], str] | None,
    *,
    limit: float,
    rounds: int = 0,
    rate: int = 0,
) -> None:
    """One run; `right` gives the one address of a name, None where nothing can be looked at."""
    names = questions.samples if right else iter(())
    with sampled(server.place, ASKER, names, right or str) as samples:
        before = server.process.processor()
        load = dnsperf(
            server.place,
            ASKER,
            questions.file,
            bench.other_core,
            seconds=limit,
            rounds=rounds,
            rate=rate,
        )
        spent = server.process.processor() - before
    if right and not samples.answered:
        samples.faults.append("no sample was answered")
    series.faults += [*load.faults, *samples.faults]
    answered = load.answered + samples.answered
    if answered:
        cpu = spent / answered * 1e6
        memory = server.process.memory()
        series.runs.append(Run(load.rate, cpu, load.p50, load.p99, memory))


def fill(bench: Bench, server: Server, questions: Questions, times: int = 1) -> None:
    """Ask for everything in a file, and wait for the replies."""
    dnsperf(server.place, ASKER, questions.file, bench.other_core, seconds=FILLED, rounds=times)


def in_turns(rounds: int, us: Server, others: Sequence[Server], ask: Ask) -> Scene:
    """Ask each of the others, and us before it; `rounds` times."""
    scene: Scene = {server.name: Series() for server in (us, *others)}
    for number in range(rounds):
        for other in others:
            for server in (us, other):
                ask(server, scene[server.name])
            tell(f"round {number + 1}, {other.name}")
    return scene


def tell(what: str) -> None:
    """Say on standard error how far we are."""
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)


def beside_peers(bench: Bench) -> tuple[Scene, Scene, dict[str, str]]:
    """Hits and misses of our gateway and all that is installed, and what each makes of MIXED."""
    with ExitStack() as stack:
        us = stack.enter_context(gateway(US, bench.both, bench.core, bench.folder))
        peers = [
            stack.enter_context(
                peer(each, bench.both if each.by_record else bench.one, bench.core, bench.folder)
            )
            for each in PRODUCTS
            if is_here(each)
        ]
        floors = [stack.enter_context(floor) for floor in echoes(bench)]
        hits = hits_of(bench, us, [*peers, *floors])
        misses = misses_of(bench, us, peers)
        return hits, misses, {server.name: server.mixed for server in (us, *peers)}


def echoes(bench: Bench) -> Iterator[AbstractContextManager[Server]]:
    """The C echo loops."""
    for name, how in ((ECHO, "one"), (ECHO_MANY, "many")):
        yield told_port(name, [bench.echo, "127.0.0.1", how], bench.core, bench.folder)


def hits_of(
    bench: Bench, us: Server, others: Sequence[Server], *, fills: int = 1, rate: int = 0
) -> Scene:
    """What is cached: names of `hot`. `fills` is how often they are asked for, from other ports."""
    questions = written(bench.folder / "hits.names", hot(), forever(hot()[::97]))

    def fill_all(server: Server) -> None:
        for _ in range(fills):
            fill(bench, server, questions, 2)

    fresh = {server: Fresh(partial(fill_all, server)) for server in (us, *others)}

    def ask(server: Server, series: Series) -> None:
        fresh[server].for_next(bench.seconds)
        right = None if is_echo(server) else permitted
        measured(bench, server, series, questions, right, limit=bench.seconds, rate=rate)

    return in_turns(bench.rounds, us, others, ask)


def misses_of(bench: Bench, us: Server, others: Sequence[Server]) -> Scene:
    """Names that nobody has asked this server for; the same ones for us and the peer of a turn."""
    turns = iter(range(sys.maxsize))

    def ask(server: Server, series: Series) -> None:
        number = next(turns)
        start, sample = f"miss{number // 2}", f"sample{number // 2}"
        questions = written(
            bench.folder / "misses.names", unique(start, MISSES), unique(sample, 1000)
        )
        measured(bench, server, series, questions, permitted, limit=bench.seconds, rounds=1)

    return in_turns(bench.rounds, us, others, ask)


def of_the_stub(bench: Bench) -> tuple[Scene, Scene]:
    """Hits of our stub before our gateway, and names of its own zone; the floor beside both."""
    with ExitStack() as stack:
        behind = stack.enter_context(gateway("behind", bench.both, bench.other_core, bench.folder))
        us = stack.enter_context(stub(STUB, behind.place[1], bench.core, bench.folder))
        floor = stack.enter_context(next(echoes(bench)))
        hits = hits_of(bench, us, [floor])
        names = list(MACHINES)
        questions = written(bench.folder / "own.names", names * 100, forever(names))

        def ask(server: Server, series: Series) -> None:
            right = None if is_echo(server) else MACHINES.__getitem__
            measured(bench, server, series, questions, right, limit=bench.seconds)

        return hits, in_turns(bench.rounds, us, [floor], ask)


def is_echo(server: Server) -> bool:
    """Whether a server only sends back what comes."""
    return server.name in (ECHO, ECHO_MANY)


def with_workers(bench: Bench) -> Scene:
    """Hits of one worker and of two at one rate, on both cores; no runs where two do not serve."""
    cores = f"{bench.core},{bench.other_core}"
    with ExitStack() as stack:
        one = stack.enter_context(gateway(ONE, bench.both, cores, bench.folder))
        two = stack.enter_context(gateway(TWO, bench.both, cores, bench.folder, workers=2))
        if len(two.process.tree()) < 2:
            return {ONE: Series(), TWO: Series()}
        return hits_of(bench, one, [two], fills=FILLS, rate=RATE)
