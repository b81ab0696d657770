"""Queries in flight: limits hold, the oldest gives way, and every place is given back exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from enclave_dns.serve.pending import (
    MAX_IN_FLIGHT,
    MAX_PER_SENDER,
    ROOM_UNDER_SATURATION,
    Pending,
    Ticket,
)

LIMIT = 8
PER_SENDER = 3
SENDERS = st.sampled_from(("a", "b", "c", "d", "e"))


class AgainstAList(RuleBasedStateMachine):
    """Every entry and leave, against a plain list of (ticket, sender, item), oldest first."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.pending: Pending[int] = Pending(LIMIT, PER_SENDER)
        self.model: list[tuple[Ticket, int]] = []
        self.count = 0

    @rule(target=tickets, sender=SENDERS)
    def enter(self, sender: str) -> Ticket:
        self.count += 1
        own = [entry for entry in self.model if entry[0].sender == sender]
        losers = own[:1] if len(own) == PER_SENDER else self.model[:1] if self.is_full else []
        ticket, ousted = self.pending.enter(sender, self.count)
        assert ousted == tuple(item for _, item in losers)
        self.model = [entry for entry in self.model if entry not in losers]
        self.model.append((ticket, self.count))
        return ticket

    @rule(ticket=tickets)
    def leave(self, ticket: Ticket) -> None:
        was_there = any(entry[0] == ticket for entry in self.model)
        assert self.pending.leave(ticket) is was_there
        self.model = [entry for entry in self.model if entry[0] != ticket]

    @property
    def is_full(self) -> bool:
        return len(self.model) == LIMIT

    @invariant()
    def it_holds_what_the_list_holds(self) -> None:
        assert self.pending.everything() == tuple(item for _, item in self.model)
        assert len(self.pending) == len(self.model) <= LIMIT


TestAgainstAList = AgainstAList.TestCase


@given(st.lists(SENDERS, max_size=60))
def test_when_all_have_left_nothing_is_held_for_any_sender(senders: list[str]) -> None:
    pending: Pending[int] = Pending(LIMIT, PER_SENDER)
    tickets = [pending.enter(sender, number)[0] for number, sender in enumerate(senders)]
    for ticket in tickets:
        pending.leave(ticket)
    assert len(pending) == 0
    assert pending.everything() == ()
    assert pending._by_sender == {}
    # Each sender has its whole share again.
    for number in range(PER_SENDER):
        assert pending.enter("a", number)[1] == ()


def test_the_oldest_of_a_sender_gives_way_to_its_own_next_query() -> None:
    pending: Pending[str] = Pending(LIMIT, 2)
    pending.enter("other", "first of all")
    pending.enter("a", "one")
    pending.enter("a", "two")
    assert pending.enter("a", "three")[1] == ("one",)
    assert pending.everything() == ("first of all", "two", "three")


def test_in_all_the_oldest_of_anybody_gives_way() -> None:
    pending: Pending[str] = Pending(3, 3)
    for sender in ("a", "b", "c"):
        pending.enter(sender, sender)
    assert pending.enter("d", "d")[1] == ("a",)
    assert pending.everything() == ("b", "c", "d")


def test_a_sender_at_its_limit_takes_no_place_from_others() -> None:
    pending: Pending[str] = Pending(3, 2)
    pending.enter("b", "b")
    for number in range(10):
        pending.enter("a", f"a{number}")
    assert pending.everything() == ("b", "a8", "a9")


def test_a_place_that_was_lost_can_not_be_given_back() -> None:
    pending: Pending[str] = Pending(1, 1)
    lost, _ = pending.enter("a", "one")
    kept, _ = pending.enter("a", "two")
    assert pending.leave(lost) is False
    assert pending.leave(kept) is True
    assert pending.leave(kept) is False


@pytest.mark.parametrize(("limit", "sender"), [(MAX_PER_SENDER, "a"), (MAX_IN_FLIGHT, "")])
def test_the_limits_are_those_of_the_design(limit: int, sender: str) -> None:
    assert (MAX_IN_FLIGHT, MAX_PER_SENDER) == (2048, 256)
    pending: Pending[int] = Pending()
    for number in range(limit):
        assert pending.enter(sender or f"sender {number % 20}", number)[1] == ()
    assert pending.enter(sender or "another", -1)[1] == (0,)


@pytest.mark.parametrize(
    ("there", "newcomer", "expected"),
    [
        ("", "a", True),
        ("a" * (ROOM_UNDER_SATURATION - 1), "a", True),
        ("a" * ROOM_UNDER_SATURATION, "a", False),
        ("a" * ROOM_UNDER_SATURATION, "b", True),
        ("a" * ROOM_UNDER_SATURATION + "b" * (ROOM_UNDER_SATURATION // 2 - 1), "b", True),
        ("a" * ROOM_UNDER_SATURATION + "b" * (ROOM_UNDER_SATURATION // 2), "b", False),
        ("a" * ROOM_UNDER_SATURATION + "b" * (ROOM_UNDER_SATURATION // 2), "c", True),
    ],
)
def test_under_saturation_only_who_has_less_than_an_even_part_begins_one_more(
    there: str, newcomer: str, expected: bool
) -> None:
    pending: Pending[str] = Pending(limit=4096, per_sender=2048)
    for sender in there:
        pending.enter(sender, sender)
    assert pending.has_room_under_saturation(newcomer) is expected


def test_under_saturation_no_query_costs_another_one_of_its_sender_its_place() -> None:
    pending: Pending[str] = Pending(per_sender=2)
    for _ in range(2):
        assert pending.has_room_under_saturation("a")
        pending.enter("a", "a")
    assert not pending.has_room_under_saturation("a")
    assert pending.has_room_under_saturation("b")
