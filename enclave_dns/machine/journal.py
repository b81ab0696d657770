"""The journal: how to undo what is changed in this machine, on disk before the change is made.

One entry, in a file of the state directory, with a checksum; it is read back before anybody relies
on it, and removed once all is undone. A file beside it, which nobody else may open, is locked by
the process that uses the journal: the kernel gives the lock back however that process ends.
"""

import fcntl
import json
import os
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.durable import replace_file, sync_directory
from enclave_dns.machine.integration import Entry, Manager
from enclave_dns.sources.files import NoContent, read_file

SCHEMA: Final = 1
MAX_BYTES: Final = 1 << 20
"""A journal that is larger is damaged."""

NAME: Final = "os-journal.json"

_LOCK: Final = "lock"
_LOCKS: Final = Path("/proc/locks")

_TRIES: Final = 3
_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Damaged:
    """There is a journal, but not as we wrote it; what it says is not to be done."""

    path: Path

    def __str__(self) -> str:
        return (
            f"{self.path} is damaged and is not followed; `enclave-dns os restore` "
            "takes us out of resolv.conf and sets the journal aside"
        )


class Journal:
    """The journal in one state directory. All methods block; for a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: int | None = None
        self._lock_path = folder / _LOCK
        self.path = folder / NAME

    @property
    def is_there(self) -> bool:
        """Whether there is something to undo."""
        return os.path.lexists(self.path)

    @property
    def is_mine(self) -> bool:
        """Whether this process has kept others from using it."""
        return self._lock is not None

    def hold(self) -> bool:
        """Keep others from using the journal; False where somebody does already.

        Makes the directory. Raises EnvironmentFault where it cannot be had.
        """
        if self._lock is not None:
            return True
        try:
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._lock_path, flags, 0o600)
        except OSError as error:
            raise self._fault("use", error) from error
        for _ in range(_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                # Whoever asks `is_held` has it for an instant, too.
                time.sleep(_PAUSE)
            else:
                self._lock = descriptor
                return True
        os.close(descriptor)
        return False

    def release(self) -> None:
        """Let others use it; may be called twice."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def is_held(self) -> bool:
        """Whether another process uses it just now."""
        if self._lock is not None:
            return False
        try:
            descriptor = os.open(self._lock_path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except PermissionError:
            return self._is_listed()
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _is_listed(self) -> bool:
        """The same for whoever may not open the lock: from the kernel's list (proc_locks(5))."""
        try:
            inode = f":{self._lock_path.stat().st_ino}"
            lines = _LOCKS.read_text().splitlines()
        except (OSError, ValueError):
            return False
        rows = [line.split() for line in lines]
        return any(row[1] == "FLOCK" and row[5].endswith(inode) for row in rows if len(row) == 8)

    def read(self) -> Entry | Damaged | None:
        """What is to be undone; None: nothing. Raises EnvironmentFault where it cannot be read."""
        content = read_file(self.path, MAX_BYTES)
        if isinstance(content, NoContent):
            if content.is_missing and not self.is_there:
                return None
            raise EnvironmentFault(f"cannot read {self.path}: {content.reason}; run as root")
        entry = None if content.is_cut else decode(content.data)
        return Damaged(self.path) if entry is None else entry

    def write(self, entry: Entry) -> None:
        """Have the entry on disk, or raise EnvironmentFault: then nothing may be changed."""
        data = encode(entry)
        try:
            replace_file(self.path, data, 0o644)
        except OSError as error:
            raise self._fault("write", error) from error
        if self.read() != decode(data):
            raise EnvironmentFault(
                f"{self.path} does not hold what was written; check the disk, "
                "or set `state_dir` to a directory elsewhere"
            )

    def clear(self) -> None:
        """All is undone. Raises EnvironmentFault where the file stays."""
        try:
            self.path.unlink(missing_ok=True)
            if self._folder.is_dir():
                sync_directory(self._folder)
        except OSError as error:
            raise self._fault("clear", error) from error

    def set_aside(self) -> Path:
        """Take a damaged journal out of the way, for somebody to look at; returns where it is."""
        aside = self.path.with_suffix(".damaged")
        try:
            self.path.replace(aside)
        except OSError as error:
            raise self._fault("set aside", error) from error
        return aside

    def _fault(self, what: str, error: OSError) -> EnvironmentFault:
        return EnvironmentFault(
            f"cannot {what} the journal {self.path}: {error.strerror}; "
            "run as root, or set `state_dir` to a directory that may be written"
        )


def encode(entry: Entry) -> bytes:
    """One line of JSON, and one with its checksum."""
    body = {"schema": SCHEMA, "manager": entry.manager.value, "data": dict(entry.data)}
    line = json.dumps(body).encode()
    return line + b"\n" + sha256(line).hexdigest().encode() + b"\n"


def decode(data: bytes) -> Entry | None:
    """The inverse of `encode`; None for anything else."""
    line, _, checksum = data.partition(b"\n")
    if checksum != sha256(line).hexdigest().encode() + b"\n":
        return None
    try:
        body = json.loads(line)
        if body["schema"] != SCHEMA or not isinstance(body["data"], dict):
            return None
        return Entry(Manager(body["manager"]), body["data"])
    except (ValueError, KeyError, TypeError):
        return None
