"""How fast the programs are, beside their peers and against their bars.

    python -m tests.benchmarks.speed [PART ...] [--chart conf/bench.png]

Parts: peers, stub, workers, footprint, idle, crowd; without one, all of them, in under eight
minutes. One core is the measured server's, the other is dnsperf's and the nameservers'. CPU is user
and system time of all the server's processes for each reply that came. Exits with 1 where a bar is
missed or an answer was wrong, with 2 where something that is needed is not installed.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from tests.benchmarks.figures import Figure
from tests.benchmarks.machine import machine
from tests.benchmarks.speed import chart, crowd, footprint, scenes, table
from tests.benchmarks.speed.cores import come_first, compiled, cores, program
from tests.benchmarks.speed.load import Senders
from tests.benchmarks.speed.products import PRODUCTS
from tests.benchmarks.speed.series import Scene
from tests.benchmarks.speed.servers import told_port, version
from tests.fakes.processes import ROOT

PARTS = ("peers", "stub", "workers", "footprint", "idle", "crowd")
LIMIT = 470
"""Seconds after which the run is given up."""

NEEDED = {"dnsperf": "dnsperf", "gcc": "gcc", "setpriv": "util-linux", "taskset": "util-linux"}


class OutOfTimeError(Exception):
    """The run has taken LIMIT seconds."""


class Results:
    """What the parts have found so far."""

    def __init__(self) -> None:
        self.scenes: dict[str, Scene] = {}
        self.mixed: dict[str, str] = {}
        self.figures: list[Figure] = []
        self.wrong: list[str] = []

    def add(self, figures: Iterator[Figure]) -> None:
        """Keep figures, and tell each as it comes."""
        for figure in figures:
            scenes.tell(str(figure))
            self.figures.append(figure)


def main() -> int:
    """Measure, print and write; the exit status as above."""
    options = arguments()
    absent = [f"{each} (package {NEEDED[each]})" for each in NEEDED if program(each) is None]
    if absent:
        print(f"make bench needs {', '.join(absent)}: run make deps first", file=sys.stderr)
        return 2
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _give_up)
    signal.alarm(LIMIT)
    core, other = cores()
    os.sched_setaffinity(0, {other})
    come_first()
    results = Results()
    with tempfile.TemporaryDirectory(prefix="bench") as name, ExitStack() as stack:
        folder = Path(name)
        nameserver, echo, senders = (
            compiled(each, folder) for each in ("nameserver", "echo", "senders")
        )
        both, one = (
            stack.enter_context(
                told_port(how, [nameserver, "127.0.0.1", how], other, folder)
            ).place[1]
            for how in ("both", "one")
        )
        bench = scenes.Bench(folder, core, other, both, one, options.rounds, options.seconds, echo)
        try:
            measure(bench, Senders(senders, other), options.parts or PARTS, results)
        except OutOfTimeError:
            results.wrong.append(f"given up after {LIMIT} s: what is missing was not measured")
        finally:
            signal.alarm(0)
    return report(results, options)


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description="How fast the programs are.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3, help="turns of each server (3)")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each run (1.5)")
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench.json", metavar="FILE")
    parser.add_argument("--chart", type=Path, default=ROOT / "build/bench.png", metavar="FILE")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return options


def measure(bench: scenes.Bench, senders: Senders, chosen: Sequence[str], results: Results) -> None:
    """Play the parts, one after the other; what goes wrong in one does not end the others."""

    def peers() -> None:
        hits, misses, results.mixed = scenes.beside_peers(bench)
        results.scenes |= {table.HITS: hits, table.MISSES: misses}

    def stub() -> None:
        hits, own = scenes.of_the_stub(bench)
        results.scenes |= {table.STUB_HITS: hits, table.OWN: own}

    def workers() -> None:
        results.scenes[table.WORKERS] = scenes.with_workers(bench)

    def own_footprint() -> None:
        results.add(footprint.starting(bench))
        results.add(footprint.remembering(bench))

    played: dict[str, Callable[[], None]] = {
        "footprint": own_footprint,
        "idle": lambda: results.add(footprint.idle(bench, senders)),
        "peers": peers,
        "stub": stub,
        "workers": workers,
        "crowd": lambda: results.add(crowd.crowd(bench, senders)),
    }
    for part, play in played.items():
        if part in chosen:
            try:
                play()
            except (RuntimeError, subprocess.SubprocessError) as error:
                results.wrong.append(f"{part}: {error}")


def report(results: Results, options: argparse.Namespace) -> int:
    """Print the tables and bars, write the files; 1 where something is not as it has to be."""
    where = machine()
    print(where)
    for product in table.missing():
        print(f"not here, and left out: {product}")
    for name, scene in results.scenes.items():
        if any(series.runs for series in scene.values()):
            print("", *table.table(name, scene), sep="\n")
    if results.mixed:
        print("", *table.filters(results.mixed), sep="\n")
    figures = [*table.bars(results.scenes), *results.figures]
    print("", *figures, sep="\n")
    wrong = [*results.wrong, *table.wrong(results.scenes)]
    for fault in wrong:
        print(f"wrong: {fault}", file=sys.stderr)
    versions = {each.name: version(each) for each in PRODUCTS if scenes.is_here(each)}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    plain = table.plain(where, versions, results.mixed, results.scenes, figures, wrong)
    options.json.write_text(json.dumps(plain, indent=1) + "\n")
    if results.mixed:
        shown = {name: results.scenes[name] for name in (table.HITS, table.MISSES)}
        chart.draw(shown, where, options.chart)
    return int(bool(wrong) or not all(figure.is_kept for figure in figures))


def _give_up(number: int, frame: FrameType | None) -> None:
    if number == signal.SIGALRM:
        raise OutOfTimeError
    raise SystemExit(f"given up: {signal.Signals(number).name}")


if __name__ == "__main__":
    sys.exit(main())
