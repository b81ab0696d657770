"""When a server counts as dead or as slow, and when it is looked at again."""

import pytest

from enclave_dns.upstream.health import (
    CALM,
    FAILURES,
    LOST_RACES,
    RACES,
    UP,
    Health,
    State,
)


def failed(times: int, now: float = 10.0) -> Health:
    health = UP
    for _ in range(times):
        health = health.after_failure(now)
    return health


def raced(lost: str, health: Health = UP, now: float = 10.0) -> Health:
    """After races of which `l` were lost and `w` won."""
    for one in lost:
        health = health.after_race(one == "l", now)
    return health


SUSPECTED = failed(FAILURES)
DOWN = SUSPECTED.after_probe(False, 11.0, 0.0)
SLOW = raced("lll")


def pauses(health: Health, count: int, now: float = 100.0) -> list[float]:
    """Seconds between the bad probes that follow."""
    found = []
    for _ in range(count):
        health = health.after_probe(False, now, 0.0)
        assert health.probe_at is not None
        found.append(health.probe_at - now)
    return found


def test_three_failures_in_a_row_raise_a_suspicion_and_want_a_probe_at_once() -> None:
    assert failed(2).state is State.UP
    assert failed(2).probe_at is None
    assert failed(3).state is State.SUSPECTED
    assert failed(3).probe_at == 10.0


def test_life_in_between_starts_the_count_again() -> None:
    health = failed(2).after_life(9.0, 10.0, 0.0)
    assert health.after_failure(11.0).after_failure(11.0).state is State.UP


def test_failures_alone_never_put_a_server_out() -> None:
    assert failed(1000).state is State.SUSPECTED


def test_a_bad_probe_puts_a_suspect_out_and_a_good_one_clears_it() -> None:
    assert SUSPECTED.after_probe(False, 11.0, 0.0).state is State.DOWN
    assert SUSPECTED.after_probe(True, 11.0, 0.0).state is State.UP


def test_life_clears_a_suspect_whenever_it_was_asked() -> None:
    assert SUSPECTED.after_life(1.0, 11.0, 0.0).state is State.UP


def test_the_pauses_double_up_to_half_a_minute() -> None:
    assert pauses(SUSPECTED, 9) == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0]
    assert DOWN.after_probe(False, 100.0, 0.999).probe_at == pytest.approx(101.5, abs=0.01)


def test_a_server_that_is_down_is_back_after_two_good_probes_the_second_one_soon() -> None:
    long_dead = DOWN.after_probe(False, 20.0, 0.0).after_probe(False, 30.0, 0.0)
    half_open = long_dead.after_probe(True, 50.0, 0.0)
    assert (half_open.state, half_open.probe_at) == (State.DOWN, 50.5)
    assert half_open.after_probe(True, 51.0, 0.0).state is State.UP


def test_a_bad_probe_in_between_starts_the_good_ones_again_and_the_pauses_go_on() -> None:
    half_open = DOWN.after_probe(False, 20.0, 0.0).after_probe(True, 30.0, 0.0)
    again = half_open.after_probe(False, 31.0, 0.0)
    assert again.probe_at == 33.0
    assert again.after_probe(True, 34.0, 0.0).state is State.DOWN


def test_to_a_dead_server_a_reply_counts_as_a_good_probe_if_it_was_asked_since() -> None:
    assert DOWN.after_life(10.5, 12.0, 0.0) is DOWN
    half_open = DOWN.after_life(11.5, 12.0, 0.0)
    assert half_open.state is State.DOWN
    assert half_open.after_life(12.0, 12.1, 0.0).state is State.UP
    assert half_open.after_failure(12.2).after_life(12.3, 12.4, 0.0).state is State.DOWN


@pytest.mark.parametrize(
    ("races", "state"),
    [
        ("ll", State.UP),
        ("lll", State.SLOW),
        ("lwlwwwl", State.SLOW),
        ("lwwwlwwwwwl", State.UP),
        ("lwwwlwwwwl", State.SLOW),
        ("w" * 50, State.UP),
    ],
)
def test_three_lost_races_in_the_last_ten_questions_and_a_server_gives_way(
    races: str, state: State
) -> None:
    assert (RACES, LOST_RACES) == (10, 3)
    assert raced(races).state is state


def test_a_slow_server_is_back_after_two_good_probes_and_not_by_answering() -> None:
    assert SLOW.probe_at == 10.0
    assert SLOW.after_life(10.0, 10.1, 0.0) is SLOW
    once = SLOW.after_probe(True, 10.1, 0.0)
    assert (once.state, once.probe_at) == (State.SLOW, pytest.approx(12.1))
    assert once.after_probe(True, 12.2, 0.0).state is State.UP


def test_a_slow_server_that_fails_its_probe_is_suspected_and_probed_again_at_once() -> None:
    suspect = SLOW.after_probe(False, 12.0, 0.0)
    assert (suspect.state, suspect.probe_at) == (State.SUSPECTED, 12.0)
    assert suspect.after_probe(False, 13.5, 0.0).state is State.DOWN


def test_a_slow_server_that_fails_questions_is_suspected() -> None:
    health = SLOW
    for _ in range(FAILURES):
        health = health.after_failure(10.5)
    assert health.state is State.SUSPECTED


def test_more_failures_of_a_suspect_change_nothing_and_so_put_no_probe_off() -> None:
    assert SUSPECTED.after_failure(12.0) is SUSPECTED
    assert DOWN.after_failure(12.0) is DOWN
    assert DOWN.after_drain(12.0, 0.0) is DOWN


def test_how_long_a_server_was_dead_says_nothing_about_how_slow_it_is() -> None:
    dead = SUSPECTED
    for _ in range(6):
        dead = dead.after_probe(False, 20.0, 0.0)
    back = dead.after_probe(True, 40.0, 0.0).after_probe(True, 40.5, 0.0)
    assert raced("lll", back, 41.0).after_probe(True, 41.0, 0.0).probe_at == 43.0


def test_a_suspicion_does_not_make_an_old_weakness_new() -> None:
    health = raced("lll").after_probe(True, 10.0, 0.0).after_probe(True, 12.0, 0.0)
    for now in (13.0, 80.0):
        for _ in range(FAILURES):
            health = health.after_failure(now)
        health = health.after_life(now, now, 0.0)
    assert raced("lll", health, 81.0).after_probe(True, 81.0, 0.0).probe_at == 83.0


def test_who_gives_way_again_and_again_stays_away_longer_each_time() -> None:
    health, now, away = UP, 10.0, []
    for _ in range(8):
        health = raced("lll", health, now).after_probe(True, now, 0.0)
        assert health.probe_at is not None
        away.append(health.probe_at - now)
        now = health.probe_at
        health = health.after_probe(True, now, 0.0)
        assert health.state is State.UP
    assert away == [2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0, 20.0]
    calm = raced("lll", health, now + CALM).after_probe(True, now + CALM, 0.0)
    assert calm.probe_at == now + CALM + 2.0


@pytest.mark.parametrize("before", [UP, failed(2), SUSPECTED, SLOW])
def test_who_says_that_it_stops_is_out_at_once(before: Health) -> None:
    drained = before.after_drain(20.0, 0.0)
    assert (drained.state, drained.probe_at) == (State.DOWN, 20.5)
    assert drained.after_life(19.9, 20.1, 0.0) is drained


def test_a_probe_that_ends_when_the_server_is_up_again_counts_for_nothing() -> None:
    up = SUSPECTED.after_life(9.0, 10.5, 0.0)
    assert up.after_probe(False, 11.0, 0.0) is up


@pytest.mark.parametrize("state", [SLOW, DOWN])
def test_races_do_not_count_for_a_server_that_gave_way_already(state: Health) -> None:
    assert raced("lllwww", state) is state


def test_a_suspect_that_is_alive_but_lost_its_races_gives_way() -> None:
    suspect = raced("l", raced("ll", failed(2)).after_failure(10.0))
    assert suspect.state is State.SUSPECTED
    assert suspect.after_probe(True, 10.1, 0.0).state is State.SLOW
    assert suspect.after_life(10.0, 10.1, 0.0).state is State.SLOW
    won = raced("www", raced("ll", failed(2)).after_failure(10.0))
    assert won.after_probe(True, 10.1, 0.0).state is State.UP
