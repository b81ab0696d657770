"""When a no-answer leaves: by coarse steps, on ticks that all share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.gateway.pacing import TICK, release_at


@pytest.mark.parametrize(
    ("arrival", "look_up_time", "pace", "expected"),
    [
        (1.0, 0.0, 0.02, 1.02),
        (1.0, 0.0199, 0.02, 1.02),
        (1.0, 0.02, 0.02, 1.02),
        (1.0, 0.0201, 0.02, 1.04),
        (1.0, 0.041, 0.02, 1.08),
        (1.0, 0.3, 0.02, 1.32),
        (1.0, 0.7, 0.02, 1.8),
        (1.0, 5.0, 0.02, 1.8),
        (1.001, 0.0, 0.02, 1.03),
        (1.0099, 0.0, 0.02, 1.03),
        (1.01, 0.0, 0.02, 1.03),
        (1.0, 0.06, 0.05, 1.1),
        (1.003, 0.5, 0.0, 1.003),
    ],
)
def test_the_first_step_that_covers_the_look_up_and_then_the_next_tick(
    arrival: float, look_up_time: float, pace: float, expected: float
) -> None:
    assert release_at(arrival, look_up_time, pace, 0.8) == pytest.approx(expected)


@given(st.floats(0, 1e6), st.floats(0, 0.02), st.floats(0, 0.02))
def test_look_ups_that_fit_one_step_leave_at_one_instant(
    arrival: float, one: float, other: float
) -> None:
    assert release_at(arrival, one, 0.02, 0.8) == release_at(arrival, other, 0.02, 0.8)


@given(st.floats(0, 1e6), st.floats(0, 2))
def test_it_leaves_on_a_tick_soon_after_its_step(arrival: float, look_up_time: float) -> None:
    release = release_at(arrival, look_up_time, 0.02, 0.8)
    assert release / TICK == pytest.approx(round(release / TICK), abs=1e-3)
    assert arrival + min(look_up_time, 0.8) <= release + 1e-5
    assert release <= arrival + 0.8 + TICK + 1e-5
