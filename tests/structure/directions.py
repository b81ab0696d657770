"""Imports point down: which room may know which."""

from collections.abc import Iterable, Iterator

from tests.structure.tree import PACKAGE, Source, imports

RANKS = {
    "cli": 5,
    "gateway": 4,
    "stub": 4,
    "serve": 3,
    "resolve": 3,
    "observe": 3,
    "machine": 3,
    "upstream": 2,
    "disclosure": 2,
    "organisation": 2,
    "sources": 2,
    "wire": 0,
}
"""A room imports rooms of a lower rank, and itself."""

STRANGERS = {("resolve", "disclosure")}
"""Pairs that do not know each other although one lies above the other."""

SIDEWAYS = {
    "organisation": {"disclosure.ranges", "disclosure.special"},
    "upstream": {"sources.nameserver"},
}
"""What a room may import beside it."""

LEAVES: dict[str, set[str]] = {
    "errors": set(),
    "bounded": set(),
    "tally": set(),
    "values": set(),
    "validation": {"errors"},
    "resolution": {"errors", "bounded", "values", "wire"},
    "endpoint": set(),
    "config": {"errors", "endpoint", "validation", "wire", "organisation", "sources"},
}
"""The modules at the top of the package, and the rooms and modules that each may import."""

READERS = {
    "config": {"cli", "gateway", "stub", "observe", "organisation"},
    "resolution": set(RANKS) - {"wire"},
    "validation": set(RANKS) - {"wire"},
}
"""Who may import a leaf; a leaf that is not named here may be imported by every room."""


def upward_imports(sources: Iterable[Source]) -> Iterator[str]:
    """Imports of a room by one that must not know it, and files that belong to no room."""
    for source in sources:
        room = "cli" if source.module == f"{PACKAGE}.__main__" else source.room
        if room and room not in RANKS and room not in LEAVES:
            yield f"{source.path}:1: {room} is no room and no leaf of the package"
            continue
        for found in imports(source):
            target = found.whole.removeprefix(f"{PACKAGE}.")
            if found.module.split(".")[0] != PACKAGE or found.whole == f"{PACKAGE}.__version__":
                continue
            if not _may_import(room, target):
                yield source.at(found.node, f"{room or PACKAGE} must not import {target}")


def _may_import(room: str, target: str) -> bool:
    goal = target.partition(".")[0]
    if room == "":
        return False
    if goal == room:
        return True
    if room in LEAVES:
        return goal in LEAVES[room]
    if goal in LEAVES:
        return room in READERS.get(goal, RANKS)
    if any(target == path or target.startswith(f"{path}.") for path in SIDEWAYS.get(room, ())):
        return True
    return (
        goal in RANKS
        and RANKS[goal] < RANKS[room]
        and (room, goal) not in STRANGERS
        and (goal, room) not in STRANGERS
    )
