"""When a cache is filled again, on a clock of its own."""

from tests.benchmarks.speed.fresh import LEEWAY, LIFETIME, Fresh


class Machine:
    """A clock that goes on by pauses, and by the two seconds that filling takes."""

    def __init__(self) -> None:
        self.now = 100.0
        self.filled: list[float] = []
        self.fresh = Fresh(self.fill, clock=lambda: self.now, pause=self.pause)

    def fill(self) -> None:
        self.filled.append(self.now)
        self.now += 2

    def pause(self, seconds: float) -> None:
        self.now += seconds


def test_it_is_filled_once_while_everything_lasts() -> None:
    machine = Machine()
    for _ in range(5):
        machine.fresh.for_next(1.5)
        machine.now += 5
    assert machine.filled == [100]


def test_it_is_filled_again_after_the_last_reply_has_ended_and_not_in_the_middle() -> None:
    machine = Machine()
    machine.fresh.for_next(1.5)
    machine.now = 100 + LIFETIME - 1
    machine.fresh.for_next(1.5)
    assert machine.filled == [100, 102 + LIFETIME + LEEWAY]


def test_what_has_ended_long_ago_is_filled_at_once() -> None:
    machine = Machine()
    machine.fresh.for_next(1.5)
    machine.now = 1000
    machine.fresh.for_next(1.5)
    assert machine.filled == [100, 1000]
