"""Conditions of a module, and the module with one of them inverted or removed. Pure."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one condition: where, how, and the module's text with it."""

    file: str
    line: int
    within: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.what}"


@dataclass(frozen=True, slots=True)
class _Place:
    """A field of a node (an index in it, -1 for none) that holds a condition; its function."""

    node: ast.AST
    field: str
    index: int
    within: str


def _places(tree: ast.AST, within: str = "") -> Iterator[_Place]:
    """Every place with a condition: tests, filters, parts of `and` and `or`, other verdicts."""
    for node in ast.iter_child_nodes(tree):
        here = f"{within}.{node.name}".lstrip(".") if isinstance(node, _DEFINITIONS) else within
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield _Place(node, "test", -1, here)
        if isinstance(node, ast.comprehension):
            yield from (_Place(node, "ifs", at, here) for at in range(len(node.ifs)))
        if isinstance(node, ast.BoolOp):
            yield from (_Place(node, "values", at, here) for at in range(len(node.values)))
        for field in ("value", "elt", "body"):
            if _is_verdict(getattr(node, field, None)):
                yield _Place(node, field, -1, here)
        yield from _places(node, here)


def _is_verdict(node: ast.AST | None) -> bool:
    """Whether an expression is true or false: a comparison, `not`, `any()` or `all()`."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("all", "any", "bool")
    return isinstance(node, ast.Compare) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Every condition inverted; each filter, and each part of `and` and `or`, removed too."""
    for number, place in enumerate(_places(ast.parse(source))):
        old = getattr(place.node, place.field)
        part = old if place.index < 0 else old[place.index]
        for change in ("inverted",) if place.index < 0 else ("inverted", "removed"):
            tree = ast.parse(source)
            node = list(_places(tree))[number].node
            whole = getattr(node, place.field)
            if change == "removed":
                del whole[place.index]
            elif place.index < 0:
                setattr(node, place.field, ast.UnaryOp(ast.Not(), whole))
            else:
                whole[place.index] = ast.UnaryOp(ast.Not(), whole[place.index])
            text = ast.unparse(ast.fix_missing_locations(tree))
            what = f"{change}: {ast.unparse(part)}"
            yield Mutant(file, part.lineno, place.within, what, text)
