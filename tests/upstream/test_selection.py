"""Whom a look-up asks, told as conversations: how a try ended, and what is tried next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.upstream.health import State
from enclave_dns.upstream.selection import Pace, Selection, Transport, order

U, S, D = State.UP, State.SUSPECTED, State.DOWN


@pytest.mark.parametrize(
    ("states", "start", "expected"),
    [
        ([], 0, ()),
        ([U, U, U], 0, (0, 1, 2)),
        ([U, U, U], 1, (1, 2, 0)),
        ([U, U, U], 7, (1, 2, 0)),
        ([S, U, U], 0, (1, 2, 0)),
        ([D, U, S], 0, (1, 2)),
        ([D, S], 0, (1,)),
        ([D, D, D], 1, (1, 2, 0)),
    ],
)
def test_the_healthy_come_first_and_the_dead_only_alone(
    states: list[State], start: int, expected: tuple[int, ...]
) -> None:
    assert order(states, start) == expected


def conversation(selection: Selection, events: str) -> str:
    """The tries (`0u` = server 0 over UDP) that these endings, word by word, lead to."""
    tries = []
    for event in [*events.split(), ""]:
        attempt = selection.next_try(0.0)
        if attempt is None:
            tries.append("over")
            break
        tries.append(f"{attempt.server}{'u' if attempt.transport is Transport.UDP else 't'}")
        if event:
            getattr(selection, f"after_{event}")()
    return " ".join(tries)


@pytest.mark.parametrize(
    ("servers", "events", "tries"),
    [
        ("", "", "over"),
        ("01", "answer", "0u over"),
        ("01", "failure failure failure failure", "0u 1u 0u 1u over"),
        ("01", "retry failure failure", "0u 1u 1u over"),
        ("01", "retry retry", "0u 1u over"),
        ("0", "truncated answer", "0u 0t over"),
        ("0", "truncated failure failure", "0u 0t 0u over"),
        ("0", "truncated truncated failure", "0u 0t 0u over"),
        ("01", "truncated retry answer", "0u 0t 1u over"),
        ("0", "mismatch answer", "0u 0t over"),
        ("01", "mismatch retry answer", "0u 0t 1t over"),
        ("0", "mismatch failure answer", "0u 0t 0u over"),
        ("01", "mismatch failure failure failure failure failure", "0u 0t 0u 1t 1u 0t 1t"),
        (
            "01",
            "mismatch failure mismatch failure mismatch failure failure",
            "0u 0t 0u 1t 1u 0t 1t over",
        ),
    ],
)
def test_a_look_up_goes_on(servers: str, events: str, tries: str) -> None:
    assert conversation(Selection([int(s) for s in servers], Pace(), 0.0), events) == tries


def test_use_vc_asks_over_tcp_alone() -> None:
    selection = Selection([0, 1], Pace(use_tcp=True, attempts=1), 0.0)
    assert conversation(selection, "failure failure") == "0t 1t over"


@pytest.mark.parametrize(
    ("pace", "servers", "first"),
    [
        (Pace(), 1, 0.4),
        (Pace(), 2, 0.4),
        (Pace(), 4, 0.2),
        (Pace(timeout=0.1), 2, 0.1),
        (Pace(timeout=5.0, longest_try=1.0), 2, 0.4),
    ],
)
def test_a_try_gets_its_share_of_the_time(pace: Pace, servers: int, first: float) -> None:
    attempt = Selection(range(servers), pace, 10.0).next_try(10.0)
    assert attempt is not None
    assert attempt.deadline == pytest.approx(10.0 + first)


def test_the_last_try_may_use_up_the_budget_but_not_more() -> None:
    selection = Selection([0], Pace(), 10.0)
    selection.after_failure()
    attempt = selection.next_try(10.4)
    assert attempt is not None
    assert attempt.deadline == pytest.approx(12.0)
    assert selection.next_try(12.0) is None


_ENDINGS = st.sampled_from(["failure", "truncated", "mismatch", "retry"])


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_every_look_up_ends_and_trusts_udp_no_more_than_it_may(
    servers: int, attempts: int, data: st.DataObject
) -> None:
    selection = Selection(range(servers), Pace(attempts=attempts), 0.0)
    mismatched, udp_after = False, 0
    for _ in range(servers * attempts * 2 + 8):
        attempt = selection.next_try(0.0)
        if attempt is None:
            break
        udp_after += mismatched and attempt.transport is Transport.UDP
        ending = data.draw(_ENDINGS)
        mismatched |= ending == "mismatch" and attempt.transport is Transport.UDP
        getattr(selection, f"after_{ending}")()
    assert selection.next_try(0.0) is None
    assert udp_after <= 2
