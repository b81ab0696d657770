"""Only one file makes a `Reply`: what is on its way to a socket has passed the disclosure rule.

Everywhere else the name `Reply` may stand where a type stands and nowhere else: no call, no alias,
no subclass, no attribute; and no copy of a reply is made with other content.
"""

import ast
from collections.abc import Iterable, Iterator

from tests.structure.tree import PACKAGE, Source, dotted, imports

HOME = f"{PACKAGE}/disclosure/reply.py"
NAME = "Reply"
COPIES = frozenset(("replace", "dataclasses.replace", "copy.replace"))


def forged_replies(sources: Iterable[Source]) -> Iterator[str]:
    """Every place outside its home that makes, or could make, a `Reply`."""
    for source in sources:
        if source.path == HOME:
            continue
        aliases = {NAME, *(found.alias for found in imports(source) if found.name == NAME)}
        types = _places_of_types(source.tree)
        replies = _names_of_replies(source.tree, aliases)
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and node.name == NAME:
                yield source.at(node, "a second class of the name Reply")
            elif _is_reply(node, aliases) and node not in types:
                yield source.at(node, "Reply is used other than as a type")
            elif isinstance(node, ast.Call) and (what := _forgery(node, aliases, replies)):
                yield source.at(node, what)


def _is_reply(node: ast.AST, aliases: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in aliases
    return isinstance(node, ast.Attribute) and node.attr == NAME


def _places_of_types(tree: ast.AST) -> set[ast.AST]:
    """Every node below an annotation, a subscript, a union, a pattern or a test of the class."""
    roots: list[ast.AST | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            roots.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            roots.append(node.returns)
        elif isinstance(node, ast.Subscript):
            roots.append(node.slice)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            roots += [node.left, node.right]
        elif isinstance(node, ast.MatchClass):
            roots.append(node.cls)
        elif isinstance(node, ast.Call) and dotted(node.func) in ("isinstance", "issubclass"):
            roots += node.args[1:]
        elif isinstance(node, ast.Call) and dotted(node.func) in ("cast", "typing.cast"):
            roots += node.args[:1]
    return {node for root in roots if root for node in ast.walk(root)}


def _names_of_replies(tree: ast.AST, aliases: set[str]) -> set[str]:
    """Names that are annotated as a Reply somewhere in the file."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation:
            name, annotation = node.arg, node.annotation
        elif isinstance(node, ast.AnnAssign):
            name, annotation = dotted(node.target), node.annotation
        else:
            continue
        written = ast.unparse(annotation).strip("'\"")
        if any(part.strip().rpartition(".")[2] in aliases for part in written.split("|")):
            names.add(name)
    return names


def _forgery(node: ast.Call, aliases: set[str], replies: set[str]) -> str:
    function = dotted(node.func)
    first = dotted(node.args[0]) if node.args else ""
    is_of_reply = first in replies or first.rpartition(".")[2].lower().endswith("reply")
    if function in COPIES and is_of_reply:
        return f"a reply is copied with other content: {function}({first}, ...)"
    if function == "object.__setattr__" and is_of_reply:
        return f"a reply is changed: {function}({first}, ...)"
    made_from = node.func
    if isinstance(made_from, ast.Attribute) and made_from.attr == "__class__":
        return "an object is made through __class__"
    if isinstance(made_from, ast.Call) and dotted(made_from.func) == "type":
        return "an object is made through type(...)"
    if isinstance(made_from, ast.Attribute) and made_from.attr == "__new__" and first in aliases:
        return "a Reply is made through __new__"
    return ""
