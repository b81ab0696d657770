"""A kill at any step of the way in or out leaves a working file, and the next start undoes it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.fakes.processes import PATIENCE, environment

POINTS = 200


def test_the_file_works_whenever_the_process_is_killed(tmp_path: Path) -> None:
    seed = os.urandom(4).hex()
    run = subprocess.run(
        [sys.executable, "-m", "tests.fakes.kill_points", str(tmp_path), seed, str(POINTS)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    print(run.stdout)
    assert run.returncode == 0, f"seed {seed}\n{run.stdout}{run.stderr}"
    words = run.stdout.replace(",", "").split()
    original, ours = int(words[1]), int(words[3])
    assert original + ours == POINTS
    assert ours > 0
