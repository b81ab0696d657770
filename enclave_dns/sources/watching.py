"""Noticing that a file has changed, however it was changed.

A watch on a file follows its inode and so misses what editors, package managers and configuration
tools do: write beside it and rename, or swap a symlink. So every directory is watched in which a
change can change where a path leads (the file's own, and that of each symlink on the way), and what
counts is the file's identity. A re-stat every 30 s covers what the kernel does not report (network
file systems, a lost event, a directory that cannot be watched).
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

from enclave_dns.sources.files import Identity, identify

RECHECK: Final = 30.0
"""Seconds between two looks without any event."""

_DEBOUNCE_MS: Final = 200
_STEP_MS: Final = 50
_MAX_LINKS: Final = 40


def directories(path: Path) -> frozenset[Path]:
    """The existing directories whose entries decide where `path` leads.

    That of the file itself and of every symlink on the way to it; where a part is missing, the
    nearest directory above it, in which it can appear.
    """
    found: set[Path] = set()
    todo = list(reversed(path.absolute().parts[1:]))
    here = Path("/")
    links = 0
    while todo:
        part = todo.pop()
        if part == "..":
            here = here.parent
            continue
        step = here / part
        target = _link_target(step)
        if target is not None and links < _MAX_LINKS:
            links += 1
            found.add(here)
            here = Path("/") if target.is_absolute() else here
            todo.extend(reversed([name for name in target.parts if name != "/"]))
        elif todo and step.is_dir():
            here = step
        else:
            found.add(here)
            break
    return frozenset(found)


def _link_target(path: Path) -> Path | None:
    try:
        return path.readlink()
    except OSError:
        return None


class Watcher:
    """Calls `on_change(path)` in the event loop when what a path leads to becomes another content.

    Create it before the files are read: a change from then on is reported, none is lost between the
    reading and the watching. Appearing and disappearing are changes. `on_change` must be quick and
    must not raise. One `run` per watcher, owned by the caller's task.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        on_change: Callable[[Path], None],
        *,
        recheck: float = RECHECK,
    ) -> None:
        self._on_change = on_change
        self._recheck = recheck
        self._known: dict[Path, Identity | None] = {path: identify(path) for path in paths}
        self._stop = threading.Event()

    def stop(self) -> None:
        """Let `run` return, within a tenth of a second; may be called at any time, repeatedly."""
        self._stop.set()

    async def run(self) -> None:
        """Watch until `stop` or cancellation; in both cases no thread or descriptor is left."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="watch") as thread:
            try:
                while not self._stop.is_set():
                    wanted = self._directories()
                    notify = await loop.run_in_executor(thread, _open, wanted)
                    await self._run_over(loop, thread, wanted, notify)
            finally:
                self._stop.set()

    async def _run_over(
        self,
        loop: asyncio.AbstractEventLoop,
        thread: ThreadPoolExecutor,
        wanted: frozenset[Path],
        notify: RustNotify | None,
    ) -> None:
        """Watch these directories until others are wanted.

        Each look comes after the watch has begun, so that nothing falls between two watches.
        """
        try:
            while not self._stop.is_set():
                self._look()
                if self._directories() != wanted:
                    return
                await loop.run_in_executor(thread, self._wait, notify)
        finally:
            if notify is not None:
                # In the thread, behind the wait that may still go on there.
                thread.submit(notify.close)

    def _look(self) -> None:
        for path, before in self._known.items():
            now = identify(path)
            if now != before:
                self._known[path] = now
                self._on_change(path)

    def _directories(self) -> frozenset[Path]:
        return frozenset().union(*(directories(path) for path in self._known))

    def _wait(self, notify: RustNotify | None) -> None:
        """In the thread: return on an event, after the re-check time, or when stopped."""
        if notify is None:
            self._stop.wait(self._recheck)
            return
        try:
            notify.watch(_DEBOUNCE_MS, _STEP_MS, int(self._recheck * 1000), self._stop)
        except (OSError, RuntimeError):
            self._stop.wait(self._recheck)


def _open(wanted: frozenset[Path]) -> RustNotify | None:
    """Begin to watch; None where the kernel does not let us, and only the re-stat is left."""
    paths = [str(path) for path in wanted if os.access(path, os.R_OK)]
    if not paths:
        return None
    try:
        return RustNotify(paths, False, False, 300, False, True)
    except (OSError, WatchfilesRustInternalError):
        return None
