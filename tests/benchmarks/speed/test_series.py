"""Medians and spreads, and the ratios that are made of them."""

import pytest

from tests.benchmarks.speed.series import Run, Series, Spread, ratio


def series(*cpus: float) -> Series:
    return Series([Run(1000 / cpu, cpu, 0.1, 0.2, 50.0) for cpu in cpus])


@pytest.mark.parametrize(
    ("values", "spread"),
    [([3.0], (3, 3, 3)), ([5.0, 1.0, 9.0], (5, 1, 9)), ([4.0, 1.0, 2.0, 9.0], (3, 1, 9))],
)
def test_a_spread_is_the_median_between_the_least_and_the_greatest(
    values: list[float], spread: tuple[float, float, float]
) -> None:
    assert Spread.of(values) == Spread(*spread)


def test_a_ratio_is_that_of_the_medians() -> None:
    scene = {"one": series(9, 6, 100), "other": series(3, 1, 4)}
    assert ratio(scene, "cpu", "one", "other") == pytest.approx(3)


@pytest.mark.parametrize("scene", [{}, {"one": series(1)}, {"one": series(1), "other": Series()}])
def test_there_is_no_ratio_to_what_was_not_measured(scene: dict[str, Series]) -> None:
    assert ratio(scene, "cpu", "one", "other") is None


def test_a_series_is_plain_with_all_its_runs() -> None:
    plain = series(2, 4).plain()
    assert plain["cpu"] == {"median": 3, "low": 2, "high": 4}
    assert plain["runs"] == [
        {"rate": 1000 / cpu, "cpu": cpu, "p50": 0.1, "p99": 0.2, "memory": 50.0} for cpu in (2, 4)
    ]
    assert Series().plain() == {"runs": [], "faults": []}
