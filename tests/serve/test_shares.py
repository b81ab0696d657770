"""Fair shares under saturation: who waits, who loses, whose turn it is."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.serve.shares import SUSTAINED, Shares

Packet = tuple[str, int]


def filled(senders: str, room: int) -> tuple[Shares[Packet], list[bool]]:
    """Packets of these senders, one letter each, in that order; which of them cost one its place.

    A packet is its sender and its place in the order.
    """
    shares: Shares[Packet] = Shares(room)
    return shares, [shares.add(sender, (sender, at)) for at, sender in enumerate(senders)]


def anybody(sender: str) -> bool:
    return True


def served(shares: Shares[Packet]) -> list[Packet]:
    """All that waits, in the order in which it is served."""
    found = []
    while (packet := shares.take(anybody)) is not None:
        found.append(packet)
    return found


def test_saturation_is_several_full_batches_in_a_row_and_ends_with_an_empty_socket() -> None:
    shares: Shares[Packet] = Shares()
    for _ in range(SUSTAINED - 1):
        shares.filled()
    assert not shares.is_saturated
    shares.emptied()
    for _ in range(SUSTAINED - 1):
        shares.filled()
    assert not shares.is_saturated
    shares.filled()
    assert shares.is_saturated
    shares.add("a", ("a", 0))
    shares.emptied()
    assert shares.is_saturated  # something still waits
    shares.take(anybody)
    shares.emptied()
    assert not shares.is_saturated


@pytest.mark.parametrize(
    ("came", "order"),
    [
        ("", ""),
        ("a", "a0"),
        ("aaab", "a0 b3 a1 a2"),
        ("abc", "a0 b1 c2"),
        ("aaaaaaaa", "a4 a5 a6 a7"),  # alone, a sender has the whole room, and keeps the newest
        ("aaaab", "a1 b4 a2 a3"),
        ("aaaabb", "a2 b4 a3 b5"),
        ("aaaabbb", "a2 b5 a3 b6"),
        ("aaaabbbcd", "a3 b6 c7 d8"),
        ("abcdabcd", "a4 b5 c6 d7"),
        ("abcdaaaa", "a7 b1 c2 d3"),
        ("abcde", "a0 b1 c2 d3"),
    ],
)
def test_a_full_room_costs_the_longest_line_its_oldest_packet(came: str, order: str) -> None:
    shares, lost = filled(came, room=4)
    assert " ".join(f"{sender}{at}" for sender, at in served(shares)) == order
    assert sum(lost) == max(0, len(came) - 4)


@given(st.text("abcdefgh", max_size=200), st.integers(1, 40))
def test_a_sender_within_an_even_part_of_the_room_never_loses_a_packet(
    came: str, room: int
) -> None:
    shares, lost = filled(came, room)
    assert len(shares) == min(len(came), room)
    assert sum(lost) == len(came) - len(shares)
    kept = Counter(sender for sender, _ in served(shares))
    fair = room // max(1, len(set(came)))
    for sender, count in Counter(came).items():
        assert kept[sender] >= min(count, fair)


@given(st.lists(st.sampled_from([*"abcd", None]), max_size=200))
def test_turns_go_round_and_each_sender_is_served_in_its_own_order(
    steps: list[str | None],
) -> None:
    shares: Shares[Packet] = Shares(16)
    heard: dict[str, list[int]] = {}
    for at, sender in enumerate(steps):
        if sender is not None:
            shares.add(sender, (sender, at))
            continue
        packet = shares.take(anybody)
        if packet is not None:
            heard.setdefault(packet[0], []).append(packet[1])
    for order in heard.values():
        assert order == sorted(order)
    rest = [sender for sender, _ in served(shares)]
    assert len(set(rest[: len(set(rest))])) == len(set(rest))


@pytest.mark.parametrize(
    ("came", "expected"),
    [("", False), ("aaaa", True), ("aabb", False), ("aaab", True), ("aabbccdd", False)],
)
def test_it_is_uneven_where_one_sender_has_far_more_than_an_even_part(
    came: str, expected: bool
) -> None:
    shares, _ = filled(came, room=8)
    assert shares.is_uneven is expected
    assert shares.room == 8 - len(came)


@given(st.text("ab", max_size=300), st.integers(1, 20))
def test_while_there_is_room_nobody_loses_anything(came: str, room: int) -> None:
    _, lost = filled(came[:room], room)
    assert not any(lost)


def test_a_sender_that_may_not_keeps_its_place_and_holds_up_nobody() -> None:
    shares, _ = filled("aab", 10)
    assert shares.take(lambda sender: sender == "b") == ("b", 2)
    assert shares.take(lambda sender: sender == "b") is None
    assert len(shares) == 2
    assert served(shares) == [("a", 0), ("a", 1)]


def test_turns_go_round_with_the_newest_of_each_line_too() -> None:
    shares, _ = filled("aaabb", 10)
    order = [shares.take(anybody, newest=True) for _ in range(5)]
    assert order == [("a", 2), ("b", 4), ("a", 1), ("b", 3), ("a", 0)]
