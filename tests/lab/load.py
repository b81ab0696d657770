"""Load from real dnsperf, and what became of every query.

Each query asks for a name of its own, so that no cache holds it. Queries go out at an even pace,
which gives each its time: the hundredth of 500 a second leaves 0.2 s after the first.
"""

import itertools
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab.daemons import Daemon, Daemons
from tests.lab.namespaces import Namespace

RATE = 500
"""Queries per second."""

NAMES = "{}.dev.corp.net"
"""What names are made of: a wildcard of the office, with one address."""

PATIENCE = 3
"""Seconds after which dnsperf calls a query lost."""

NICE = -10
"""The niceness of what is favoured."""

LOST = "T"
"""The rcode of a query without a reply, in dnsperf's word."""

_LINE = re.compile(r"^> (\w+) load-\d+-(\d+)\.\S+ \w+(?: ([\d.]+))?$", re.MULTILINE)
_RUNS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One query: when it was sent (seconds since the first), its rcode, the seconds it took.

    A lost query has the rcode LOST and took for ever.
    """

    at: float
    rcode: str
    latency: float

    @property
    def has_failed(self) -> bool:
        """All names exist: whatever is not NOERROR is a failure."""
        return self.rcode != "NOERROR"


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of a load, in the order in which the queries were sent."""

    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Lost, SERVFAIL, REFUSED, NXDOMAIN: whatever is no answer."""
        return tuple(outcome for outcome in self.outcomes if outcome.has_failed)

    def between(self, since: float, until: float = math.inf) -> "Report":
        """The queries that were sent in [since, until)."""
        return Report(tuple(one for one in self.outcomes if since <= one.at < until))

    def percentile(self, percent: float) -> float:
        """The latency, in seconds, that so many percent of the queries do not exceed.

        NaN where there is no query.
        """
        ordered = sorted(outcome.latency for outcome in self.outcomes)
        place = math.ceil(len(ordered) * percent / 100) - 1
        return ordered[max(place, 0)] if ordered else math.nan

    def slower_than(self, latency: float) -> int:
        """How many queries took longer."""
        return sum(outcome.latency > latency for outcome in self.outcomes)


@contextmanager
def favoured() -> Iterator[None]:
    """What is started in here comes before everything else that this machine does.

    So a figure tells of the programs under test, and not of what runs beside them.
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


class Load:
    """A running dnsperf."""

    def __init__(self, daemon: Daemon, rate: int, count: int) -> None:
        self._daemon = daemon
        self._rate = rate
        self._count = count

    @property
    def elapsed(self) -> float:
        """Seconds since the first query, by the number of the last that has its outcome."""
        said = self._daemon.said
        last = max((int(number) for _, number, _ in _LINE.findall(said[-4096:])), default=0)
        return last / self._rate

    def wait_until(self, seconds: float) -> None:
        """Wait until it has run that long."""
        patience = seconds + 2 * PATIENCE + 5
        self._daemon.wait_until(lambda: self.elapsed >= seconds, f"{seconds} s of load", patience)

    def report(self) -> Report:
        """Wait for the end, and return what became of all queries."""
        status = self._daemon.wait(self._count / self._rate + 4 * PATIENCE)
        assert status == 0, self._daemon.log
        report = Report(tuple(read_outcomes(self._daemon.said, self._rate)))
        assert len(report.outcomes) == self._count, self._daemon.said[-2000:]
        return report


def start_load(
    daemons: Daemons,
    namespace: Namespace,
    seconds: float,
    *,
    server: str = "127.0.0.1",
    rate: int = RATE,
    names: str = NAMES,
) -> Load:
    """Ask a server for that long; returns when the first outcome is known."""
    run = next(_RUNS)
    count = int(seconds * rate)
    questions = daemons.folder(f"load-{run}") / "questions"
    questions.write_text("".join(f"{names.format(f'load-{run}-{n}')} A\n" for n in range(count)))
    pace = ("-Q", str(rate), "-q", str(rate * 2 * PATIENCE), "-t", str(PATIENCE), "-n", "1")
    arguments = ["dnsperf", "-v", "-s", server, "-d", str(questions), "-b", "1024", *pace]
    daemon = daemons.start(namespace, "dnsperf", arguments)
    daemon.wait_until(lambda: _LINE.search(daemon.said) is not None, "an outcome", PATIENCE + 5)
    return Load(daemon, rate, count)


def read_outcomes(said: str, rate: int) -> Iterator[Outcome]:
    """The outcomes in what dnsperf said with `-v`, in the order of sending."""
    found = [(int(number), rcode, latency) for rcode, number, latency in _LINE.findall(said)]
    for number, rcode, latency in sorted(found):
        yield Outcome(number / rate, rcode, float(latency) if latency else math.inf)
