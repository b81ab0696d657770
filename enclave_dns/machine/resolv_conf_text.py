"""Our resolv.conf, made from the one that was there, and told from every other one.

We come first, at most two of the machine's nameservers behind us: glibc and musl read three
(MAXNS). Every line of ours that is not a setting begins with MARK, and one of them holds a checksum
of the whole, so that an edited file of ours is known as such and can be freed of us again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from enclave_dns.sources.nameserver import Nameserver, read_nameserver
from enclave_dns.sources.resolv_conf import parse_resolv_conf

MARK: Final = b"# enclave-dns: "
MAX_SERVERS: Final = 3
"""Nameservers that glibc and musl read (MAXNS in resolv.h)."""
MAX_SEARCH: Final = 6
"""Search domains that glibc before 2.26 read (MAXDNSRCH)."""
MAX_SEARCH_TEXT: Final = 255
"""Characters of them; musl ignores a longer line altogether."""

_WRITTEN: Final = MARK + b"written by the stub, which puts the earlier file back when it stops\n"
_REMEDY: Final = MARK + b"to put it back when the stub is gone: enclave-dns os restore\n"
_STUB: Final = MARK + b"the stub is "
_SEARCH: Final = MARK + b"search "
_JOURNAL: Final = MARK + b"journal "
_CHECKSUM: Final = MARK + b"sha256 "
_REPLACED: Final = frozenset((b"nameserver", b"search", b"domain", b"options"))


@dataclass(frozen=True, slots=True)
class OurText:
    """A whole file, and which of our search domains found no place in it."""

    data: bytes
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """Whose a file of ours is: the `id` of the journal's entry, and where that journal is."""

    id: str = ""
    journal: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a resolv.conf says to programs, in its order, whatever its comments are."""

    nameservers: tuple[Nameserver, ...]
    search: tuple[str, ...]
    options: tuple[bytes, ...]
    others: tuple[bytes, ...]


def our_text(
    original: bytes,
    stub: str,
    search: Sequence[str] = (),
    local_domain: str = "",
    written: Written | None = None,
) -> OurText:
    """The file with the stub at address `stub` in front of the original's nameservers.

    All options stay but `rotate`, with which we would not be first. Our search domains come before
    theirs as long as that keeps within the limits of old C libraries; theirs all stay.
    `local_domain` is what glibc searches where no file says anything (resolv.conf(5)): a line of
    ours would end that. `written` is named in a comment. Raises ValueError where the original names
    nobody behind us, or where what we made does not read as it is meant.
    """
    before = parse_resolv_conf(original)
    front = read_nameserver(stub)
    if front is None:
        raise ValueError(f"cannot name {stub}")
    behind = tuple(dict.fromkeys(s for s in before.nameservers if s.address != front.address))
    if not behind:
        raise ValueError("names no nameserver")
    servers = (front, *behind[: MAX_SERVERS - 1])
    theirs = search_of(original) or ([local_domain] if local_domain and search else [])
    domains, dropped = _joined([name for name in search if _is_plain(name)], theirs)
    lines = [b"nameserver " + str(server).encode() for server in servers]
    if domains:
        lines.append(b"search " + " ".join(domains).encode("latin-1"))
    # glibc reads a longer word that begins so as `rotate`, too.
    if options := [word for word in _options(original) if not word.startswith(b"rotate")]:
        lines.append(b"options " + b" ".join(options))
    lines += _others(original)
    named = {name.lower() for name in search_of(original)}
    added = [name for name in domains if name.lower() not in named]
    data = _sealed(_head(stub, added, written), b"\n".join(lines) + b"\n")
    expected = replace(before, nameservers=servers, rotate=False, skipped=())
    if parse_resolv_conf(data) != expected or search_of(data) != domains or not is_ours(data):
        raise ValueError("holds lines that cannot be kept beside ours")
    return OurText(data, dropped)


def _head(stub: str, added: Sequence[str], written: Written | None) -> bytes:
    head = _WRITTEN + _REMEDY + _STUB + stub.encode() + b"\n"
    if added:
        head += _SEARCH + " ".join(added).encode("latin-1") + b"\n"
    if written is not None:
        words = f"{written.id} {json.dumps(written.journal)}"
        head += _JOURNAL + words.encode() + b"\n"
    return head


def _sealed(head: bytes, settings: bytes) -> bytes:
    return head + _CHECKSUM + _digest(head + settings) + b"\n" + settings


def _digest(text: bytes) -> bytes:
    return sha256(text.rstrip(b"\n")).hexdigest().encode()


def is_ours(text: bytes) -> bool:
    """Whether we wrote this, and nobody has changed it; line ends at its end do not count."""
    head, mark, rest = text.partition(_CHECKSUM)
    digest, _, settings = rest.partition(b"\n")
    return bool(mark) and digest == _digest(head + settings)


def bears_our_mark(text: bytes) -> bool:
    """Whether it is ours, or was before somebody changed it."""
    return any(line.startswith(MARK) for line in text.split(b"\n"))


def written_by(text: bytes) -> Written:
    """Whose file it is; empty where nothing in it says so."""
    for words in _marked(text, _JOURNAL):
        name, _, journal = words.decode("utf-8", "replace").partition(" ")
        try:
            where = json.loads(journal)
        except ValueError:
            where = ""
        return Written(name, where if isinstance(where, str) else "")
    return Written()


def without_us(text: bytes) -> bytes:
    """What others have made of a file of ours, without our marks, nameserver and suffixes."""
    stubs = {b"nameserver " + stub.strip() for stub in _marked(text, _STUB)}
    added = {name for names in _marked(text, _SEARCH) for name in names.split()}
    kept = [
        _less(line, added)
        for line in text.split(b"\n")
        if not line.startswith(MARK) and b" ".join(line.split()[:2]) not in stubs
    ]
    return b"\n".join(line for line in kept if line is not None)


def says_what_we_left(edited: bytes, original: bytes) -> bool:
    """Whether a file of ours that somebody has edited still says what we made of the original.

    Then nothing but comments was changed, and the original says all that is to be kept.
    """
    for stub in _marked(edited, _STUB):
        try:
            ours = our_text(original, stub.decode("ascii", "replace").strip())
        except ValueError:
            return False
        return settings_of(without_us(edited)) == settings_of(without_us(ours.data))
    return False


def settings_of(text: bytes) -> Settings:
    """All but the comments."""
    servers = parse_resolv_conf(text).nameservers
    search, options = tuple(search_of(text)), tuple(_options(text))
    return Settings(servers, search, options, tuple(_others(text)))


def _marked(text: bytes, mark: bytes) -> list[bytes]:
    return [line.removeprefix(mark) for line in text.split(b"\n") if line.startswith(mark)]


def _less(line: bytes, added: set[bytes]) -> bytes | None:
    """A line without the search domains that we added; None where no other is in it."""
    words = line.split()
    if words[:1] != [b"search"] or added.isdisjoint(words[1:]):
        return line
    left = [word for word in words[1:] if word not in added]
    return b" ".join([b"search", *left]) if left else None


def search_of(text: bytes) -> list[str]:
    """The search domains; of several `search` and `domain` lines the last one counts."""
    found: list[str] = []
    for words in _words(text):
        if words[0] == b"search":
            found = [word.decode("latin-1") for word in words[1:]]
        elif words[0] == b"domain":
            found = [word.decode("latin-1") for word in words[1:2]]
    return found


def _joined(ours: Sequence[str], theirs: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """As many of ours as there is place for, then theirs; and which of ours were left out."""
    is_limited = _has_place(theirs)
    for count in range(len(ours), -1, -1):
        first = list(dict.fromkeys(ours[:count]))
        known = {name.lower() for name in first}
        joined = first + [name for name in theirs if name.lower() not in known]
        if not is_limited or _has_place(joined):
            return joined, tuple(ours[count:])
    return list(theirs), tuple(ours)


def _has_place(names: Sequence[str]) -> bool:
    return len(names) <= MAX_SEARCH and len(" ".join(names)) <= MAX_SEARCH_TEXT


def _is_plain(name: str) -> bool:
    return name.isascii() and all(char.isalnum() or char in "._-" for char in name)


def _options(text: bytes) -> list[bytes]:
    return [word for words in _words(text) if words[0] == b"options" for word in words[1:]]


def _others(text: bytes) -> list[bytes]:
    """Settings that we do not know (`sortlist`, and what other systems have)."""
    return [b" ".join(words) for words in _words(text) if words[0] not in _REPLACED]


def _words(text: bytes) -> list[list[bytes]]:
    lines = text.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    found = [line.partition(b"#")[0].partition(b";")[0].split() for line in lines]
    return [words for words in found if len(words) > 1]
