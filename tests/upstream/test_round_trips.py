"""How long a server is waited for before another one is asked beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.upstream.round_trips import (
    LONGEST_DELAY,
    SHORTEST_DELAY,
    UNMEASURED_DELAY,
    RoundTrips,
)


def after(*seconds: float) -> RoundTrips:
    trips = RoundTrips()
    for one in seconds:
        trips = trips.after(one)
    return trips


def test_before_anything_is_measured_the_delay_is_in_between() -> None:
    assert RoundTrips().hedge_delay == UNMEASURED_DELAY


@pytest.mark.parametrize(
    ("trips", "expected"),
    [
        ((0.001,), SHORTEST_DELAY),
        ((0.02,), 0.06),
        ((5.0,), LONGEST_DELAY),
        ((0.1,) * 60, 0.1),
        ((0.001,) * 60, SHORTEST_DELAY),
    ],
)
def test_the_delay_follows_what_was_measured_within_its_bounds(
    trips: tuple[float, ...], expected: float
) -> None:
    assert after(*trips).hedge_delay == pytest.approx(expected, abs=0.001)


def test_one_slow_answer_makes_us_more_patient_and_quick_ones_less_again() -> None:
    quick = after(*(0.03,) * 40)
    slower = quick.after(0.08)
    assert slower.hedge_delay > quick.hedge_delay
    again = slower
    for _ in range(40):
        again = again.after(0.03)
    assert again.hedge_delay == pytest.approx(quick.hedge_delay, abs=0.001)


@given(st.lists(st.floats(0, 10), max_size=50))
def test_the_delay_is_never_out_of_its_bounds(trips: list[float]) -> None:
    assert SHORTEST_DELAY <= after(*trips).hedge_delay <= LONGEST_DELAY
