"""Admission: every rule for packets of strangers, the error replies judged by dnspython."""

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.serve.query import (
    NEVER_ANSWERED,
    REFLECTING_PORTS,
    Query,
    Refusal,
    admit,
    minimal_any,
)
from enclave_dns.serve.rendering import render_reply
from enclave_dns.wire import message as wire_message
from enclave_dns.wire.cursor import Cursor, allowance
from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import WireQuestion
from enclave_dns.wire.names import from_text
from enclave_dns.wire.render import render
from tests.fakes.dns_messages import ANY_BYTE, Alphabet, messages

PORT = 40_000
NAME = "Db.Corp.net"
OPT = Edns().rendered()


def asked(rtype: str | int = "A", rclass: str = "IN", **options: object) -> bytes:
    """A query as dnspython writes it."""
    query = dns.message.make_query(NAME, rtype, rclass, id=0x1234, **options)  # type: ignore[arg-type]
    return query.to_wire()


def with_counts(packet: bytes, *counts: int) -> bytes:
    return packet[:4] + b"".join(count.to_bytes(2) for count in counts) + packet[12:]


def with_flags(packet: bytes, flags: int) -> bytes:
    return packet[:2] + flags.to_bytes(2) + packet[4:]


PLAIN = asked()
QUESTION = PLAIN[12:]


@pytest.mark.parametrize(
    ("packet", "rcode"),
    [
        pytest.param(with_flags(PLAIN, 0x0900), "NOTIMP", id="opcode IQUERY"),
        pytest.param(with_flags(PLAIN, 0x1000), "NOTIMP", id="opcode STATUS"),
        pytest.param(with_flags(PLAIN, 0x2400), "NOTIMP", id="opcode NOTIFY"),
        pytest.param(with_flags(PLAIN, 0x2800), "NOTIMP", id="opcode UPDATE"),
        pytest.param(with_flags(PLAIN, 0x7900), "NOTIMP", id="opcode 15"),
        pytest.param(with_flags(PLAIN, 0x2800)[:12], "NOTIMP", id="opcode before all else"),
        pytest.param(with_counts(PLAIN, 0, 0, 0, 0)[:12], "FORMERR", id="no question"),
        pytest.param(with_counts(PLAIN + QUESTION, 2, 0, 0, 0), "FORMERR", id="two questions"),
        pytest.param(with_counts(PLAIN, 0xFFFF, 0, 0, 0), "FORMERR", id="65,535 questions"),
        pytest.param(PLAIN[:12], "FORMERR", id="the question is missing"),
        pytest.param(PLAIN[:-1], "FORMERR", id="the question is cut"),
        pytest.param(PLAIN + b"\0", "FORMERR", id="a trailing byte"),
        pytest.param(PLAIN + OPT, "FORMERR", id="an OPT that is not counted"),
        pytest.param(with_counts(PLAIN, 1, 0, 0, 1), "FORMERR", id="a record that is not there"),
        pytest.param(with_counts(PLAIN, 1, 65535, 0, 0), "FORMERR", id="65,535 answers"),
        pytest.param(with_counts(PLAIN + OPT + OPT, 1, 0, 0, 2), "FORMERR", id="two OPTs"),
        pytest.param(with_counts(PLAIN + OPT, 1, 1, 0, 0), "FORMERR", id="an OPT as answer"),
        pytest.param(with_counts(PLAIN + b"\1a" + OPT, 1, 0, 0, 1), "FORMERR", id="an OPT's name"),
        pytest.param(
            PLAIN[:12] + b"\xc0\x0c\0\1\0\1", "FORMERR", id="a pointer that leads to itself"
        ),
        pytest.param(
            PLAIN[:12] + b"\xc0\x20\0\1\0\1" + bytes(40), "FORMERR", id="a pointer forwards"
        ),
        pytest.param(PLAIN[:12] + b"\x40a\0\0\1\0\1", "FORMERR", id="a reserved label"),
        pytest.param(asked(use_edns=1), "BADVERS", id="EDNS version 1"),
        pytest.param(asked(use_edns=255, want_dnssec=True), "BADVERS", id="EDNS version 255"),
        pytest.param(asked(rclass="CH", use_edns=1), "BADVERS", id="the version before the class"),
        pytest.param(asked("TXT", "CH"), "REFUSED", id="class CH"),
        pytest.param(asked("A", "HS"), "REFUSED", id="class HS"),
        pytest.param(asked("A", "NONE"), "REFUSED", id="class NONE"),
        pytest.param(asked("A", "ANY"), "REFUSED", id="class ANY"),
        pytest.param(asked("AXFR"), "REFUSED", id="AXFR"),
        pytest.param(asked("IXFR"), "REFUSED", id="IXFR"),
        pytest.param(asked("AXFR", use_edns=0), "REFUSED", id="AXFR with EDNS"),
    ],
)
@pytest.mark.parametrize("is_tcp", [False, True])
def test_what_is_broken_or_not_served_gets_its_error(
    packet: bytes, rcode: str, is_tcp: bool
) -> None:
    refusal = admit(packet, PORT, is_tcp=is_tcp)
    assert isinstance(refusal, Refusal)
    reply = dns.message.from_wire(render_reply(refusal, refusal.reply, 512))
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert reply.id == 0x1234
    assert reply.flags & dns.flags.QR
    assert not reply.flags & (dns.flags.AA | dns.flags.TC | dns.flags.AD)
    assert int(reply.opcode()) == packet[2] >> 3 & 0xF
    assert [*reply.answer, *reply.authority, *reply.additional] == []
    if refusal.question is not None and rcode != "NOTIMP":
        assert str(reply.question[0].name) == f"{NAME}."
    assert (reply.edns >= 0) is (refusal.edns is not None)


@pytest.mark.parametrize(
    ("packet", "port"),
    [
        pytest.param(b"", PORT, id="nothing"),
        pytest.param(PLAIN[:11], PORT, id="shorter than a header"),
        pytest.param(with_flags(PLAIN, 0x8100), PORT, id="a reply"),
        pytest.param(with_flags(PLAIN, 0xA900), PORT, id="a reply of another opcode"),
        pytest.param(with_flags(PLAIN, 0x8000)[:12], PORT, id="a broken reply"),
    ],
)
@pytest.mark.parametrize("is_tcp", [False, True])
def test_what_may_be_a_reply_or_noise_gets_silence(packet: bytes, port: int, is_tcp: bool) -> None:
    assert admit(packet, port, is_tcp=is_tcp) is None


@pytest.mark.parametrize("port", [0, 7, 19, 53])
def test_ports_that_would_answer_back_get_silence_over_udp_only(port: int) -> None:
    assert port in REFLECTING_PORTS
    assert admit(PLAIN, port, is_tcp=False) is None
    assert admit(PLAIN[:12], port, is_tcp=False) is None
    assert isinstance(admit(PLAIN, port, is_tcp=True), Query)


@pytest.mark.parametrize("edns", [{}, {"use_edns": 0}, {"use_edns": 0, "want_dnssec": True}])
def test_any_is_left_to_the_program_whose_reply_is_one_small_record(
    edns: dict[str, object],
) -> None:
    query = admit(asked("ANY", **edns), PORT, is_tcp=False)
    assert isinstance(query, Query)
    packet = render_reply(query, minimal_any(query.folded), 512)
    reply = dns.message.from_wire(packet)
    assert reply.rcode() == dns.rcode.NOERROR
    (rrset,) = reply.answer
    assert (str(rrset.name), rrset.rdtype) == (f"{NAME}.", dns.rdatatype.HINFO)
    assert str(rrset[0]) == '"RFC8482" ""'
    assert not reply.flags & dns.flags.AA
    # The owner is a pointer to the question: 2 bytes, 10 of fields, 9 of RDATA.
    assert len(packet) == len(PLAIN) + 21 + (11 if edns else 0)


@pytest.mark.parametrize(
    ("packet", "edns"),
    [
        (PLAIN, None),
        (asked(use_edns=0, payload=4096), Edns(4096)),
        (asked(use_edns=0, payload=512, want_dnssec=True), Edns(512, do=True)),
        (with_flags(PLAIN, 0x0110), None),
        (with_flags(PLAIN, 0x07F0), None),
        (with_counts(PLAIN + b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\4", 1, 1, 0, 0), None),
    ],
)
def test_the_rest_is_a_query(packet: bytes, edns: Edns | None) -> None:
    query = admit(packet, PORT, is_tcp=False)
    assert isinstance(query, Query)
    assert (query.id, query.flags) == (0x1234, int.from_bytes(packet[2:4]))
    assert query.question == WireQuestion(from_text(NAME), 1)
    assert (query.folded.name, query.folded.rtype) == (from_text(NAME).lower(), 1)
    assert query.edns == edns
    assert query.do is (edns is not None and edns.do)


def test_types_without_an_answer_are_left_to_the_program() -> None:
    assert frozenset((0, 41, 128, 249, 250, 253, 254)) == NEVER_ANSWERED
    for rtype in NEVER_ANSWERED:
        packet = PLAIN[:-4] + rtype.to_bytes(2) + PLAIN[-2:]
        assert isinstance(admit(packet, PORT, is_tcp=False), Query)


@pytest.mark.parametrize(
    ("offered", "udp"),
    [(None, 512), (0, 512), (511, 512), (513, 513), (1231, 1231), (1232, 1232), (65535, 1232)],
)
def test_the_size_of_a_reply_is_what_the_client_offers_within_bounds(
    offered: int | None, udp: int
) -> None:
    packet = PLAIN
    if offered is not None:
        packet = with_counts(PLAIN + Edns(offered).rendered(), 1, 0, 0, 1)
    query = admit(packet, PORT, is_tcp=False)
    assert isinstance(query, Query)
    assert (query.limit(False), query.limit(True)) == (udp, 65535)


def _judge(packet: bytes) -> None:
    """No exception, no more work than the budget, and a reply that fits and can be read."""
    cursors: list[Cursor] = []

    class Counted(Cursor):
        def __init__(self, packet: bytes, at: int = 0) -> None:
            super().__init__(packet, at)
            cursors.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire_message, "Cursor", Counted)
        verdict = admit(packet, PORT, is_tcp=False)
    # The step that goes over the budget is the last one; it passes one name's labels at most.
    assert all(cursor.steps <= allowance(len(packet)) + 128 for cursor in cursors)
    if isinstance(verdict, Refusal):
        reply = render_reply(verdict, verdict.reply, 512)
        assert reply[:2] == packet[:2]
        assert 12 <= len(reply) <= 512
        if verdict.question is None:
            assert len(reply) == 12
        dns.message.from_wire(reply)


@given(st.binary(max_size=600))
def test_any_bytes_are_judged_within_the_budget(packet: bytes) -> None:
    _judge(packet)


@given(st.integers(0, 0x7FFF), st.binary(max_size=200), st.integers(0, 3))
def test_any_bytes_behind_a_plausible_header_are_judged(
    flags: int, rest: bytes, additional: int
) -> None:
    _judge(b"\0\1" + (flags & 0x87FF).to_bytes(2) + b"\0\1\0\0\0\0" + additional.to_bytes(2) + rest)


@given(
    messages(Alphabet(is_query=True)),
    st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(ANY_BYTE)), max_size=4),
)
def test_any_mutated_message_is_judged(
    message: wire_message.Message, changes: list[tuple[int, int]]
) -> None:
    packet = bytearray(render(message))
    packet[2] &= 0x7F
    for at, byte in changes:
        packet[at % len(packet)] = byte
    _judge(bytes(packet))


def test_the_most_laborious_packet_is_refused_within_the_budget() -> None:
    name = b"\1a" * 127 + b"\0"
    record = b"\xc0\x0c\0\2\0\1\0\0\0\0\0\2\xc0\x0c"
    packet = PLAIN[:4] + b"\0\1\1\x18\0\0\0\0" + name + b"\0\1\0\1" + record * 280
    _judge(packet)
