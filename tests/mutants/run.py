"""Do the tests bite? Change each condition of the disclosure rule, and see that something fails.

Run from the root of the tree: `python -m tests.mutants.run`. Each mutant runs in a copy of the
package; prints `killed` or `SURVIVED` with the line. Ends with 1 where an unlisted mutant lived.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.conditions import Mutant, mutants

RULE = Path("enclave_dns/disclosure")
PASSED_OVER = ("__init__.py", "trace.py", "special.py")
PATIENCE = 120.0

EQUIVALENT: dict[tuple[str, str], str] = {
    ("everything.py", "removed: sight.walk is not None"): "a visible name always has its walk",
}
"""Mutants that change nothing that can be seen, by file and change, each with the reason."""


def is_killed(root: Path, path: Path, mutant: Mutant, worlds: int) -> bool:
    """Whether the selection fails, or does not end, with this change."""
    whole = (root / path).read_text()
    (root / path).write_text(mutant.text)
    try:
        ended = subprocess.run(
            [sys.executable, "-B", "-m", "tests.mutants.selection", str(worlds)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        (root / path).write_text(whole)
    return ended.returncode != 0


def main() -> int:
    """Make the mutants, one after the other, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--every", type=int, default=1, help="take each so many-th mutant only")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    killed, survived, equivalent = 0, 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for part in ("enclave_dns", "tests"):
            shutil.copytree(part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy("pyproject.toml", root)
        files = sorted(path for path in RULE.glob("*.py") if path.name not in PASSED_OVER)
        every = [(path, one) for path in files for one in mutants(path.read_text())]
        print(f"{len(every)} mutants")
        for path, mutant in every[options.first :: options.every]:
            if time.monotonic() > until:
                print("the time is over")
                break
            place = f"{path.name}:{mutant.line} {mutant.what}"
            if (path.name, mutant.what) in EQUIVALENT:
                equivalent += 1
            elif is_killed(root, path, mutant, options.worlds):
                killed += 1
                print(f"killed   {place}", flush=True)
            else:
                survived += 1
                print(f"SURVIVED {place}", flush=True)
    print(f"{killed} killed, {survived} survived, {equivalent} equivalent")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
