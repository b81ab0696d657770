"""Search for inputs that break a target, two targets at a time.

    python -m tests.fuzz.run                          the targets
    python -m tests.fuzz.run all --seconds 20         each for so many seconds
    python -m tests.fuzz.run query --seconds 1200

Begins with tests/fuzz/corpora and what earlier runs have left in build/fuzz. Prints one line per
target; exits with 1 where anything was found. The inputs are then in build/fuzz/TARGET/findings.
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.processes import ROOT, environment

TARGETS = {
    "organisation": "an organisation document, TOML and JSON",
    "query": "a client's packet through admission, gateway and rendering",
    "upstream": "a nameserver's reply through the disclosure rule",
    "stub": "a gateway's reply through the stub's check",
    "hosts": "a hosts file",
    "resolv_conf": "a resolv.conf",
}
AT_ONCE = 2
HANG = 10
"""Seconds after which one input counts as a hang."""

MEMORY = 1024
"""Megabytes that one target may take."""

GRACE = 120
"""Seconds that a target may take beyond its time: start, corpus, the last input."""

_DONE = re.compile(r"^#(\d+)\s+DONE .* corp: (\d+)/", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one target. `executions` is None where it did not get to its end."""

    target: str
    executions: int | None
    findings: tuple[str, ...]
    corpus: int

    def __str__(self) -> str:
        ran = "did not end" if self.executions is None else f"{self.executions:>9,} executions"
        line = f"{self.target:<13} {ran}  {len(self.findings):>3} findings  {self.corpus:>5} inputs"
        return f"{line}  {' '.join(self.findings)}".rstrip()


def main() -> int:
    """List the targets, or run them."""
    parser = argparse.ArgumentParser(description="Fuzzing with atheris.")
    parser.add_argument("target", nargs="?", choices=["all", *TARGETS])
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    if options.target is None:
        print("make fuzz TARGET=... SECONDS=...; all of them with TARGET=all:\n")
        print("\n".join(f"  {target:<13} {what}" for target, what in TARGETS.items()))
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not here: it has wheels for Python 3.11 to 3.13", file=sys.stderr)
        return 1
    chosen = list(TARGETS) if options.target == "all" else [options.target]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(fuzzed, target, options.seconds) for target in chosen]
        outcomes = []
        for run in runs:
            outcomes.append(run.result())
            print(outcomes[-1], flush=True)
    return int(any(outcome.findings for outcome in outcomes))


def fuzzed(target: str, seconds: int) -> Outcome:
    """Run one target in its own process; its output is in build/fuzz/TARGET/log."""
    folder = ROOT / "build" / "fuzz" / target
    corpus, findings, seeds = folder / "corpus", folder / "findings", seeds_of(target)
    for path in (corpus, findings):
        path.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    command = [
        *(sys.executable, "-m", "tests.fuzz.one", target, str(findings)),
        *(f"-max_total_time={seconds}", f"-timeout={HANG}", f"-rss_limit_mb={MEMORY}"),
        *(f"-artifact_prefix={findings}{os.sep}", str(corpus), str(seeds)),
    ]
    with folder.joinpath("log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(PYTHONHASHSEED="0"),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            status = process.wait(seconds + GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
    found = {path.name for path in set(findings.iterdir()) - before}
    done = _DONE.search(folder.joinpath("log").read_text(errors="replace"))
    if done is None or status:
        found = found or {f"exit-status-{status}"}
    size = len(list(corpus.iterdir())) + len(list(seeds.iterdir()))
    return Outcome(target, int(done[1]) if done else None, tuple(sorted(found)), size)


def seeds_of(target: str) -> Path:
    """The corpus that is kept in the tree."""
    return Path(__file__).parent / "corpora" / target


if __name__ == "__main__":
    sys.exit(main())
