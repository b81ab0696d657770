"""The statistic, held against printed tables, and that real queries reach it."""

import pytest

from tests.benchmarks.randomness import BUCKETS, figures, observed, p_value, spread


@pytest.mark.parametrize(
    ("statistic", "p"), [(293.25, 0.05), (310.46, 0.01), (219.03, 0.95), (254.33, 0.5)]
)
def test_p_is_that_of_the_tables(statistic: float, p: float) -> None:
    assert p_value(statistic, 255) == pytest.approx(p, abs=0.002)


def test_a_counter_and_a_pool_are_betrayed() -> None:
    counting = [(number & 0xFFFF, 40_000 + number % 64) for number in range(20_000)]
    values = figures(counting)
    assert values["ids, steps"] < 0.01
    assert values["ports"] < 0.01
    assert spread(number % BUCKETS for number in range(20_000)) > 0.99


async def test_every_query_is_seen_once() -> None:
    seen = await observed(50)
    assert len(seen) == 50
    assert len({port for _, port in seen}) > 10
