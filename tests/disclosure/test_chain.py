"""Following CNAMEs through answers, whole or cut, and where that ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.chain import Walk, Wants, walk
from enclave_dns.resolution import MAX_CHAIN, Outcome, Question, Resolution
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import World, packed

ADDRESS = packed("10.0.0.30")


def name(at: int) -> bytes:
    return from_text(f"n{at}.corp.net")


def asked(at: int, rtype: int = RRType.A) -> Question:
    return Question(name(at), rtype)


def link(at: int, to: int) -> Record:
    return Record(name(at), RRType.CNAME, 60, name(to))


def follow(world: World, question: Question) -> tuple[Walk, int]:
    """The walk, with what it wants fetched one by one, and how many look-ups that took."""
    answers: dict[Question, Resolution] = {}
    while isinstance(found := walk(question, answers), Wants):
        (wanted,) = found.questions
        assert wanted not in answers
        answers[wanted] = world.answer(wanted)
    return found, len(answers)


def line(links: int, cuts: frozenset[bytes] = frozenset()) -> World:
    """`n0` leads over `links` CNAMEs to a name with an address."""
    zone = {name(at): (link(at, at + 1),) for at in range(links)}
    zone[name(links)] = (Record(name(links), RRType.A, 60, ADDRESS),)
    return World(zone, cuts=cuts)


@given(st.integers(0, 20), st.sets(st.integers(0, 20)))
def test_a_chain_is_followed_up_to_its_limit_however_it_is_cut(links: int, cuts: set[int]) -> None:
    found, asked_for = follow(line(links, frozenset(map(name, cuts))), asked(0))
    if links > MAX_CHAIN:
        assert (found.outcome, found.rrset) == (Outcome.FAILED, ())
        return
    assert found.chain == tuple(link(at, at + 1) for at in range(links))
    assert (found.outcome, found.end) == (Outcome.ANSWER, name(links))
    assert [record.rdata for record in found.rrset] == [ADDRESS]
    assert asked_for == 1 + len(cuts & set(range(1, links + 1)))


@pytest.mark.parametrize(("links", "has_data"), [(0, True), (1, True), (12, True), (13, False)])
def test_twelve_links_are_a_chain_and_thirteen_are_none(links: int, has_data: bool) -> None:
    for cuts in (frozenset(), frozenset(map(name, range(20)))):
        assert bool(follow(line(links, cuts), asked(0))[0].rrset) is has_data


def test_no_more_is_looked_up_of_a_chain_that_is_too_long() -> None:
    _, asked_for = follow(line(20, frozenset(map(name, range(20)))), asked(0))
    assert asked_for == 1 + MAX_CHAIN


@pytest.mark.parametrize(
    "links", [{0: 0}, {0: 1, 1: 0}, {0: 1, 1: 1}, {0: 1, 1: 2, 2: 1}, {0: 1, 1: 2, 2: 3, 3: 0}]
)
@pytest.mark.parametrize("is_cut", [True, False])
def test_a_loop_has_no_data_and_ends(links: dict[int, int], is_cut: bool) -> None:
    zone = {name(at): (link(at, to),) for at, to in links.items()}
    world = World(zone, cuts=frozenset(zone) if is_cut else frozenset())
    found, asked_for = follow(world, asked(0))
    assert (found.outcome, found.rrset) == (Outcome.FAILED, ())
    assert asked_for <= len(links)


def test_an_answer_that_leads_back_to_itself_has_no_data() -> None:
    empty = Resolution(Outcome.ANSWER, name(0), is_final=False)
    assert walk(asked(0), {asked(0): empty}) == Walk(Outcome.FAILED, name(0), questions=(asked(0),))


def test_a_loop_is_as_old_and_as_stale_as_what_was_said_on_the_way() -> None:
    """Where it could not be asked anew, it is not wanted again and again."""
    there = Resolution(
        Outcome.ANSWER, name(1), chain=(link(0, 1),), is_final=False, ttl=30, age=7.0
    )
    back = Resolution(
        Outcome.ANSWER, name(0), chain=(link(1, 0),), is_final=False, ttl=9, is_stale=True
    )
    found = walk(asked(0), {asked(0): there, asked(1): back})
    assert found == Walk(
        Outcome.FAILED,
        name(0),
        (link(0, 1), link(1, 0)),
        ttl=9,
        age=7.0,
        is_stale=True,
        questions=(asked(0), asked(1)),
    )


@pytest.mark.parametrize("outcome", [Outcome.NXDOMAIN, Outcome.FAILED, Outcome.DOWN])
def test_the_last_answer_says_how_a_walk_ends(outcome: Outcome) -> None:
    cut = Resolution(Outcome.ANSWER, name(1), chain=(link(0, 1),), is_final=False)
    answers = {asked(0): cut, asked(1): Resolution(outcome, name(1))}
    found = walk(asked(0), answers)
    way = (asked(0), asked(1))
    assert found == Walk(outcome, name(1), (link(0, 1),), questions=way)


def test_what_is_missing_is_wanted_in_the_asked_type() -> None:
    cut = Resolution(Outcome.ANSWER, name(1), chain=(link(0, 1),), is_final=False)
    assert walk(asked(0), {}) == Wants((asked(0),))
    assert walk(asked(0), {asked(0): cut}) == Wants((asked(1),))
    other = asked(0, RRType.AAAA)
    assert walk(other, {asked(0): cut}) == Wants((other,))


def test_a_walk_is_as_old_as_its_oldest_answer_and_as_stale_as_any() -> None:
    rrset = (Record(name(1), RRType.A, 60, ADDRESS),)
    cut = Resolution(
        *(Outcome.ANSWER, name(1), (), (link(0, 1),)), is_final=False, ttl=9, age=20, is_stale=True
    )
    end = Resolution(Outcome.ANSWER, name(1), rrset, ttl=60, age=3)
    found = walk(asked(0), {asked(0): cut, asked(1): end})
    way = (asked(0), asked(1))
    assert found == Walk(
        Outcome.ANSWER, name(1), (link(0, 1),), rrset, 9, 20, is_stale=True, questions=way
    )
    alone = walk(asked(1), {asked(1): end})
    assert alone == Walk(Outcome.ANSWER, name(1), (), rrset, 60, 3, questions=(asked(1),))
