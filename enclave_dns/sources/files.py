"""Reading a file that may be missing, huge, half written or no file at all.

Every outcome is a value: a missing hosts file is an ordinary state of a machine. What a file *is*
(its identity) is taken before its content, so that a change during the reading is seen afterwards.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """What changes when a file's content does: written in place, or replaced by another file."""

    mtime_ns: int
    device: int
    inode: int
    size: int


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, `is_cut` where the limit left some out, and what the file was."""

    data: bytes
    identity: Identity
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class NoContent:
    """Why there are no bytes. `is_missing`: there is simply no such file."""

    reason: str
    is_missing: bool = False


def read_file(path: Path, limit: int) -> Content | NoContent:
    """At most `limit` bytes of a regular file, symlinks followed. Never raises for the file."""
    try:
        # Without O_NONBLOCK, a FIFO in the file's place would hold us for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return NoContent("no such file", is_missing=True)
    except (OSError, ValueError) as error:
        return NoContent(_reason(error))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return NoContent("not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        return NoContent(_reason(error))
    finally:
        os.close(descriptor)
    return Content(data[:limit], _identity(status), is_cut=len(data) > limit)


def identify(path: Path) -> Identity | None:
    """What the file is now, symlinks followed; None where none can be found."""
    try:
        return _identity(path.stat())
    except (OSError, ValueError):
        return None


def _identity(status: os.stat_result) -> Identity:
    return Identity(status.st_mtime_ns, status.st_dev, status.st_ino, status.st_size)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
