"""Several runs of one thing: medians and their spread."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one server.

    `rate` is replies a second; `cpu` microseconds of processor time, user and system, for each;
    `p50` and `p99` milliseconds; `memory` megabytes.
    """

    rate: float
    cpu: float
    p50: float
    p99: float
    memory: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, the least and the greatest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(slots=True)
class Series:
    """All runs against one server in one scene, and what was wrong with its answers."""

    runs: list[Run] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def of(self, figure: str) -> Spread:
        """The spread of one of the fields of `Run`."""
        return Spread.of([getattr(run, figure) for run in self.runs])

    def plain(self) -> dict[str, object]:
        """Medians, spreads and single runs, for JSON."""
        spreads = {f.name: asdict(self.of(f.name)) for f in fields(Run)} if self.runs else {}
        return {**spreads, "runs": [asdict(run) for run in self.runs], "faults": self.faults}


Scene = dict[str, Series]
"""Servers by name, in the order of the table."""


def ratio(scene: Scene, figure: str, server: str, other: str) -> float | None:
    """The ratio of two servers' medians; None where either was not measured."""
    one, two = scene.get(server), scene.get(other)
    if not one or not two or not one.runs or not two.runs:
        return None
    return one.of(figure).median / two.of(figure).median
