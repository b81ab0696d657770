"""Rendering: compression where RFC 3597 allows it, and truncation at RRset borders."""

from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import TC, Message, WireQuestion, read_message
from enclave_dns.wire.names import from_labels, from_text
from enclave_dns.wire.numbers import RRType, type_name
from enclave_dns.wire.rdata import LAYOUTS
from enclave_dns.wire.record import Record
from enclave_dns.wire.render import MAX_MESSAGE, Writer, header, render, render_query, rrsets
from tests.fakes.dns_messages import messages, names

NAME = from_text("www.corp.net")
ASKED = (WireQuestion(NAME, RRType.A),)


def address(last: int, name: bytes = NAME) -> Record:
    return Record(name, RRType.A, 60, bytes((10, 0, last >> 8, last & 0xFF)))


@pytest.mark.parametrize("rtype", LAYOUTS, ids=type_name)
def test_names_in_rdata_are_compressed_for_types_of_rfc_1035_only(rtype: int) -> None:
    layout = LAYOUTS[rtype]
    rdata = bytes(layout.before) + NAME * layout.names + bytes(layout.after)
    packet = render(Message(1, 0, ASKED, (Record(NAME, rtype, 60, rdata),)))
    assert packet.count(NAME) == (1 if layout.compressed else 1 + layout.names)
    assert read_message(packet).answer[0].rdata == rdata


def test_owners_point_at_the_longest_name_before_them() -> None:
    chain = Record(NAME, RRType.CNAME, 60, from_text("db.corp.net"))
    packet = render(Message(1, 0, ASKED, (chain, address(1, from_text("db.corp.net")))))
    fixed = b"\0\5\0\1\0\0\0\x3c\0\5"
    assert packet[12 + len(NAME) + 4 :].startswith(b"\xc0\x0c" + fixed + b"\2db\xc0\x10")
    assert packet.endswith(b"\xc0\x2a\0\1\0\1\0\0\0\x3c\0\4\n\0\0\1")


def test_compression_keeps_the_case_of_every_name() -> None:
    upper = from_text("WWW.corp.NET")
    message = Message(1, 0, ASKED, (address(1, upper), address(2)))
    assert read_message(render(message)) == message


def test_no_pointer_leads_past_what_14_bits_can_say() -> None:
    filler = Record(b"\0", 65280, 0, bytes(0x4000))
    late = from_text("late.example")
    message = Message(1, 0, (), (filler, address(1, late), address(2, late)))
    packet = render(message)
    assert packet.count(late) == 2
    assert read_message(packet) == message


@given(names(), st.integers(0, 0xFFFF), st.booleans(), st.booleans(), st.booleans())
def test_a_query_is_one_question_with_edns(
    name: bytes, rtype: int, do: bool, cd: bool, rd: bool
) -> None:
    message = read_message(render_query(9, name, rtype, do=do, cd=cd, rd=rd, udp_size=1232))
    flags = 0x0100 * rd | 0x0010 * cd
    assert message == Message(9, flags, (WireQuestion(name, rtype),), edns=Edns(1232, do=do))


def bare(message: Message) -> Message:
    return replace(message, answer=(), authority=(), additional=())


def is_prefix_of_rrsets(part: tuple[Record, ...], whole: tuple[Record, ...]) -> bool:
    """Whether `part` is the first records of `whole` and ends where an RRset ends."""
    if whole[: len(part)] != part:
        return False
    rest = whole[len(part) :]
    keys = [[(r.name.lower(), r.rtype) for r in side] for side in (part, rest)]
    return not keys[0] or not keys[1] or keys[0][-1] != keys[1][0]


@given(messages(), st.data())
def test_a_limit_is_respected_and_cuts_between_rrsets(
    message: Message, data: st.DataObject
) -> None:
    size, least = len(render(message)), len(render(bare(message)))
    limit = data.draw(st.integers(least, size + 1))
    packet = render(message, limit)
    cut = read_message(packet)
    assert len(packet) <= limit
    assert (cut.question, cut.edns) == (message.question, message.edns)
    is_cut = (cut.answer, cut.authority) != (message.answer, message.authority)
    assert cut.flags == (message.flags | TC if is_cut else message.flags)
    assert (packet == render(message)) is (limit >= size)
    assert is_prefix_of_rrsets(cut.answer, message.answer)
    assert is_prefix_of_rrsets(cut.authority, message.authority)
    assert is_prefix_of_rrsets(cut.additional, message.additional)
    # Nothing stands behind a section that was cut.
    if cut.answer != message.answer:
        assert not cut.authority
    if is_cut:
        assert not cut.additional


@pytest.mark.parametrize("flags", [0, TC])
def test_every_size_of_a_reply_with_two_rrsets(flags: int) -> None:
    first = tuple(address(at) for at in range(3))
    second = tuple(address(at, from_text("db.corp.net")) for at in range(2))
    extra = (address(9, from_text("x.corp.net")),)
    message = Message(
        1, 0x8180 | flags, ASKED, first, second, extra, Edns(options=((65001, b"x"),))
    )
    seen = set()
    for limit in range(len(render(bare(message))), len(render(message)) + 1):
        packet = render(message, limit)
        cut = read_message(packet)
        assert len(packet) <= limit
        assert cut.edns == message.edns
        counts = (len(cut.answer), len(cut.authority), len(cut.additional))
        seen.add((counts, cut.is_truncated or bool(flags)))
    assert seen == {
        ((0, 0, 0), True),
        ((3, 0, 0), True),
        ((3, 2, 0), bool(flags)),
        ((3, 2, 1), bool(flags)),
    }


def test_an_rrset_is_written_whole_or_leaves_no_trace() -> None:
    writer = Writer()
    writer.question(ASKED[0])
    before = bytes(writer.out)
    many = [address(at, from_text("db.corp.net")) for at in range(9)]
    assert not writer.rrset(many, len(before) + 100)
    assert writer.out == before
    # A name that was taken back is not pointed at.
    assert writer.rrset(many[:1], 512)
    writer.out[:12] = header(1, 0, (1, 1, 0, 0))
    assert read_message(bytes(writer.out)).answer == (many[0],)


def test_the_largest_message_is_rendered_and_one_byte_more_is_cut() -> None:
    fixed = len(render(Message(1, 0, ASKED))) + 2 + 10
    whole = Record(NAME, 65280, 0, bytes(MAX_MESSAGE - fixed))
    assert len(render(Message(1, 0, ASKED, (whole,)))) == MAX_MESSAGE
    more = replace(whole, rdata=whole.rdata + b"\0")
    assert read_message(render(Message(1, 0, ASKED, (more,)))) == Message(1, TC, ASKED)


def test_the_same_names_cost_no_more_than_their_pointers() -> None:
    longest = from_labels([b"a" * 31] * 7)
    records = tuple(Record(longest, RRType.NS, 1, longest) for _ in range(100))
    assert len(render(Message(1, 0, (), records))) == 12 + len(longest) + 12 + 99 * 14


@given(st.lists(st.tuples(st.sampled_from([b"\1a\0", b"\1A\0", b"\1b\0"]), st.integers(1, 2))))
def test_rrsets_are_runs_of_one_name_and_type(keys: list[tuple[bytes, int]]) -> None:
    records = [Record(name, rtype, at, b"") for at, (name, rtype) in enumerate(keys)]
    runs = rrsets(records)
    assert [r for run in runs for r in run] == records
    folded = [(name.lower(), rtype) for name, rtype in keys]
    assert [len(run) for run in runs] == [len(list(run)) for _, run in groupby(folded)]
