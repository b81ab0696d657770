"""What counts as a finding: an exception, a verdict, too much work. Time is a script here."""

from collections.abc import Callable

import pytest

from enclave_dns.disclosure.view import View
from tests.fuzz import query, stub, upstream, work
from tests.fuzz.run import seeds_of
from tests.fuzz.work import LIMIT, SIZE, TRIES, TooMuchWorkError, check


class Slow:
    """A target that takes these many seconds, one run after the other."""

    MAX_LEN = 10_000

    def __init__(self, *seconds: float) -> None:
        self.now = 0.0
        self.judged = 0
        self._seconds = iter(seconds)

    def made(self, data: bytes) -> int:
        self.now += next(self._seconds)
        return len(data)

    def judge(self, data: bytes, found: int) -> None:
        assert found == len(data)
        self.now += 1000.0
        self.judged += 1


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Slow, int], None]:
    def run_on(target: Slow, size: int) -> None:
        monkeypatch.setattr(work.time, "process_time", lambda: target.now)
        check(target, bytes(size))

    return run_on


def test_one_quick_run_is_enough(run: Callable[[Slow, int], None]) -> None:
    target = Slow(5 * LIMIT, LIMIT / 2)
    run(target, SIZE)
    assert target.judged == 1


def test_an_input_that_is_never_quick_is_a_finding(run: Callable[[Slow, int], None]) -> None:
    with pytest.raises(TooMuchWorkError, match="1232 bytes"):
        run(Slow(*[2 * LIMIT] * TRIES), SIZE)


def test_a_larger_input_may_take_longer(run: Callable[[Slow, int], None]) -> None:
    run(Slow(2 * LIMIT), 3 * SIZE)


@pytest.mark.parametrize("target", [query, upstream, stub])
def test_a_rule_that_lets_everything_through_is_found(
    target: work.Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(View, "permits", lambda view, address: True)
    name = target.__name__.rpartition(".")[2]
    found = []
    for path in sorted(seeds_of(name).iterdir()):
        try:
            check(target, path.read_bytes())
        except AssertionError as error:
            found.append(str(error))
    assert any("may not leave" in text for text in found)
