"""When a server counts as dead, and when it is looked at again."""

from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.upstream.health import FAILURES, UP, Health, State

_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["failure", "life", "good probe", "bad probe"]),
        st.floats(0, 5),
        st.floats(0, 1, exclude_max=True),
    ),
    max_size=40,
)


def after(health: Health, event: str, now: float, jitter: float) -> Health:
    if event == "failure":
        return health.after_failure(now)
    if event == "life":
        return health.after_life()
    return health.after_probe(event == "good probe", now, jitter)


def failed(times: int, now: float = 10.0) -> Health:
    health = UP
    for _ in range(times):
        health = health.after_failure(now)
    return health


def test_three_failures_in_a_row_raise_a_suspicion_and_want_a_probe_at_once() -> None:
    assert failed(2).state is State.UP
    assert failed(2).probe_at is None
    assert failed(3).state is State.SUSPECTED
    assert failed(3).probe_at == 10.0


def test_life_in_between_starts_the_count_again() -> None:
    assert failed(2).after_life().after_failure(1.0).after_failure(1.0).state is State.UP


def test_failures_alone_never_put_a_server_out() -> None:
    assert failed(1000).state is State.SUSPECTED


def test_a_bad_probe_puts_a_suspect_out_and_a_good_one_clears_it() -> None:
    assert failed(3).after_probe(False, 11.0, 0.0).state is State.DOWN
    assert failed(3).after_probe(True, 11.0, 0.0) == UP


def test_the_pauses_double_up_to_half_a_minute() -> None:
    health, pauses = failed(3), []
    for _ in range(9):
        health = health.after_probe(False, 100.0, 0.0)
        assert health.probe_at is not None
        pauses.append(health.probe_at - 100.0)
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0]


def test_a_reply_to_a_question_brings_a_dead_server_back() -> None:
    assert failed(3).after_probe(False, 11.0, 0.0).after_life() == UP


def test_a_bad_probe_that_life_has_overtaken_counts_for_nothing() -> None:
    assert failed(3).after_life().after_probe(False, 11.0, 0.0) == UP


@given(_EVENTS)
def test_the_laws_hold_after_any_history(events: list[tuple[str, float, float]]) -> None:
    health, now, in_a_row = UP, 0.0, 0
    for event, passed, jitter in events:
        before, now = health, now + passed
        health = after(health, event, now, jitter)
        in_a_row = in_a_row + 1 if event == "failure" else 0 if event != "bad probe" else in_a_row
        # A probe is wanted exactly while the server is not up.
        assert (health.probe_at is None) == (health.state is State.UP)
        if event in ("life", "good probe"):
            assert health == UP
        if health.state is State.DOWN and before.state is not State.DOWN:
            assert (before.state, event) == (State.SUSPECTED, "bad probe")
        if health.state is State.SUSPECTED and before.state is State.UP:
            assert in_a_row >= FAILURES
        if event == "bad probe" and before.state is not State.UP:
            assert health.probe_at is not None
            assert 0.5 <= round(health.probe_at - now, 6) <= 30
