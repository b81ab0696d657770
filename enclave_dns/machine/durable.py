"""Replacing a file so that whoever looks, also after a power loss, finds the old or the new one.

The new file is written beside the old one under a fixed name, so that a crash leaves one stray at
most, which the next replacement takes away. OSError is the caller's to translate.
"""

import os
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, data: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Put a new file in the path's place: the old one (or symlink) stays until it is whole.

    `owner` is user and group id; extended attributes (a label of SELinux) are those of the file
    that was there.
    """
    beside = stray(path)
    with suppress(FileNotFoundError):
        beside.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(beside, flags, 0o600)
    try:
        try:
            _write(descriptor, data)
            if owner is not None:
                os.fchown(descriptor, *owner)
            os.fchmod(descriptor, mode)
            _copy_attributes(path, descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    sync_directory(path.parent)


def replace_by_link(path: Path, target: str) -> None:
    """Put a symlink in the path's place."""
    beside = stray(path)
    with suppress(FileNotFoundError):
        beside.unlink()
    beside.symlink_to(target)
    try:
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    sync_directory(path.parent)


def overwrite(path: Path, data: bytes) -> None:
    """Write over the content of a file that cannot be replaced (it is a mount of its own).

    One write covers all of the old content, line ends filling up what the new one is shorter, and
    only then is the file cut: it is never empty, and at each moment reads as the old or the new
    one. A power loss may still mix blocks of both.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        filled = data.ljust(os.fstat(descriptor).st_size, b"\n")
        _write(descriptor, filled)
        os.fsync(descriptor)
        os.ftruncate(descriptor, len(data))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stray(path: Path) -> Path:
    """Where the new file is written before it takes the path's place."""
    return path.with_name(f".{path.name}.enclave-dns")


def sync_directory(folder: Path) -> None:
    """Make what was renamed or removed in a directory survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _copy_attributes(path: Path, descriptor: int) -> None:
    """What a file system does not know or does not allow is left out."""
    with suppress(OSError):
        for name in os.listxattr(path):
            with suppress(OSError):
                os.setxattr(descriptor, name, os.getxattr(path, name))
