"""Who may open one more TCP connection, and which one gives way for it."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.serve.connections import MAX_CONNECTIONS, MAX_PER_SENDER, Connections


@dataclass(eq=False)
class Member:
    sender: str
    is_idle: bool = True


def test_the_limits_are_those_that_are_documented() -> None:
    assert (MAX_CONNECTIONS, MAX_PER_SENDER) == (150, 20)


@pytest.mark.parametrize(
    ("there", "newcomer", "expected", "goes"),
    [
        ([], "a", "", None),
        ([("a", True), ("a", True)], "a", "connections_of_sender", None),
        ([("a", True), ("a", True)], "b", "", None),
        ([("a", True), ("a", True), ("b", True)], "c", "", 0),
        ([("b", True), ("a", True), ("a", True)], "c", "", 1),
        ([("a", False), ("a", True), ("b", True)], "c", "", 1),
        ([("a", False), ("a", False), ("b", True)], "c", "", 2),
        ([("a", False), ("a", False), ("b", False)], "c", "connections", None),
    ],
)
def test_who_enters_and_who_goes(
    there: list[tuple[str, bool]], newcomer: str, expected: str, goes: int | None
) -> None:
    connections: Connections[Member] = Connections(limit=3, per_sender=2)
    members = [Member(sender, is_idle) for sender, is_idle in there]
    for member in members:
        assert connections.enter(member) == ("", None)
    reason, ousted = connections.enter(Member(newcomer))
    assert reason == expected
    assert ousted is (None if goes is None else members[goes])


def test_of_one_sender_the_connection_that_was_quiet_longest_goes() -> None:
    connections: Connections[Member] = Connections(limit=2, per_sender=2)
    first, second = Member("a"), Member("a")
    connections.enter(first)
    connections.enter(second)
    connections.spoke(first)
    assert connections.enter(Member("b")) == ("", second)
    connections.spoke(second)
    assert len(connections) == 2


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.booleans())))
def test_neither_limit_is_ever_passed(steps: list[tuple[str, bool, bool]]) -> None:
    connections: Connections[Member] = Connections(limit=5, per_sender=3)
    there: list[Member] = []
    for sender, is_idle, leaves in steps:
        if leaves and there:
            connections.leave(there.pop())
            continue
        member = Member(sender, is_idle)
        reason, ousted = connections.enter(member)
        if ousted is not None:
            there.remove(ousted)
        if not reason:
            there.append(member)
        assert len(connections) == len(there) <= 5
        assert all(sum(m.sender == name for m in there) <= 3 for name in "abcd")
