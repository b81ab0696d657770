"""Whom a look-up asks, told as timelines: when a try ended and how, and what was asked when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.upstream.health import State
from enclave_dns.upstream.selection import Ended, Pace, Selection, Try, order

U, L, S, D = State.UP, State.SLOW, State.SUSPECTED, State.DOWN
ENDINGS = {"settled": Ended.SETTLED, "declined": Ended.DECLINED, "failed": Ended.FAILED}


@pytest.mark.parametrize(
    ("states", "start", "expected"),
    [
        ([], 0, ()),
        ([U, U, U], 0, (0, 1, 2)),
        ([U, U, U], 1, (1, 2, 0)),
        ([U, U, U], 7, (1, 2, 0)),
        ([S, U, U], 0, (1, 2, 0)),
        ([L, S, U], 0, (2, 0, 1)),
        ([U, L, U], 1, (2, 0, 1)),
        ([D, U, S], 0, (1, 2)),
        ([D, S], 0, (1,)),
        ([D, D, D], 1, ()),
    ],
)
def test_the_healthy_come_first_and_the_dead_not_at_all(
    states: list[State], start: int, expected: tuple[int, ...]
) -> None:
    assert order(states, start) == expected


class Timeline:
    """A look-up on a clock of its own: `asked` tells the tries as `server@milliseconds`."""

    def __init__(self, servers: int, pace: Pace, delay: float = 0.1) -> None:
        self.selection = Selection(range(servers), pace, [delay] * servers, 0.0)
        self.running: list[Try] = []
        self.asked: list[str] = []
        self.now = 0.0
        self._start()

    def _start(self) -> None:
        while (attempt := self.selection.next_try(self.now)) is not None:
            self.running.append(attempt)
            self.asked.append(f"{attempt.server}@{round(1000 * self.now)}")

    def until(self, milliseconds: int) -> None:
        """Let time pass: tries begin when they are due, and fail where their time is over."""
        end = milliseconds / 1000
        while (due := self._due()) is not None and due <= end:
            self.now = due
            for attempt in [one for one in self.running if one.deadline <= self.now]:
                self.end(attempt, Ended.FAILED)
            self._start()
        self.now = end

    def _due(self) -> float | None:
        """When something happens next; what could have begun by now has."""
        wake = self.selection.wake_at
        instants = [attempt.deadline for attempt in self.running]
        if wake is not None and wake > self.now:
            instants.append(wake)
        return min(instants, default=None)

    def end(self, attempt: Try, ended: Ended) -> None:
        self.running.remove(attempt)
        self.selection.after(attempt, ended, self.now)
        self._start()

    def says(self, server: int, ended: str) -> Try:
        attempt = next(one for one in self.running if one.server == server)
        self.end(attempt, ENDINGS[ended])
        return attempt


ONCE = Pace(attempts=1)


def test_a_quick_answer_needs_nobody_else() -> None:
    line = Timeline(2, Pace())
    line.until(50)
    winner = line.says(0, "settled")
    line.until(5000)
    assert line.asked == ["0@0"]
    assert line.selection.outrun_by(winner) == ()


def test_who_is_late_gets_company_and_may_still_win() -> None:
    line = Timeline(2, Pace())
    line.until(150)
    assert line.asked == ["0@0", "1@100"]
    assert line.selection.outrun_by(line.says(0, "settled")) == ()


def test_who_is_outrun_has_lost_a_race() -> None:
    line = Timeline(3, Pace())
    line.until(250)
    assert line.asked == ["0@0", "1@100", "2@200"]
    assert line.selection.outrun_by(line.says(2, "settled")) == (0, 1)


@pytest.mark.parametrize("ended", ["failed", "declined"])
def test_the_next_server_is_asked_at_once_where_one_fails(ended: str) -> None:
    line = Timeline(2, Pace())
    line.until(20)
    line.says(0, ended)
    assert line.asked == ["0@0", "1@20"]


def test_who_has_had_its_say_is_not_asked_again_and_who_was_silent_is() -> None:
    line = Timeline(2, Pace())
    line.says(0, "declined")
    line.says(1, "failed")
    line.says(1, "failed")
    assert line.asked == ["0@0", "1@0", "1@0"]
    assert line.selection.wake_at is None


def test_silent_servers_are_asked_in_turn_until_the_budget_is_used_up() -> None:
    line = Timeline(2, Pace())
    line.until(5000)
    assert line.asked == ["0@0", "1@100", "0@400", "1@500"]
    assert line.running == []


def test_the_last_try_may_use_up_the_budget() -> None:
    line = Timeline(1, Pace())
    line.until(1990)
    assert line.asked == ["0@0", "0@400"]
    assert [attempt.deadline for attempt in line.running] == [2.0]
    line.until(5000)
    assert line.running == []


def test_the_only_server_is_asked_once_more_while_it_is_awaited_where_the_pace_says_so() -> None:
    line = Timeline(1, Pace(0.95, 0.95, 0.95, resend_after=0.4))
    line.until(900)
    assert line.asked == ["0@0", "0@400"]
    assert [attempt.deadline for attempt in line.running] == [0.95, 0.95]
    assert line.selection.outrun_by(line.says(0, "settled")) == ()


def test_who_was_asked_last_is_asked_once_more() -> None:
    line = Timeline(2, Pace(0.95, 0.95, 0.95, resend_after=0.4))
    line.until(900)
    assert line.asked == ["0@0", "1@100", "1@500", "0@900"]


def test_who_has_spoken_gets_more_time_before_others_are_asked() -> None:
    line = Timeline(2, Pace())
    line.until(90)
    line.selection.heard_from(line.running[0], line.now)
    line.until(180)
    assert line.asked == ["0@0"]
    line.until(200)
    assert line.asked == ["0@0", "1@190"]


def test_whose_try_is_over_has_nothing_to_say() -> None:
    line = Timeline(3, Pace())
    first = line.says(0, "failed")
    line.selection.heard_from(first, 0.05)
    line.until(100)
    assert line.asked == ["0@0", "1@0", "2@100"]


def test_nothing_begins_that_has_no_time_left() -> None:
    line = Timeline(2, Pace(budget=0.1, attempts=1), delay=0.098)
    line.until(1000)
    assert line.asked == ["0@0"]


@given(
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from([None, 0.3]),
    st.lists(st.tuples(st.integers(0, 500), st.sampled_from(["declined", "failed"])), max_size=30),
)
def test_every_look_up_ends_in_time_and_asks_nobody_too_often(
    servers: int, attempts: int, resend: float | None, endings: list[tuple[int, str]]
) -> None:
    line = Timeline(servers, Pace(attempts=attempts, resend_after=resend))
    for passed, ended in endings:
        line.until(round(1000 * line.now) + passed)
        if line.running:
            line.end(line.running[0], ENDINGS[ended])
        assert all(attempt.deadline <= 2.0 for attempt in line.running)
    line.until(100_000)
    assert line.running == []
    counts = [
        sum(word.startswith(f"{server}@") for word in line.asked) for server in range(servers)
    ]
    assert max(counts) <= attempts
    if not endings:
        assert min(counts) == attempts or line.now >= 2.0
