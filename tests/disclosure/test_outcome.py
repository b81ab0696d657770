"""What replies end in: lifetimes of answers, NODATA, and the one reply for nothing."""

import pytest

from enclave_dns.disclosure.chain import Walk
from enclave_dns.disclosure.outcome import LATE_LIFETIME, answer, nodata, nothing
from enclave_dns.disclosure.reply import Kind
from enclave_dns.resolution import Facts, Outcome
from enclave_dns.wire.names import from_text
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import packed, view_of

OPEN, RESTRICTED = view_of("0.0.0.0/0"), view_of("10.0.0.0/24")
NAME, END = from_text("www.corp.net"), from_text("db.corp.net")
ADDRESS = Record(END, 1, 20, packed("10.0.0.30"))
LINK = Record(NAME, 5, 12, END)
FOUND = Walk(Outcome.ANSWER, END, (LINK,), (ADDRESS,), ttl=12)
UP, DOWN = Facts(), Facts(is_up=False)


def test_an_answer_lives_as_long_as_its_shortest_part() -> None:
    beside = Record(END, 28, 7, packed("fd00::1"))
    assert answer(RESTRICTED, NAME, FOUND, (ADDRESS,)).lifetime == 12
    reply = answer(RESTRICTED, NAME, FOUND, (ADDRESS,), (beside,))
    assert (reply.lifetime, reply.additional) == (7, (beside,))
    late = answer(RESTRICTED, NAME, FOUND, (ADDRESS,), is_late=True)
    assert late.lifetime == LATE_LIFETIME


def test_no_data_tells_the_chain_that_leads_to_what_is_visible() -> None:
    reply = nodata(RESTRICTED, NAME, FOUND, (ADDRESS,))
    assert (reply.kind, reply.answer, reply.authority[0].name) == (Kind.NODATA, (LINK,), END)
    assert reply.lifetime == 12


@pytest.mark.parametrize("outcome", Outcome)
def test_in_a_restricted_view_nothing_is_one_reply(outcome: Outcome) -> None:
    walk = Walk(outcome, END, (LINK,), ttl=9)
    assert nothing(RESTRICTED, NAME, (walk,), UP, None) == nothing(RESTRICTED, NAME, (), UP, None)
    assert nothing(RESTRICTED, NAME, (walk,), DOWN, None).kind is Kind.FAILED


@pytest.mark.parametrize(
    ("outcomes", "kind"),
    [
        ((Outcome.ANSWER,), Kind.NODATA),
        ((Outcome.NXDOMAIN,), Kind.NXDOMAIN),
        ((Outcome.NXDOMAIN, Outcome.ANSWER), Kind.NODATA),
        ((Outcome.FAILED, Outcome.NXDOMAIN), Kind.NXDOMAIN),
        ((Outcome.FAILED,), Kind.NO_ANSWER),
        ((), Kind.NO_ANSWER),
    ],
)
def test_in_an_open_view_what_exists_counts_and_then_what_does_not(
    outcomes: tuple[Outcome, ...], kind: Kind
) -> None:
    walks = tuple(Walk(outcome, END, ttl=9) for outcome in outcomes)
    assert nothing(OPEN, NAME, walks, UP, None).kind is kind
