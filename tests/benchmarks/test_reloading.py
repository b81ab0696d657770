"""What the measurement of reloads makes of what it saw."""

import pytest

from tests.benchmarks.reloading import Spell, figures


@pytest.mark.parametrize(
    ("spells", "kept"),
    [
        ([Spell(0, 1.9, 0.05), Spell(0, 1.0, 0.01)], [True, True, True]),
        ([Spell(0, 1.0, 0.01), Spell(0, 2.1, 0.01), Spell(0, 2.2, 0.01)], [False, True, True]),
        ([Spell(0, 1.0, 0.051), Spell(0, 1.0, 0.01)], [True, False, True]),
        ([Spell(0, 1.0, 0.01, 1), Spell(0, 1.0, 0.01)], [True, True, False]),
    ],
    ids=["kept", "slow", "a gap", "a query lost"],
)
def test_the_median_time_the_longest_gap_and_every_query_count(
    spells: list[Spell], kept: list[bool]
) -> None:
    assert [figure.is_kept for figure in figures("it", spells, 2.0)] == kept


def test_what_has_no_bar_is_told() -> None:
    first, *_ = figures("it", [Spell(0, 9.0, 0.01)], None)
    assert (first.text, first.bar, first.is_kept) == ("9.00 s (9.00 to 9.00)", "told", True)
