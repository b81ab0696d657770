"""Nameservers that fall silent, answer late or lose packets: the next one is asked beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from enclave_dns.resolution import Outcome, Question
from enclave_dns.sources.nameserver import Selected
from enclave_dns.upstream.health import State
from enclave_dns.upstream.nameservers import Nameservers
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes import begun
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, silence, zone
from tests.fakes.waiting import eventually

NAMES = 40
FIRST = zone("\n".join(f"n{n}.corp.net 60 A 10.0.0.1" for n in range(NAMES)))
SECOND = zone("\n".join(f"n{n}.corp.net 60 A 10.0.0.2" for n in range(NAMES)))


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gave way is back sooner than in service."""
    monkeypatch.setattr("enclave_dns.upstream.health.SLOW_PAUSE", 0.3)


@pytest.fixture(params=[False, True], ids=["task", "begun"], autouse=True)
def _begins(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test with look-ups that are tasks, and with look-ups that begin without one."""
    if request.param:
        monkeypatch.setattr(Nameservers, "look_up", begun.look_up)


class Scene:
    def __init__(self, fakes: list[FakeNameserver]) -> None:
        self.fakes = fakes
        self.nameservers = Nameservers(
            Selected(tuple(fake.server for fake in fakes), timeout=30.0), reply_in=60.0
        )

    async def answered_by(self, number: int) -> int:
        """Which nameserver answered a name."""
        question = Question(from_text(f"n{number}.corp.net"), RRType.A)
        async with asyncio.timeout(20):
            (record,) = (await self.nameservers.look_up(question)).rrset
        return record.rdata[-1]

    def state(self, place: int) -> State:
        return self.nameservers.states()[place][1]

    def asked(self, place: int) -> list[str]:
        """The names that a nameserver was asked for, without probes."""
        return [name for _, name, _ in self.fakes[place].questions if name]


@asynccontextmanager
async def scene(*responds: Respond) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        fakes = [await stack.enter_async_context(FakeNameserver(one)) for one in responds]
        made = Scene(fakes)
        stack.push_async_callback(made.nameservers.close)
        yield made


async def test_a_quick_nameserver_is_asked_alone() -> None:
    async with scene(FIRST, SECOND) as made:
        assert {await made.answered_by(number) for number in range(10)} == {1}
        assert made.asked(1) == []


async def test_a_silent_nameserver_costs_no_question_and_gives_way() -> None:
    async with scene(FIRST, SECOND) as made:
        assert await made.answered_by(30) == 1
        made.fakes[0].respond = silence
        for number in range(3):
            assert await made.answered_by(number) == 2
        assert made.state(0) is State.SLOW
        made.fakes[0].seen.clear()
        assert await made.answered_by(4) == 2
        assert made.asked(0) == []
        made.fakes[0].respond = FIRST
        await eventually(lambda: made.state(0) is State.UP)
        assert await made.answered_by(5) == 1


async def test_questions_that_wait_together_are_all_answered_by_the_other() -> None:
    async with scene(FIRST, SECOND) as made:
        assert await made.answered_by(30) == 1
        made.fakes[0].respond = silence
        answers = await asyncio.gather(*(made.answered_by(number) for number in range(25)))
        assert set(answers) == {2}


@pytest.mark.parametrize("word", ["SERVFAIL", "REFUSED", "NOTIMP"])
async def test_words_that_settle_nothing_never_cost_a_nameserver_its_place(word: str) -> None:
    """Whoever asks chooses the name, and so whether a nameserver can settle it."""
    async with scene(rcode(word), SECOND) as made:
        for number in range(12):
            assert await made.answered_by(number) == 2
        assert made.state(0) is State.UP


async def test_where_all_are_down_all_are_asked_and_two_replies_bring_one_back() -> None:
    async with scene(FIRST) as made:
        await made.fakes[0].stop()
        question = Question(from_text("n0.corp.net"), RRType.A)
        while made.state(0) is not State.DOWN:
            await made.nameservers.look_up(question)
            await asyncio.sleep(0.01)
        assert (await made.nameservers.look_up(question)).outcome is Outcome.DOWN
        async with made.fakes[0]:
            for number in range(2):
                assert await made.answered_by(number) == 1
            assert made.state(0) is State.UP
