"""Reading whole messages: what we render comes back, and what is malformed does not."""

from dataclasses import replace

import pytest
from hypothesis import given

from enclave_dns.errors import MessageError
from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import MAX_RECORDS, Message, WireQuestion, read_message
from enclave_dns.wire.names import from_labels, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.render import header, render
from tests.fakes.dns_messages import messages

NAME = from_text("www.corp.net")
QUESTION = NAME + b"\0\1\0\1"
OWNER = b"\xc0\x0c"
OPT = Edns().rendered()


def record(
    rtype: int, rdata: bytes, *, owner: bytes = OWNER, rclass: int = 1, ttl: int = 60
) -> bytes:
    fixed = rtype.to_bytes(2) + rclass.to_bytes(2) + ttl.to_bytes(4) + len(rdata).to_bytes(2)
    return owner + fixed + rdata


def packet(*records: bytes, counts: tuple[int, int, int, int] | None = None) -> bytes:
    return header(7, 0x8180, counts or (1, len(records), 0, 0)) + QUESTION + b"".join(records)


A = record(RRType.A, b"\n\0\0\1")


@given(messages())
def test_what_is_rendered_reads_back_as_the_same_message(message: Message) -> None:
    assert read_message(render(message)) == message


def test_names_of_the_most_labels_read_back() -> None:
    longest = from_labels([b"%c" % (97 + at % 7) for at in range(127)])
    records = tuple(Record(longest, RRType.NS, 1, longest[at * 2 :]) for at in range(8))
    message = Message(1, 0x8000, (WireQuestion(longest, 1),), records)
    assert read_message(render(message)) == message


def test_header_fields_are_told_apart() -> None:
    message = read_message(header(0xABCD, 0xAB93, (0, 0, 0, 1)) + Edns(extended_rcode=1).rendered())
    assert (message.id, message.is_response, message.opcode) == (0xABCD, True, 5)
    assert (message.is_truncated, message.rcode) == (True, 19)
    assert replace(message, edns=None, flags=0).rcode == 0


REFUSED = {
    "nothing": b"",
    "half a header": packet()[:11],
    "a question that is not there": packet(counts=(2, 0, 0, 0)),
    "no question where one is": packet(counts=(0, 0, 0, 0)),
    "more answers than there are": packet(A, counts=(1, 2, 0, 0)),
    "fewer answers than there are": packet(A, A, counts=(1, 1, 0, 0)),
    "every count at its most": packet(A, counts=(65535, 65535, 65535, 65535)),
    "trailing bytes": packet(A) + b"\0",
    "a record that ends in its name": packet(A)[:-14],
    "a record that ends in its fixed fields": packet(A)[:-6],
    "a record that ends in its RDATA": packet(A)[:-1],
    "RDATA longer than the packet": packet(A[:-6] + b"\xff\xff\n\0\0\1"),
    "seventeen questions": header(7, 0, (17, 0, 0, 0)) + QUESTION * 17,
    "more records than may be": header(7, 0, (0, 0, MAX_RECORDS + 1, 0))
    + record(RRType.A, b"\n\0\0\1", owner=b"\0") * (MAX_RECORDS + 1),
    "OPT twice": packet(OPT, OPT, counts=(1, 0, 0, 2)),
    "OPT twice with an address between": packet(OPT, A, OPT, counts=(1, 0, 0, 3)),
    "OPT as answer": packet(OPT),
    "OPT as authority": packet(OPT, counts=(1, 0, 1, 0)),
    "OPT under a name": packet(b"\1a" + OPT, counts=(1, 0, 0, 1)),
    "an option longer than its OPT": packet(
        record(RRType.OPT, b"\0\x0a\0\5abcd", owner=b"\0"), counts=(1, 0, 0, 1)
    ),
    "half an option": packet(record(RRType.OPT, b"\0\x0a\0", owner=b"\0"), counts=(1, 0, 0, 1)),
    "an OPT longer than the packet": packet(OPT[:-2] + b"\0\4", counts=(1, 0, 0, 1)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_broken_framing_refuses_the_whole_message(case: str) -> None:
    with pytest.raises(MessageError):
        read_message(REFUSED[case])


LEFT_OUT = {
    "a short MX": record(RRType.MX, b"\0"),
    "a CNAME with more behind it": record(RRType.CNAME, b"\1a\0x"),
    "a CNAME that points forwards": record(RRType.CNAME, b"\xc1\xff"),
    "an A of five bytes": record(RRType.A, b"\n\0\0\1\1"),
    "an AAAA of four bytes": record(RRType.AAAA, b"\n\0\0\1"),
    "an A without RDATA": record(RRType.A, b""),
    "another class": record(RRType.TXT, b"\1a", rclass=3),
    "a signature of the transport": record(RRType.TSIG, bytes(17), rclass=255, ttl=0),
}


@pytest.mark.parametrize("case", LEFT_OUT)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_record_costs_only_itself(case: str, place: int) -> None:
    records = [A, record(RRType.MX, b"\0\1" + OWNER)]
    whole = read_message(packet(*records))
    records.insert(place, LEFT_OUT[case])
    assert read_message(packet(*records)) == replace(whole, left_out=1)


@pytest.mark.parametrize(("ttl", "meant"), [(0, 0), (0x7FFFFFFF, 0x7FFFFFFF), (0x80000000, 0)])
def test_a_ttl_with_its_top_bit_set_is_zero(ttl: int, meant: int) -> None:
    message = read_message(packet(record(RRType.A, b"\n\0\0\1", ttl=ttl)))
    assert message.answer[0].ttl == meant


def test_names_keep_their_case_and_their_section() -> None:
    upper = record(RRType.CNAME, b"\1A" + OWNER, owner=b"\3WWW\4Corp\3net\0")
    message = read_message(packet(A, upper, A, OPT, counts=(1, 1, 1, 2)))
    assert [r.rtype for r in (*message.answer, *message.authority, *message.additional)] == [
        1,
        5,
        1,
    ]
    assert message.authority[0].name == from_text("WWW.Corp.net")
    assert message.authority[0].rdata == from_text("A.www.corp.net")
    assert message.edns == Edns()


def test_as_many_records_as_may_be_are_read() -> None:
    records = record(RRType.A, b"\n\0\0\1", owner=b"\0") * MAX_RECORDS
    message = read_message(header(7, 0x8000, (0, MAX_RECORDS, 0, 0)) + records)
    assert len(message.answer) == MAX_RECORDS
