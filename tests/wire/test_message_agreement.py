"""Two other readings of the RFCs: dnspython and dnslib read what we render, and we what they do.

Where one of them sees a packet differently, it stands in `DISAGREEMENTS` with the reason; nothing
else may differ. Generated messages keep to what all can say (the bytes of labels, known types).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import dns.exception
import dns.message
import dnslib
import pytest
from hypothesis import given

from enclave_dns.errors import MessageError
from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import Message, WireQuestion, read_message
from enclave_dns.wire.names import from_labels, from_text, labels
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.render import header, render
from tests.fakes.dns_messages import ANY_BYTE, ASCII, CURRENT, LOWER, OPAQUE, Alphabet, messages

KNOWN = (*OPAQUE, *CURRENT)
FOR_DNSPYTHON = Alphabet(ANY_BYTE, KNOWN, is_query=True)
FROM_DNSPYTHON = Alphabet(LOWER, KNOWN, is_query=True)
FOR_DNSLIB = Alphabet(ASCII, KNOWN, is_query=True, least=1)


def by_dnspython(packet: bytes) -> dns.message.Message:
    return dns.message.from_wire(packet, one_rr_per_rrset=True)


def section(rrsets: list[dns.rrset.RRset]) -> tuple[Record, ...]:
    """Records as dnspython read them; RDATA is written without compression by asking for none."""
    return tuple(
        Record(rrset.name.to_wire(), int(rrset.rdtype), rrset.ttl, rdata.to_wire())
        for rrset in rrsets
        for rdata in rrset
    )


@given(messages(FOR_DNSPYTHON))
def test_dnspython_reads_what_we_render(message: Message) -> None:
    theirs = by_dnspython(render(message))
    assert (theirs.id, int(theirs.flags)) == (message.id, message.flags)
    asked = tuple(WireQuestion(q.name.to_wire(), int(q.rdtype)) for q in theirs.question)
    assert asked == message.question
    assert section(theirs.answer) == message.answer
    assert section(theirs.authority) == message.authority
    assert section(theirs.additional) == message.additional
    if message.edns is None:
        assert theirs.opt is None
        return
    assert (theirs.edns, theirs.payload) == (message.edns.version, message.edns.udp_size)
    assert theirs.rcode() == message.rcode
    options = tuple((int(option.otype), option.to_wire()) for option in theirs.options)
    assert options == message.edns.options


@given(messages(FROM_DNSPYTHON))
def test_we_read_what_dnspython_renders(message: Message) -> None:
    theirs = by_dnspython(render(message)).to_wire(max_size=65535)
    assert read_message(theirs) == message


@given(messages(FOR_DNSLIB))
def test_dnslib_reads_what_we_render_and_we_read_what_it_renders(message: Message) -> None:
    theirs = dnslib.DNSRecord.parse(render(message))
    assert theirs.header.id == message.id
    assert [q.qname.label for q in theirs.questions] == [
        tuple(labels(q.name)) for q in message.question
    ]
    for ours, records in (
        (message.answer, theirs.rr),
        (message.authority, theirs.auth),
        (message.additional, theirs.ar[: len(message.additional)]),
    ):
        expected = [(tuple(labels(r.name)), r.rtype, r.ttl) for r in ours]
        assert [(r.rname.label, r.rtype, r.ttl) for r in records] == expected
    assert read_message(theirs.pack()) == message


NAME = from_text("a.b")
ASKED = NAME + b"\0\1\0\1"
OWNER = b"\xc0\x0c"


def record(
    rtype: int, rdata: bytes, *, owner: bytes = OWNER, rclass: int = 1, ttl: int = 60
) -> bytes:
    fixed = rtype.to_bytes(2) + rclass.to_bytes(2) + ttl.to_bytes(4) + len(rdata).to_bytes(2)
    return owner + fixed + rdata


def packet(*answer: bytes, additional: tuple[bytes, ...] = (), flags: int = 0x8180) -> bytes:
    counts = (1, len(answer), 0, len(additional))
    return header(7, flags, counts) + ASKED + b"".join(answer + additional)


A = record(1, b"\n\0\0\1")
OPT = Edns().rendered()
LONGEST = from_labels([b"a"] * 127)
LABORIOUS = b"".join(
    record(1, b"\n\0\0\1", owner=(0xC000 | 12 + 2 * (126 - at)).to_bytes(2)) for at in range(127)
)
CHAIN = b"".join((0xC000 | (12 if not at else 31 + 2 * at)).to_bytes(2) for at in range(200))
ENTRIES = tuple(
    record(1, b"\n\0\0\1", owner=(0xC000 | 33 + 2 * (199 - at)).to_bytes(2)) for at in range(100)
)

READS, DROPS, REFUSES = "reads all records", "drops one record", "refuses the message"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A packet, what the three make of it, and why ours is right for us."""

    packet: bytes
    ours: str
    dnspython: str
    dnslib: str
    reason: str


DISAGREEMENTS = {
    "bytes behind the last record": Disagreement(
        packet(A) + b"x", REFUSES, REFUSES, READS, "what was not read must not pass unseen"
    ),
    "a name of 257 bytes": Disagreement(
        header(7, 0, (1, 0, 0, 0)) + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1",
        *(REFUSES, REFUSES, READS, "RFC 1035, 2.3.4"),
    ),
    "a pointer into the header": Disagreement(
        packet(record(1, b"\n\0\0\1", owner=b"\xc0\x04")),
        *(REFUSES, READS, READS, "no name stands there; id and counts are the sender's to choose"),
    ),
    "an MX of one byte": Disagreement(
        packet(A, record(15, b"\0")), DROPS, REFUSES, REFUSES, "one bad record is dropped alone"
    ),
    "a CNAME with a byte behind it": Disagreement(
        packet(A, record(5, b"\1a\0x")), DROPS, REFUSES, READS, "one bad record is dropped alone"
    ),
    "an A of five bytes": Disagreement(
        packet(A, record(1, b"\n\0\0\1\1")),
        *(DROPS, REFUSES, READS, "no address; dropped before the rule could misjudge it"),
    ),
    "an A of three bytes": Disagreement(
        packet(A, record(1, b"\n\0\0")), DROPS, REFUSES, REFUSES, "one bad record is dropped alone"
    ),
    "an A of no bytes": Disagreement(
        packet(A, record(1, b"")), DROPS, REFUSES, REFUSES, "one bad record is dropped alone"
    ),
    "a TXT whose string is too long": Disagreement(
        packet(A, record(16, b"\5a")),
        *(READS, REFUSES, REFUSES, "opaque on the wire; judged where text is disclosed"),
    ),
    "an unknown type without RDATA": Disagreement(
        packet(A, record(65280, b"")), READS, READS, REFUSES, "RFC 3597 allows it"
    ),
    "OPT twice": Disagreement(
        packet(additional=(OPT, OPT)), REFUSES, REFUSES, READS, "RFC 6891, 6.1.1"
    ),
    "OPT in the answer section": Disagreement(
        packet(OPT), REFUSES, REFUSES, READS, "RFC 6891, 6.1.1: only as additional data"
    ),
    "OPT under a name": Disagreement(
        packet(additional=(b"\1a" + OPT,)), REFUSES, REFUSES, READS, "RFC 6891, 6.1.2"
    ),
    "half an option": Disagreement(
        packet(additional=(record(41, b"\xff\0\0", owner=b"\0"),)),
        *(REFUSES, REFUSES, READS, "RFC 6891, 6.1.2: options fill the record"),
    ),
    "a cookie of three bytes": Disagreement(
        packet(additional=(record(41, b"\0\x0a\0\3abc", owner=b"\0"),)),
        *(READS, REFUSES, READS, "options are bytes to us; none is passed on"),
    ),
    "another class": Disagreement(
        packet(A, record(16, b"\1a", rclass=3)), DROPS, READS, READS, "only IN is served"
    ),
    "a TSIG without a key": Disagreement(
        packet(A, additional=(record(250, bytes(17), owner=b"\1k\0", rclass=255, ttl=0),)),
        *(DROPS, REFUSES, READS, "we share no keys, and the path is authenticated below us"),
    ),
    "an update": Disagreement(
        packet(A, flags=0x2800), READS, REFUSES, READS, "the opcode is for the caller to refuse"
    ),
    "a label of bytes that are no UTF-8": Disagreement(
        header(7, 0, (1, 0, 0, 0)) + b"\1\xff\0\0\1\0\1",
        *(READS, READS, REFUSES, "RFC 2181, 11: any byte may stand in a label"),
    ),
    "a pointer at each label of a long name": Disagreement(
        header(7, 0x8180, (1, 127, 0, 0)) + LONGEST + b"\0\2\0\1" + LABORIOUS,
        *(REFUSES, READS, READS, "work in proportion to the bytes; nobody writes this by chance"),
    ),
    "a chain of 200 pointers": Disagreement(
        packet(record(65280, CHAIN), *ENTRIES),
        *(READS, REFUSES, READS, "each step leads back and is done once: cheap enough"),
    ),
    "4,097 records": Disagreement(
        header(7, 0x8180, (0, 4097, 0, 0)) + record(1, b"\n\0\0\1", owner=b"\0") * 4097,
        *(REFUSES, READS, READS, "more than one message of addresses can hold"),
    ),
    "17 questions": Disagreement(
        header(7, 0, (17, 0, 0, 0)) + ASKED * 17, REFUSES, READS, READS, "one is all we answer"
    ),
    "a DNAME with a pointer": Disagreement(
        packet(A, record(39, b"\1x" + OWNER)),
        *(READS, REFUSES, READS, "liberal in what is read; RFC 3597, 4 binds who writes"),
    ),
    "a KX with a pointer": Disagreement(
        packet(A, record(36, b"\0\1\1x" + OWNER)),
        *(READS, REFUSES, READS, "liberal in what is read; RFC 3597, 4 binds who writes"),
    ),
}


def verdict(read: Callable[[bytes], int], raw: bytes) -> str:
    claimed = int.from_bytes(raw[6:8]) + int.from_bytes(raw[10:12])
    try:
        found = read(raw)
    except (MessageError, dns.exception.DNSException, dnslib.DNSError):
        return REFUSES
    return READS if found == claimed else DROPS


def our_count(raw: bytes) -> int:
    message = read_message(raw)
    return len(message.answer) + len(message.additional) + (message.edns is not None)


def dnspython_count(raw: bytes) -> int:
    message = by_dnspython(raw)
    return len(message.answer) + len(message.additional) + (message.opt is not None)


def dnslib_count(raw: bytes) -> int:
    message = dnslib.DNSRecord.parse(raw)
    return len(message.rr) + len(message.ar)


@pytest.mark.parametrize("case", DISAGREEMENTS)
def test_the_three_differ_as_listed(case: str) -> None:
    row = DISAGREEMENTS[case]
    assert verdict(our_count, row.packet) == row.ours
    assert verdict(dnspython_count, row.packet) == row.dnspython
    assert verdict(dnslib_count, row.packet) == row.dnslib
    assert len({row.ours, row.dnspython, row.dnslib}) > 1, "they agree: take it off the list"


AGREED_REFUSALS = {
    "a pointer forwards": packet(record(1, b"\n\0\0\1", owner=b"\xc0\x40")),
    "a pointer at itself": packet(record(1, b"\n\0\0\1", owner=b"\xc0\x15")),
    "a reserved label type": header(7, 0, (1, 0, 0, 0)) + b"\x41a\0\0\1\0\1",
    "a record that is not there": packet(A)[:-16] + A[:-1],
    "an option longer than its OPT": packet(additional=(record(41, b"\xff\0\0\5a", owner=b"\0"),)),
    "half a header": packet()[:11],
}


@pytest.mark.parametrize("case", AGREED_REFUSALS)
def test_all_three_refuse(case: str) -> None:
    for count in (our_count, dnspython_count, dnslib_count):
        assert verdict(count, AGREED_REFUSALS[case]) == REFUSES


def test_they_write_the_second_spelling_of_a_name_like_the_first() -> None:
    # dnspython compresses without regard to case (allowed by RFC 1035); we keep every spelling.
    upper = Record(from_text("A.B"), 1, 60, b"\n\0\0\1")
    message = Message(1, 0x8000, (WireQuestion(NAME, 1),), (upper,))
    packet = render(message)
    assert read_message(packet) == message
    theirs = read_message(by_dnspython(packet).to_wire())
    assert theirs.answer == (replace(upper, name=NAME),)


def test_they_leave_pointers_in_obsolete_types_and_we_expand_them() -> None:
    # RFC 3597, 4: types of RFC 1035 must be expanded; the others do not know MB to MINFO.
    raw = packet(record(RRType.MB, b"\1x" + OWNER))
    assert read_message(raw).answer[0].rdata == from_text("x.a.b")
    assert by_dnspython(raw).answer[0][0].to_wire() == b"\1x" + OWNER
    assert dnslib.DNSRecord.parse(raw).rr[0].rdata.data == b"\1x" + OWNER


def test_dnslib_loses_a_last_option_without_data() -> None:
    edns = Edns(options=((65001, b"a"), (65002, b"")))
    packet = render(Message(1, 0, edns=edns))
    assert read_message(packet).edns == edns
    again = read_message(dnslib.DNSRecord.parse(packet).pack())
    assert again.edns == replace(edns, options=edns.options[:1])


def test_dnslib_keeps_a_ttl_that_rfc_2181_calls_zero() -> None:
    raw = packet(record(1, b"\n\0\0\1", ttl=0x80000001))
    assert read_message(raw).answer[0].ttl == by_dnspython(raw).answer[0].ttl == 0
    assert dnslib.DNSRecord.parse(raw).rr[0].ttl == 0x80000001
