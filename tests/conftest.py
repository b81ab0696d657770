"""What holds for every test: how hypothesis searches, and that CI skips nothing.

Two profiles, chosen with `HYPOTHESIS_PROFILE`: `ci` (the default) is bounded, `deep` searches for
long. Neither times anything. The seed is drawn here and shown at the top of every run, and a
failing example prints the blob that reproduces it.
"""

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

BOUNDED = settings(
    max_examples=100,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)

settings.register_profile("ci", BOUNDED)
settings.register_profile("deep", BOUNDED, max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed before hypothesis looks for one, so that every run can be repeated."""
    if config.getoption("hypothesis_seed") is None:
        config.option.hypothesis_seed = str(int.from_bytes(os.urandom(4)))


def pytest_report_header(config: pytest.Config) -> str:
    """Say which search this run makes, in the words that repeat it."""
    profile = os.environ.get("HYPOTHESIS_PROFILE", "ci")
    seed = config.getoption("hypothesis_seed")
    return f"repeat with: HYPOTHESIS_PROFILE={profile} pytest --hypothesis-seed={seed}"


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    is_expected_failure = hasattr(report, "wasxfail")
    if report.skipped and not is_expected_failure and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"a skipped test is a failure under CI=true: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI=true a test that skips itself fails."""
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Under CI=true a module that skips itself fails."""
    report = yield
    _forbid_skip(report)
    return report
