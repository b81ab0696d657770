"""The reply cache: whom an entry serves, for how long, and that it is bounded."""

import dns.message
import pytest

from enclave_dns.disclosure.reply import (
    EDE_NOT_READY,
    Reply,
    disclosed,
    no_answer,
    protocol_error,
    relayed,
)
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import Query
from enclave_dns.serve.rendering import render_reply
from enclave_dns.serve.reply_cache import LONGEST, ReplyCache
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record
from tests.fakes.scripted_program import AUDIENCE, addresses, admitted, packet

START = 1_000.0
QUERY = admitted(packet("db.corp.net"))
REPLY = addresses("db.corp.net", 3, lifetime=20.0)


def sent(
    cache: ReplyCache, query: Query = QUERY, reply: Reply = REPLY, now: float = START
) -> bytes:
    """The first reply of one that is kept, as it leaves."""
    rendered = cache.keep(AUDIENCE, query, reply, now)
    assert rendered is not None
    packet = rendered.packet(query, 4096)
    assert packet is not None
    return packet


def kept() -> ReplyCache:
    cache = ReplyCache()
    assert sent(cache) == render_reply(QUERY, REPLY, 4096)
    return cache


def order(reply: bytes | None) -> list[int]:
    """The last octets of the addresses of a reply, in their order."""
    assert reply is not None
    message = dns.message.from_wire(reply, one_rr_per_rrset=True)
    return [int(str(rrset[0]).rpartition(".")[2]) for rrset in message.answer]


def test_a_kept_reply_is_the_one_after_the_reply_that_was_sent() -> None:
    cache = kept()
    for turn in range(1, 5):
        query = admitted(packet("DB.Corp.net", id=turn, use_edns=0))
        found = cache.find(AUDIENCE, query, 1232, START)
        assert found == render_reply(query, REPLY, 1232, turn)
    assert (cache.hits, cache.misses) == (4, 0)


def test_the_order_goes_on_turning_when_a_reply_is_kept_anew() -> None:
    cache = kept()
    assert order(cache.find(AUDIENCE, QUERY, 512, START)) == [2, 3, 1]
    assert cache.find(AUDIENCE, QUERY, 512, START + 20) is None
    assert order(sent(cache, now=START + 20)) == [3, 1, 2]
    assert order(cache.find(AUDIENCE, QUERY, 512, START + 20)) == [1, 2, 3]


def test_records_of_other_types_turn_whenever_they_are_kept_anew() -> None:
    cache = ReplyCache()
    owner = from_text("db.corp.net")
    data = [from_text(f"h{number}.corp.net") for number in range(3)]
    rrset = tuple(Record(owner, RRType.PTR, 30, target) for target in data)
    reply = disclosed((), rrset, end=owner, lifetime=5.0, turns=True)
    query = admitted(packet("db.corp.net", "PTR"))
    firsts = []
    for now in (START, START + 5, START + 10):
        first = sent(cache, query, reply, now)
        # Names in RDATA are compressed onto each other: the kept order is the one that was sent.
        assert cache.find(AUDIENCE, query, 512, now) == first
        message = dns.message.from_wire(first, one_rr_per_rrset=True)
        firsts.append(str(message.answer[0][0]))
    assert firsts == ["h0.corp.net.", "h2.corp.net.", "h1.corp.net."]


@pytest.mark.parametrize(
    ("lifetime", "after", "is_there"),
    [
        (20.0, 0.0, True),
        (20.0, 19.99, True),
        (20.0, 20.0, False),
        (0.5, 0.4, True),
        (0.5, 0.5, False),
        (0.0, 0.0, False),
        (-1.0, -2.0, False),
        # TTLs do not age in here, so however long they are, nothing stays for long.
        (3600.0, LONGEST - 0.01, True),
        (3600.0, LONGEST, False),
    ],
)
def test_a_reply_is_served_for_its_lifetime(lifetime: float, after: float, is_there: bool) -> None:
    cache = ReplyCache()
    cache.keep(AUDIENCE, QUERY, addresses("db.corp.net", lifetime=lifetime), START)
    assert (cache.find(AUDIENCE, QUERY, 512, START + after) is not None) is is_there


@pytest.mark.parametrize(
    "reply",
    [
        protocol_error(RCode.REFUSED),
        protocol_error(RCode.SERVFAIL, EDE_NOT_READY),
        relayed(RCode.NOERROR, REPLY.answer, (), 0.0),
        no_answer(RCode.REFUSED, 0.0),
    ],
)
def test_what_has_no_lifetime_is_not_kept(reply: object) -> None:
    cache = ReplyCache()
    assert cache.keep(AUDIENCE, QUERY, reply, START) is None  # type: ignore[arg-type]
    assert len(cache) == 0


@pytest.mark.parametrize(
    "other",
    [
        Audience(b"view 002", "KD9Q2"),
        Audience(b"view 003", "WZL94"),
    ],
)
def test_another_view_or_epoch_cannot_reach_an_entry(other: Audience) -> None:
    assert kept().find(other, QUERY, 512, START) is None


def test_another_sender_of_the_same_view_shares_its_entries() -> None:
    assert kept().find(Audience(AUDIENCE.key, "P7R2X"), QUERY, 512, START) is not None


@pytest.mark.parametrize(
    "other",
    [
        packet("db2.corp.net"),
        packet("corp.net"),
        packet("db.corp.net", "AAAA"),
        packet("db.corp.net", want_dnssec=True),
    ],
)
def test_another_question_or_dnssec_wish_is_another_entry(other: bytes) -> None:
    assert kept().find(AUDIENCE, admitted(other), 1232, START) is None


@pytest.mark.parametrize(
    "same",
    [
        packet("DB.CORP.NET"),
        packet("db.corp.net", use_edns=0),
        packet("db.corp.net", flags=0x0110),
        packet("db.corp.net", flags=0),
    ],
)
def test_spelling_flags_and_edns_are_the_clients_own(same: bytes) -> None:
    query = admitted(same)
    found = kept().find(AUDIENCE, query, 512, START)
    assert found == render_reply(query, REPLY, 512, 1)


def test_what_does_not_fit_a_client_is_kept_for_those_that_it_fits() -> None:
    cache = ReplyCache()
    reply = addresses("db.corp.net", 60, lifetime=20.0)
    cache.keep(AUDIENCE, QUERY, reply, START)
    assert cache.find(AUDIENCE, QUERY, 512, START) is None
    found = cache.find(AUDIENCE, QUERY, 65535, START)
    assert found == render_reply(QUERY, reply, 65535)
    assert (cache.hits, cache.misses) == (1, 1)


def test_a_newer_reply_takes_the_place_of_an_older_one() -> None:
    cache = kept()
    cache.keep(AUDIENCE, QUERY, no_answer(RCode.REFUSED), START + 1)
    found = cache.find(AUDIENCE, QUERY, 512, START + 1)
    assert found == render_reply(QUERY, no_answer(RCode.REFUSED), 512)
    assert len(cache) == 1


def test_after_clear_there_is_nothing() -> None:
    cache = kept()
    cache.clear()
    assert cache.find(AUDIENCE, QUERY, 512, START) is None
    assert len(cache) == 0


def test_the_cache_is_bounded_in_entries_and_bytes() -> None:
    few, small = ReplyCache(max_entries=50), ReplyCache(max_bytes=50_000)
    for number in range(500):
        query = admitted(packet(f"host{number}.corp.net"))
        for cache in (few, small):
            cache.keep(AUDIENCE, query, addresses(query.folded.name, lifetime=9.0), START)
    assert len(few) == 50
    assert 20 < len(small) < 150
