"""A figure, the bar that it must keep, and how both are told."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured. `bar` says in words what is asked of it."""

    name: str
    text: str
    bar: str
    is_kept: bool

    def __str__(self) -> str:
        verdict = "" if self.is_kept else "   MISSED"
        return f"{self.name}: {self.text} ({self.bar}){verdict}"


def told(figures: Iterable[Figure]) -> int:
    """Print each figure as soon as it is there; how many bars were missed."""
    missed = 0
    for figure in figures:
        missed += not figure.is_kept
        print(figure, flush=True, file=sys.stdout if figure.is_kept else sys.stderr)
    return missed
