"""One resolv.conf on disk: what it was, ours in its place, and the way back.

Whatever may fail is translated into one line with the remedy. At each moment, whenever the process
is killed, the path leads to a working file: the original, or ours.
"""

import base64
import binascii
import errno
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.durable import overwrite, replace_by_link, replace_file, stray
from enclave_dns.machine.resolv_conf_text import (
    Written,
    bears_our_mark,
    is_ours,
    says_what_we_left,
    without_us,
    written_by,
)
from enclave_dns.sources.files import NoContent, read_file

MAX_BYTES: Final = 64 << 10
"""A resolv.conf that is larger is none, and is left alone."""

_READ: Final = 4 * MAX_BYTES
"""What is read of a file that may be ours: what `save` allows, and what we add to it."""

KEPT: Final = "before-enclave-dns"
"""The suffix of an original that is kept beside an edited file of ours."""
_MOST_KEPT: Final = 9

_OFF: Final = "or set `manage_dns = false`"
_REMEDIES: Final = {
    errno.EPERM: "it may be immutable: `chattr -i {path}` as root",
    errno.EACCES: "run as root",
    errno.EROFS: "its file system is read-only: mount it for writing",
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the quota is used up: make room",
}
_NO_RENAME: Final = frozenset(
    (errno.EBUSY, errno.EXDEV, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTSUP)
)
"""How a file says that it may not be replaced: it is a mount, or its directory is closed."""


class Whose(Enum):
    """Who made the file as it is now."""

    OURS = "ours"
    EDITED = "ours, edited by somebody"
    ANOTHER_STUBS = "another stub's"
    THEIRS = "somebody else's"
    MISSING = "missing"
    EMPTY = "empty"
    UNREADABLE = "no file that can be read"


@dataclass(frozen=True, slots=True)
class Saved:
    """The file as it was before us: all that is needed to put it back.

    `link` is the target of the symlink that stood there, and `content` what that led to; empty
    where there was a plain file. `journal`: which one this is written into; `over`: whose file of
    ours it was read from, where it was one.
    """

    path: Path
    content: bytes
    mode: int
    owner: tuple[int, int]
    link: str = ""
    journal: str = ""
    over: str = ""

    @property
    def written(self) -> Written:
        """What our file says of itself."""
        line = json.dumps(self.as_data(), sort_keys=True).encode()
        return Written(sha256(line).hexdigest()[:16], self.journal)

    def as_data(self) -> dict[str, object]:
        """Plain JSON."""
        return {
            "path": str(self.path),
            "content": base64.b64encode(self.content).decode(),
            "mode": self.mode,
            "owner": list(self.owner),
            "link": self.link,
            "journal": self.journal,
            "over": self.over,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Self:
        """The inverse of `as_data`. Raises EnvironmentFault where it is something else."""
        path, content, mode = data.get("path"), data.get("content"), data.get("mode")
        owner = data.get("owner")
        marks = data.get("link"), data.get("journal", ""), data.get("over", "")
        try:
            if isinstance(path, str) and isinstance(content, str):
                raw = base64.b64decode(content, validate=True)
                match mode, owner, marks:
                    case int(), [int() as user, int() as group], (str(), str(), str()):
                        return cls(Path(path), raw, mode, (user, group), *marks)
        except binascii.Error:
            pass
        raise EnvironmentFault(
            "the journal's entry on resolv.conf cannot be read and is left alone; "
            "`enclave-dns os status` tells where it is: move it away"
        )


def save(path: Path, journal: str = "") -> Saved:
    """The file as it is. Where it bears our mark and no journal knows of it, as it is without us.

    `journal` is where the result is to be written into.

    Raises EnvironmentFault where there is nothing to stand in front of.
    """
    link = _link(path)
    content = read_file(path, _READ)
    if isinstance(content, NoContent):
        raise EnvironmentFault(_unreadable(path, link, content))
    is_marked = bears_our_mark(content.data)
    if content.is_cut or (len(content.data) > MAX_BYTES and not is_marked):
        raise EnvironmentFault(
            f"{path} is larger than {MAX_BYTES >> 10} KiB, which no resolv.conf is: "
            f"correct it, {_OFF}"
        )
    try:
        status = path.stat()
    except OSError as error:
        raise _fault(path, error) from error
    data = without_us(content.data) if is_marked else content.data
    over = written_by(content.data).id if is_marked else ""
    owner = status.st_uid, status.st_gid
    return Saved(path, data, stat.S_IMODE(status.st_mode), owner, link, journal, over)


def put(saved: Saved, data: bytes) -> None:
    """Our file in the place of the original, or of an earlier one of ours.

    Raises EnvironmentFault, also where somebody has changed the file since it was saved.
    """
    found = whose(saved.path, saved)
    if found is Whose.ANOTHER_STUBS:
        raise another_stubs(saved.path)
    is_led_elsewhere = _link(saved.path) not in ("", saved.link)
    if is_led_elsewhere or (found is not Whose.OURS and not _is_original(saved)):
        raise EnvironmentFault(f"{saved.path} has just been changed by somebody; it is read again")
    _write(saved, data)


def another_stubs(path: Path) -> EnvironmentFault:
    """Why a file that another stub has written is not touched."""
    return EnvironmentFault(
        f"{path} is another stub's, which keeps its journal in "
        f"{written_by(_data(path)).journal or 'another place'}: stop that stub "
        f"(`enclave-dns os restore` where it is gone), {_OFF}"
    )


def whose(path: Path, saved: Saved | None = None) -> Whose:
    """Who made the file as it is now. With `saved` at hand, ours is what was written for that."""
    content = read_file(path, _READ)
    if isinstance(content, NoContent):
        return Whose.MISSING if content.is_missing else Whose.UNREADABLE
    data = content.data
    if not data.strip():
        return Whose.EMPTY
    # A file that does not tell is of an earlier version.
    if saved is not None and written_by(data).id not in ("", saved.written.id, saved.over):
        return Whose.ANOTHER_STUBS
    if is_ours(data):
        return Whose.OURS
    return Whose.EDITED if bears_our_mark(data) else Whose.THEIRS


def restore(saved: Saved) -> str:
    """The original in the place of ours, byte for byte; returns what was done, in words.

    A file or symlink that somebody else has put there meanwhile stays. One of ours in which
    somebody has changed more than comments loses what is ours, and the original is kept beside it.
    Raises EnvironmentFault.
    """
    path = saved.path
    link = _link(path)
    if link and link != saved.link:
        return f"{path} leads elsewhere now ({link}) and stays as it is"
    with suppress(OSError):  # A read-only directory says so even where there is nothing.
        stray(path).unlink(missing_ok=True)
    found = whose(path, saved)
    if _is_original(saved) and found not in (Whose.MISSING, Whose.EMPTY):
        if not saved.link and _data(path) != saved.content:
            _write(saved, saved.content)  # an undo that was cut short between its two steps
        return f"{path} is the original"
    if found is Whose.THEIRS:
        return f"{path} was written by somebody else meanwhile and stays as it is"
    if found is Whose.ANOTHER_STUBS:
        return f"{path} is another stub's meanwhile and stays as it is"
    if found is Whose.UNREADABLE:
        raise EnvironmentFault(
            f"{path} cannot be read, so that nobody knows whose it is, and stays as it is: "
            "run as root, or move it away"
        )
    if found is Whose.EDITED and not says_what_we_left(_data(path), saved.content):
        kept = _keep(saved)
        take_out(path)
        return (
            f"{path} was edited by somebody meanwhile; only what was ours is gone from it, "
            f"and the original is {kept}"
        )
    if saved.link:
        try:
            replace_by_link(path, saved.link)
        except OSError as error:
            raise _fault(path, error) from error
        return f"{path} is a symlink to {saved.link} again"
    _write(saved, saved.content)
    return f"{path} is the original again, byte for byte"


def take_out(path: Path) -> None:
    """Remove what is ours from a file of ours whose original nobody knows. Raises as `save`."""
    saved = save(path)
    _write(saved, saved.content)


def read_now(path: Path) -> bytes:
    """The content as it is; empty where there is none."""
    return _data(path)


def _keep(saved: Saved) -> Path:
    """Put the original beside the file, or else beside the journal; returns where it is."""
    problem = OSError()
    folders = [saved.path.parent]
    if saved.journal:
        folders.append(Path(saved.journal).parent)
    for folder in folders:
        kept = _free(folder / f"{saved.path.name}.{KEPT}")
        try:
            if saved.link and folder == saved.path.parent:
                replace_by_link(kept, saved.link)
            else:
                replace_file(kept, saved.content, saved.mode, saved.owner)
        except OSError as error:
            problem = error
        else:
            return kept
    raise _fault(saved.path, problem) from problem


def _free(path: Path) -> Path:
    """A name that no earlier original has; the last one is given again and again."""
    names = [path, *(path.with_name(f"{path.name}.{n}") for n in range(2, _MOST_KEPT + 1))]
    return next((name for name in names if not os.path.lexists(name)), names[-1])


def _is_original(saved: Saved) -> bool:
    if _link(saved.path) != saved.link:
        return False
    return bool(saved.link) or _data(saved.path).rstrip(b"\n") == saved.content.rstrip(b"\n")


def _data(path: Path) -> bytes:
    content = read_file(path, _READ)
    return b"" if isinstance(content, NoContent) else content.data


def _link(path: Path) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 - a Path would tidy the target up
    except OSError:
        return ""


def _write(saved: Saved, data: bytes) -> None:
    path = saved.path
    try:
        try:
            replace_file(path, data, saved.mode, saved.owner)
        except OSError as error:
            # Through a symlink we would write somebody else's file.
            if error.errno not in _NO_RENAME or _link(path):
                raise
            overwrite(path, data)
    except OSError as error:
        raise _fault(path, error) from error
    if _data(path) != data:
        raise EnvironmentFault(
            f"{path} does not hold what was written: somebody else writes it, too, "
            f"or the disk is broken; find out which, {_OFF}"
        )


def _unreadable(path: Path, link: str, content: NoContent) -> str:
    if link and content.is_missing:
        return f"{path} is a symlink to {link}, which is not there: start what writes it, {_OFF}"
    if content.is_missing:
        return f"there is no {path} to stand in front of: it is looked for again, {_OFF}"
    return f"{path} cannot be read ({content.reason}): run as root, {_OFF}"


def _fault(path: Path, error: OSError) -> EnvironmentFault:
    remedy = _REMEDIES.get(error.errno or 0, "correct that").format(path=path)
    return EnvironmentFault(f"cannot change {path} ({error.strerror}): {remedy}, {_OFF}")
