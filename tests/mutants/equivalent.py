"""Mutants that change nothing that can be seen, each with the reason."""

from collections.abc import Iterable

from tests.mutants.conditions import Mutant

EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("targets.py", "_additional", "inverted: record.rtype == rtype"): (
        "both families are gone through: in either order each record is taken once, with its own"
    ),
}
"""By file, function and change."""


def is_equivalent(mutant: Mutant) -> bool:
    """Whether the list says that this change cannot be seen."""
    return (mutant.file, mutant.within, mutant.what) in EQUIVALENT


def outdated(every: Iterable[Mutant]) -> list[str]:
    """Entries that do not fit exactly one of these mutants."""
    found = [(mutant.file, mutant.within, mutant.what) for mutant in every]
    return [
        f"{file}: {within}: {what}"
        for file, within, what in EQUIVALENT
        if found.count((file, within, what)) != 1
    ]
