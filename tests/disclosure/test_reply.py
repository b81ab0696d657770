"""The constructors of what may be sent."""

import pytest

from enclave_dns.disclosure.reply import (
    EDE_NOT_READY,
    EDE_PROHIBITED,
    NEGATIVE_TTL,
    NO_ANSWER_LIFETIME,
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
from enclave_dns.wire.message import Message, read_message
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.render import render
from tests.fakes.dns_worlds import packed

NAME = from_text("www.corp.net")
END = from_text("web.corp.net")
ALIAS = Record(NAME, RRType.CNAME, 30, END)
FIRST = Record(END, RRType.A, 30, packed("10.0.0.30"))
SECOND = Record(END, RRType.A, 30, packed("10.0.0.31"))


@pytest.mark.parametrize(("turns", "turns_from"), [(True, 1), (False, 3)])
def test_an_answer_is_its_chain_and_an_rrset_that_may_turn(turns: bool, turns_from: int) -> None:
    reply = disclosed((ALIAS,), (FIRST, SECOND), end=END, lifetime=300.0, turns=turns)
    assert reply == Reply(
        Kind.ANSWER, RCode.NOERROR, (ALIAS, FIRST, SECOND), lifetime=300.0, turns_from=turns_from
    )
    assert not reply.is_authoritative


@pytest.mark.parametrize(
    ("rcode", "kind"), [(RCode.NOERROR, Kind.NODATA), (RCode.NXDOMAIN, Kind.NXDOMAIN)]
)
@pytest.mark.parametrize(("lifetime", "kept"), [(300.0, 30.0), (7.0, 7.0)])
def test_a_negative_reply_has_an_soa_of_ours_at_the_end_of_the_chain(
    rcode: RCode, kind: Kind, lifetime: float, kept: float
) -> None:
    reply = disclosed((ALIAS,), (), end=END, lifetime=lifetime, turns=False, rcode=rcode)
    soa = negative_soa(END)
    assert reply == Reply(kind, rcode, (ALIAS,), (soa,), lifetime=kept, turns_from=1)


def test_our_soa_tells_of_nothing_but_the_name() -> None:
    soa = negative_soa(END)
    numbers = b"".join(value.to_bytes(4) for value in (1, 30, 30, 30, 30))
    assert soa == Record(END, RRType.SOA, 30, END + from_text("nobody.invalid") + numbers)
    assert NEGATIVE_TTL == 30
    assert negative_soa(END, 7).rdata[-20:-16] == b"\0\0\0\7"
    packet = render(Message(1, authority=(soa,)))
    assert read_message(packet).authority == (soa,)


@pytest.mark.parametrize("rcode", [RCode.REFUSED, RCode.NXDOMAIN])
def test_a_no_answer_is_its_rcode_and_nothing_else(rcode: RCode) -> None:
    assert no_answer(rcode) == Reply(Kind.NO_ANSWER, rcode, lifetime=NO_ANSWER_LIFETIME)
    assert NO_ANSWER_LIFETIME == 5.0


@pytest.mark.parametrize("ede", [None, EDE_NOT_READY])
def test_failed_is_servfail_and_never_kept(ede: int | None) -> None:
    assert failed(ede) == Reply(Kind.FAILED, RCode.SERVFAIL, ede=ede, lifetime=0.0)


@pytest.mark.parametrize(
    ("rcode", "answer", "kind"),
    [
        (RCode.NOERROR, (FIRST,), Kind.ANSWER),
        (RCode.NOERROR, (), Kind.NODATA),
        (RCode.NXDOMAIN, (), Kind.NXDOMAIN),
    ],
)
def test_own_names_are_answered_with_authority_and_never_kept(
    rcode: RCode, answer: tuple[Record, ...], kind: Kind
) -> None:
    authority = () if answer else (negative_soa(END),)
    reply = own(rcode, answer, authority)
    assert (reply.kind, reply.rcode, reply.answer, reply.authority) == (
        kind,
        rcode,
        answer,
        authority,
    )
    assert reply.is_authoritative
    assert reply.lifetime == 0.0
    assert reply.turns_from == len(answer)
    assert not own(rcode, answer, authority, is_authoritative=False).is_authoritative


@pytest.mark.parametrize(
    ("rcode", "answer", "kind"),
    [
        (RCode.NOERROR, (ALIAS, FIRST), Kind.ANSWER),
        (RCode.NOERROR, (), Kind.NODATA),
        (RCode.NXDOMAIN, (), Kind.NXDOMAIN),
        (RCode.NXDOMAIN, (ALIAS,), Kind.ANSWER),
    ],
)
def test_a_relayed_reply_keeps_its_time_and_claims_no_authority(
    rcode: RCode, answer: tuple[Record, ...], kind: Kind
) -> None:
    assert relayed(rcode, answer, (), 12.0) == Reply(
        kind, rcode, answer, lifetime=12.0, turns_from=len(answer)
    )


@pytest.mark.parametrize(
    ("rcode", "ede"), [(RCode.REFUSED, EDE_PROHIBITED), (RCode.FORMERR, None), (RCode.NOTIMP, None)]
)
def test_a_protocol_error_says_nothing_of_any_name(rcode: RCode, ede: int | None) -> None:
    assert protocol_error(rcode, ede) == Reply(Kind.PROTOCOL_ERROR, rcode, ede=ede)
