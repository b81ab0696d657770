"""Processes that stay on one core, what they use, and that they end whatever happens.

A server has the first core that we may use, whatever asks it or is asked by it the last; with one
core all share it, and figures mean little. Every process is a group of its own, which is killed at
the end of its block; the kernel kills it, too, where we die first.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.processes import ROOT, environment

NICE = -10
_TICKS = os.sysconf("SC_CLK_TCK")
_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def cores() -> tuple[int, int]:
    """The core of the server that is measured, and the one of everything else."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def program(name: str) -> str | None:
    """Where a program is, also where only root usually looks; None where it is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_FOLDERS])
    return shutil.which(name, path=path)


def come_first() -> None:
    """Let us, and what we start, come before everything else of this machine, where we may.

    So a figure tells of the servers, and not of what runs beside them.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        # Linux weighs sessions first, where it is set up so (sched(7)).
        Path("/proc/self/autogroup").write_text(str(NICE))


def pinned(core: int | str, command: Sequence[str]) -> list[str]:
    """A command that runs on a core (several: `0,1`), and that the kernel kills when we die."""
    return ["taskset", "-c", str(core), "setpriv", "--pdeathsig", "KILL", *command]


@dataclass(frozen=True, slots=True)
class Process:
    """A running process and all that came out of it."""

    popen: "subprocess.Popen[str]"
    log: Path

    def tree(self) -> list[int]:
        """Its id and those of its children, and of theirs."""
        children: dict[int, list[int]] = {}
        for entry in os.scandir("/proc"):
            if entry.name.isdigit() and (fields := _stat(int(entry.name))):
                children.setdefault(int(fields[1]), []).append(int(entry.name))
        found = [self.popen.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def processor(self) -> float:
        """Seconds of processor time, user and system, of all threads, dead children included."""
        spent = 0
        for pid in self.tree():
            if fields := _stat(pid):
                spent += sum(map(int, fields[11:15]))
        return spent / _TICKS

    def memory(self) -> float:
        """Megabytes in memory; what several processes share is counted once."""
        pids = self.tree()
        field = "Rss:" if len(pids) == 1 else "Pss:"
        total = 0
        for pid in pids:
            with suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith(field))
        return total / 1024

    def said(self) -> str:
        """The end of what it has logged."""
        return self.log.read_text(errors="replace")[-2000:]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from `state` on (proc(5)); none where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@contextmanager
def running(
    command: Sequence[str], core: int | str, log: Path, folder: Path = ROOT
) -> Iterator[Process]:
    """Run a command on a core until the end of the block; stdout is a pipe."""
    with (
        log.open("w") as errors,
        subprocess.Popen(
            pinned(core, command),
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            process_group=0,
        ) as popen,
    ):
        try:
            yield Process(popen, log)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(popen.pid, signal.SIGKILL)
            popen.wait()


def compiled(name: str, folder: Path) -> str:
    """Compile one of the C programs beside this file; where it is then."""
    out = folder / name
    source = Path(__file__).with_name(f"{name}.c")
    command = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(out), str(source)]
    subprocess.run(command, check=True, timeout=60)
    return str(out)
