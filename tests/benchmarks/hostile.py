"""A gateway under attack: what it must keep up, measured on real processes over real sockets.

    python -m tests.benchmarks.hostile [BAR ...] [--names 50000] [--seconds 5]

Without BAR all of them; each is one line: what was measured, and the bar. Exits with 1 where one is
missed. The load leaves from this process, the gateway and its nameserver are others: two cores are
the least that says anything.
"""

import argparse
import sys

from tests.benchmarks.figures import told
from tests.benchmarks.hostile_load import greedy, names_without_end, overload
from tests.benchmarks.hostile_peers import at_once, connections, faulty, silence, sizes
from tests.benchmarks.latency import machine


def main() -> int:
    """Measure; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description="A gateway under attack.")
    parser.add_argument("--names", type=int, default=50_000, help="of the flood; 1000000: for long")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load")
    parser.add_argument("--queries", type=int, default=100, help="to each faulty server")
    bars = {
        "at-once": lambda: at_once(),
        "faulty": lambda: faulty(options.queries),
        "overload": lambda: overload(options.seconds),
        "greedy": lambda: greedy(options.seconds),
        "names": lambda: names_without_end(options.names),
        "connections": lambda: connections(2_000, 500, 10_000),
        "silence": lambda: silence(),
        "sizes": lambda: sizes(),
    }
    parser.add_argument("bars", nargs="*", metavar="BAR", help=", ".join(bars))
    options = parser.parse_args()
    if unknown := set(options.bars) - set(bars):
        parser.error(f"no such bar: {', '.join(sorted(unknown))}; there are {', '.join(bars)}")
    print(machine())
    return int(sum(told(bars[name]()) for name in options.bars or bars) > 0)


if __name__ == "__main__":
    sys.exit(main())
