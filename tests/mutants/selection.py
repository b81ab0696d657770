"""What a mutant has to survive: fixed worlds, and the quick tables of the disclosure rule's tests.

Run from the root of a (mutated) copy of the tree: `python -m tests.mutants.selection WORLDS`. Ends
with 1 at the first difference.
"""

import sys

import pytest

from tests.soak.pairs import check_seed

TABLES = ("tests/disclosure", "-k", "not noninterference and not decide_completeness")


def main() -> int:
    """Check the worlds of the first seeds, then run the tables."""
    for seed in range(int(sys.argv[1])):
        try:
            check_seed(seed)
        except Exception as error:  # noqa: BLE001 - whatever a mutant does, it has shown
            print(f"killed by world {seed}: {type(error).__name__}")
            return 1
    code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", *TABLES])
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
