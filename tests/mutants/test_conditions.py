"""Which changes are made of a text, and that the list of those that cannot be seen is current."""

import pytest

from tests.mutants.conditions import Mutant, mutants
from tests.mutants.equivalent import EQUIVALENT, outdated
from tests.mutants.run import all_mutants


@pytest.mark.parametrize(
    ("condition", "changed"),
    [
        ("if a: b()", ["if not a:"]),
        ("while a: b()", ["while not a:"]),
        ("x = b if a else c", ["x = b if not a else c"]),
        ("x = [b for b in c if a]", ["x = [b for b in c if not a]", "x = [b for b in c]"]),
        ("x = a or b", ["x = not a or b", "x = b", "x = a or not b", "x = a"]),
        ("return a == b", ["return not a == b"]),
        ("return all(a)", ["return not all(a)"]),
        ("f(x=not a)", ["f(x=not not a)"]),
        ("x = any(a == b for a in c)", ["x = not any(", "x = any((not a == b for a in c))"]),
        ("x = f(lambda y: y == a)", ["x = f(lambda y: not y == a)"]),
        ("return a + b", []),
    ],
)
def test_every_condition_is_inverted_or_taken_out(condition: str, changed: list[str]) -> None:
    found = list(mutants("a.py", f"class C:\n    def f(self):\n        {condition}\n"))
    assert len(found) == len(changed)
    for mutant, text in zip(found, changed, strict=True):
        assert text in mutant.text
        assert (mutant.file, mutant.line, mutant.within) == ("a.py", 3, "C.f")
        compile(mutant.text, "a.py", "exec")


def test_an_entry_without_its_mutant_or_with_two_is_reported() -> None:
    (file, within, what), *_ = EQUIVALENT
    one = Mutant(file, 1, within, what, "")
    others = [Mutant(*key[:1], 1, *key[1:], "") for key in EQUIVALENT][1:]
    assert outdated([one, *others]) == []
    assert outdated([one, one, *others]) == outdated(others) == [f"{file}: {within}: {what}"]


def test_the_list_of_equivalent_mutants_is_current() -> None:
    every = all_mutants()
    assert len(every) > 400
    assert outdated(every) == []
