"""The resolver libraries that programs use, each as a value: how it asks, and what it then says.

They read the /etc/resolv.conf of the `Desktop` that they are run on. What a library says is one of
few things: addresses, that there are none, that it failed for now, or that time ran out. getent
is the one that does not tell why it has found nothing.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Final

from tests.lab.system_bus import unpacked

FOLDER = Path(__file__).parent

NOT_FOUND: Final = "not found"
NOTHING: Final = "nothing"
FAILURE: Final = "failure"
TIMEOUT: Final = "timeout"

EAI: Final = {"-2": NOT_FOUND, "-5": NOT_FOUND, "-3": FAILURE, "-4": FAILURE}
"""What getaddrinfo returns (netdb.h): EAI_NONAME, EAI_NODATA, EAI_AGAIN, EAI_FAIL."""

ARES: Final = {
    "1": NOT_FOUND,
    "4": NOT_FOUND,
    "3": FAILURE,
    "6": FAILURE,
    "11": FAILURE,
    "12": TIMEOUT,
}
"""And c-ares (ares.h): ENODATA, ENOTFOUND, ESERVFAIL, EREFUSED, ECONNREFUSED, ETIMEOUT."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a library said about one name: its addresses, sorted, or else why there are none."""

    addresses: tuple[str, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        return " ".join(self.addresses) or self.reason


def found(*addresses: str) -> Outcome:
    """The outcome of these addresses, in whatever order and however often each was said."""
    return Outcome(tuple(sorted(set(addresses))))


Read = Callable[[CompletedProcess[str], str], Outcome]


@dataclass(frozen=True, slots=True)
class Library:
    """`command` and names is one process that asks for each of them in turn.

    `read` makes an outcome of what the process printed and the last of its names.
    """

    name: str
    command: tuple[str, ...]
    read: Read


def read_lookup(errors: dict[str, str]) -> Read:
    """Reads what lookup.c and lookup.py print: one line per name."""

    def read(run: CompletedProcess[str], _: str) -> Outcome:
        assert run.returncode == 0, run.stderr
        first, *others = run.stdout.splitlines()[-1].split() or [""]
        if first == "error":
            return Outcome(reason=errors.get(others[0], f"error {others[0]}"))
        return found(first, *others)

    return read


def read_getent(run: CompletedProcess[str], name: str) -> Outcome:
    """Reads `getent ahosts`: the first row of a name's addresses tells the name."""
    assert run.returncode in (0, 2), run.stderr
    addresses: dict[str, list[str]] = {}
    current: list[str] = []
    for row in run.stdout.splitlines():
        address, _, *canonical = row.split()
        if canonical:
            current = addresses.setdefault(canonical[0], [])
        current.append(address)
    return found(*addresses[name]) if name in addresses else Outcome(reason=NOTHING)


def read_resolvectl(run: CompletedProcess[str], name: str) -> Outcome:
    """Reads `resolvectl query`: `NAME: ADDRESS -- link: LINK`, then rows without the name."""
    rows = run.stdout.splitlines()
    starts = [number for number, row in enumerate(rows) if row.startswith(f"{name}: ")]
    if starts:
        rows[starts[0]] = rows[starts[0]].removeprefix(f"{name}:")
        addresses = []
        for row in rows[starts[0] :]:
            if not row.startswith(" "):
                break
            addresses.append(row.split()[0])
        return found(*addresses)
    reasons = run.stderr.splitlines()
    assert reasons, run.stdout
    if "not found" in reasons[-1] or "does not have any RR" in reasons[-1]:
        return Outcome(reason=NOT_FOUND)
    is_late = "timed out" in reasons[-1] or "timeout" in reasons[-1]
    return Outcome(reason=TIMEOUT if is_late else FAILURE)


def libraries(folder: Path) -> tuple[Library, ...]:
    """Those that every machine has. `folder` is where the program for musl is compiled to."""
    program = folder / "lookup-musl"
    source = FOLDER / "lookup.c"
    subprocess.run(
        ["musl-gcc", "-static", "-Wall", "-Werror", "-o", program, source], check=True, timeout=60
    )
    python = (sys.executable, "-I", str(FOLDER / "lookup.py"))
    return (
        Library("glibc", ("getent", "ahosts"), read_getent),
        Library("Python", (*python, "python"), read_lookup(EAI)),
        Library("musl", (str(program),), read_lookup(EAI)),
        Library("c-ares", (*python, "c-ares"), read_lookup(ARES)),
    )


def resolved() -> Library:
    """systemd-resolved, asked over D-Bus: for a `Desktop` on which it runs."""
    resolvectl = str(unpacked("systemd-resolved/usr/bin/resolvectl"))
    command = (resolvectl, "--no-pager", "--legend=no", "query")
    return Library("resolved", command, read_resolvectl)
