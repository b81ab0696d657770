"""Whether what is remembered still counts: by what is disclosed alone."""

import pytest

from enclave_dns.disclosure.chain import Walk, Wants
from enclave_dns.disclosure.freshness import UNDISCLOSED, outdated
from enclave_dns.resolution import Facts, Outcome, Question
from enclave_dns.wire.names import from_text
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import view_of

OPEN, RESTRICTED = view_of("0.0.0.0/0"), view_of("10.0.0.0/24")
NAME = from_text("db.corp.net")
ASKED = (Question(NAME, 1), Question(from_text("end.corp.net"), 1))
DNAME, CNAME, ADDRESS = 39, 5, 1
HIDDEN = (Record(NAME, ADDRESS, 5, b"\x7f\0\0\1"),)


def old(
    age: float,
    shown_ttls: tuple[int, ...] = (),
    *,
    link: tuple[int, int] | None = None,
    is_open: bool = False,
    ttl: int = 60,
    outcome: Outcome = Outcome.ANSWER,
    is_stale: bool = False,
    is_late: bool = False,
    hidden: tuple[Record, ...] = (),
) -> bool:
    """Whether a walk of this age is wanted anew; `link` is a chain record's type and TTL."""
    chain = () if link is None else (Record(NAME, link[0], link[1], NAME),)
    shown = tuple(Record(NAME, ADDRESS, each, b"\x0a\0\0\1") for each in shown_ttls)
    rrset = shown + hidden
    found = Walk(outcome, NAME, chain, rrset, ttl=ttl, age=age, is_stale=is_stale, questions=ASKED)
    view = OPEN if is_open else RESTRICTED
    wants = outdated(view, found, shown, Facts(is_late=is_late))
    assert wants in (None, Wants(ASKED, refresh=True))
    return wants is not None


@pytest.mark.parametrize("ttl", [0, 3, 60, 3600])
@pytest.mark.parametrize("outcome", [Outcome.ANSWER, Outcome.NXDOMAIN])
@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("has_hidden", [True, False])
def test_what_discloses_nothing_counts_five_seconds_whatever_its_ttl(
    ttl: int, outcome: Outcome, is_open: bool, has_hidden: bool
) -> None:
    hidden = HIDDEN if has_hidden else ()
    for age, expected in ((UNDISCLOSED - 0.01, False), (UNDISCLOSED, True)):
        assert old(age, ttl=ttl, outcome=outcome, is_open=is_open, hidden=hidden) is expected


@pytest.mark.parametrize("hidden_ttl", [0, 3, 20])
def test_what_is_disclosed_counts_for_its_own_lowest_ttl(hidden_ttl: int) -> None:
    assert not old(19.9, (300, 20), ttl=hidden_ttl)
    assert old(20.0, (300, 20), ttl=hidden_ttl)
    assert not old(9.9, (20,), link=(CNAME, 10), ttl=hidden_ttl)
    assert old(10.0, (20,), link=(CNAME, 10), ttl=hidden_ttl)


def test_a_dname_of_which_only_its_cname_leaves_does_not_count() -> None:
    assert not old(15.0, (20,), link=(DNAME, 10))


def test_in_an_open_view_a_hidden_record_counts_as_little() -> None:
    assert not old(19.9, (20, 300), is_open=True, ttl=5, hidden=HIDDEN)
    assert old(20.0, (20, 300), is_open=True, ttl=5, hidden=HIDDEN)


def test_in_an_open_view_a_dname_leaves_and_so_counts() -> None:
    assert old(15.0, (20,), link=(DNAME, 10), is_open=True)


def test_a_chain_that_leads_nowhere_counts_no_longer_than_anything_else() -> None:
    assert not old(4.9, outcome=Outcome.FAILED)
    assert old(5.0, outcome=Outcome.FAILED)


@pytest.mark.parametrize("is_open", [True, False])
def test_what_was_looked_up_for_this_query_counts_even_without_a_ttl(is_open: bool) -> None:
    assert not old(0.0, (0,), is_open=is_open, ttl=0)


def test_stale_data_failures_and_late_decisions_want_nothing_anew() -> None:
    assert not old(1000.0, (20,), is_stale=True)
    assert not old(1000.0, (20,), is_late=True)
    assert not old(0.0, outcome=Outcome.FAILED)
    assert not old(0.0, outcome=Outcome.DOWN)
