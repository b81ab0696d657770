"""The metrics of both programs: every name, label and help text stands here, and nowhere else.

A registry of our own, filled when it is read (a collector), so that serving pays for nothing but
its own integers. Labels have values from short lists: no name, sender or policy is ever one.
"""

import platform
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from enclave_dns import __version__
from enclave_dns.observe.figures import Figures
from enclave_dns.tally import ASKED, BOUNDS, CACHE, TYPES, Durations
from enclave_dns.wire.numbers import RRType, rcode_name

PREFIX: Final = "enclave_dns_"
OTHER: Final = "other"
"""The `type` of questions whose type has no name of ours, or could not be read."""

_TYPE_NAMES: Final = {int(rtype): rtype.name for rtype in RRType if rtype < TYPES}
_ASKED: Final = {"gateway": "upstream", "stub": "gateway"}
"""Whom a program asks, as the source of a reply."""

_OUTCOMES: Final = {"dropped": "dropped", "refused": "answered", "closed": "closed"}


def registry_of(figures: Callable[[], Figures]) -> CollectorRegistry:
    """A registry that reads `figures` whenever it is read, and the process's own metrics."""
    registry = CollectorRegistry()
    registry.register(_FiguresCollector(figures))
    ProcessCollector(registry=registry)
    return registry


class _FiguresCollector(Collector):
    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        figures = self._figures()
        yield from _traffic(figures)
        yield from _upstreams(figures)
        yield from _state(figures)


def _traffic(figures: Figures) -> Iterator[Metric]:
    role, traffic = figures.role, figures.traffic
    requests = _counter(
        "requests", "Packets taken, by the type that they ask for.", "role proto family type"
    )
    for proto, families in (("udp", traffic.udp), ("tcp", traffic.tcp)):
        for family, counts in zip(("ipv4", "ipv6"), families, strict=True):
            for rtype, count in _by_type(counts).items():
                requests.add_metric((role, proto, family, rtype), count)
    yield requests

    responses = _counter("responses", "Replies, by where they come from.", "role rcode source")
    for rcode, count in enumerate(traffic.kept):
        if count:
            responses.add_metric((role, rcode_name(rcode), CACHE), count)
    for (rcode, source), count in traffic.made.items():
        responses.add_metric((role, rcode_name(rcode), _source(role, source)), count)
    yield responses

    durations = _histogram(
        "request_duration_seconds", "Time from a packet to its reply.", "role source"
    )
    for source, times in traffic.times.items():
        _add_durations(durations, (role, _source(role, source)), times)
    yield durations

    unsent = _counter(
        "responses_unsent", "Replies that the kernel or the connection did not take.", "role"
    )
    unsent.add_metric((role,), traffic.counts["unsent"])
    yield unsent

    rejected = _counter(
        "rejected",
        "What was turned away, and why: a packet dropped, a packet answered with an error,"
        " a TCP connection closed.",
        "role outcome reason",
    )
    for key, count in sorted(traffic.counts.items()):
        what, _, reason = key.partition("_")
        if what in _OUTCOMES:
            rejected.add_metric((role, _OUTCOMES[what], reason), count)
    yield rejected
    yield _gauge("inflight", "Queries that wait for their reply.", "role", figures.in_flight, role)


def _upstreams(figures: Figures) -> Iterator[Metric]:
    durations = _histogram(
        "upstream_duration_seconds", "Time to the reply of a nameserver or gateway.", "to"
    )
    healthy = GaugeMetricFamily(
        f"{PREFIX}upstream_healthy", "Whether a nameserver or gateway is asked.", labels=["to"]
    )
    for upstream in figures.upstreams:
        _add_durations(durations, (upstream.name,), upstream.durations)
        healthy.add_metric((upstream.name,), upstream.is_healthy)
    yield durations
    yield healthy
    failovers = _counter(
        "failovers", "Questions settled by another server than the one asked first.", ""
    )
    failovers.add_metric((), figures.failovers)
    yield failovers


def _state(figures: Figures) -> Iterator[Metric]:
    entries = GaugeMetricFamily(
        f"{PREFIX}cache_entries", "Entries that a cache holds.", labels=["cache"]
    )
    hits = _counter("cache_hits", "Look-ups that a cache could serve.", "cache")
    misses = _counter("cache_misses", "Look-ups that a cache could not serve.", "cache")
    for name, cache in figures.caches.items():
        entries.add_metric((name,), cache.entries)
        hits.add_metric((name,), cache.hits)
        misses.add_metric((name,), cache.misses)
    yield from (entries, hits, misses)

    filtered = _counter(
        "records_filtered", "Address records that a decision withheld from a sender.", "type"
    )
    for rtype, count in figures.filtered.items():
        filtered.add_metric((rtype,), count)
    yield filtered

    policy = figures.policy
    yield _gauge("policy_revision", "Version of the organisation in use.", "", policy.revision)
    yield _gauge("policy_age_seconds", "Time since that version was read.", "", policy.age)
    failures = _counter("policy_apply_failures", "Later versions that could not be used.", "")
    failures.add_metric((), policy.failures)
    yield failures
    workers = figures.workers
    if workers is not None:
        yield _gauge("workers", "Processes that should serve.", "", workers.wanted)
        yield _gauge("workers_serving", "Processes that serve.", "", workers.serving)
        ended = _counter("worker_ends", "Processes that ended and were started again.", "")
        ended.add_metric((), workers.ended)
        yield ended
    build = {"version": __version__, "python": platform.python_version()}
    yield InfoMetricFamily(f"{PREFIX}build", "What is running.", value=build)


def _source(role: str, source: str) -> str:
    return _ASKED.get(role, source) if source == ASKED else source


def _by_type(counts: list[int]) -> dict[str, int]:
    """Counts by the type's name; types without one together."""
    named: dict[str, int] = {}
    for rtype, count in enumerate(counts):
        if count:
            name = _TYPE_NAMES.get(rtype, OTHER)
            named[name] = named.get(name, 0) + count
    return named


def _counter(name: str, text: str, labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(PREFIX + name, text, labels=labels.split())


def _gauge(name: str, text: str, labels: str, value: float, *values: str) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(PREFIX + name, text, labels=labels.split())
    gauge.add_metric(values, value)
    return gauge


def _histogram(name: str, text: str, labels: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(PREFIX + name, text, labels=labels.split())


def _add_durations(
    histogram: HistogramMetricFamily, labels: tuple[str, ...], durations: Durations
) -> None:
    bounds = [*map(str, BOUNDS), "+Inf"]
    buckets = list(zip(bounds, accumulate(durations.counts), strict=True))
    histogram.add_metric(labels, buckets, durations.total)
