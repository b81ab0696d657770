"""Pairs of worlds for as long as one likes: the checks of the tests, by seed.

Run from the root of the tree: `python -m tests.soak.pairs --minutes 30`; a failure prints its seed,
and `--seed N` plays that pair alone.
"""

import argparse
import secrets
import sys
import time

from tests.fakes.choices import Choices
from tests.fakes.paired_worlds import MAIN, pair_of
from tests.fakes.replies_read import check_complete, check_no_escape, checked


def check_seed(seed: int) -> int:
    """Check the pair of a seed: sameness, completeness, no escape. Returns how many replies."""
    pair = pair_of(Choices.of_seed(seed))
    heard, again = pair.played(0), pair.played(1)
    for place, asked in enumerate(pair.script):
        if asked.source == MAIN and heard[place] != again[place]:
            raise AssertionError(f"seed {seed}: {pair.questions[place]} differs")
    model = pair.main.model(pair.worlds[0])
    for question, one, is_tcp in checked(pair, heard):
        expected = model.expected(question)
        check_complete(one.packet, expected, pair.main.rcode, is_tcp)
        check_no_escape(one.packet, question, model, expected)
    return sum(one is not None for one in (*heard, *again))


def main() -> int:
    """Play pairs of fresh seeds until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    if options.seed is not None:
        print(f"seed {options.seed}: {check_seed(options.seed)} replies")
        return 0
    first = secrets.randbits(48)
    print(f"pairs from seed {first} on", flush=True)
    until = time.monotonic() + 60 * options.minutes
    count = replies = bad = 0
    while time.monotonic() < until and bad < 10:
        try:
            replies += check_seed(first + count)
        except AssertionError as error:
            bad += 1
            print(f"FAILED seed {first + count}: {error}", flush=True)
        count += 1
    print(f"{count} pairs, {replies} replies, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
