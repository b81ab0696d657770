"""What dig printed, as a value that a test can compare.

Reads dig's default output: header, EDNS, the four sections and the closing statistics. Names and
data stay in dig's spelling (final dots, quotes); nothing is sorted.
"""

import re
from dataclasses import dataclass

SILENCE = "SILENCE"
"""The status where no reply came: time ran out, or the port or connection was closed."""

_HEADER = re.compile(r"^;; ->>HEADER<<- opcode: (\w+), status: (\w+), id: (\d+)$", re.MULTILINE)
_FLAGS = re.compile(r"^;; flags: ?([a-z ]*);", re.MULTILINE)
_EDNS = re.compile(r"^; EDNS: version: (\d+), flags: ?([a-z ]*);.* udp: (\d+)$", re.MULTILINE)
_EDE = re.compile(r"^; EDE: (\d+)", re.MULTILINE)
_SERVER = re.compile(r"^;; SERVER: .*\((UDP|TCP)\)$", re.MULTILINE)
_SIZE = re.compile(r"^;; MSG SIZE  rcvd: (\d+)$", re.MULTILINE)
_SECTION = re.compile(
    r"^;; (QUESTION|ANSWER|AUTHORITY|ADDITIONAL) SECTION:\n((?:.+\n)*)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Row:
    """One resource record of class IN, as dig prints it; `ttl` in seconds."""

    name: str
    ttl: int
    rtype: str
    data: str


@dataclass(frozen=True, slots=True)
class Edns:
    """The OPT record of a reply: its size, its flags, and the extended error codes in it."""

    version: int
    flags: frozenset[str]
    size: int
    errors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply, or none: then `status` is SILENCE and all else is empty.

    `status` and `flags` are in dig's words (`NOERROR`; `qr`, `aa`, `tc`, `rd`, `ra`, `ad`, `cd`).
    `was_truncated`: a first reply over UDP had TC, and dig asked again over TCP. `size` in bytes;
    `transport` is `UDP` or `TCP`; `text` is all that dig printed.
    """

    status: str
    flags: frozenset[str] = frozenset()
    question: str = ""
    answer: tuple[Row, ...] = ()
    authority: tuple[Row, ...] = ()
    additional: tuple[Row, ...] = ()
    edns: Edns | None = None
    transport: str = ""
    size: int = 0
    was_truncated: bool = False
    is_malformed: bool = False
    text: str = ""

    @property
    def addresses(self) -> list[str]:
        """The addresses of the answer section in their order."""
        return [row.data for row in self.answer if row.rtype in ("A", "AAAA")]

    def data(self, rtype: str) -> list[str]:
        """The data of the answer section's records of one type, in their order."""
        return [row.data for row in self.answer if row.rtype == rtype]


def read_answer(text: str) -> Answer:
    """The reply in dig's output. The last one counts where dig printed several."""
    headers = list(_HEADER.finditer(text))
    if not headers:
        return Answer(SILENCE, text=text)
    last = text[headers[-1].start() :]
    sections = {name: body.splitlines() for name, body in _SECTION.findall(last)}
    transport, size = _SERVER.search(last), _SIZE.search(last)
    return Answer(
        status=headers[-1][2],
        flags=_words(_FLAGS, last),
        question=" ".join(sections.get("QUESTION", [""])[0].removeprefix(";").split()),
        answer=_rows(sections.get("ANSWER", [])),
        authority=_rows(sections.get("AUTHORITY", [])),
        additional=_rows(sections.get("ADDITIONAL", [])),
        edns=_edns(last),
        transport=transport[1] if transport else "",
        size=int(size[1]) if size else 0,
        was_truncated=";; Truncated, retrying in TCP mode." in text,
        is_malformed="malformed" in text or "parser error" in text,
        text=text,
    )


def _words(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    found = pattern.search(text)
    return frozenset(found[1].split()) if found else frozenset()


def _edns(text: str) -> Edns | None:
    found = _EDNS.search(text)
    if found is None:
        return None
    errors = tuple(int(code) for code in _EDE.findall(text))
    return Edns(int(found[1]), frozenset(found[2].split()), int(found[3]), errors)


def _rows(lines: list[str]) -> tuple[Row, ...]:
    rows = []
    for line in lines:
        name, ttl, rclass, rtype, *data = line.split(None, 4)
        assert rclass == "IN", line
        rows.append(Row(name, int(ttl), rtype, data[0] if data else ""))
    return tuple(rows)
