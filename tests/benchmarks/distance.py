"""How far two samples are from having been drawn alike."""

from bisect import bisect_right
from collections.abc import Sequence


def kolmogorov_smirnov(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sample Kolmogorov-Smirnov distance D, from 0 (alike) to 1 (apart).

    D is the largest difference between the two shares of values up to x, over all x. Two samples
    of 500 from one distribution are less than 0.09 apart in 19 of 20 cases.
    """
    first, second = sorted(one), sorted(other)
    return max(
        abs(bisect_right(first, x) / len(first) - bisect_right(second, x) / len(second))
        for x in (*first, *second)
    )
