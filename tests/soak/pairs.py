"""Pairs of worlds for as long as one likes: the checks of the tests, by seed.

Run from the root of the tree: `python -m tests.soak.pairs --minutes 30`; a failure prints its seed,
and `--seed N` plays that pair alone.
"""

import argparse
import secrets
import sys
import time

from tests.fakes.choices import Choices
from tests.fakes.paired_worlds import pair_of
from tests.fakes.replies_read import check_complete, check_no_escape, checked

OPEN_EVERY = 4
"""One pair in so many has a sender with an open view."""


def is_open(seed: int) -> bool:
    """Whether the main sender of a seed's pair has an open view."""
    return seed % OPEN_EVERY == OPEN_EVERY - 1


def check_seed(seed: int) -> int:
    """Check the pair of a seed: sameness, completeness, no escape. Returns how many replies."""
    pair = pair_of(Choices.of_seed(seed), is_open=is_open(seed))
    heard, again = pair.played(0), pair.played(1)
    different = pair.differences(heard, again)
    if different:
        raise AssertionError(f"seed {seed}: {different} differ")
    model = pair.main.model(pair.worlds[0])
    for told in checked(pair, heard):
        expected = model.expected(told.question, told.has_do)
        check_complete(told, expected, pair.main)
        check_no_escape(told, model, expected)
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
    pairs = {False: 0, True: 0}
    replies = {False: 0, True: 0}
    seed, bad = first, 0
    while time.monotonic() < until and bad < 10:
        kind = is_open(seed)
        try:
            replies[kind] += check_seed(seed)
        except AssertionError as error:
            bad += 1
            print(f"FAILED seed {seed}: {error}", flush=True)
        pairs[kind] += 1
        seed += 1
    for kind, word in ((False, "restricted"), (True, "open")):
        print(f"{word}: {pairs[kind]} pairs, {replies[kind]} replies")
    print(f"{sum(pairs.values())} pairs, {sum(replies.values())} replies, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
