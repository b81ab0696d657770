"""What is made of dnsperf's words: outcomes, percentiles, and when all had moved."""

import math

import pytest

from tests.lab.failover import figures
from tests.lab.load import LOST, Outcome, Report, read_outcomes

SAID = """\
[Status] Sending queries (to 127.0.0.1:53)
> NOERROR load-7-1.dev.corp.net A 0.000512
> NOERROR load-7-0.dev.corp.net A 0.100000
> SERVFAIL load-7-3.dev.corp.net A 0.950000
> T load-7-2.dev.corp.net A
[Status] Testing complete (end of file)
"""


def test_every_query_has_its_outcome_in_the_order_of_sending() -> None:
    outcomes = list(read_outcomes(SAID, rate=500))
    assert outcomes == [
        Outcome(0.0, "NOERROR", 0.1),
        Outcome(0.002, "NOERROR", 0.000512),
        Outcome(0.004, LOST, math.inf),
        Outcome(0.006, "SERVFAIL", 0.95),
    ]
    assert Report(tuple(outcomes)).failed == tuple(outcomes[2:])


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (0.5, 1)])
def test_a_percentile_is_what_so_many_do_not_exceed(percent: float, expected: float) -> None:
    report = Report(tuple(Outcome(0, "NOERROR", float(101 - one)) for one in range(1, 101)))
    assert report.percentile(percent) == expected


def test_nothing_has_no_percentile() -> None:
    assert math.isnan(Report(()).percentile(99))


def test_a_window_holds_what_was_sent_in_it() -> None:
    report = Report(tuple(Outcome(at / 10, "NOERROR", 0.001) for at in range(10)))
    assert [one.at for one in report.between(0.2, 0.5).outcomes] == [0.2, 0.3, 0.4]


def outcomes(slow_from: float, slow_until: float) -> Report:
    """500 queries a second for 8 s, of 1 ms each, but of 200 ms for some time."""
    times = [number / 500 for number in range(4000)]
    return Report(
        tuple(
            Outcome(at, "NOERROR", 0.2 if slow_from <= at < slow_until else 0.001) for at in times
        )
    )


def test_all_has_moved_when_queries_are_as_fast_as_before() -> None:
    result = figures(outcomes(3.0, 4.2), fault_at=3.0)
    assert result.moved_after == pytest.approx(1.2)
    assert (result.before, result.until, result.after) == (0.001, 0.2, 0.001)


def test_what_is_slow_again_later_counts_as_after() -> None:
    result = figures(outcomes(5.0, 6.0), fault_at=3.0)
    assert result.moved_after == 0
    assert (result.until, result.after) == (0.001, 0.2)


def test_what_never_moves_has_no_after() -> None:
    result = figures(outcomes(3.0, 8.0), fault_at=3.0)
    assert result.moved_after == math.inf
    assert result.until == 0.2
    assert math.isnan(result.after)
