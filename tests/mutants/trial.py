"""One mutant's life, in a process of its own that forks from one that has loaded the libraries.

The process that starts trials must not have loaded anything of `enclave_dns`: each child loads it
anew, with the changed text in the place of one file.
"""

import importlib.util
import os
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, ModuleType

# Loaded once, for all children.
import dns.zone  # noqa: F401
import hypothesis.strategies  # noqa: F401
import structlog  # noqa: F401

from tests.mutants.conditions import Mutant
from tests.mutants.selection import killer

PACKAGE = "enclave_dns"
RULE = Path(PACKAGE, "disclosure")
PATIENCE = 30
"""Seconds for one world or one test, of which the slowest takes half a second."""

MEMORY = 2 << 30
"""Bytes that a trial may use: a mutant that gathers without end must not stop the machine."""

_FORK = get_context("fork")


class _Changed(SourceFileLoader):
    """Loads a module from a text that is not the one in its file."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec", dont_inherit=True)


class _InPlace(MetaPathFinder):
    """Finds the one module that is changed."""

    def __init__(self, mutant: Mutant) -> None:
        self.name = f"{'.'.join(RULE.parts)}.{Path(mutant.file).stem}"
        self.loader = _Changed(self.name, str((RULE / mutant.file).absolute()), mutant.text)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, loader=self.loader)


class Trial:
    """A mutant (None: the code as it is) against its selection of tests, in a child process."""

    def __init__(self, mutant: Mutant | None, worlds: int) -> None:
        if any(name.partition(".")[0] == PACKAGE for name in sys.modules):
            raise RuntimeError(f"{PACKAGE} is loaded already: no change of it would show")
        self.verdict, theirs = _FORK.Pipe(duplex=False)
        self._process = _FORK.Process(target=_run, args=(mutant, worlds, theirs))
        self._process.start()
        theirs.close()

    def killed_by(self) -> str:
        """What killed it, empty where it survived; waits for the end."""
        try:
            reason: str = self.verdict.recv()
        except EOFError:
            reason = "its own end, or no end"
        self.end()
        return reason

    def end(self) -> None:
        """End the child and whatever it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self.verdict.close()


def _run(mutant: Mutant | None, worlds: int, verdict: Connection) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    if mutant is not None:
        sys.meta_path.insert(0, _InPlace(mutant))
    try:
        # The alarm ends the process, also one that no longer runs any code of ours.
        reason = killer(mutant.file if mutant else "", worlds, lambda: signal.alarm(PATIENCE))
    except BaseException as error:  # noqa: BLE001 - whatever a mutant does, it has shown
        reason = f"{type(error).__name__} as it was loaded"
    verdict.send(reason)
    os._exit(0)
