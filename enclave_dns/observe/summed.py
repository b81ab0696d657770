"""The figures of several processes as those of one program: told to each other, and added up.

What a process has counted stays counted when it has ended; a query that it had in hand then has
been dropped, so that the books balance still. Pure.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from enclave_dns.observe.figures import Cache, Figures, Policy, Upstream, Workers
from enclave_dns.tally import Durations, Traffic

LOST: Final = "dropped_worker_ended"
"""The count of queries that a process had in hand when it ended."""


def plain(figures: Figures) -> dict[str, Any]:
    """One process's figures as plain data."""
    traffic = figures.traffic
    return {
        "role": figures.role,
        "udp": traffic.udp,
        "tcp": traffic.tcp,
        "kept": traffic.kept,
        "made": [[rcode, source, count] for (rcode, source), count in traffic.made.items()],
        "counts": traffic.counts,
        "times": {source: _times(times) for source, times in traffic.times.items()},
        "in_flight": figures.in_flight,
        "caches": {
            name: [cache.entries, cache.hits, cache.misses]
            for name, cache in figures.caches.items()
        },
        "upstreams": [
            [upstream.name, upstream.is_healthy, _times(upstream.durations)]
            for upstream in figures.upstreams
        ],
        "failovers": figures.failovers,
        "revision": figures.policy.revision,
        "filtered": dict(figures.filtered),
    }


def read(data: dict[str, Any]) -> Figures:
    """The figures that `plain` was made of. Raises LookupError, TypeError or ValueError."""
    traffic = Traffic()
    traffic.udp = (data["udp"][0], data["udp"][1])
    traffic.tcp = (data["tcp"][0], data["tcp"][1])
    traffic.kept = data["kept"]
    traffic.made = Counter({(rcode, source): n for rcode, source, n in data["made"]})
    traffic.counts = Counter(data["counts"])
    traffic.times = {source: _durations(*times) for source, times in data["times"].items()}
    return Figures(
        data["role"],
        traffic,
        data["in_flight"],
        {name: Cache(*numbers) for name, numbers in data["caches"].items()},
        tuple(
            Upstream(name, is_healthy, _durations(*times))
            for name, is_healthy, times in data["upstreams"]
        ),
        data["failovers"],
        Policy(data["revision"]),
        data["filtered"],
    )


def summed(
    role: str, parts: Iterable[Figures], policy: Policy, workers: Workers | None = None
) -> Figures:
    """All parts together. A server is healthy where all that ask it find it so."""
    traffic, in_flight, failovers = Traffic(), 0, 0
    caches: dict[str, Cache] = {}
    upstreams: dict[str, Upstream] = {}
    filtered: Counter[str] = Counter()
    for part in parts:
        traffic.include(part.traffic)
        in_flight += part.in_flight
        failovers += part.failovers
        filtered.update(part.filtered)
        for name, cache in part.caches.items():
            caches[name] = _both_caches(caches.get(name, Cache(0, 0, 0)), cache)
        for upstream in part.upstreams:
            known = upstreams.get(upstream.name, Upstream(upstream.name, True, Durations()))
            upstreams[upstream.name] = _both_upstreams(known, upstream)
    return Figures(
        role,
        traffic,
        in_flight,
        caches,
        tuple(upstreams.values()),
        failovers,
        policy,
        filtered,
        workers,
    )


def remains(figures: Figures) -> Figures:
    """What is left of a process that has ended: what it counted, and none of what it held."""
    traffic = Traffic()
    traffic.include(figures.traffic)
    if figures.in_flight:
        traffic.counts[LOST] += figures.in_flight
    return Figures(
        figures.role,
        traffic,
        0,
        {name: Cache(0, cache.hits, cache.misses) for name, cache in figures.caches.items()},
        tuple(Upstream(upstream.name, True, upstream.durations) for upstream in figures.upstreams),
        figures.failovers,
        figures.policy,
        figures.filtered,
    )


def _both_caches(one: Cache, other: Cache) -> Cache:
    return Cache(one.entries + other.entries, one.hits + other.hits, one.misses + other.misses)


def _both_upstreams(one: Upstream, other: Upstream) -> Upstream:
    durations = Durations()
    durations.include(one.durations)
    durations.include(other.durations)
    return Upstream(one.name, one.is_healthy and other.is_healthy, durations)


def _times(durations: Durations) -> list[Any]:
    return [durations.counts, durations.total]


def _durations(counts: list[int], total: float) -> Durations:
    durations = Durations()
    if len(counts) != len(durations.counts):
        raise ValueError("a histogram with other buckets than ours")
    durations.counts, durations.total = counts, total
    return durations
