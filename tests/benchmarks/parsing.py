"""The longest that any message takes to be read or refused: hostile messages, searched for.

    python -m tests.benchmarks.parsing [--seconds 60]

Messages are built from bytes as `Choices`, of what is known to cost: chains of pointers, names of
many labels referred to by all records, wrong sizes, many options, and so on. The search begins at
random and keeps whatever change costs more CPU time. Exits with 1 where reading takes longer than
the bar; the time of the whole way of a query and of a nameserver's reply is told as well.
"""

import argparse
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from enclave_dns.errors import MessageError
from enclave_dns.wire.message import read_message
from tests.benchmarks.costly import costly
from tests.benchmarks.machine import machine
from tests.benchmarks.ways import query_way, upstream_way
from tests.fakes.choices import Choices

BARS = {1232: 0.001, 65535: 0.010}
"""Seconds to read or refuse a message, by its size in bytes."""

GENES = 40
START = 60
"""Messages at random before the search climbs from the costliest."""

CONFIRMED = 15
"""Runs of the costliest message in the end; the best of them counts."""


@dataclass(frozen=True, slots=True)
class Found:
    """The costliest message of a search, and its CPU time in seconds."""

    packet: bytes
    cost: float


def main() -> int:
    """Search each size and way, print the worst; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description="The worst message to read.")
    parser.add_argument("--seconds", type=float, default=60.0, help="for all searches together")
    options = parser.parse_args()
    print(machine())
    ways = {"read": parsed, "query": query_way, "upstream": upstream_way}
    did_miss = False
    for size, bar in BARS.items():
        for name, way in ways.items():
            found = costliest(way, size, options.seconds / len(BARS) / len(ways))
            line = f"{name:9} any {size:6,} bytes: {found.cost * 1000:8.3f} ms"
            if way is parsed:
                line += f"   bar {bar * 1000:.0f} ms"
                did_miss = did_miss or found.cost > bar
            print(line, flush=True)
    if did_miss:
        print("a message costs more than the bar allows", file=sys.stderr)
    return int(did_miss)


def parsed(packet: bytes) -> None:
    """Read a message or refuse it."""
    try:
        read_message(packet)
    except MessageError:
        return


def costliest(way: Callable[[bytes], None], size: int, seconds: float) -> Found:
    """Climb from messages at random to the costliest that can be found in so many seconds."""
    until = time.monotonic() + seconds
    genes = [secrets.token_bytes(GENES) for _ in range(START)]
    known = sorted(((cost(way, costly(Choices(g), size)), g) for g in genes), reverse=True)[:4]
    while time.monotonic() < until:
        for at, (best, gene) in enumerate(known):
            other = changed(gene)
            found = cost(way, costly(Choices(other), size))
            if found > best and cost(way, costly(Choices(other), size)) > best:
                known[at] = (found, other)
    packets = [costly(Choices(gene), size) for _, gene in known]
    costs = [cost(way, packet, CONFIRMED) for packet in packets]
    worst = max(range(len(costs)), key=costs.__getitem__)
    return Found(packets[worst], costs[worst])


def cost(way: Callable[[bytes], None], packet: bytes, tries: int = 2) -> float:
    """CPU seconds of one message: the best of several runs."""
    best = float("inf")
    for _ in range(tries):
        before = time.process_time()
        way(packet)
        best = min(best, time.process_time() - before)
    return best


def changed(gene: bytes) -> bytes:
    """The same with up to three bytes drawn anew."""
    other = bytearray(gene)
    for _ in range(1 + secrets.randbelow(3)):
        other[secrets.randbelow(len(other))] = secrets.randbelow(256)
    return bytes(other)


if __name__ == "__main__":
    sys.exit(main())
