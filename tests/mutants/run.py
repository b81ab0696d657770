"""Do the tests bite? Change each condition of the disclosure rule, and see that something fails.

Run from the root of the tree: `python -m tests.mutants.run`. Prints `killed` or `SURVIVED` for each
mutant with its place, its change and what killed it. Ends with 1 where one survived that is not
listed as equivalent, and with 2 where the run would prove nothing: the tests fail without any
change, or the list is out of date.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import wait

from tests.mutants.conditions import Mutant, mutants
from tests.mutants.equivalent import is_equivalent, outdated
from tests.mutants.trial import RULE, Trial


def all_mutants() -> list[Mutant]:
    """Every mutant of the rule, file by file."""
    return [
        one for path in sorted(RULE.glob("*.py")) for one in mutants(path.name, path.read_text())
    ]


def tried(waiting: list[Mutant], worlds: int, jobs: int) -> Iterator[tuple[Mutant, str]]:
    """Each mutant with what killed it, as they end; up to `jobs` run at once."""
    left = iter(waiting)
    running: dict[object, tuple[Mutant, Trial]] = {}
    try:
        while True:
            while len(running) < jobs and (mutant := next(left, None)) is not None:
                trial = Trial(mutant, worlds)
                running[trial.verdict] = (mutant, trial)
            if not running:
                return
            for verdict in wait([trial.verdict for _, trial in running.values()]):
                mutant, trial = running.pop(verdict)
                yield mutant, trial.killed_by()
    finally:
        for _, trial in running.values():
            trial.end()


def main() -> int:
    """Try the mutants, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200, help="fixed worlds for each mutant")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument(
        "--only", default="", help="places that begin so: `sight.py`, `sight.py:59 `"
    )
    options = parser.parse_args()
    since = time.monotonic()
    every = all_mutants()
    if rotten := outdated(every):
        print("listed as equivalent, but there is no such mutant:", *rotten, sep="\n")
        return 2
    if failed := Trial(None, options.worlds).killed_by():
        print(f"the tests fail without any change: {failed}")
        return 2
    chosen = [mutant for mutant in every if str(mutant).startswith(options.only)]
    waiting = [mutant for mutant in chosen if not is_equivalent(mutant)]
    print(f"{len(chosen)} mutants; the tests pass without any", flush=True)
    survivors = 0
    for mutant, killer in tried(waiting, options.worlds, options.jobs):
        survivors += not killer
        print(f"killed   {mutant}  by {killer}" if killer else f"SURVIVED {mutant}", flush=True)
    print(
        f"{len(waiting) - survivors} killed, {survivors} survived, "
        f"{len(chosen) - len(waiting)} equivalent; {time.monotonic() - since:.0f} s"
    )
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
