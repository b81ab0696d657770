"""More than a gateway can do: overload, one greedy sender, names without end."""

import select
import socket
import time
from collections.abc import Callable, Iterator

from tests.benchmarks.figures import Figure
from tests.benchmarks.offered import PATIENCE, Flow, capacity, hot, offer, percentile, unique
from tests.benchmarks.rig import (
    SENDERS,
    Place,
    connected,
    gateway,
    memory,
    nameserver,
    processor,
    query,
    quick_nameserver,
)

FACTOR = 5
"""How many times more is offered than can be answered."""

GREEDY = 20
NORMAL = 19

BATCH = 100
HOT_BATCH = 10
"""Names of a flood that are asked for at once, and known ones between two of them."""


def overload(seconds: float) -> Iterator[Figure]:
    """Five times more than it can answer, from ten senders, known names and unknown ones."""
    kinds: list[tuple[str, Callable[[str], Callable[[int], str]]]] = [
        ("known names", lambda start: hot),
        ("unknown names", unique),
    ]
    for kind, names in kinds:
        with quick_nameserver() as port, gateway(port) as (to, running):
            warm(to)
            began = processor(running)
            peak = capacity(to, SENDERS[:10], seconds, names("peak"))
            at_peak = processor(running) - began
            flows = [
                Flow(at, FACTOR * peak / 10, names(f"over{number}x"))
                for number, at in enumerate(SENDERS[:10])
            ]
            began = processor(running)
            offered = offer(to, flows, seconds)
            used = processor(running) - began
            goodput = sum(len(flow.answered) for flow in flows) / seconds
            took = percentile([took for flow in flows for _, took in flow.answered], 0.99)
            yield Figure(
                f"overload, {kind}",
                f"{goodput:,.0f}/s of a peak of {peak:,.0f}/s = {goodput / peak:.0%}, "
                f"offered {offered / peak:.1f} x, p99 {took * 1000:.0f} ms; "
                f"processor {used / seconds:.0%}, at peak {at_peak / seconds:.0%}",
                "goodput at least 80% of peak",
                goodput >= 0.8 * peak,
            )
            yield recovery(to, peak, names, kind)


def recovery(
    to: Place, peak: float, names: Callable[[str], Callable[[int], str]], kind: str
) -> Figure:
    """When everything is answered quickly again after another overload."""
    offer(to, [Flow(at, FACTOR * peak / 10, names(f"again{at[-1]}x")) for at in SENDERS[:10]], 1.0)
    began = time.perf_counter() - PATIENCE  # the load ended that long ago
    last_bad = 0.0
    for number in range(8):
        flows = [Flow(at, 0.03 * peak, names(f"after{number}x{at[-1]}x")) for at in SENDERS[:10]]
        offer(to, flows, 0.25, patience=0.1)
        if any(flow.share < 1 for flow in flows):
            last_bad = time.perf_counter() - began
    return Figure(
        f"normal again after overload, {kind}",
        f"{last_bad:.2f} s" if last_bad else "at once",
        "within 2 s",
        last_bad <= 2.0,
    )


def greedy(seconds: float) -> Iterator[Figure]:
    """One sender asks 20 times as much as each of 19 others: more than can be answered in all.

    The 19 alone ask for less than that: for names that have to be asked upstream, as the greedy
    one's are, or for known ones.
    """
    with quick_nameserver() as port, gateway(port) as (to, _):
        warm(to)
        trial = [Flow(at, 1500.0, unique(f"trial{at.rpartition('.')[2]}x")) for at in SENDERS[:20]]
        offer(to, trial, 3.0)
        # While this process takes its part of the machine too; 1.4 times what can be done in all.
        rate = 0.7 * sum(len(flow.answered) for flow in trial) / 3.0 / NORMAL
        yield from beside_greedy(to, "who ask for unknown names", rate, unique, seconds)
        yield from beside_greedy(to, "who ask for known names", rate, lambda _: hot, seconds)


def beside_greedy(
    to: Place, what: str, rate: float, names: Callable[[str], Callable[[int], str]], seconds: float
) -> Iterator[Figure]:
    """How 19 normal senders fare beside one that asks for unknown names at 20 times their rate."""
    base = [Flow(at, rate, names(f"base{at.rpartition('.')[2]}x")) for at in SENDERS[:NORMAL]]
    offer(to, base, seconds)
    flows = [Flow(at, rate, names(f"flow{at.rpartition('.')[2]}x")) for at in SENDERS[:NORMAL]]
    flood = Flow(SENDERS[NORMAL], GREEDY * rate, unique(f"greedy{what.split()[-2]}x"))
    offer(to, [*flows, flood], seconds)
    share = min(flow.share for flow in flows)
    before, during = (max(flow.percentile(0.99) for flow in each) for each in (base, flows))
    yield Figure(
        f"one sender at 20x, the least answered of 19 normal ones {what}",
        f"{share:.2%} at {rate:,.0f}/s each; the greedy one {flood.share:.0%}",
        "at least 99.9%",
        share >= 0.999,
    )
    yield Figure(
        f"one sender at 20x, p99 of the slowest of 19 normal ones {what}",
        f"{during * 1000:.1f} ms, before {before * 1000:.1f} ms",
        "at most twice",
        during <= 2 * before,
    )


def names_without_end(count: int) -> Iterator[Figure]:
    """Names that are each asked for once, beside a hundred that are always asked for."""
    with nameserver() as upstream, gateway(upstream.port) as (to, running):
        warm(to)
        before, asked_before = memory(running), upstream.asked
        hot_asked = 0
        with connected(SENDERS[0], to) as flood, connected(SENDERS[1], to) as normal:
            for start in range(0, count, BATCH):
                batch(normal, [hot(start // BATCH * 7 + number) for number in range(HOT_BATCH)])
                batch(flood, [f"flood{start + number}.corp.net" for number in range(BATCH)])
                hot_asked += HOT_BATCH
        grown = memory(running) - before
        hits = 1 - (upstream.asked - asked_before - count) / hot_asked
        yield Figure(
            f"flood of {count:,} names, memory",
            f"+{grown:.1f} MB from {before:.0f} MB",
            "at most 20 MB",
            grown <= 20,
        )
        yield Figure(
            f"flood of {count:,} names, hot set of 100",
            f"{hits:.1%} of {hot_asked:,} questions hit",
            "at least 95%",
            hits >= 0.95,
        )


def batch(sock: socket.socket, names: list[str]) -> int:
    """Ask for all of these and wait for the replies, a second at most; how many came."""
    for number, name in enumerate(names):
        sock.send(query(name, message_id=number))
    left = set(range(len(names)))
    end = time.perf_counter() + 1.0
    while left and (patience := end - time.perf_counter()) > 0:
        if select.select([sock], [], [], patience)[0]:
            left.discard(int.from_bytes(sock.recv(4096)[:2]))
    return len(names) - len(left)


def warm(to: Place) -> None:
    """Ask for every name of the hot set, twice: then it has left probation."""
    with connected(SENDERS[0], to) as sock:
        for _ in range(2):
            if batch(sock, [hot(number) for number in range(100)]) < 100:
                raise RuntimeError("the gateway does not answer")
