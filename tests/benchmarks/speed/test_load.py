"""What dnsperf and senders.c say, read; both as text that they have printed."""

from collections import Counter

import pytest

from tests.benchmarks.speed.load import percentile, read, read_sent

STATISTICS = """
Statistics:

  Queries sent:         {sent}
  Response codes:       NOERROR 3 (60.00%), SERVFAIL 1 (20.00%)
  Run time (s):         0.500000
  Queries per second:   8.000000
"""
SAID = """DNS Performance Testing Tool
Version 2.10.0

[Status] Sending queries (to 127.0.0.1:5300)
> NOERROR host0.corp.net A 0.000147
> SERVFAIL host1.corp.net A 0.000300
> T host2.corp.net A
> NOERROR host3.corp.net A 0.000098
> NOERROR host4.corp.net A 0.001200
[Status] Testing complete (end of file)
"""


def test_every_line_of_dnsperf_counts_by_its_rcode_and_a_lost_query_has_no_latency() -> None:
    load = read(SAID + STATISTICS)
    assert load.rcodes == Counter(NOERROR=3, SERVFAIL=1, T=1)
    assert load.answered == 4
    assert load.rate == pytest.approx(8.0)
    assert (load.p50, load.p99) == pytest.approx((0.3, 1.2))
    assert load.faults == ["1 x SERVFAIL", "1 x T"]


def test_a_load_in_which_all_is_well_has_no_faults() -> None:
    assert read("> NOERROR host0.corp.net A 0.000147\n" + STATISTICS).faults == []


def test_a_load_without_a_reply_is_zero_everywhere() -> None:
    load = read("> T host0.corp.net A\n" + STATISTICS)
    assert (load.answered, load.rate, load.p50, load.p99) == (0, 0, 0, 0)


def test_a_dnsperf_that_did_not_come_to_its_statistics_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="how long it ran"):
        read(SAID)


def test_senders_tell_counts_and_nanoseconds() -> None:
    sent = read_sent("1000 990 2 10 88231 173678 3931530 5917800\n")
    assert (sent.sent, sent.answered, sent.wrong, sent.lost) == (1000, 990, 2, 10)
    assert (sent.p50, sent.gap) == pytest.approx((0.088231, 5.9178))
    assert sent.faults == ["2 of 1,000 wrong", "10 of 1,000 lost"]


def test_senders_that_say_nothing_are_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"senders\.c said ''"):
        read_sent("")


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 51), (99, 100), (100, 100)])
def test_percentiles_are_values_that_were_there(percent: int, value: int) -> None:
    assert percentile(range(1, 101), percent) == value
