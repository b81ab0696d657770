"""The laws of health, whatever happens to a server: hypothesis plays its days."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from enclave_dns.upstream.health import (
    FAILURES,
    FIRST_PAUSE,
    GOOD_PROBES,
    LAST_PAUSE,
    LOST_RACES,
    RACES,
    UP,
    Health,
    State,
)

JITTER = st.floats(0, 1, exclude_max=True)
LONGEST_PAUSE = LAST_PAUSE * 1.5


class Days(RuleBasedStateMachine):
    """One server. What the model keeps is counted here, not read from the health."""

    def __init__(self) -> None:
        super().__init__()
        self.health: Health = UP
        self.now = 1000.0
        self.in_a_row = 0
        self.races: list[bool] = []
        self.lost_before: list[bool] = []
        self.good_in_a_row = 0
        self.down_since = 0.0

    def becomes(self, health: Health) -> State:
        """Take the next value; returns the state before."""
        before, self.health = self.health.state, health
        self.lost_before = list(self.races)
        if health.state is not before:
            if {before, health.state} & {State.SLOW, State.DOWN}:
                self.races = []
            self.good_in_a_row = 0
            if health.state is State.DOWN:
                self.down_since = self.now
            if health.state is State.UP:
                self.in_a_row = 0
        return before

    @rule(seconds=st.floats(0.001, 100))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def a_question_fails(self) -> None:
        self.in_a_row += 1
        before = self.becomes(self.health.after_failure(self.now))
        if self.health.state is not before:
            assert before in (State.UP, State.SLOW)
            assert self.health.state is State.SUSPECTED
            assert self.in_a_row >= FAILURES
        elif before is State.DOWN:
            self.good_in_a_row = 0

    @rule(ago=st.floats(0, 5), jitter=JITTER)
    def a_reply_comes(self, ago: float, jitter: float) -> None:
        asked_at, is_new = self.now - ago, self.now - ago > self.down_since
        self.in_a_row = 0
        before = self.becomes(self.health.after_life(asked_at, self.now, jitter))
        if before is State.SUSPECTED:
            self._a_suspect_is_cleared()
        elif before is State.DOWN and is_new:
            self._good_word_of_a_dead_server()
        else:
            assert self.health.state is before

    def _a_suspect_is_cleared(self) -> None:
        has_lost = sum(self.lost_before[-RACES:]) >= LOST_RACES
        assert self.health.state is (State.SLOW if has_lost else State.UP)

    def _good_word_of_a_dead_server(self) -> None:
        if self.health.state is State.DOWN:
            self.good_in_a_row += 1
            assert self.good_in_a_row < GOOD_PROBES
        else:
            assert self.health.state is State.UP

    @rule(is_lost=st.booleans())
    def a_race_ends(self, is_lost: bool) -> None:
        self.races.append(is_lost)
        has_lost = sum(self.races[-RACES:]) >= LOST_RACES
        before = self.becomes(self.health.after_race(is_lost, self.now))
        if before is State.UP:
            assert (self.health.state is State.SLOW) == has_lost
        else:
            if before is not State.SUSPECTED:
                self.races = []
            assert self.health.state is before

    @rule(jitter=JITTER)
    def it_says_that_it_stops(self, jitter: float) -> None:
        self.becomes(self.health.after_drain(self.now, jitter))
        self.good_in_a_row = 0
        assert self.health.state is State.DOWN

    @precondition(lambda self: self.health.probe_at is not None)
    @rule(is_good=st.booleans(), jitter=JITTER)
    def the_probe_ends(self, is_good: bool, jitter: float) -> None:
        assert self.health.probe_at is not None
        self.now = max(self.now, self.health.probe_at)
        good = self.good_in_a_row + 1 if is_good else 0
        before = self.becomes(self.health.after_probe(is_good, self.now, jitter))
        if self.health.state is before:
            self.good_in_a_row = good
        after = self.health.state
        if not is_good:
            assert after is (State.SUSPECTED if before is State.SLOW else State.DOWN)
        elif before is State.SUSPECTED:
            self._a_suspect_is_cleared()
        elif good >= GOOD_PROBES:
            assert after is State.UP

    @invariant()
    def a_probe_is_wanted_exactly_while_it_is_not_up(self) -> None:
        assert (self.health.probe_at is None) == (self.health.state is State.UP)

    @invariant()
    def nobody_waits_longer_than_the_longest_pause_for_a_probe(self) -> None:
        if self.health.probe_at is not None:
            assert self.health.probe_at - self.now <= LONGEST_PAUSE
            assert self.health.pause == 0 or FIRST_PAUSE <= self.health.pause <= LAST_PAUSE

    @invariant()
    def it_remembers_no_more_than_it_needs(self) -> None:
        assert len(self.health.races) <= RACES
        assert self.health.failures < FAILURES


TestDays = Days.TestCase
TestDays.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
