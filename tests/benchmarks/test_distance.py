"""The distance of samples, on some whose distance is plain to see."""

import pytest

from tests.benchmarks.distance import kolmogorov_smirnov

TEN = [float(number) for number in range(10)]


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        (TEN, TEN, 0.0),
        (TEN, TEN[::-1], 0.0),
        (TEN, TEN * 3, 0.0),
        (TEN, [x + 100 for x in TEN], 1.0),
        (TEN, [x + 3 for x in TEN], 0.3),
        (TEN, [0.0] * 5 + TEN[5:], 0.4),
        ([1.0, 1.0, 2.0], [1.0, 2.0, 2.0], 1 / 3),
    ],
)
def test_the_distance_is_the_largest_gap_between_the_shares(
    one: list[float], other: list[float], distance: float
) -> None:
    assert kolmogorov_smirnov(one, other) == pytest.approx(distance)
    assert kolmogorov_smirnov(other, one) == pytest.approx(distance)
