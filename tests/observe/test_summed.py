"""Figures of several processes: what is told is what is read, and sums and ends keep the books."""

import json

import pytest

from enclave_dns.observe.figures import Cache, Figures, Policy, Upstream, Workers
from enclave_dns.observe.summed import LOST, plain, read, remains, summed
from enclave_dns.tally import ASKED, CACHE, Durations, Traffic


def figures(times: int, *, is_healthy: bool = True, in_flight: int = 1) -> Figures:
    """A process that has taken six packets so many times, and still has some of them in hand."""
    traffic = Traffic()
    traffic.udp[0][1] = 5 * times
    traffic.tcp[1][28] = times
    traffic.kept[0] = 3 * times
    traffic.made[3, ASKED] = times
    traffic.counts.update(dropped_short=2 * times - in_flight, refused_fault=times)
    traffic.times[CACHE].add(0.001 * times)
    durations = Durations()
    durations.add(0.01)
    upstreams = (Upstream("10.0.0.2", is_healthy, durations),)
    caches = {"reply": Cache(3 * times, 2, times)}
    return Figures("gateway", traffic, in_flight, caches, upstreams, times, Policy(7), {"A": times})


def is_balanced(figures: Figures) -> bool:
    traffic = figures.traffic
    return traffic.taken == traffic.replies + traffic.dropped + figures.in_flight


def test_what_is_told_is_what_is_read() -> None:
    told = plain(figures(4))
    again = plain(read(json.loads(json.dumps(told))))
    assert again == told


@pytest.mark.parametrize("key", ["udp", "made", "caches", "times", "revision"])
def test_what_is_no_figures_is_refused(key: str) -> None:
    told = plain(figures(1))
    del told[key]
    with pytest.raises(LookupError):
        read(told)


def test_a_histogram_of_other_buckets_is_refused() -> None:
    told = plain(figures(1))
    told["times"][CACHE] = [[1, 2], 0.5]
    with pytest.raises(ValueError, match="other buckets"):
        read(told)


def test_a_sum_has_everything_of_every_part() -> None:
    workers = Workers(2, 1, 3)
    whole = summed("gateway", [figures(1), figures(4, is_healthy=False)], Policy(9), workers)
    assert is_balanced(whole)
    assert (whole.traffic.taken, whole.in_flight, whole.failovers) == (30, 2, 5)
    assert whole.caches == {"reply": Cache(15, 4, 5)}
    assert (whole.filtered, whole.policy.revision, whole.workers) == ({"A": 5}, 9, workers)
    [upstream] = whole.upstreams
    assert (upstream.is_healthy, sum(upstream.durations.counts)) == (False, 2)


def test_what_was_in_hand_at_the_end_is_dropped_and_nothing_is_held_any_more() -> None:
    ended = remains(figures(3, is_healthy=False, in_flight=2))
    assert is_balanced(ended)
    assert (ended.in_flight, ended.traffic.counts[LOST]) == (0, 2)
    assert ended.caches == {"reply": Cache(0, 2, 3)}
    assert ended.upstreams[0].is_healthy
    assert LOST not in remains(figures(3, in_flight=0)).traffic.counts
