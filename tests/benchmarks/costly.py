"""Messages made to cost, out of bytes as `Choices`.

A message is a question, a record whose RDATA others point into, and a block of up to four shapes
of records that repeats until the message is full.
"""

from enclave_dns.wire.message import MAX_RECORDS
from enclave_dns.wire.names import from_labels, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.rdata import LAYOUTS
from enclave_dns.wire.render import header
from tests.fakes.choices import Choices

QUESTIONS = (
    from_text("www.corp.net"),
    from_labels([b"a"] * 127),
    from_labels([b"a" * 63] * 3 + [b"a" * 61]),
    b"\0",
    from_text("1.0.0.10.in-addr.arpa"),
)
OPAQUE = 65280
APL, NSEC, TXT, SVCB = 42, 47, 16, 64
ADDRESSES = {RRType.A: b"\x0a\0\0\x01", RRType.AAAA: b"\xfd" + bytes(15)}
TYPES = (
    *(*LAYOUTS, *ADDRESSES, OPAQUE),
    *(APL, NSEC, TXT, SVCB, RRType.HTTPS, RRType.OPT, RRType.CNAME, RRType.CAA, RRType.RRSIG),
)
LABEL = b"\1b"
STRING = b"\x0e"
"""The length of each string of a text."""

Shape = tuple[bytes, bytes, bytes, int | None]
"""Owner, the fields up to the TTL, RDATA, and where in it each record has a number of its own."""


def pointer(offset: int) -> bytes:
    """A compression pointer."""
    return (0xC000 | offset & 0x3FFF).to_bytes(2)


def costly(choices: Choices, size: int) -> bytes:
    """A message of at most `size` bytes."""
    asked = choices.pick(QUESTIONS)
    rtype = choices.pick(TYPES)
    run = _run(choices, min(16000, size // 2))
    start = 12 + len(asked) + 4 + 11
    targets = (12, 12 + 2 * choices.below(120), start, start + max(0, len(run) - 3))
    first = b"\0" + OPAQUE.to_bytes(2) + b"\0\1" + bytes(4) + len(run).to_bytes(2) + run
    block = [_shape(choices, asked, rtype, targets) for _ in range(1 + choices.below(4))]
    has_run, section, has_lie = choices.below(2), max(0, choices.below(5) - 2), choices.below(8)
    out = asked + rtype.to_bytes(2) + b"\0\1" + (first if has_run else b"")
    count, left, pieces = has_run, size - 12 - len(out), []
    while count < MAX_RECORDS and len(record := _moved(block[count % len(block)], count)) <= left:
        pieces.append(record)
        left -= len(record)
        count += 1
    counts = [0, 0, 0]
    counts[section] = count + (has_lie == 1)
    return header(7, 0x8180, (1, *counts)) + out + b"".join(pieces)


def _run(choices: Choices, size: int) -> bytes:
    """Bytes to point into: labels, a chain of pointers, or names one after the other."""
    match choices.below(4):
        case 0:
            return b"\1" * min(240, size) + b"\0\0"
        case 1:
            # Each at the one before it; the offsets are those behind the shortest question.
            return b"\0\0" + b"".join(pointer(28 + 2 * at) for at in range(size // 4))
        case 2:
            return from_labels([b"a"] * 127) * (size // 256)
        case _:
            return bytes(2 + choices.below(64))


def _name(choices: Choices, asked: bytes, targets: tuple[int, ...]) -> bytes:
    own = choices.below(12)
    if own < 5:
        return pointer(choices.pick(targets))
    if own < 8:
        return LABEL * (1 + choices.below(8)) + pointer(choices.pick(targets))
    return (b"\0", b"\1b\0", asked, pointer(0x3FFF))[own - 8]


def _shape(choices: Choices, asked: bytes, rtype: int, targets: tuple[int, ...]) -> Shape:
    """A kind of record."""
    owner = _name(choices, asked, targets)
    if choices.below(2):
        owner = pointer(12)
    kind = rtype if choices.below(2) else choices.pick(TYPES)
    layout = LAYOUTS.get(kind)
    place: int | None = None
    if layout is not None:
        names = b"".join(_name(choices, asked, targets) for _ in range(layout.names))
        rdata = bytes(layout.before) + names + bytes(layout.after)
        place = 0 if layout.before else None
    elif kind in ADDRESSES:
        rdata = ADDRESSES[RRType(kind)]
        place = len(rdata) - 2
    else:
        rdata = _opaque(choices, kind)
        place = 9 if kind == TXT else None
    if choices.below(6) == 1:
        rdata, place = rdata[: choices.below(8)], None
    rclass = b"\0\3" if choices.below(12) == 1 else b"\0\1"
    return owner, kind.to_bytes(2) + rclass + bytes(3) + b"\x3c", rdata, place


def _opaque(choices: Choices, kind: int) -> bytes:
    """RDATA of the types that hold no compressed names."""
    many = 1 + choices.below(60)
    if kind == RRType.OPT:
        return b"\xfd\xe9\0\0" * many
    if kind == TXT:
        return (STRING + b"ip4:10.0.00000") * many
    if kind in (SVCB, RRType.HTTPS):
        params = b"".join(key.to_bytes(2) + b"\0\4\x0a\0\0\1" for key in range(4, 4 + many))
        return b"\0\1\0" + params
    if kind == APL:
        return b"\0\1\x18\x03\x0a\0\0" * many
    if kind == NSEC:
        return b"\0" + b"".join(bytes((window, 1, 1)) for window in range(many))
    return bytes(many - 1)


def _moved(shape: Shape, count: int) -> bytes:
    """The record of a shape; its RDATA differs from one record to the next, where it can."""
    owner, fields, rdata, place = shape
    if place is not None:
        number = b"%05d" % count if rdata[:1] == STRING else count.to_bytes(2)
        rdata = rdata[:place] + number + rdata[place + len(number) :]
    return owner + fields + len(rdata).to_bytes(2) + rdata
