"""What answers teach: for how long, from whom, and how much of it."""

import pytest

from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.stub.groups import Gateway, Group
from enclave_dns.stub.learned import (
    ANSWERED_LIFETIME,
    MAX_ENTRIES,
    SUFFIX_LIFETIME,
    Learned,
)
from enclave_dns.wire.names import from_text
from tests.fakes.dns_worlds import view_of

LONDON = Group((Gateway("LONDON", Nameserver("100.64.0.70"), view_of("10.1.0.0/16")),))
PARIS = Group((Gateway("PARIS", Nameserver("100.64.0.71"), view_of("10.2.0.0/16")),))
OPEN = Group((Gateway("OPEN", Nameserver("100.64.0.72"), view_of("0.0.0.0/0")),))


def after(*answers: tuple[str, Group]) -> Learned:
    """What these answers, all at the instant 0, have taught."""
    learned = Learned()
    for name, group in answers:
        learned.answered(from_text(name), group, 0.0)
    return learned


@pytest.mark.parametrize(
    ("answered", "asked", "knows"),
    [
        ("db.corp.net", "db.corp.net", True),
        ("db.corp.net", "www.corp.net", True),
        ("db.corp.net", "a.b.corp.net", True),
        ("db.corp.net", "corp.net", False),
        ("db.corp.net", "www.other.net", False),
        ("db.corp.net", "www.notcorp.net", False),
        ("a.b.corp.net", "c.b.corp.net", True),
        ("a.b.corp.net", "www.corp.net", False),
        # One label is no suffix: all of `net` is not one site's.
        ("corp.net", "other.net", False),
        ("printer", "scanner", False),
    ],
)
def test_the_parent_of_an_answered_name_is_learned(answered: str, asked: str, knows: bool) -> None:
    learned = after((answered, LONDON))
    assert learned.group_for(from_text(asked), 1.0) == (LONDON if knows else None)


def test_the_longest_suffix_counts() -> None:
    learned = after(("a.b.corp.net", PARIS), ("db.corp.net", LONDON))
    assert learned.group_for(from_text("x.b.corp.net"), 1.0) == PARIS
    assert learned.group_for(from_text("x.corp.net"), 1.0) == LONDON


def test_the_last_answer_counts() -> None:
    learned = after(("db.corp.net", LONDON), ("www.corp.net", PARIS))
    assert learned.group_for(from_text("x.corp.net"), 1.0) == PARIS


def test_nothing_is_learned_from_an_open_group_but_that_the_name_was_answered() -> None:
    learned = after(("db.corp.net", OPEN))
    assert learned.group_for(from_text("www.corp.net"), 1.0) is None
    assert learned.was_answered(from_text("db.corp.net"), 1.0)


def test_a_suffix_lasts_ten_minutes_from_its_last_answer() -> None:
    assert SUFFIX_LIFETIME == 600
    learned = after(("db.corp.net", LONDON))
    name = from_text("www.corp.net")
    assert learned.group_for(name, 599.9) == LONDON
    assert learned.group_for(name, 600.0) is None
    learned.answered(from_text("db.corp.net"), LONDON, 500.0)
    assert learned.group_for(name, 1099.9) == LONDON


def test_where_the_longest_suffix_has_faded_the_next_one_counts() -> None:
    learned = after(("a.b.corp.net", PARIS))
    learned.answered(from_text("db.corp.net"), LONDON, 300.0)
    assert learned.group_for(from_text("x.b.corp.net"), 599.0) == PARIS
    assert learned.group_for(from_text("x.b.corp.net"), 700.0) == LONDON


def test_that_a_name_was_answered_is_known_of_that_name_alone_and_fades() -> None:
    learned = after(("db.corp.net", LONDON))
    assert learned.was_answered(from_text("db.corp.net"), ANSWERED_LIFETIME - 0.1)
    assert not learned.was_answered(from_text("db.corp.net"), ANSWERED_LIFETIME)
    assert not learned.was_answered(from_text("www.corp.net"), 1.0)
    assert not learned.was_answered(from_text("corp.net"), 1.0)


def test_the_oldest_go_where_there_are_too_many() -> None:
    learned = after(("db.first.net", LONDON), ("db.second.net", LONDON))
    learned.answered(from_text("again.first.net"), LONDON, 1.0)
    for number in range(MAX_ENTRIES - 1):
        learned.answered(from_text(f"a.s{number}.net"), PARIS, 2.0)
    assert learned.group_for(from_text("x.first.net"), 3.0) == LONDON
    assert learned.group_for(from_text("x.second.net"), 3.0) is None
    assert not learned.was_answered(from_text("db.first.net"), 3.0)
