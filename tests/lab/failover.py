"""How much of a fault is noticed: load from before the fault until after it, and its figures.

    python -m tests.lab.failover [--seconds 30] [--rate 500] [FAULT ...]

prints a table for the gateways of the office and for the nameservers of one gateway. Needs root
and the packages of `make deps`.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.lab.daemons import Daemons
from tests.lab.documents import office_only, overlapping
from tests.lab.faults import FAULTS, Fault, Target, flapping
from tests.lab.load import RATE, Report, favoured, start_load
from tests.lab.namespaces import Network
from tests.lab.office import UNBOUND, start_unbound
from tests.lab.programs import GATEWAY, SECOND_GATEWAY
from tests.lab.sites import DESKS, SPARE, Sites, build_sites

WARM_UP = 0.5
"""Seconds of load that count for nothing: the programs' first queries take longer."""

SETTLED = 0.5
"""Seconds without slow queries that show that all has moved, and the least that moving takes."""

SLOW = 0.005
"""Seconds over what 99% took before the fault from which on a query is slow."""

FEW = 0.02
"""The part of queries that may be slow while all is well."""

SHOWN = 5
"""Failed queries that are told of one by one."""

_STEP = 0.1


@dataclass(frozen=True, slots=True)
class Figures:
    """What a fault did to the queries: latencies in seconds, at p99.

    `moved_after`: seconds from the fault until queries were as fast as before; infinite where
    they never were. `until` is of the time up to there, `after` of the time from there.
    """

    report: Report
    before: float
    moved_after: float
    until: float
    after: float

    @property
    def failed(self) -> int:
        """How many queries had no answer."""
        return len(self.report.failed)

    @property
    def row(self) -> str:
        """The line of the table."""
        times = (self.before, self.until, self.after)
        cells = [f"{time * 1000:8.1f}" for time in times]
        return (
            f"{len(self.report.outcomes):7d} | {self.failed:6d} | {cells[0]} | "
            f"{self.moved_after * 1000:8.0f} | {cells[1]} | {cells[2]}"
        )


HEADING = f"{'fault':28} | queries | failed |   before |    moved |    until |    after  (p99, ms)"


def figures(report: Report, fault_at: float) -> Figures:
    """The figures of a report, given when the fault came, by the clock of the load."""
    before = report.between(WARM_UP, fault_at).percentile(99)
    end = report.outcomes[-1].at
    moved_at = math.inf
    for step in range(math.ceil((end - fault_at - SETTLED) / _STEP)):
        since = fault_at + step * _STEP
        window = report.between(since, since + SETTLED)
        if window.slower_than(before + SLOW) <= FEW * len(window.outcomes):
            moved_at = since
            break
    border = max(moved_at, fault_at + SETTLED)
    return Figures(
        report,
        before,
        moved_at - fault_at,
        report.between(fault_at, border).percentile(99),
        report.between(border).percentile(99),
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that serves: whom to ask from where, and how to find who is to suffer."""

    sites: Sites
    daemons: Daemons
    server: str
    victim: Callable[[], Target]

    def measure(self, fault: Fault, before: float, after: float, rate: int = RATE) -> Figures:
        """Load for some seconds before a fault and during it."""
        laptop = self.sites.laptop_a
        seconds = WARM_UP + before + after
        load = start_load(self.daemons, laptop, seconds, server=self.server, rate=rate)
        load.wait_until(WARM_UP + before)
        victim = self.victim()
        fault_at = load.elapsed
        with fault(victim):
            return figures(load.report(), fault_at)


def two_gateways(sites: Sites, daemons: Daemons, priority: str = "balanced") -> Scene:
    """The developer's stub before both gateways of the office; the active one is to suffer."""
    document = office_only(priority)
    gateways = [sites.start_gateway(daemons, at, document) for at in (GATEWAY, SECOND_GATEWAY)]
    sites.start_stub(daemons, document)
    desks = iter(range(100))

    def active() -> Target:
        answer = sites.laptop_a.dig("@127.0.0.1", f"desk-{next(desks)}.corp.net", "A")
        (victim,) = [one for one in gateways if [DESKS[one.address]] == answer.addresses]
        return victim

    return Scene(sites, daemons, "127.0.0.1", active)


def two_groups(sites: Sites, daemons: Daemons) -> Scene:
    """As before, but the second gateway serves half of the subnet; the first is to suffer."""
    first, _ = (sites.start_gateway(daemons, at, overlapping()) for at in (GATEWAY, SECOND_GATEWAY))
    sites.start_stub(daemons, overlapping())
    return Scene(sites, daemons, "127.0.0.1", lambda: first)


def two_nameservers(sites: Sites, daemons: Daemons) -> Scene:
    """One gateway, asked by the laptop itself, with two nameservers, the first of which suffers."""
    unbound = start_unbound(daemons, sites.office, SPARE)
    sites.start_gateway(daemons, GATEWAY, office_only(), nameservers=[SPARE, UNBOUND])
    first = Target(sites.office, SPARE, unbound)
    return Scene(sites, daemons, GATEWAY, lambda: first)


SCENES = {
    "gateway": two_gateways,
    "ordered gateway": lambda sites, daemons: two_gateways(sites, daemons, "ordered"),
    "first group": two_groups,
    "nameserver": two_nameservers,
}


@contextmanager
def flapping_slowly(target: Target) -> Iterator[None]:
    """Five seconds each."""
    with flapping(target, every=5.0):
        yield


LONG = {**FAULTS, "flapping": flapping_slowly}


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 where a query has failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.failover")
    parser.add_argument("--seconds", type=float, default=30, help="of load for each fault")
    parser.add_argument("--rate", type=int, default=RATE, help="queries per second")
    parser.add_argument("--scene", choices=SCENES, action="append", help="default: all")
    # argparse holds the empty list against the choices, too.
    parser.add_argument("fault", nargs="*", choices=[*LONG, []], help="default: all")
    given = parser.parse_args(arguments)
    before = given.seconds / 5
    failed = 0
    print(HEADING)
    with (
        tempfile.TemporaryDirectory() as folder,
        Network() as network,
        favoured(),
        Daemons(Path(folder, "sites")) as servers,
    ):
        sites = build_sites(network, servers)
        for scene, fault in product(given.scene or SCENES, given.fault or LONG):
            with Daemons(Path(folder, f"{scene} {fault}")) as daemons:
                run = SCENES[scene](sites, daemons)
                after = given.seconds - before - WARM_UP
                result = run.measure(LONG[fault], before, after, given.rate)
            failed += result.failed
            print(f"{f'{scene} {fault}':28} | {result.row}", flush=True)
            for one in result.report.failed[:SHOWN]:
                print(f"    {one.rcode} after {one.latency:.3f} s, asked at {one.at:.3f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
