"""A compilation as bytes, so that one process can compile and others can serve with the result.

It is a sequence of small frames: the head, every view, then the senders by the number of their
view. To take a frame costs little, whatever the size of the whole. Both ends are processes of one
machine: the spans of a view are copied as they lie in memory. The keys of the senders are no part
of it, since who serves numbers the epochs. Pure.
"""

import json
import struct
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from enclave_dns.disclosure.ranges import Ranges
from enclave_dns.disclosure.view import View
from enclave_dns.errors import DocumentError, EnvironmentFault, Problem
from enclave_dns.gateway.compilation import Compilation
from enclave_dns.gateway.frames import frame, json_frame
from enclave_dns.gateway.views import Sender, SenderClass, Views
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode

_HEAD: Final = b"H"
_PROBLEMS: Final = b"P"
_VIEW: Final = b"V"
_SENDERS: Final = b"S"

_VIEW_HEAD: Final = struct.Struct("!?BII")
_SPAN6: Final = 32
_TOGETHER: Final = 200
"""Senders in one frame: a fraction of a millisecond's work."""


def pack(compilation: Compilation) -> Iterator[bytes]:
    """The frames of a compilation, in order."""
    views = compilation.views
    classes: dict[bytes, tuple[int, View]] = {}
    for sender in views.senders.values():
        classes.setdefault(sender.key, (len(classes), sender.view))
    until = views.valid_until
    head = {
        "version": compilation.version,
        "addresses": [address.hex() for address in compilation.addresses],
        "valid_until": until.isoformat() if until else None,
        "views": len(classes),
        "senders": len(views.senders),
    }
    yield json_frame(_HEAD, head)
    for _, view in classes.values():
        yield frame(_VIEW, _packed_view(view))
    rows = (
        (classes[sender.key][0], sender.sender, source) for source, sender in views.senders.items()
    )
    while some := tuple(islice(rows, _TOGETHER)):
        yield json_frame(_SENDERS, some)


def pack_problems(problems: Iterable[Problem]) -> Iterator[bytes]:
    """The one frame that stands for a document that was refused."""
    yield json_frame(_PROBLEMS, [astuple(problem) for problem in problems])


@dataclass(frozen=True, slots=True)
class _Head:
    version: int
    addresses: tuple[bytes, ...]
    valid_until: datetime | None
    views: int
    senders: int


class Unpacker:
    """Puts a compilation together, frame by frame, with the keys of an epoch (a `Taker`)."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch
        self._head: _Head | None = None
        self._classes: list[SenderClass] = []
        self._senders: dict[str, Sender] = {}
        self._spans6: dict[bytes, bytes] = {}

    def take(self, kind: bytes, content: bytes) -> None:
        """Take the next frame. Raises DocumentError with the problems that it tells of."""
        if kind == _VIEW:
            view = self._view(content)
            self._classes.append(SenderClass.of(view, len(self._classes), self._epoch))
        elif kind == _SENDERS:
            self._add_senders(json.loads(content))
        elif kind == _HEAD:
            self._head = _read_head(**json.loads(content))
        elif kind == _PROBLEMS:
            raise DocumentError(tuple(Problem(*fields) for fields in json.loads(content)))
        else:
            raise ValueError(f"no frame has the kind {kind!r}")

    @property
    def is_whole(self) -> bool:
        """Whether nothing more is to come."""
        found = (len(self._classes), len(self._senders))
        return self._head is not None and found == (self._head.views, self._head.senders)

    def whole(self) -> Compilation:
        """The compilation. Raises EnvironmentFault where frames are missing."""
        head = self._head
        if head is None or not self.is_whole:
            raise EnvironmentFault("the child process did not send everything")
        views = Views(self._senders, head.valid_until, head.views)
        return Compilation(head.version, head.addresses, views)

    def _add_senders(self, rows: Iterable[tuple[int, str, str]]) -> None:
        sender: Sender | None = None
        for number, system_id, source in rows:
            own_class = self._classes[number]
            # One sender may have several addresses, which follow each other.
            if sender is None or (sender.sender, sender.key) != (system_id, own_class.key):
                sender = own_class.sender(system_id)
            self._senders[source] = sender

    def _view(self, content: bytes) -> View:
        is_open, no_answer, size4, size6 = _VIEW_HEAD.unpack_from(content)
        start6 = _VIEW_HEAD.size + size4
        names = start6 + size6
        spans4 = array("Q", content[_VIEW_HEAD.size : start6])
        # Views have most spans in common: each is kept once.
        known = self._spans6
        cut = (content[at : at + _SPAN6] for at in range(start6, names, _SPAN6))
        spans6 = tuple(known.setdefault(span, span) for span in cut)
        suffixes = tuple(_read_names(content[names:]))
        return View(Ranges(spans4, spans6), is_open, suffixes, RCode(no_answer))


def _read_head(
    version: int, addresses: list[str], valid_until: str | None, views: int, senders: int
) -> _Head:
    return _Head(
        int(version),
        tuple(bytes.fromhex(address) for address in addresses),
        datetime.fromisoformat(valid_until) if valid_until else None,
        int(views),
        int(senders),
    )


def _packed_view(view: View) -> bytes:
    spans4 = view.ranges.spans4.tobytes()
    spans6 = b"".join(view.ranges.spans6)
    names = b"".join(len(name).to_bytes() + name for name in view.disclosed_suffixes)
    head = _VIEW_HEAD.pack(view.is_open, view.no_answer, len(spans4), len(spans6))
    return head + spans4 + spans6 + names


def _read_names(content: bytes) -> Iterator[Name]:
    at = 0
    while at < len(content):
        end = at + 1 + content[at]
        yield content[at + 1 : end]
        at = end
