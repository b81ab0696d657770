"""Conditions of a module, and the module with one of them inverted or removed. Pure."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one condition: where, how, and the module's text with it."""

    line: int
    what: str
    text: str


def _conditions(tree: ast.AST) -> list[tuple[ast.AST, str, int]]:
    """Each place that holds a condition: the node, its field, and an index in it (-1 for none)."""
    found: list[tuple[ast.AST, str, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While) and not _is_about_traces(node.test):
            found.append((node, "test", -1))
        if isinstance(node, ast.comprehension):
            found += [(node, "ifs", at) for at in range(len(node.ifs))]
        if isinstance(node, ast.BoolOp):
            found += [(node, "values", at) for at in range(len(node.values))]
        is_verdict = isinstance(node, ast.Return) and isinstance(node.value, ast.Compare | ast.Call)
        if is_verdict and isinstance(node.value, ast.Compare):
            found.append((node, "value", -1))
    return found


def _is_about_traces(test: ast.expr) -> bool:
    """Whether a condition only asks if somebody listens: `explain` decides nothing."""
    return any(isinstance(node, ast.Name) and node.id == "trace" for node in ast.walk(test))


def mutants(source: str) -> Iterator[Mutant]:
    """Every condition inverted; of `and` and `or`, each part removed too."""
    for number, (here, name, at) in enumerate(_conditions(ast.parse(source))):
        part = getattr(here, name) if at < 0 else getattr(here, name)[at]
        changes = ("inverted", "removed") if name in ("values", "ifs") else ("inverted",)
        for change in changes:
            tree = ast.parse(source)
            node, _, _ = _conditions(tree)[number]
            whole = getattr(node, name)
            if change == "removed":
                del whole[at]
            else:
                old = whole if at < 0 else whole[at]
                new = ast.UnaryOp(ast.Not(), old)
                if at < 0:
                    setattr(node, name, new)
                else:
                    whole[at] = new
            text = ast.unparse(ast.fix_missing_locations(tree))
            yield Mutant(part.lineno, f"{change}: {ast.unparse(part)}", text)
