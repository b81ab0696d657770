"""What a program says of itself when somebody asks: the figures behind the metrics.

Gathered at that moment from what the serving code has counted; nothing here is kept up to date
meanwhile, and nothing here names a sender or a question.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.tally import Durations, Traffic
from enclave_dns.upstream.health import State
from enclave_dns.upstream.vitals import Vitals


class Table(Protocol):
    """A cache that counts."""

    hits: int
    misses: int

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Cache:
    """How full a cache is, and how often it had what was looked for."""

    entries: int
    hits: int
    misses: int

    @classmethod
    def of(cls, *tables: Table) -> "Cache":
        """Tables that are one cache to whoever looks at it."""
        return cls(
            sum(len(table) for table in tables),
            sum(table.hits for table in tables),
            sum(table.misses for table in tables),
        )


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server that is asked: `name` is its address, or the system id of a gateway."""

    name: str
    is_healthy: bool
    durations: Durations


def upstreams_of(vitals: Vitals, names: Mapping[Nameserver, str]) -> tuple[Upstream, ...]:
    """Every server that is watched; `names` are those that differ from its address.

    SLOW and SUSPECTED servers still serve, so only DOWN is unhealthy.
    """
    return tuple(
        Upstream(names.get(server, str(server)), state is not State.DOWN, vitals.times[server])
        for server, state in vitals.states()
    )


@dataclass(slots=True)
class Policy:
    """The organisation in use: its version, since when, and how many later ones were refused.

    `since` is on the monotonic clock, in seconds.
    """

    revision: int
    since: float = field(default_factory=time.monotonic)
    failures: int = 0

    def applied(self, revision: int) -> None:
        """Another document is in use from now on."""
        self.revision, self.since = revision, time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the document in use was read."""
        return time.monotonic() - self.since


@dataclass(frozen=True, slots=True)
class Workers:
    """The processes that serve for a program: how many there should be, and how many there are.

    `ended` counts those that ended without having been asked to.
    """

    wanted: int
    serving: int
    ended: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One program at one moment. `filtered` counts records that were withheld, by type.

    `workers` is None where it serves in one process.
    """

    role: str
    traffic: Traffic
    in_flight: int
    caches: Mapping[str, Cache]
    upstreams: Sequence[Upstream]
    failovers: int
    policy: Policy
    filtered: Mapping[str, int] = field(default_factory=dict)
    workers: Workers | None = None
