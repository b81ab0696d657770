"""Facts grow, and remember that no nameserver was up."""

from enclave_dns.resolution import Facts, HostsTable, Outcome, Question, Resolution
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType

NAME = from_text("db.corp.net")
A = Question(NAME, RRType.A)
AAAA = Question(NAME, RRType.AAAA)


def test_facts_grow_without_changing_the_old_ones() -> None:
    before = Facts(HostsTable(), {A: Resolution(Outcome.ANSWER, NAME)})
    after = before | {AAAA: Resolution(Outcome.NXDOMAIN, NAME)}
    assert set(before.answers) == {A}
    assert set(after.answers) == {A, AAAA}
    assert after.hosts is before.hosts


def test_an_answer_that_nobody_was_up_to_give_means_that_nobody_is_up() -> None:
    assert not (Facts() | {A: Resolution(Outcome.DOWN, NAME)}).is_up
    assert (Facts() | {A: Resolution(Outcome.FAILED, NAME)}).is_up
    assert not (Facts(is_up=False) | {A: Resolution(Outcome.ANSWER, NAME)}).is_up
