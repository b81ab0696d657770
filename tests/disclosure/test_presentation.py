"""How records look when they leave: TTLs, order, duplicates, owners, lifetimes."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.chain import Walk
from enclave_dns.disclosure.presentation import (
    LONGEST,
    MAX_TTL,
    STALE_LIFETIME,
    STALE_TTL,
    chain_shown,
    rrset_shown,
)
from enclave_dns.resolution import Outcome
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import packed, view_of

NAME = from_text("www.corp.net")
WEB = from_text("WEB.corp.net")
RESTRICTED = view_of("10.0.0.0/24")
OPEN = view_of("0.0.0.0/0")
FRESH = Walk(Outcome.ANSWER, WEB.lower())


def address(last: int, ttl: int = 60, name: bytes = WEB) -> Record:
    return Record(name, RRType.A, ttl, packed(f"10.0.0.{last}"))


@pytest.mark.parametrize(
    ("view", "ttls", "age", "is_stale", "ttl", "lifetime"),
    [
        (RESTRICTED, (300,), 0, False, MAX_TTL, 30.0),
        (RESTRICTED, (300, 20), 0, False, 20, 20.0),
        (RESTRICTED, (300,), 290, False, MAX_TTL, 30.0),
        (RESTRICTED, (0,), 0, False, 0, 0.0),
        (RESTRICTED, (5,), 4, False, 5, 5.0),
        (RESTRICTED, (5,), 400, True, STALE_TTL, STALE_LIFETIME),
        (OPEN, (300, 200), 0, False, 200, 200.0),
        (OPEN, (300,), 290, False, 10, 10.0),
        (OPEN, (300,), 301, False, 0, 0.0),
        (OPEN, (86400,), 0, False, 86400, LONGEST),
        (OPEN, (86400,), 9, True, STALE_TTL, STALE_LIFETIME),
    ],
)
def test_ttl_and_lifetime(
    view: object, ttls: tuple[int, ...], age: int, is_stale: bool, ttl: int, lifetime: float
) -> None:
    found = replace(FRESH, age=age, is_stale=is_stale)
    records = tuple(address(at, one) for at, one in enumerate(ttls))
    shown, kept = rrset_shown(view, WEB, found, records)  # type: ignore[arg-type] - of the table
    assert {record.ttl for record in shown} == {ttl}
    assert kept == lifetime


@pytest.mark.parametrize("view", [RESTRICTED, OPEN])
def test_duplicates_go_and_only_an_open_view_keeps_the_order(view) -> None:
    for order in permutations((address(3), address(1), address(3), address(2))):
        shown, _ = rrset_shown(view, NAME, FRESH, order)
        data = [record.rdata for record in shown]
        expected = list(dict.fromkeys(record.rdata for record in order))
        assert data == (expected if view.is_open else sorted(expected))
        assert {record.name for record in shown} == {NAME}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), min_size=1, max_size=6))
def test_in_a_restricted_view_nothing_hangs_on_the_order_of_the_source(
    drawn: list[tuple[int, int]],
) -> None:
    records = [address(last, ttl) for last, ttl in drawn]
    ways = {rrset_shown(RESTRICTED, NAME, FRESH, way) for way in permutations(records)}
    assert len(ways) == 1


def test_nothing_shown_is_nothing_kept() -> None:
    assert rrset_shown(RESTRICTED, NAME, FRESH, ()) == ((), 0.0)


ALIAS = Record(from_text("wWw.corp.net"), RRType.CNAME, 300, WEB)
DNAME = Record(from_text("old.net"), RRType.DNAME, 7, from_text("corp.net"))
MADE = Record(from_text("www.old.net"), RRType.CNAME, 7, NAME)


def test_owners_are_spelled_as_what_leads_to_them() -> None:
    second = Record(WEB.lower(), RRType.CNAME, 10, from_text("db.corp.net"))
    found = replace(FRESH, chain=(ALIAS, second))
    chain, lifetime, end = chain_shown(RESTRICTED, NAME, found)
    assert chain == (
        Record(NAME, RRType.CNAME, 30, WEB),
        Record(WEB, RRType.CNAME, 10, from_text("db.corp.net")),
    )
    assert (lifetime, end) == (10, from_text("db.corp.net"))


def test_a_dname_leaves_in_open_views_only() -> None:
    found = replace(FRESH, chain=(replace(DNAME, ttl=2), MADE, ALIAS))
    hidden, lifetime, end = chain_shown(RESTRICTED, MADE.name, found)
    assert [record.rtype for record in hidden] == [RRType.CNAME, RRType.CNAME]
    assert (lifetime, end) == (7, WEB)
    whole, lifetime, end = chain_shown(OPEN, MADE.name, found)
    assert [record.rtype for record in whole] == [RRType.DNAME, RRType.CNAME, RRType.CNAME]
    assert whole[0] == replace(DNAME, ttl=2)
    assert (lifetime, end) == (2, WEB)


@pytest.mark.parametrize(
    ("view", "age", "is_stale", "ttl", "lifetime"),
    [
        (RESTRICTED, 200, False, 30, 30),
        (OPEN, 200, False, 100, 100),
        (RESTRICTED, 400, True, STALE_TTL, STALE_LIFETIME),
        (OPEN, 400, True, STALE_TTL, STALE_LIFETIME),
    ],
)
def test_ttls_of_a_chain(view, age: int, is_stale: bool, ttl: int, lifetime: float) -> None:
    found = replace(FRESH, chain=(ALIAS,), age=age, is_stale=is_stale)
    chain, kept, _ = chain_shown(view, NAME, found)
    assert chain == (Record(NAME, RRType.CNAME, ttl, WEB),)
    assert kept == lifetime


def test_no_chain_bounds_nothing_but_staleness() -> None:
    assert chain_shown(RESTRICTED, NAME, FRESH) == ((), LONGEST, NAME)
    stale = replace(FRESH, is_stale=True)
    assert chain_shown(RESTRICTED, NAME, stale) == ((), STALE_LIFETIME, NAME)
