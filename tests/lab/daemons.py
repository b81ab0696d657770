"""Programs that run in a namespace while a test asks them something.

A `Daemon` stays in the foreground, keeps what it says in files, and is ended by its own process
id. `Daemons` holds all that run, so that a failed test can show their logs.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Self

from tests.lab.namespaces import Namespace

STARTS_WITHIN = 15.0
ENDS_WITHIN = 15.0
LOOKS_EVERY = 0.02


class Daemon:
    """One running program. `said` is its standard output so far, `log` its standard error.

    `is_settled`: somebody waited for its end, and so knows how it ended.
    """

    def __init__(
        self,
        namespace: Namespace,
        name: str,
        arguments: list[str],
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.is_settled = False
        self._said = folder / "stdout"
        self._log = folder / "stderr"
        with self._said.open("wb") as said, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                namespace.command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=log,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        _pass_on_niceness(self.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        return self._said.read_text(encoding="utf-8", errors="replace")

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, is_so: Callable[[], bool], what: str, within: float) -> None:
        """Look until something is so. Raises AssertionError when the program ends or time does."""
        deadline = time.monotonic() + within
        while not is_so():
            if not self.is_running:
                self.is_settled = True
                raise AssertionError(
                    f"{self.name} ended with status {self._process.returncode} "
                    f"instead of: {what}\n{self.said}{self.log}"
                )
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{self.name}: not within {within:g} s: {what}\n{self.said}{self.log}"
                )
            time.sleep(LOOKS_EVERY)

    def wait_for_log(self, text: str, within: float = STARTS_WITHIN) -> None:
        """Wait until the log holds a text."""
        self.wait_until(lambda: text in self.log, f"{text!r} in the log", within)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, within: float = ENDS_WITHIN) -> int:
        """Wait for the end, and return the exit status. What does not end in time is killed."""
        self.is_settled = True
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(
                f"{self.name}: still running after {within:g} s\n{self.log}"
            ) from None

    def stop(self) -> int:
        """End it with SIGTERM, if it still runs, and return its exit status."""
        if self.is_running:
            self.signal(signal.SIGTERM)
        return self.wait()


class Daemons:
    """Every program that a scope has started. Leaving it stops them, the last one first.

    One that a test has not ended itself must end with status 0.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Daemon] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        failures = [text for daemon in reversed(self._started) if (text := _ending(daemon))]
        assert not failures, "\n".join(failures)

    def __iter__(self) -> Iterator[Daemon]:
        return iter(self._started)

    def start(
        self,
        namespace: Namespace,
        name: str,
        arguments: list[str],
        environment: Mapping[str, str] | None = None,
    ) -> Daemon:
        """Start a program; it may not be ready yet."""
        folder = self.folder(f"{name}-{len(self._started)}")
        given = os.environ if environment is None else environment
        daemon = Daemon(namespace, name, arguments, folder, given)
        self._started.append(daemon)
        return daemon

    def folder(self, name: str) -> Path:
        """A new folder for the files of one program."""
        made = self._folder / name
        made.mkdir(parents=True, exist_ok=True)
        return made


def _pass_on_niceness(pid: int) -> None:
    """Give our niceness to a program's session, too: Linux weighs sessions first (sched(7))."""
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    group = Path(f"/proc/{pid}/autogroup")
    if niceness and group.exists():
        group.write_text(str(niceness))


def _ending(daemon: Daemon) -> str:
    """End a program that nobody has ended; what was wrong with that, or nothing."""
    if daemon.is_settled:
        return ""
    try:
        status = daemon.stop()
    except AssertionError as failure:
        return str(failure)
    return f"{daemon.name} ended with status {status}\n{daemon.log}" if status else ""
