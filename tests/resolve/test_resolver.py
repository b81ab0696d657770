"""The resolver over a source that a test scripts: who is asked, what is kept, who may wait."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.resolve import resolver as resolver_module
from enclave_dns.resolve.local import HERE
from enclave_dns.resolve.record_cache import RecordCache
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.wire.names import Name, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.waiting import ENOUGH, eventually

NAME = from_text("db.corp.net")
ASKED = Question(NAME, RRType.A)


def answer(last: int = 1, ttl: int = 60, name: Name = NAME, server: str = "one") -> Resolution:
    record = Record(name, RRType.A, ttl, bytes((10, 0, 0, last)))
    return Resolution(Outcome.ANSWER, name, (record,), ttl=ttl, server=server)


class ScriptedSource:
    """Answers each question with what `says` holds, once `gate` is open; notes what was asked."""

    def __init__(self) -> None:
        self.is_up = True
        self.says: dict[Question, Resolution] = {}
        self.asked: list[tuple[Question, bool, int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.servers = ("zero", "one", "two")

    def next_start(self) -> int:
        return 2

    def start_of(self, name: str) -> int:
        return self.servers.index(name) if name in self.servers else 0

    def begin(self, question: Question, *, do: bool, start: int, then: object) -> None:
        """Nothing begins here: every look-up is a task."""

    async def look_up(
        self, question: Question, *, do: bool, start: int, begun: object = None
    ) -> Resolution:
        self.asked.append((question, do, start))
        found = self.says.get(question, Resolution(Outcome.FAILED, question.name))
        await self.gate.wait()
        return found


@pytest.fixture
async def source() -> ScriptedSource:
    return ScriptedSource()


@pytest.fixture
async def resolver(source: ScriptedSource) -> AsyncIterator[Resolver]:
    made = Resolver(source)
    yield made
    await made.close()


async def look_up(
    resolver: Resolver, *questions: Question, wait: float = ENOUGH, refresh: bool = False
) -> list[Resolution]:
    deadline = asyncio.get_running_loop().time() + wait
    found = await resolver.look_up(questions, do=False, start=1, deadline=deadline, refresh=refresh)
    return [untimed(found[question]) for question in questions]


def untimed(found: Resolution) -> Resolution:
    """A resolution without how long it took and how long it was kept."""
    return replace(found, age=0.0, elapsed=0.0)


def known(resolver: Resolver, question: Question = ASKED) -> Resolution | None:
    """What is remembered, untimed."""
    found = resolver.known(question, do=False)
    return None if found is None else untimed(found)


async def started(source: ScriptedSource, count: int) -> None:
    await eventually(lambda: len(source.asked) >= count)


async def test_an_answer_is_asked_for_once_and_then_known(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.says[ASKED] = answer()
    assert resolver.known(ASKED, do=False) is None
    assert await look_up(resolver, ASKED) == [answer()]
    assert await look_up(resolver, ASKED) == [answer()]
    assert known(resolver) == answer()
    assert resolver.known(ASKED, do=True) is None
    assert source.asked == [(ASKED, False, 1)]


async def test_names_that_are_decided_here_are_never_asked(
    source: ScriptedSource, resolver: Resolver
) -> None:
    local = [Question(from_text(name), RRType.A) for name in ("db.enclave", "x.local", "wpad")]
    found = await look_up(resolver, *local)
    assert [(one.outcome, one.server) for one in found] == [(Outcome.NXDOMAIN, HERE)] * 3
    assert [known(resolver, question) for question in local] == found
    assert source.asked == []


async def test_an_address_behind_a_name_that_is_decided_here_is_neither_told_nor_kept(
    source: ScriptedSource, resolver: Resolver
) -> None:
    alias = Record(NAME, RRType.CNAME, 60, from_text("db.enclave"))
    lie = answer(name=from_text("db.enclave"))
    source.says[ASKED] = Resolution(Outcome.ANSWER, lie.end, lie.rrset, (alias,), ttl=60)
    (found,) = await look_up(resolver, ASKED)
    assert (found.rrset, found.chain, found.is_final) == ((), (alias,), False)
    assert known(resolver) == found


async def test_questions_are_looked_up_at_the_same_time_each_once(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.gate.clear()
    other = Question(NAME, RRType.AAAA)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(look_up(resolver, ASKED, other, ASKED))
        await started(source, 2)
        source.gate.set()
    assert [one.outcome for one in waiting.result()] == [Outcome.FAILED] * 3
    assert {question for question, _, _ in source.asked} == {ASKED, other}
    assert len(source.asked) == 2


async def test_no_question_gives_no_answer_and_asks_nobody(
    source: ScriptedSource, resolver: Resolver
) -> None:
    assert await resolver.look_up((), do=False, start=0, deadline=0.0) == {}
    assert source.asked == []


async def test_at_the_deadline_the_question_has_failed_and_its_look_up_fills_the_cache(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.says[ASKED] = answer()
    source.gate.clear()
    (found,) = await look_up(resolver, ASKED, wait=0.0)
    assert found == Resolution(Outcome.FAILED, NAME)
    source.gate.set()
    assert await look_up(resolver, ASKED) == [answer()]
    assert len(source.asked) == 1
    assert known(resolver) == answer()


async def test_a_look_up_outlives_a_client_that_gives_up(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.says[ASKED] = answer()
    source.gate.clear()
    async with asyncio.TaskGroup() as group:
        client = group.create_task(look_up(resolver, ASKED))
        await started(source, 1)
        client.cancel()
    source.gate.set()
    assert await look_up(resolver, ASKED) == [answer()]
    assert len(source.asked) == 1


async def test_a_look_up_ends_by_itself_and_counts_as_a_failure(
    source: ScriptedSource, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver_module, "LOOK_UP_BUDGET", 0.01)
    source.gate.clear()
    assert await look_up(resolver, ASKED) == [Resolution(Outcome.FAILED, NAME)]
    assert known(resolver) == Resolution(Outcome.FAILED, NAME)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.DOWN])
async def test_stale_data_serves_where_nothing_newer_can_be_had(
    source: ScriptedSource, resolver: Resolver, outcome: Outcome
) -> None:
    source.says[ASKED] = answer(ttl=0)
    await look_up(resolver, ASKED)
    source.says[ASKED] = Resolution(outcome, NAME)
    for _ in range(2):
        (found,) = await look_up(resolver, ASKED, refresh=True)
        assert (found.rrset, found.is_stale) == (answer(ttl=0).rrset, True)
    # A failure of this question is remembered; that no nameserver is up is not.
    assert len(source.asked) == (2 if outcome is Outcome.FAILED else 3)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.DOWN])
async def test_what_is_too_old_for_who_asks_is_stale_even_within_its_ttl(
    source: ScriptedSource, resolver: Resolver, outcome: Outcome
) -> None:
    source.says[ASKED] = answer(ttl=60)
    assert await look_up(resolver, ASKED) == [answer(ttl=60)]
    source.says[ASKED] = Resolution(outcome, NAME)
    for _ in range(2):
        (found,) = await look_up(resolver, ASKED, refresh=True)
        assert (found.rrset, found.is_stale) == (answer().rrset, True)
    assert known(resolver) == answer(ttl=60)


async def test_what_is_too_old_for_who_asks_is_asked_anew(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.says[ASKED] = answer(1)
    await look_up(resolver, ASKED)
    source.says[ASKED] = answer(2)
    assert await look_up(resolver, ASKED) == [answer(1)]
    assert await look_up(resolver, ASKED, refresh=True) == [answer(2)]
    assert known(resolver) == answer(2)
    assert len(source.asked) == 2


async def test_stale_data_serves_who_can_wait_no_longer(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.says[ASKED] = answer(ttl=0)
    await look_up(resolver, ASKED)
    source.gate.clear()
    (found,) = await look_up(resolver, ASKED, wait=0.0, refresh=True)
    assert found.is_stale


async def test_a_resolution_tells_how_long_its_look_up_took_also_when_it_is_remembered(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.says[ASKED] = answer()
    source.gate.clear()
    clock = asyncio.get_running_loop().time
    began = clock()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(
            resolver.look_up((ASKED,), do=False, start=1, deadline=began + ENOUGH)
        )
        await started(source, 1)
        await asyncio.sleep(0.01)
        source.gate.set()
    elapsed = waiting.result()[ASKED].elapsed
    assert 0 < elapsed <= clock() - began
    remembered = resolver.known(ASKED, do=False)
    assert remembered is not None
    assert remembered.elapsed == elapsed


async def test_without_stale_data_the_outcome_itself_is_told(
    source: ScriptedSource, resolver: Resolver
) -> None:
    for outcome in (Outcome.DOWN, Outcome.FAILED):
        source.says[ASKED] = Resolution(outcome, NAME)
        assert await look_up(resolver, ASKED) == [Resolution(outcome, NAME)]
    assert await look_up(resolver, ASKED) == [Resolution(Outcome.FAILED, NAME)]
    assert len(source.asked) == 2


async def test_after_forget_the_old_answers_are_unknown_stale_ones_too(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.says[ASKED] = answer(ttl=0)
    await look_up(resolver, ASKED)
    resolver.forget()
    assert known(resolver) is None
    source.says[ASKED] = Resolution(Outcome.FAILED, NAME)
    assert await look_up(resolver, ASKED) == [Resolution(Outcome.FAILED, NAME)]


async def test_a_look_up_from_before_forget_serves_its_waiters_and_nobody_else(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.says[ASKED] = answer(1)
    source.gate.clear()
    async with asyncio.TaskGroup() as group:
        early = group.create_task(look_up(resolver, ASKED))
        await started(source, 1)
        resolver.forget()
        source.says[ASKED] = answer(2)
        late = group.create_task(look_up(resolver, ASKED))
        await started(source, 2)
        source.gate.set()
    assert early.result() == [answer(1)]
    assert late.result() == [answer(2)]
    assert known(resolver) == answer(2)


async def test_an_old_look_up_that_ends_last_does_not_overwrite_newer_data(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.says[ASKED] = answer(1)
    source.gate.clear()
    old_gate = source.gate
    async with asyncio.TaskGroup() as group:
        early = group.create_task(look_up(resolver, ASKED))
        await started(source, 1)
        resolver.forget()
        source.gate = asyncio.Event()
        source.gate.set()
        source.says[ASKED] = answer(2)
        assert await look_up(resolver, ASKED) == [answer(2)]
        old_gate.set()
    assert early.result() == [answer(1)]
    assert known(resolver) == answer(2)


@pytest.mark.parametrize(
    ("servers", "place"),
    [
        ((), 1),
        (("",), 1),
        ((HERE,), 1),
        (("two",), 2),
        (("", HERE, "two", "zero"), 2),
        (("no longer listed",), 0),
    ],
)
async def test_further_questions_start_at_the_nameserver_that_answered(
    resolver: Resolver, servers: tuple[str, ...], place: int
) -> None:
    found = [answer(server=server) for server in servers]
    assert resolver.start_after(found, 1) == place


async def test_state_and_first_place_are_those_of_the_source(
    source: ScriptedSource, resolver: Resolver
) -> None:
    assert (resolver.is_up, resolver.next_start()) == (True, 2)
    source.is_up = False
    assert not resolver.is_up


async def test_a_cache_may_be_handed_over(source: ScriptedSource) -> None:
    cache = RecordCache()
    cache.keep(ASKED, False, answer(), asyncio.get_running_loop().time())
    assert known(Resolver(source, cache)) == answer()


async def test_close_ends_the_look_ups_under_way(
    source: ScriptedSource, resolver: Resolver
) -> None:
    source.gate.clear()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(look_up(resolver, ASKED))
        await started(source, 1)
        await resolver.close()
    assert waiting.result() == [Resolution(Outcome.FAILED, NAME)]
