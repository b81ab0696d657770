"""Whether ids and source ports can be guessed: those of real queries, seen by who is asked.

    python -m tests.benchmarks.randomness [--count 100000]

Each query is an exchange of its own over loopback; the nameserver notes id and port and answers
with something that ends the exchange at once. Chi-squared over equal buckets, for each half of the
ids, for ports over the kernel's range, and for the steps from one number to the next, which a
counter or a fixed pool would betray. Exits with 1 where a p is not above the bar.
"""

import argparse
import asyncio
import itertools
import math
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.transport import Transport
from enclave_dns.wire.names import from_text

BAR = 0.01
BUCKETS = 256
COUNT = 100_000
TRIES = 3
"""Samples at most: an honest p is below the bar once in a hundred times, and there are several."""

AT_ONCE = 16
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
QUESTION = Question(from_text("www.corp.net"), 1)

Seen = tuple[int, int]
"""Id and source port of one query."""


def main() -> int:
    """Ask, count, print each p; 1 where one stays at or below the bar."""
    parser = argparse.ArgumentParser(description="Ids and source ports.")
    parser.add_argument("--count", type=int, default=COUNT)
    options = parser.parse_args()
    for _ in range(TRIES):
        values = figures(asyncio.run(observed(options.count)))
        for name, p in values.items():
            print(f"{name:24} p = {p:.4f}   bar > {BAR}")
        if min(values.values()) > BAR:
            return 0
    print("the numbers are not evenly spread", file=sys.stderr)
    return 1


async def observed(count: int) -> list[Seen]:
    """Id and port of so many queries, in the order in which they come."""
    seen: list[Seen] = []
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nameserver:
        nameserver.bind(("127.0.0.1", 0))
        nameserver.setblocking(False)
        server = Nameserver("127.0.0.1", port=nameserver.getsockname()[1])

        def note() -> None:
            query, source = nameserver.recvfrom(512)
            seen.append((int.from_bytes(query[:2]), source[1]))
            # Another id: the exchange is over at once, and nothing waits for its deadline.
            nameserver.sendto(bytes((query[0] ^ 1,)) + query[1:], source)

        async def ask(times: int) -> None:
            exchange = Exchange()
            for _ in range(times):
                await exchange.ask(
                    server, QUESTION, transport=Transport.UDP, deadline=loop.time() + 10
                )

        loop.add_reader(nameserver, note)
        try:
            shares = [len(range(start, count, AT_ONCE)) for start in range(AT_ONCE)]
            await asyncio.gather(*map(ask, shares))
        finally:
            loop.remove_reader(nameserver)
    return seen


def figures(seen: Sequence[Seen]) -> dict[str, float]:
    """The p of each look at the numbers."""
    ids, ports = [one for one, _ in seen], [port for _, port in seen]
    low, high = map(int, RANGE.read_text().split())
    width = high - low + 1
    if not all(low <= port <= high for port in ports):
        return {"ports in the range": 0.0}
    places = [(port - low) * BUCKETS // width for port in ports]
    sizes = Counter((port - low) * BUCKETS // width for port in range(low, high + 1))
    steps = [(after - before) % width for before, after in itertools.pairwise(ports)]
    return {
        "ids, upper half": spread(one >> 8 for one in ids),
        "ids, lower half": spread(one & 0xFF for one in ids),
        "ids, steps": spread(
            (after - before) % 65536 >> 8 for before, after in itertools.pairwise(ids)
        ),
        "ports": chi_squared(places, lambda bucket: sizes[bucket] / width),
        "ports, steps": chi_squared(
            (step * BUCKETS // width for step in steps), lambda bucket: sizes[bucket] / width
        ),
    }


def spread(buckets: Iterable[int]) -> float:
    """The p of numbers below BUCKETS being even."""
    return chi_squared(buckets, lambda _: 1 / BUCKETS)


def chi_squared(buckets: Iterable[int], share: Callable[[int], float]) -> float:
    """The p of these buckets being drawn with these shares (Pearson's test)."""
    counts = Counter(buckets)
    total = counts.total()
    expected = [total * share(bucket) for bucket in range(BUCKETS)]
    statistic = sum(
        (counts[bucket] - wanted) ** 2 / wanted for bucket, wanted in enumerate(expected)
    )
    return p_value(statistic, BUCKETS - 1)


def p_value(statistic: float, freedom: int) -> float:
    """How often chance alone makes a chi-squared statistic as large as this.

    By the approximation of Wilson and Hilferty (1931), good to three digits for hundreds of
    degrees of freedom.
    """
    variance = 2 / (9 * freedom)
    z = ((statistic / freedom) ** (1 / 3) - (1 - variance)) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2)) / 2


if __name__ == "__main__":
    sys.exit(main())
