"""House rules that a reader would otherwise have to check in every file."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.structure.tree import PACKAGE, Source, dotted, imports

LONGEST = 400
VAGUE = frozenset(
    ("common", "generic", "helper", "helpers", "manager", "managers", "misc", "util", "utils")
)
TOP_LEVEL = frozenset(
    (
        ".ci",
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "conf",
        PACKAGE,
        "pyproject.toml",
        "tests",
    )
)
SLASH = "/"
MACHINE = re.compile(
    rf"(?<![\w.}}-]){SLASH}(?:tmp{SLASH}w\b|work{SLASH}|home{SLASH}[a-z]\w*{SLASH}|root{SLASH}\.)"
)
"""Paths that only the machine of one developer has."""


def long_files(texts: Mapping[str, str]) -> Iterator[str]:
    """Files (path to text) past the limit of lines."""
    for path, text in texts.items():
        if (lines := text.count("\n")) > LONGEST:
            yield f"{path}:{lines}: a file has at most {LONGEST} lines"


def vague_names(paths: Iterable[str]) -> Iterator[str]:
    """Files and folders whose name says nothing about what is in them."""
    for path in paths:
        for part in path.split("/"):
            if VAGUE & set(re.split(r"[^a-z0-9]+", part.partition(".")[0].lower())):
                yield f"{path}: {part} says nothing about its content"


def strangers_at_the_top(paths: Iterable[str]) -> Iterator[str]:
    """Entries of the checkout's root that the layout does not know."""
    yield from sorted({path.split("/")[0] for path in paths} - TOP_LEVEL)


def machine_paths(texts: Mapping[str, str]) -> Iterator[str]:
    """Lines (path to text) that name a place on one developer's machine."""
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if found := MACHINE.search(line):
                yield f"{path}:{number}: {found.group()} is a path of one machine"


def missing_docstrings(sources: Iterable[Source]) -> Iterator[str]:
    """Modules without a docstring."""
    for source in sources:
        if ast.get_docstring(source.tree) is None:
            yield f"{source.path}:1: no module docstring"


def prints(sources: Iterable[Source]) -> Iterator[str]:
    """Uses of `print` and of standard output outside the command line's room."""
    for source in sources:
        if source.room in ("cli", "__main__"):
            continue
        for node in ast.walk(source.tree):
            if (isinstance(node, ast.Name) and node.id == "print") or dotted(node) in (
                "sys.stdout",
                "sys.__stdout__",
            ):
                yield source.at(node, "only cli prints")
        for found in imports(source):
            if found.whole == "sys.stdout":
                yield source.at(found.node, "only cli prints")


def ownerless_tasks(sources: Iterable[Source]) -> Iterator[str]:
    """Tasks that nobody holds: asyncio.create_task anywhere, a loop's task that is not kept."""
    banned = ("asyncio.create_task", "asyncio.ensure_future")
    for source in sources:
        for found in imports(source):
            if found.whole in banned:
                yield source.at(found.node, f"{found.whole}: every task has an owner")
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and dotted(node) in banned:
                yield source.at(node, f"{dotted(node)}: every task has an owner")
            elif isinstance(node, ast.Expr) and _is_loops_task(node.value):
                yield source.at(node, "a task that is not kept")


def _is_loops_task(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr != "create_task":
        return False
    receiver = node.func.value
    return isinstance(receiver, ast.Call) or "loop" in dotted(receiver).rpartition(".")[2]


def untested_files(
    sources: Iterable[Source], tests: Iterable[str], excused: Mapping[str, str]
) -> Iterator[str]:
    """Files of the package without a test file of their name, and excuses that no longer hold.

    `excused` gives for a path of the package the reason why it needs no test file of its own.
    """
    there = set(tests)
    wanted = {source.path: tests_of(source) for source in sources if source.module != PACKAGE}
    wanted = {path: test for path, test in wanted.items() if not path.endswith("/__init__.py")}
    for path, test in wanted.items():
        if test not in there and path not in excused:
            yield f"{path}: no {test}"
    for path in excused:
        if path not in wanted:
            yield f"{path}: excused from tests, but not there"
        elif wanted[path] in there:
            yield f"{path}: excused from tests, but it has some"


def tests_of(source: Source) -> str:
    """Where the tests of a file of the package stand."""
    folder, _, name = source.path.rpartition("/")
    return f"tests{folder.removeprefix(PACKAGE)}/test_{name}"


def stray_tests(
    sources: Sequence[Source], tests: Iterable[str], rooms: Mapping[str, str]
) -> Iterator[str]:
    """Test files in the folder of a room that are named after no file of it.

    `test_decide.py` and `test_decide_chains.py` belong to `decide.py`. `rooms` gives, for the path
    of a test file that is about its room as a whole, what it holds.
    """
    homes = {source.path.rpartition("/")[0] for source in sources} - {PACKAGE}
    stems = {source.path.removesuffix(".py") for source in sources}
    there = list(tests)
    for path in there:
        folder, _, name = path.rpartition("/")
        home = PACKAGE + folder.removeprefix("tests")
        if home not in homes or not name.startswith("test_") or path in rooms:
            continue
        words = name.removeprefix("test_").removesuffix(".py").split("_")
        named = {f"{home}/{'_'.join(words[:count])}" for count in range(1, len(words) + 1)}
        if not named & stems:
            yield f"{path}: named after no file of {home}"
    yield from (f"{path}: listed, but not there" for path in rooms if path not in there)
