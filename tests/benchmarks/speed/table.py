"""The tables and the bars in plain text, and all of it as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tests.benchmarks.figures import Figure
from tests.benchmarks.speed.products import PRODUCTS
from tests.benchmarks.speed.scenes import ECHO, ONE, TWO, US, is_here
from tests.benchmarks.speed.series import Scene, ratio

HITS, MISSES = "hits", "misses"
STUB_HITS, OWN, WORKERS = "stub hits", "own-zone answers", "two workers"
_HEAD = (
    f"{'server':20} {'replies/s':>10}  {'CPU us/reply':>20} {'p50 ms':>8} {'p99 ms':>8} {'MiB':>7}"
)
FILTERS = {US: "each record, by what each sender's policies permit"} | {
    product.name: product.filter for product in PRODUCTS
}


def table(name: str, scene: Scene) -> Iterator[str]:
    """One scene, a line for each server: medians, and the spread of the CPU."""
    counts = sorted({len(series.runs) for series in scene.values()})
    ours = f", of ours {counts[-1]}" if len(counts) > 1 else ""
    yield f"{name} (medians of {counts[0]} runs{ours})"
    yield _HEAD
    for server, series in scene.items():
        if not series.runs:
            yield f"{server:20} no reply"
            continue
        rate, cpu, p50, p99, memory = (
            series.of(figure) for figure in ("rate", "cpu", "p50", "p99", "memory")
        )
        spread = f"{cpu.median:.1f} ({cpu.low:.1f} to {cpu.high:.1f})"
        yield (
            f"{server:20} {rate.median:10,.0f}  {spread:>20} {p50.median:8.2f} {p99.median:8.2f} "
            f"{memory.median:7.1f}"
        )


def filters(mixed: Mapping[str, str]) -> Iterator[str]:
    """What each product makes of an answer with one address too many, and how it filters."""
    yield "of an answer with a permitted and a hidden address comes"
    for server, became in mixed.items():
        yield f"{server:20} {became:18} {FILTERS.get(server, '')}"
    yield "who cannot filter by record was given answers with the permitted address alone"


def missing() -> list[str]:
    """The products that are not installed, with the package that has them."""
    return [f"{each.name} (package {each.package})" for each in PRODUCTS if not is_here(each)]


def wrong(scenes: Mapping[str, Scene]) -> list[str]:
    """What was wrong with any server's answers."""
    return [
        f"{name}, {server}: {fault}"
        for name, scene in scenes.items()
        for server, series in scene.items()
        for fault in series.faults
    ]


def bars(scenes: Mapping[str, Scene]) -> Iterator[Figure]:
    """The ratios of medians that have a bar, of the scenes that were played."""
    rows = (
        (HITS, "CPU of a filtered hit / Unbound", US, "unbound", 0.9),
        (HITS, "CPU of a filtered hit / C echo", US, ECHO, 1.5),
        (MISSES, "CPU of a filtered miss / Unbound", US, "unbound", 0.9),
        (MISSES, "CPU of a filtered miss / Knot Resolver", US, "knot-resolver", 1.0),
        (WORKERS, "CPU of a hit, two workers / one", TWO, ONE, 1.1),
    )
    for name, title, server, other, bar in rows:
        if name in scenes:
            yield _ratio(title, ratio(scenes[name], "cpu", server, other), bar)


def _ratio(name: str, value: float | None, bar: float) -> Figure:
    text = "not measured" if value is None else f"{value:.2f}"
    return Figure(name, text, f"at most {bar}", value is not None and value <= bar)


def plain(
    machine: str,
    versions: Mapping[str, str],
    mixed: Mapping[str, str],
    scenes: Mapping[str, Scene],
    figures: Sequence[Figure],
    faults: Sequence[str],
) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "schema": 1,
        "machine": machine,
        "versions": dict(versions),
        "missing": missing(),
        "mixed_answer": dict(mixed),
        "scenes": {
            name: {server: series.plain() for server, series in scene.items()}
            for name, scene in scenes.items()
        },
        "figures": [asdict(figure) for figure in figures],
        "wrong": list(faults),
    }
