"""The rules of tests/conftest.py, tried on small suites of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).with_name("conftest.py")


def outcome(suite: Path, test: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run pytest on a suite of one file beside a copy of our conftest: exit status and output."""
    shutil.copy(CONFTEST, suite)
    suite.joinpath("pytest.ini").write_text(
        "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
    )
    suite.joinpath("test_it.py").write_text(test)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CI", "HYPOTHESIS_PROFILE") and not name.startswith("PYTEST")
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, "test_it.py"],
        cwd=suite,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


SKIPS = """
import pytest

def test_that_skips_itself():
    pytest.skip("not today")

@pytest.mark.skip("not tomorrow")
def test_that_is_marked(): ...

@pytest.mark.xfail
def test_that_is_known_to_fail():
    assert False
"""

SKIPPED_MODULE = """
import pytest

pytest.skip("not this module", allow_module_level=True)
"""


def test_a_skip_fails_under_ci_and_an_expected_failure_does_not(tmp_path: Path) -> None:
    status, output = outcome(tmp_path, SKIPS, CI="true")
    assert status == 1
    assert "1 failed, 1 xfailed, 1 error" in output
    assert "a skipped test is a failure under CI=true: Skipped: not today" in output
    assert "a skipped test is a failure under CI=true: Skipped: not tomorrow" in output


def test_a_module_that_skips_itself_fails_under_ci(tmp_path: Path) -> None:
    status, output = outcome(tmp_path, SKIPPED_MODULE, CI="true")
    assert status != 0
    assert "a skipped test is a failure under CI=true: Skipped: not this module" in output


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    status, output = outcome(tmp_path, SKIPS)
    assert status == 0
    assert "2 skipped, 1 xfailed" in output


FALSE_PROPERTY = """
from hypothesis import given, strategies as st

@given(st.integers())
def test_it(number):
    assert number < 5000
"""


def test_a_failing_property_shows_how_to_repeat_it(tmp_path: Path) -> None:
    status, output = outcome(tmp_path, FALSE_PROPERTY, "--hypothesis-seed=7")
    assert status == 1
    assert "HYPOTHESIS_PROFILE=ci pytest --hypothesis-seed=7" in output
    assert "@reproduce_failure(" in output


def test_the_profile_is_chosen_by_the_environment(tmp_path: Path) -> None:
    test = """
from hypothesis import settings

def test_it():
    assert settings().max_examples == 10_000
    assert settings().deadline is None
"""
    status, output = outcome(tmp_path, test, HYPOTHESIS_PROFILE="deep")
    assert status == 0, output
