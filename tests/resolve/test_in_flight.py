"""Look-ups under way: one for everybody who asks, independent of who waits for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.resolve import in_flight
from enclave_dns.resolve.in_flight import InFlight
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.waiting import ENOUGH, eventually

Key = tuple[Question, bool, int]
Flights = InFlight[Key, Resolution]


def key(number: int = 0, *, do: bool = False, generation: int = 0) -> Key:
    return Question(from_text(f"n{number}.corp.net"), RRType.A), do, generation


class LookUps:
    """Look-ups that end when they are told to; counts those that were started."""

    def __init__(self) -> None:
        self.started = 0
        self.go = asyncio.Event()
        self.ended: list[str] = []

    async def run(self) -> Resolution:
        self.started += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        self.ended.append("done")
        return Resolution(Outcome.ANSWER, from_text("corp.net"), server=f"number {self.started}")


@pytest.fixture
async def flights() -> AsyncIterator[Flights]:
    shared: Flights = InFlight()
    yield shared
    await shared.close()


async def test_a_thousand_waiters_cause_one_look_up_and_get_its_result(flights: Flights) -> None:
    source = LookUps()
    async with asyncio.TaskGroup() as group:
        waiters = [
            group.create_task(flights.share(key(), source.run, ENOUGH)) for _ in range(1_000)
        ]
        await eventually(lambda: len(flights) == 1)
        assert source.started <= 1
        source.go.set()
    results = {waiter.result() for waiter in waiters}
    assert source.started == 1
    assert [result and result.server for result in results] == ["number 1"]
    assert len(flights) == 0


async def test_other_names_dnssec_wishes_and_generations_are_looked_up_apart(
    flights: Flights,
) -> None:
    source = LookUps()
    source.go.set()
    for other in (key(), key(1), key(do=True), key(generation=1)):
        assert await flights.share(other, source.run, ENOUGH) is not None
    assert source.started == 4


async def test_a_look_up_that_has_ended_is_not_shared(flights: Flights) -> None:
    source = LookUps()
    source.go.set()
    await flights.share(key(), source.run, ENOUGH)
    await flights.share(key(), source.run, ENOUGH)
    assert source.started == 2


@pytest.mark.parametrize("patience", [0.0, -1.0, 0.001])
async def test_who_runs_out_of_patience_gets_nothing_and_the_look_up_goes_on(
    flights: Flights, patience: float
) -> None:
    source = LookUps()
    assert await flights.share(key(), source.run, patience) is None
    assert len(flights) == 1
    source.go.set()
    found = await flights.share(key(), source.run, ENOUGH)
    assert found is not None
    assert (found.server, source.ended) == ("number 1", ["done"])


async def test_a_waiter_that_is_cancelled_takes_nothing_from_the_others(flights: Flights) -> None:
    source = LookUps()
    async with asyncio.TaskGroup() as group:
        starter = group.create_task(flights.share(key(), source.run, ENOUGH))
        other = group.create_task(flights.share(key(), source.run, ENOUGH))
        await eventually(lambda: len(flights) == 1)
        await asyncio.sleep(0)
        starter.cancel()
        await asyncio.wait((starter,))
        assert starter.cancelled()
        assert len(flights) == 1
        source.go.set()
    assert other.result() is not None
    assert (source.started, source.ended) == (1, ["done"])


async def test_close_ends_every_look_up_and_every_wait(flights: Flights) -> None:
    source = LookUps()
    async with asyncio.TaskGroup() as group:
        waiters = [
            group.create_task(flights.share(key(number), source.run, ENOUGH)) for number in range(5)
        ]
        await eventually(lambda: len(flights) == 5)
        await asyncio.sleep(0)
        await flights.close()
    assert [waiter.result() for waiter in waiters] == [None] * 5
    assert source.ended == ["cancelled"] * 5
    assert len(flights) == 0


async def test_past_the_limit_a_new_question_is_not_asked_but_a_known_one_is_shared(
    flights: Flights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_flight, "MAX_LOOK_UPS", 2)
    source = LookUps()
    assert await flights.share(key(0), source.run, 0) is None
    assert await flights.share(key(1), source.run, 0) is None
    assert await flights.share(key(2), source.run, ENOUGH) is None
    assert (len(flights), source.started) == (2, 2)
    source.go.set()
    assert await flights.share(key(1), source.run, ENOUGH) is not None


async def test_a_fault_inside_a_look_up_reaches_who_waits_and_leaves_nothing_behind(
    flights: Flights,
) -> None:
    async def broken() -> Resolution:
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError):
        await flights.share(key(), broken, ENOUGH)
    assert len(flights) == 0
