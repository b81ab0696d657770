"""Generated names, records and messages: strategies for hypothesis.

Messages draw their names from a small pool and its children, so that compression has something to
do. `Alphabet` bounds what a label may hold where another codec cannot take every byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import Message, WireQuestion
from enclave_dns.wire.names import MAX_NAME, Name, from_labels, labels
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.rdata import LAYOUTS
from enclave_dns.wire.record import Record

ANY_BYTE = bytes(range(256))
ASCII = bytes(range(128))
LOWER = bytes(byte for byte in range(256) if not 0x41 <= byte <= 0x5A)

OPAQUE = (RRType.A, RRType.AAAA, RRType.TXT, 65280)
CURRENT = (
    *(RRType.NS, RRType.CNAME, RRType.SOA, RRType.PTR, RRType.MX, RRType.RP, RRType.AFSDB),
    *(RRType.RT, RRType.PX, RRType.SRV, RRType.KX, RRType.DNAME),
)
OBSOLETE = (RRType.MD, RRType.MF, RRType.MB, RRType.MG, RRType.MR, RRType.MINFO)
ALL_TYPES = (*OPAQUE, *CURRENT, *OBSOLETE)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What generated messages may hold.

    `letters` are the bytes of labels; `least` is the size of the smallest EDNS option and of the
    smallest RDATA of no type that we know. `is_query` keeps to opcode 0 and at most one question,
    which every codec reads alike.
    """

    letters: bytes = ANY_BYTE
    rtypes: Sequence[int] = ALL_TYPES
    is_query: bool = False
    max_labels: int = 50
    least: int = 0


def label(letters: bytes = ANY_BYTE) -> st.SearchStrategy[bytes]:
    """A label: mostly short, sometimes of 63 bytes."""
    byte = st.sampled_from(letters)
    short = st.lists(byte, min_size=1, max_size=6)
    longest = st.lists(byte, min_size=63, max_size=63)
    return st.one_of(short, short, short, longest).map(bytes)


def names(letters: bytes = ANY_BYTE, max_labels: int = 127) -> st.SearchStrategy[Name]:
    """A name: a few labels of any kind, or many labels of one byte."""
    few = st.lists(label(letters), max_size=5)
    many = st.lists(st.sampled_from(letters).map(lambda byte: bytes((byte,))), max_size=max_labels)
    return st.one_of(few, few, many).map(_fitting)


def _fitting(parts: list[bytes]) -> Name:
    while sum(1 + len(part) for part in parts) + 1 > MAX_NAME:
        parts = parts[1:]
    return from_labels(parts)


@st.composite
def rdata(draw: st.DrawFn, rtype: int, name: st.SearchStrategy[Name], least: int = 0) -> bytes:
    """Well-formed RDATA of a type, with its names from `name`."""
    layout = LAYOUTS.get(rtype)
    if layout is not None:
        before = draw(st.binary(min_size=layout.before, max_size=layout.before))
        inside = b"".join(draw(name) for _ in range(layout.names))
        return before + inside + draw(st.binary(min_size=layout.after, max_size=layout.after))
    if rtype == RRType.TXT:
        strings = draw(st.lists(st.binary(max_size=20), min_size=1, max_size=3))
        return b"".join(bytes((len(string),)) + string for string in strings)
    size = {int(RRType.A): 4, int(RRType.AAAA): 16}.get(rtype)
    return draw(st.binary(min_size=size or least, max_size=size or 30))


@st.composite
def messages(draw: st.DrawFn, alphabet: Alphabet = Alphabet()) -> Message:
    """A whole message: questions, records in every section, EDNS or none."""
    letters = alphabet.letters
    pool = draw(st.lists(names(letters, alphabet.max_labels), min_size=1, max_size=3))
    child = st.builds(
        lambda first, base: _fitting([first, *labels(base)]), label(letters), st.sampled_from(pool)
    )
    name = st.one_of(st.sampled_from(pool), child)

    @st.composite
    def record(draw: st.DrawFn) -> Record:
        rtype = int(draw(st.sampled_from(alphabet.rtypes)))
        ttl = draw(st.integers(0, 0x7FFFFFFF))
        return Record(draw(name), rtype, ttl, draw(rdata(rtype, name, alphabet.least)))

    section = st.lists(record(), max_size=3).map(tuple)
    rtype = st.integers(1, 40) | st.just(65280)
    question = st.builds(WireQuestion, name, rtype, st.just(1))
    flags = draw(st.integers(0, 0xFFFF))
    return Message(
        draw(st.integers(0, 0xFFFF)),
        flags & 0x87F0 if alphabet.is_query else flags,
        draw(st.lists(question, max_size=1 if alphabet.is_query else 3).map(tuple)),
        draw(section),
        draw(section),
        draw(section),
        draw(st.none() | opts(alphabet.least)),
    )


def opts(least: int = 0) -> st.SearchStrategy[Edns]:
    """An OPT record with local-use options, which no codec looks into (RFC 6891, 9)."""
    option = st.tuples(st.integers(65001, 65534), st.binary(min_size=least, max_size=12))
    return st.builds(
        Edns,
        udp_size=st.integers(0, 0xFFFF),
        version=st.integers(0, 255),
        do=st.booleans(),
        extended_rcode=st.integers(0, 255),
        options=st.lists(option, max_size=3).map(tuple),
    )
