"""What a mutant has to survive: fixed worlds, and the quick tables of the disclosure rule's tests.

What kills most and fastest comes first: a few worlds, the tables about the mutated file, the other
tables, and only then the rest of the worlds.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import Phase, settings

TABLES = Path("tests/disclosure")
SLOW = ("noninterference", "decide_completeness")
"""Generated worlds, which the fixed ones stand for."""

FIRST_WORLDS = 10
OPTIONS = (
    *("-x", "-q", "--no-header", "--hypothesis-seed=1", "-p", "no:cacheprovider"),
    # Libraries are loaded before pytest starts, in the process that forks.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


def killer(file: str, worlds: int, alive: Callable[[], object]) -> str:
    """What fails first with this file changed, in words; empty where all of it passes.

    Calls `alive` before every step.
    """
    few = min(FIRST_WORLDS, worlds)
    return _world(range(few), alive) or _table(file, alive) or _world(range(few, worlds), alive)


def _world(seeds: Iterable[int], alive: Callable[[], object]) -> str:
    alive()
    # Only here: a mutated module must not be loaded before it is changed.
    from tests.soak.pairs import check_seed

    for seed in seeds:
        alive()
        try:
            check_seed(seed)
        except Exception as error:  # noqa: BLE001 - whatever a mutant does, it has shown
            return f"world {seed}: {type(error).__name__}"
    return ""


def _table(file: str, alive: Callable[[], object]) -> str:
    quick = [path for path in TABLES.glob("test_*.py") if not any(s in path.name for s in SLOW)]
    about = f"test_{Path(file).stem}"
    paths = sorted(quick, key=lambda path: (not path.stem.startswith(about), path.name))
    steps = _Steps(alive)
    code = pytest.main([*OPTIONS, *map(str, paths)], plugins=[steps])
    return (steps.failed or "a table that cannot be read") if code else ""


class _Steps:
    """A plugin of pytest that tells of each step and of the first failure."""

    def __init__(self, alive: Callable[[], object]) -> None:
        self.alive = alive
        self.failed = ""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """A failure counts as it is found: nothing is shrunk, nothing remembered."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", settings(), phases=phases, database=None)
        settings.load_profile("mutants")

    def pytest_runtest_logstart(self) -> None:
        """Before each test."""
        self.alive()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After each step of a test."""
        if report.failed and not self.failed:
            self.failed = report.nodeid.rpartition("/")[2]
