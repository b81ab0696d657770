"""Rendering: the kept form of a reply and the plain way give the same bytes, to everybody."""

from collections.abc import Callable

import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.reply import (
    EDE_NOT_READY,
    Kind,
    Reply,
    disclosed,
    failed,
    negative_soa,
    no_answer,
    own,
    protocol_error,
    relayed,
)
from enclave_dns.resolution import Question
from enclave_dns.serve.query import Query, Refusal
from enclave_dns.serve.rendering import Rendered, render_reply, turned
from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import CD, RD, WireQuestion
from enclave_dns.wire.names import Name, from_labels, from_text, labels
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record
from tests.fakes.dns_messages import names, rdata
from tests.fakes.scripted_program import addresses, large

LETTERS = b"abcXYZ09-_\0.\xff"
NAMES = names(LETTERS, 20)
EDNS = st.none() | st.builds(Edns, udp_size=st.integers(0, 5000), do=st.booleans())
TURNS = st.integers(0, 9)


@st.composite
def with_case(draw: st.DrawFn, name: Name) -> Name:
    """The name as a client may spell it."""
    parts = [bytes(draw(st.sampled_from((b, _other(b)))) for b in part) for part in labels(name)]
    return from_labels(parts)


def _other(byte: int) -> int:
    return bytes((byte,)).swapcase()[0]


@st.composite
def queries(draw: st.DrawFn, name: Name, rtype: int = RRType.A) -> Query:
    """A query for a folded name in any spelling, with any flags, with or without EDNS."""
    question = WireQuestion(draw(with_case(name)), rtype)
    flags = draw(st.integers(0, 0x07FF))
    return Query(draw(st.integers(0, 0xFFFF)), flags, question, Question(name, rtype), draw(EDNS))


@st.composite
def chains(draw: st.DrawFn, name: Name) -> tuple[tuple[Record, ...], Name]:
    """CNAMEs from a name on, in any spelling, and the name that they end at."""
    chain: tuple[Record, ...] = ()
    for target in draw(st.lists(NAMES, max_size=3)):
        chain += (Record(name, RRType.CNAME, 30, target),)
        name = target
    return chain, name


@st.composite
def replies(draw: st.DrawFn, name: Name) -> Reply:
    """A reply of any kind that may be kept, whose order turns or does not."""
    chain, end = draw(chains(name))
    # Now and then the records stand at a name that has not been written before.
    owner = draw(st.sampled_from((end, end, end.lower(), draw(NAMES))))
    address = st.sampled_from((RRType.A, RRType.AAAA))
    rtype = int(draw(address | st.sampled_from((RRType.PTR, RRType.TXT, RRType.MX))))
    fewest = draw(st.sampled_from((0, 2)))
    data = draw(st.lists(rdata(rtype, NAMES), min_size=fewest, max_size=5, unique=True))
    rrset = tuple(Record(owner, rtype, 30, item) for item in data)
    soa = (negative_soa(end),)
    turns = draw(st.booleans())
    rcode = draw(st.sampled_from((RCode.NOERROR, RCode.NXDOMAIN)))
    shown = disclosed(chain, rrset, end=end, lifetime=9.0, turns=turns, rcode=rcode)
    others = (
        relayed(rcode, chain + rrset, soa if draw(st.booleans()) else (), 9.0),
        own(rcode, chain + rrset, soa),
        no_answer(RCode.REFUSED),
    )
    return draw(st.just(shown) | st.sampled_from(others))


@st.composite
def turning_replies(draw: st.DrawFn, name: Name) -> Reply:
    """Several addresses behind a chain, whose order turns."""
    chain, end = draw(chains(name))
    rtype = draw(st.sampled_from((RRType.A, RRType.AAAA)))
    data = draw(st.lists(rdata(rtype, NAMES), min_size=2, max_size=5))
    rrset = tuple(Record(end, rtype, 30, item) for item in data)
    return disclosed(chain, rrset, end=end, lifetime=9.0, turns=True)


@pytest.mark.parametrize("kind", [replies, turning_replies])
@given(data=st.data())
def test_the_kept_form_gives_the_bytes_of_the_plain_way_to_every_client(
    kind: Callable[[Name], st.SearchStrategy[Reply]], data: st.DataObject
) -> None:
    name = data.draw(NAMES).lower()
    reply = data.draw(kind(name))
    turn = data.draw(TURNS)
    rendered = Rendered.of(data.draw(queries(name)), reply, turn)
    for _ in range(4):
        query = data.draw(queries(name))
        whole = render_reply(query, reply, 65535, turn)
        border = st.integers(len(whole) - 12, len(whole) + 12)
        limit = data.draw(st.sampled_from((query.limit(False), query.limit(True))) | border)
        kept = rendered.packet(query, limit)
        if len(whole) > limit:
            assert kept is None
        else:
            assert kept == whole == render_reply(query, reply, limit, turn)
            # What is neither A nor AAAA turns only when it is rendered anew.
            turn += rendered.turns > 1


@given(st.data())
def test_dnspython_reads_what_the_reply_says(data: st.DataObject) -> None:
    name = data.draw(NAMES).lower()
    reply = data.draw(replies(name))
    query = data.draw(queries(name))
    message = dns.message.from_wire(render_reply(query, reply, 65535), one_rr_per_rrset=True)
    assert message.id == query.id
    assert message.question[0].name.to_wire() == query.question.name
    assert message.rcode() == reply.rcode
    assert bool(message.flags & dns.flags.AA) is reply.is_authoritative
    echoed = dns.flags.RD | dns.flags.CD
    assert int(message.flags) & echoed == query.flags & (RD | CD)
    assert message.flags & dns.flags.RA
    assert not message.flags & (dns.flags.AD | dns.flags.TC)
    for found, meant in ((message.answer, reply.answer), (message.authority, reply.authority)):
        assert [
            (rrset.name.to_wire().lower(), int(rrset.rdtype), rrset.ttl) for rrset in found
        ] == [(r.name.lower(), r.rtype, r.ttl) for r in meant]
    assert (message.edns, message.payload if query.edns else 0) == (
        (0, 1232) if query.edns else (-1, 0)
    )
    assert bool(message.ednsflags & dns.flags.DO) is query.do


def asked(name: str, edns: Edns | None = None, flags: int = RD, rtype: int = RRType.A) -> Query:
    question = WireQuestion(from_text(name), rtype)
    return Query(7, flags, question, Question(from_text(name).lower(), rtype), edns)


def order(packet: bytes) -> list[str]:
    reply = dns.message.from_wire(packet, one_rr_per_rrset=True)
    return [str(rrset[0]) for rrset in reply.answer if rrset.rdtype in (RRType.A, RRType.AAAA)]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_order_of_addresses_turns_with_every_reply(count: int) -> None:
    reply = addresses("db.corp.net", count)
    rendered = Rendered.of(asked("db.corp.net"), reply, 0)
    seen = [order(rendered.packet(asked("DB.corp.net"), 512) or b"") for _ in range(count + 1)]
    for number, found in enumerate(seen):
        data = [f"10.0.0.{1 + (number + place) % count}" for place in range(count)]
        assert found == data


def test_addresses_turn_behind_a_chain_and_the_chain_does_not() -> None:
    alias = Record(from_text("www.corp.net"), RRType.CNAME, 30, from_text("Web.Corp.net"))
    end = from_text("Web.Corp.net")
    rrset = tuple(Record(end, RRType.AAAA, 30, bytes(15) + bytes((n,))) for n in (1, 2, 3))
    reply = disclosed((alias,), rrset, end=end, lifetime=9.0, turns=True)
    rendered = Rendered.of(asked("www.corp.net"), reply, 0)
    assert rendered.turns == 3
    first = dns.message.from_wire(rendered.packet(asked("www.corp.net"), 512) or b"")
    assert [int(rrset.rdtype) for rrset in first.answer] == [RRType.CNAME, RRType.AAAA]
    assert order(rendered.packet(asked("www.corp.net"), 512) or b"") == ["::2", "::3", "::1"]


def test_records_that_others_point_at_keep_their_places() -> None:
    # An owner that is written in full once is a pointer afterwards: pieces of different sizes,
    # whose sum may well be a multiple of their number.
    owner = from_text("x.other.net")
    rrset = tuple(Record(owner, RRType.A, 30, bytes((10, 0, 0, n))) for n in range(1, 4))
    reply = disclosed((), rrset, end=owner, lifetime=9.0, turns=True)
    rendered = Rendered.of(asked("db.corp.net"), reply, 1)
    assert rendered.turns == 1
    for _ in range(3):
        packet = rendered.packet(asked("db.corp.net"), 512) or b""
        assert packet == render_reply(asked("db.corp.net"), reply, 512, 1)
        assert order(packet) == ["10.0.0.2", "10.0.0.3", "10.0.0.1"]


def test_turned_moves_only_the_last_rrset() -> None:
    reply = addresses("db.corp.net", 3)
    a, b, c = reply.answer
    assert [turned(reply, turn) for turn in range(4)] == [
        (a, b, c),
        (b, c, a),
        (c, a, b),
        (a, b, c),
    ]
    fixed = relayed(RCode.NOERROR, reply.answer, (), 1.0)
    assert turned(fixed, 1) == (a, b, c)
    assert turned(no_answer(RCode.REFUSED), 5) == ()


@pytest.mark.parametrize(("size", "is_whole"), [(None, False), (512, False), (1232, True)])
def test_a_reply_that_is_too_large_is_cut_at_the_border_of_an_rrset(
    size: int | None, is_whole: bool
) -> None:
    alias = Record(from_text("www.corp.net"), RRType.CNAME, 30, from_text("web.corp.net"))
    end = from_text("web.corp.net")
    rrset = tuple(Record(end, RRType.A, 30, bytes((10, 0, 0, n))) for n in range(60))
    reply = disclosed((alias,), rrset, end=end, lifetime=9.0, turns=True)
    query = asked("WWW.corp.net", None if size is None else Edns(size))
    packet = render_reply(query, reply, query.limit(False))
    assert len(packet) <= query.limit(False)
    message = dns.message.from_wire(packet)
    assert bool(message.flags & dns.flags.TC) is not is_whole
    assert [len(rrset) for rrset in message.answer] == ([1, 60] if is_whole else [1])
    assert (Rendered.of(query, reply, 0).packet(query, query.limit(False)) is None) is not is_whole
    assert len(order(render_reply(query, reply, query.limit(True)))) == 60


def test_over_tcp_a_reply_has_at_most_65535_bytes() -> None:
    name = from_text("db.corp.net")
    query = asked("db.corp.net", Edns())
    packet = render_reply(query, large(name, 320), query.limit(True))
    message = dns.message.from_wire(packet)
    assert message.flags & dns.flags.TC
    assert message.answer == []
    assert Rendered.of(query, large(name, 320), 0).packet(query, query.limit(True)) is None


@pytest.mark.parametrize(
    ("reply", "rcode"),
    [(protocol_error(RCode.BADVERS), 16), (protocol_error(RCode.FORMERR), 1), (failed(), 2)],
)
def test_an_extended_rcode_is_split_between_header_and_opt(reply: Reply, rcode: int) -> None:
    question = WireQuestion(from_text("Db.corp.net"), RRType.A)
    refusal = Refusal(7, 0, reply, question, Edns(do=True))
    message = dns.message.from_wire(render_reply(refusal, reply, 512))
    assert (int(message.rcode()), message.edns) == (rcode, 0)
    assert str(message.question[0].name) == "Db.corp.net."


def test_an_extended_error_is_told_only_to_clients_that_know_edns() -> None:
    reply = failed(EDE_NOT_READY)
    plain = dns.message.from_wire(render_reply(asked("a.net"), reply, 512))
    with_opt = dns.message.from_wire(render_reply(asked("a.net", Edns()), reply, 512))
    assert plain.options == ()
    assert [(int(o.otype), o.to_wire()) for o in with_opt.options] == [(15, b"\0\x0e")]


@given(st.data(), st.sampled_from([RCode.REFUSED, RCode.NXDOMAIN]))
def test_a_no_answer_is_the_same_for_every_name_beside_its_question(
    data: st.DataObject, rcode: RCode
) -> None:
    flags = data.draw(st.integers(0, 0x07FF))
    edns = data.draw(EDNS)
    rests = set()
    for name in data.draw(st.lists(NAMES, min_size=2, max_size=4)):
        question = WireQuestion(name, RRType.A)
        query = Query(1, flags, question, Question(name.lower(), RRType.A), edns)
        packet = Rendered.of(query, no_answer(rcode), 0).packet(query, 512)
        assert packet == render_reply(query, no_answer(rcode), 512)
        assert packet[12 : 12 + len(name)] == name
        rests.add(packet[:12] + packet[12 + len(name) :])
    assert len(rests) == 1


def test_what_is_made_here_has_the_kind_it_says() -> None:
    assert addresses("a.net").kind is Kind.ANSWER
    assert addresses("a.net", 0).kind is Kind.NODATA
