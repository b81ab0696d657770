"""Source files as syntax trees, and what they import: what all structure checks stand on.

A check is a function from sources to findings, each one line of text (`path:line: what`), so that
it can be tried on sources that are made up for the purpose.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "enclave_dns"


@dataclass(frozen=True, slots=True)
class Source:
    """One file of Python: its path from the root of the checkout, with slashes, and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name, without `.__init__`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def room(self) -> str:
        """The first name below the package: a folder or a top-level module; empty for itself."""
        parts = self.module.split(".")
        return parts[1] if len(parts) > 1 else ""

    def at(self, node: ast.AST, what: str) -> str:
        """A finding."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


@dataclass(frozen=True, slots=True)
class Import:
    """One imported thing: a module, or a name inside one (`name` empty where the module itself)."""

    module: str
    name: str
    alias: str
    node: ast.stmt

    @property
    def whole(self) -> str:
        """Module and name in one dotted path."""
        return f"{self.module}.{self.name}" if self.name else self.module


def source(path: str, text: str) -> Source:
    """A source from text, as it would be read from `path`."""
    return Source(path, text, ast.parse(text, path))


def read_sources(root: Path, *folders: str) -> list[Source]:
    """Every Python file below these folders of the checkout, in the order of their paths."""
    return [
        source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted(root.joinpath(folder).rglob("*.py"))
    ]


def imports(of: Source) -> Iterator[Import]:
    """Everything that a source imports, at any depth, relative imports resolved."""
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Import):
            for found in node.names:
                yield Import(found.name, "", found.asname or found.name.split(".")[0], node)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(of, node)
            for found in node.names:
                yield Import(module, found.name, found.asname or found.name, node)


def _absolute(of: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = of.path.removesuffix(".py").split("/")[: -node.level]
    return ".".join([*parts, *([node.module] if node.module else [])])


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of attributes on a name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""
