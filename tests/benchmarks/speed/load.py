"""Load from dnsperf and from senders.c, and what they say about it."""

import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.rig import Place
from tests.benchmarks.speed.cores import pinned

CLIENTS = 8
UNDER_WAY = 100
PATIENCE = 2
LOST = "T"
"""The rcode of a query without a reply, in dnsperf's word."""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: replies a second, rcodes by name, latencies in milliseconds."""

    rate: float
    rcodes: Counter[str]
    p50: float
    p99: float

    @property
    def answered(self) -> int:
        """How many replies came."""
        return self.rcodes.total() - self.rcodes[LOST]

    @property
    def faults(self) -> list[str]:
        """What was not NOERROR."""
        return [
            f"{count:,} x {rcode}" for rcode, count in self.rcodes.items() if rcode != "NOERROR"
        ]


def dnsperf(
    to: Place, source: str, file: Path, core: int, *, seconds: float, rounds: int = 0, rate: int = 0
) -> Load:
    """Ask what is in a file for so many seconds, or so many times over, whichever is sooner.

    `rate` is how many are asked each second; 0: as many as are answered.
    """
    address, port = to
    command = ["dnsperf", "-v", "-s", address, "-p", str(port), "-a", source]
    command += ["-d", str(file), "-c", str(CLIENTS), "-T", "1", "-b", "2048"]
    command += ["-q", str(UNDER_WAY), "-t", str(PATIENCE), "-l", str(seconds)]
    command += ["-n", str(rounds)] if rounds else []
    command += ["-Q", str(rate)] if rate else []
    run = subprocess.run(
        pinned(core, command),
        capture_output=True,
        text=True,
        timeout=seconds + PATIENCE + 10,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"dnsperf: {run.stderr.strip()[-500:]}")
    return read(run.stdout)


def read(said: str) -> Load:
    """Read what `dnsperf -v` prints: a line for each query, then the statistics."""
    rcodes: Counter[str] = Counter()
    took: list[float] = []
    seconds = 0.0
    for line in said.splitlines():
        if line.startswith("> "):
            words = line.split()
            rcodes[words[1]] += 1
            if words[1] != LOST:
                took.append(float(words[-1]))
        elif line.startswith("  Run time (s):"):
            seconds = float(line.split()[-1])
    if not seconds:
        raise RuntimeError(f"dnsperf does not say how long it ran: {said[-300:]!r}")
    took.sort()
    rate = len(took) / seconds
    return Load(rate, rcodes, 1000 * percentile(took, 50), 1000 * percentile(took, 99))


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed; 0 where there is none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


@dataclass(frozen=True, slots=True)
class Sent:
    """What senders.c says; times are in milliseconds."""

    sent: int
    answered: int
    wrong: int
    lost: int
    p50: float
    p99: float
    longest: float
    gap: float

    @property
    def faults(self) -> list[str]:
        """What was not as it has to be."""
        kinds = ((self.wrong, "wrong"), (self.lost, "lost"))
        return [f"{count:,} of {self.sent:,} {word}" for count, word in kinds if count]


@dataclass(frozen=True, slots=True)
class Senders:
    """senders.c, compiled, on its core."""

    program: str
    core: int

    def ask(
        self,
        to: Place,
        file: Path,
        *,
        window: int,
        rate: float = 0,
        seconds: float,
        times: int = 0,
        is_echo: bool = False,
    ) -> Sent:
        """Ask what is in a file (an address and a name a line) until it is over; 0: no limit."""
        process = self.asking(
            to, file, window=window, rate=rate, seconds=seconds, times=times, is_echo=is_echo
        )
        return result(process, seconds)

    def asking(
        self,
        to: Place,
        file: Path,
        *,
        window: int,
        rate: float,
        seconds: float,
        times: int = 0,
        is_echo: bool = False,
    ) -> "subprocess.Popen[str]":
        """The same, without waiting for it: `result` does."""
        command = [self.program, to[0], str(to[1]), str(file), str(window), str(rate), str(seconds)]
        command += [str(times)]
        command += ["echo"] if is_echo else []
        return subprocess.Popen(pinned(self.core, command), stdout=subprocess.PIPE, text=True)


def result(process: "subprocess.Popen[str]", seconds: float) -> Sent:
    """Wait for senders.c to end."""
    with process:
        try:
            said, _ = process.communicate(timeout=seconds + 20)
        except BaseException:
            process.kill()
            raise
    return read_sent(said)


def read_sent(said: str) -> Sent:
    """Read its line."""
    words = said.split()
    if len(words) != 8:
        raise RuntimeError(f"senders.c said {said!r}")
    counts, times = map(int, words[:4]), (int(word) / 1e6 for word in words[4:])
    return Sent(*counts, *times)
