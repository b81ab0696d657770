"""Several real servers as one source: failover within a look-up, and who counts as dead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from enclave_dns.resolution import Outcome, Question
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.upstream.health import State
from enclave_dns.upstream.nameservers import Nameservers
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes import begun
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, silence, zone

GOOD = zone(
    "db.corp.net 60 A 10.0.0.30\n" + "\n".join(f"big.corp.net 60 A 10.1.0.{n}" for n in range(99))
)
DB = Question(from_text("db.corp.net"), RRType.A)
BIG = Question(from_text("big.corp.net"), RRType.A)
DEAD = Question(from_text("dead.corp.net"), RRType.A)


@pytest.fixture(params=[False, True], ids=["task", "begun"], autouse=True)
def _begins(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test with look-ups that are tasks, and with look-ups that begin without one."""
    if request.param:
        monkeypatch.setattr(Nameservers, "look_up", begun.look_up)


class Scene:
    """Fake servers, the nameservers that ask them, and the states that were reported."""

    def __init__(self, fakes: list[FakeNameserver], **options: Any) -> None:
        self.fakes = fakes
        self.reports: asyncio.Queue[tuple[str, State]] = asyncio.Queue()
        servers = tuple(fake.server for fake in fakes)
        self.nameservers = Nameservers(
            Selected(servers, **options),
            on_state=lambda server, state: self.reports.put_nowait((str(server), state)),
        )

    async def until(self, fake: FakeNameserver, state: State) -> None:
        async with asyncio.timeout(20):
            while await self.reports.get() != (str(fake.server), state):
                pass


@asynccontextmanager
async def scene(*responds: Respond, has_tcp: bool = True, **options: Any) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        fakes = [
            await stack.enter_async_context(FakeNameserver(respond, has_tcp=has_tcp))
            for respond in responds
        ]
        made = Scene(fakes, **options)
        stack.push_async_callback(made.nameservers.close)
        yield made


def wrong_id(query: bytes, transport: str) -> list[bytes]:
    packet = GOOD(query, transport)[0]
    return [bytes((packet[0] ^ 1,)) + packet[1:]] if transport == "udp" else [packet]


def garbage(query: bytes, transport: str) -> list[bytes]:
    return [GOOD(query, transport)[0] + b"more"]


def silent_for_one_name(query: bytes, transport: str) -> list[bytes]:
    return [] if b"\x04dead" in query.lower() else rcode("NXDOMAIN")(query, transport)


async def test_the_first_server_answers_and_is_named() -> None:
    async with scene(GOOD, GOOD) as s:
        resolution = await s.nameservers.look_up(DB)
    assert [record.rdata for record in resolution.rrset] == [bytes([10, 0, 0, 30])]
    assert resolution.server == str(s.fakes[0].server)
    assert s.fakes[1].seen == []


@pytest.mark.parametrize(
    "bad",
    [silence, rcode("SERVFAIL"), rcode("REFUSED"), rcode("NOTIMP"), rcode("FORMERR"), garbage],
)
async def test_the_next_server_is_asked_in_the_same_look_up(bad: Respond) -> None:
    async with scene(bad, GOOD) as s:
        resolution = await s.nameservers.look_up(DB)
    assert resolution.outcome is Outcome.ANSWER
    assert resolution.server == str(s.fakes[1].server)


@pytest.mark.parametrize(
    ("name", "outcome"), [("none.corp.net", Outcome.NXDOMAIN), ("db.corp.net", Outcome.ANSWER)]
)
async def test_nxdomain_and_nodata_are_final(name: str, outcome: Outcome) -> None:
    async with scene(GOOD, zone("none.corp.net 1 TXT a\ndb.corp.net 1 TXT b")) as s:
        resolution = await s.nameservers.look_up(Question(from_text(name), RRType.TXT))
    assert (resolution.outcome, resolution.rrset, resolution.ttl) == (outcome, (), 30)
    assert s.fakes[1].seen == []


async def test_a_truncated_reply_is_fetched_over_tcp() -> None:
    async with scene(GOOD) as s:
        resolution = await s.nameservers.look_up(BIG)
    assert len(resolution.rrset) == 99
    assert [transport for transport, *_ in s.fakes[0].questions] == ["udp", "tcp"]


async def test_where_tcp_is_refused_the_next_server_is_asked() -> None:
    async with scene(GOOD, zone("big.corp.net 60 A 10.1.0.1"), has_tcp=False) as s:
        resolution = await s.nameservers.look_up(BIG)
    assert len(resolution.rrset) == 1


async def test_after_a_mismatch_only_tcp_is_believed() -> None:
    async with scene(wrong_id, GOOD) as s:
        resolution = await s.nameservers.look_up(DB)
    assert resolution.server == str(s.fakes[0].server)
    assert [transport for transport, *_ in s.fakes[0].questions] == ["udp", "tcp"]


async def test_where_tcp_is_refused_a_mismatch_leaves_two_fresh_tries() -> None:
    async with scene(wrong_id, has_tcp=False, attempts=5) as s:
        resolution = await s.nameservers.look_up(DB)
    assert resolution.outcome is Outcome.FAILED
    assert [question for question in s.fakes[0].questions if question[1]] == [
        ("udp", "db.corp.net", "A")
    ] * 3


async def test_use_vc_never_uses_udp() -> None:
    async with scene(GOOD, use_vc=True) as s:
        await s.nameservers.look_up(DB)
    assert [transport for transport, *_ in s.fakes[0].questions] == ["tcp"]


async def test_all_failing_is_failed_while_a_server_is_up() -> None:
    async with scene(rcode("SERVFAIL"), rcode("REFUSED")) as s:
        resolution = await s.nameservers.look_up(DB)
        assert resolution.outcome is Outcome.FAILED
        assert s.nameservers.is_up
    assert [len(fake.seen) for fake in s.fakes] == [1, 1]


async def test_no_server_at_all_is_down() -> None:
    async with scene() as s:
        assert (await s.nameservers.look_up(DB)).outcome is Outcome.DOWN
        assert not s.nameservers.is_up


async def test_the_questions_of_one_question_start_where_it_was_answered() -> None:
    async with scene(GOOD, GOOD, GOOD, rotate=True) as s:
        names = s.nameservers
        starts = [names.next_start() for _ in range(4)]
        answered = [(await names.look_up(DB, start=start)).server for start in starts]
        expected = [str(s.fakes[place].server) for place in (0, 1, 2, 0)]
        assert answered == expected
        assert [names.start_of(server) for server in answered] == [0, 1, 2, 0]
        assert names.start_of("unknown") == 0


async def test_without_rotate_every_question_starts_at_the_first() -> None:
    async with scene(GOOD, GOOD) as s:
        assert [s.nameservers.next_start() for _ in range(3)] == [0, 0, 0]


async def test_a_server_dies_and_comes_back() -> None:
    async with scene(GOOD) as s:
        [fake] = s.fakes
        await fake.stop()
        for _ in range(2):
            await s.nameservers.look_up(DB)
        await s.until(fake, State.DOWN)
        assert not s.nameservers.is_up
        assert (await s.nameservers.look_up(DB)).outcome is Outcome.DOWN
        async with fake:
            await s.until(fake, State.UP)
            assert (await s.nameservers.look_up(DB)).outcome is Outcome.ANSWER


async def test_a_dead_server_costs_nothing_while_another_is_up() -> None:
    async with scene(GOOD, GOOD) as s:
        dead = s.fakes[0]
        await dead.stop()
        for _ in range(3):
            await s.nameservers.look_up(DB)
        await s.until(dead, State.DOWN)
        dead.respond = rcode("SERVFAIL")
        async with dead:
            resolution = await s.nameservers.look_up(DB)
            assert resolution.server == str(s.fakes[1].server)
            assert [question for question in dead.questions if question[1]] == []


async def test_a_name_that_always_fails_never_puts_a_server_out() -> None:
    async with scene(rcode("SERVFAIL")) as s:
        for _ in range(10):
            assert (await s.nameservers.look_up(DEAD)).outcome is Outcome.FAILED
        assert s.nameservers.states() == ((s.fakes[0].server, State.UP),)
        assert s.reports.empty()


async def test_a_name_that_meets_silence_raises_a_suspicion_that_the_probe_clears() -> None:
    async with scene(silent_for_one_name, attempts=5, timeout=0.05) as s:
        assert (await s.nameservers.look_up(DEAD)).outcome is Outcome.FAILED
        await s.until(s.fakes[0], State.UP)
        assert ("udp", "", "NS") in s.fakes[0].questions
        assert s.nameservers.is_up


async def test_another_list_keeps_the_state_of_those_who_stay() -> None:
    async with scene(silence, GOOD) as s:
        dead, alive = s.fakes
        await dead.stop()
        for _ in range(3):
            await s.nameservers.look_up(DB)
        await s.until(dead, State.DOWN)
        newcomer = Nameserver("127.0.0.1", port=9)
        s.nameservers.replace(Selected((newcomer, dead.server, alive.server)))
        assert s.nameservers.states() == (
            (newcomer, State.UP),
            (dead.server, State.DOWN),
            (alive.server, State.UP),
        )
        s.nameservers.replace(Selected((alive.server,)))
        assert (await s.nameservers.look_up(DB)).outcome is Outcome.ANSWER


async def test_a_list_that_changes_during_a_look_up_does_not_disturb_it() -> None:
    async with scene(silence, GOOD) as s, asyncio.TaskGroup() as group:
        look_up = group.create_task(s.nameservers.look_up(DB))
        await asyncio.sleep(0)
        s.nameservers.replace(Selected())
        assert (await look_up).outcome is Outcome.ANSWER


async def test_close_ends_the_probes_and_forgets_the_servers() -> None:
    async with scene(GOOD) as s:
        await s.fakes[0].stop()
        for _ in range(2):
            await s.nameservers.look_up(DB)
        await s.nameservers.close()
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("probe")]
        assert (await s.nameservers.look_up(DB)).outcome is Outcome.DOWN
