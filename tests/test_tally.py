"""Counting: every duration has one bucket, and nothing that is counted is counted twice."""

from itertools import pairwise

import pytest

from enclave_dns.tally import BOUNDS, SOURCES, Durations, Traffic


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, 0), (BOUNDS[0], 0), (0.00011, 1), (1.0, len(BOUNDS) - 2), (3.0, len(BOUNDS))],
)
def test_a_duration_is_counted_in_the_first_bucket_that_holds_it(
    seconds: float, bucket: int
) -> None:
    durations = Durations()
    durations.add(seconds)
    assert durations.counts[bucket] == sum(durations.counts) == 1
    assert durations.total == seconds


def test_bounds_rise() -> None:
    assert all(low < high for low, high in pairwise(BOUNDS))


def test_traffic_adds_up() -> None:
    traffic = Traffic()
    traffic.udp[0][1] += 3
    traffic.tcp[1][28] += 4
    traffic.kept[5] += 2
    traffic.made[0, SOURCES[1]] += 3
    traffic.counts.update(dropped_short=2, dropped_reply=1, refused_fault=9, unsent=9)
    assert (traffic.taken, traffic.replies, traffic.dropped) == (7, 5, 3)


def test_what_another_one_has_counted_can_be_added() -> None:
    one, other = Traffic(), Traffic()
    for traffic, times in ((one, 1), (other, 2)):
        traffic.udp[1][28] += times
        traffic.tcp[0][1] += 3 * times
        traffic.kept[0] += times
        traffic.made[5, SOURCES[2]] += times
        traffic.counts["dropped_short"] += times
        for _ in range(times):
            traffic.times[SOURCES[0]].add(0.0002)
    lists = one.udp
    one.include(other)
    assert (one.taken, one.replies, one.dropped) == (12, 6, 3)
    assert one.udp is lists
    times = one.times[SOURCES[0]]
    assert (sum(times.counts), times.total) == (3, pytest.approx(0.0006))
    assert (other.taken, other.replies, other.dropped) == (8, 4, 2)
