"""The programs as processes of their own, started as a user starts them."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
"""Seconds after which a test gives up; nothing is measured by it."""

ROOT = Path(__file__).parents[2]


def environment(**more: str) -> dict[str, str]:
    """Ours without the settings that the programs read, and with this checkout in front."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ENCLAVE_")}
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths)} | more


def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run `enclave-dns` to its end; `settings` are variables of its environment."""
    return subprocess.run(
        _command(arguments),
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running program that has said it is ready."""

    process: "subprocess.Popen[str]"
    ready: str
    log: Path

    @property
    def port(self) -> int:
        """The port of its first listen address."""
        return int(self.ready.split()[3].rpartition(":")[2])

    def stop(self, number: int) -> tuple[int, str]:
        """Send a signal and wait for the end: the exit code, and all that was said after ready."""
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


@contextmanager
def daemon(verb: str, file: Path, *flags: str, **settings: str) -> Iterator[Daemon]:
    """Run one of the programs with this configuration until the end of the block."""
    log = file.with_suffix(".log")
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            _command((verb, "-c", str(file), *flags)),
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], PATIENCE)[0], "not ready in time"
            ready = process.stdout.readline().rstrip("\n")
            assert ready, log.read_text()
            yield Daemon(process, ready, log)
        finally:
            process.kill()


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "enclave_dns", *arguments]
