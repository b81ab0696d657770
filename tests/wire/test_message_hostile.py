"""Packets made to cost: nothing but MessageError comes out, and work stays within the allowance.

Work is counted, never timed: the cursor's steps, and, because a step that is not counted is the
very thing to fear, every look into the packet as well.
"""

from typing import Any

import dns.message
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.wire.cursor import allowance
from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import MAX_RECORDS, Message, _Reading, read_message
from enclave_dns.wire.names import from_labels, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.render import header, render
from tests.fakes.dns_messages import messages

ONE_NAME = 128
"""Steps of one name at most, which may be done before a step too many shows."""

LOOKS_PER_STEP = 8


class Looks(bytes):
    """A packet that counts how often it is indexed or sliced."""

    count = 0

    def __getitem__(self, key: Any) -> Any:
        self.count += 1
        return super().__getitem__(key)


def read_within_bounds(packet: bytes) -> Message | None:
    """The message, or None where it is refused; fails where reading costs too much."""
    looked = Looks(packet)
    try:
        reading = _Reading(looked)
    except MessageError:
        return None
    try:
        message = reading.message()
    except MessageError:
        message = None
    budget = allowance(len(packet))
    steps = reading.cursor.steps
    assert steps <= budget if message else steps <= budget + ONE_NAME
    assert looked.count <= LOOKS_PER_STEP * (steps + 8)
    return message


def record(rtype: int, rdata: bytes = b"", owner: bytes = b"\0") -> bytes:
    return owner + rtype.to_bytes(2) + b"\0\1\0\0\0\x3c" + len(rdata).to_bytes(2) + rdata


def pointer(offset: int) -> bytes:
    return (0xC000 | offset).to_bytes(2)


def answers(count: int, body: bytes, questions: int = 0) -> bytes:
    return header(7, 0x8180, (questions, count, 0, 0)) + body


LONGEST = from_labels([b"a"] * 127)
ASKED = LONGEST + b"\0\2\0\1"
MOST = 65535


def one_name_for_all(count: int) -> bytes:
    """Owner and target of every record are the one name of 127 labels."""
    return answers(count, ASKED + record(RRType.NS, pointer(12), pointer(12)) * count, 1)


def every_offset(count: int) -> bytes:
    """Each record points at another label of the long name."""
    ways = ((12 + 2 * (at * 7 % 127), 12 + 2 * (126 - at % 127)) for at in range(count))
    body = (record(RRType.NS, pointer(target), pointer(owner)) for owner, target in ways)
    return answers(count, ASKED + b"".join(body), 1)


def names_through_records(size: int) -> bytes:
    """Names in RDATA that jump over the record behind them, and so on to the end."""
    count = min(MAX_RECORDS, (size - 12) // 12)
    return answers(count, record(RRType.NS, b"\x0b") * count)


def chain_of_pointers(size: int, users: int) -> bytes:
    """A run of pointers, each at the one before it, and records that enter at its end."""
    links = (size - 12 - 11 - 12 * users) // 2 - 1
    run = b"\0\0" + b"".join(pointer(23 + max(0, 2 * at - 1)) for at in range(1, links + 1))
    ends = (pointer(min(0x3FFE, 23 + 2 * links) - 2 * at) for at in range(users))
    body = record(65280, run) + b"".join(record(65280, b"", end) for end in ends)
    return answers(1 + users, body)


def overlapping_labels(size: int) -> bytes:
    """Records that point at every byte of a run of length bytes: each another name."""
    run = b"\1" * 240 + b"\0\0"
    count = (size - 12 - 11 - len(run)) // 12
    ends = (pointer(23 + at % 240) for at in range(count))
    return answers(1 + count, record(65280, run) + b"".join(record(1, b"", end) for end in ends))


HOSTILE = {
    "one name, a query's size": one_name_for_all(69),
    "one name, 280 records": one_name_for_all(280),
    "one name, a stream's size": one_name_for_all(MAX_RECORDS),
    "every offset of a long name, a query's size": every_offset(69),
    "every offset of a long name, 280 records": every_offset(280),
    "every offset of a long name, a stream's size": every_offset(MAX_RECORDS),
    "names through records, a query's size": names_through_records(1232),
    "names through records, a stream's size": names_through_records(MOST),
    "a chain of pointers, a query's size": chain_of_pointers(1232, 20),
    "a chain of pointers, a stream's size": chain_of_pointers(MOST, 200),
    "overlapping labels, a query's size": overlapping_labels(1232),
    "overlapping labels, a stream's size": overlapping_labels(40_000),
    "records without anything": answers(4096, record(0) * 4096),
    "empty names in RDATA": answers(4096, record(RRType.NS, b"\0") * 4096),
    "addresses": answers(4094, record(RRType.A, b"\n\0\0\1") * 4094),
    "long names again and again": answers(120, record(RRType.RP, LONGEST * 2, LONGEST) * 84),
    "one record that fills the message": answers(1, record(65280, bytes(MOST - 23))),
    "options without anything": header(7, 0, (0, 0, 0, 1))
    + Edns(options=((65001, b""),) * 16_000).rendered(),
    "bytes of one label length": header(7, 0, (16, 4000, 0, 0)) + b"\1" * (MOST - 12),
    "bytes of the longest label": header(7, 0, (16, 4000, 0, 0)) + b"\x3f" * (MOST - 12),
    "pointers to the header": header(7, 0, (16, 4000, 0, 0)) + b"\xc0\x0c" * 32_000,
    "zeros": header(7, 0, (16, 4000, 0, 0)) + bytes(MOST - 12),
    "counts that lie": header(7, 0x8180, (65535, 65535, 65535, 65535)) + bytes(500),
}

READ = {
    "one name, a query's size",
    "one name, 280 records",
    "one name, a stream's size",
    "records without anything",
    "addresses",
    "one record that fills the message",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_packets_are_read_or_refused_within_the_allowance(case: str) -> None:
    assert len(HOSTILE[case]) <= MOST
    message = read_within_bounds(HOSTILE[case])
    assert (message is not None) is (case in READ)


def test_a_name_that_280_records_refer_to_is_read_whole() -> None:
    message = read_message(one_name_for_all(280))
    assert {(found.name, found.rdata) for found in message.answer} == {(LONGEST, LONGEST)}
    assert len(one_name_for_all(280)) < 4300


def test_a_pointer_may_enter_a_name_at_each_of_its_labels_and_nowhere_else() -> None:
    for at in range(len(LONGEST)):
        body = ASKED + record(RRType.A, b"\n\0\0\1", pointer(12 + at))
        message = read_within_bounds(answers(1, body, 1))
        # At odd places stands a letter, which is no length that a label can have.
        assert (message.answer[0].name if message else None) == (None if at % 2 else LONGEST[at:])


REAL = [
    dns.message.from_text(text).to_wire()
    for text in (
        """id 1
flags RD
edns 0
payload 1232
;QUESTION
dbserver1.corp.net. IN A
""",
        """id 2
flags QR RD RA
edns 0
eflags DO
payload 1232
;QUESTION
www.corp.net. IN A
;ANSWER
www.corp.net. 300 IN CNAME web.dmz.corp.net.
web.dmz.corp.net. 60 IN A 10.0.0.30
web.dmz.corp.net. 60 IN A 192.168.0.30
;AUTHORITY
corp.net. 3600 IN NS ns1.corp.net.
;ADDITIONAL
ns1.corp.net. 3600 IN A 10.0.0.53
""",
        """id 3
flags QR AA RD
rcode NXDOMAIN
;QUESTION
_ldap._tcp.nope.corp.net. IN SRV
;AUTHORITY
corp.net. 900 IN SOA ns1.corp.net. admin.corp.net. 7 3600 600 86400 300
""",
        """id 4
flags QR RD RA
;QUESTION
_ldap._tcp.corp.net. IN SRV
;ANSWER
_ldap._tcp.corp.net. 600 IN SRV 0 100 389 dc1.corp.net.
_ldap._tcp.corp.net. 600 IN SRV 0 100 389 dc2.corp.net.
;ADDITIONAL
dc1.corp.net. 600 IN AAAA 2001:db8::1
dc2.corp.net. 600 IN MX 5 mail.corp.net.
""",
    )
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real packet with some bytes changed, taken out, doubled or cut off."""
    packet = bytearray(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(packet) - 1)))
        match draw(st.integers(0, 4)):
            case 0:
                packet[at : at + 1] = draw(st.binary(min_size=1, max_size=2))
            case 1:
                del packet[at : at + draw(st.integers(1, 12))]
            case 2:
                packet[at:at] = packet[at : at + draw(st.integers(1, 40))]
            case 3:
                packet[at : at + 2] = pointer(draw(st.integers(0, len(packet) + 4)))
            case _:
                del packet[at:]
    return bytes(packet)


@given(mutated())
def test_a_mutated_packet_is_refused_or_means_one_thing(packet: bytes) -> None:
    message = read_within_bounds(packet)
    if message is not None:
        again = read_message(render(message))
        assert (again.question, again.answer) == (message.question, message.answer)
        assert (again.authority, again.additional) == (message.authority, message.additional)
        assert (again.id, again.flags, again.edns) == (message.id, message.flags, message.edns)


@given(st.binary(max_size=200), st.integers(0, 3))
@example(bytes(200), 0)
def test_any_bytes_are_a_message_or_a_message_error(tail: bytes, count: int) -> None:
    read_within_bounds(tail)
    read_within_bounds(header(1, 0, (count, count, count, count)) + tail)


@given(messages())
def test_what_we_render_ourselves_is_within_the_allowance(message: Message) -> None:
    assert read_within_bounds(render(message)) == message


@given(st.integers(0, 11), st.integers(0, 0xFFFF))
def test_a_pointer_into_the_header_is_refused_whatever_stands_there(
    offset: int, message_id: int
) -> None:
    body = from_text("a.b") + b"\0\1\0\1" + record(RRType.A, b"\n\0\0\1", pointer(offset))
    packet = header(message_id, 0x8180, (1, 1, 0, 0)) + body
    assert read_within_bounds(packet) is None
