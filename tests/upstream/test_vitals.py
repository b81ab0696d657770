"""Who is alive: suspicion by failures, certainty by a probe of a fixed question."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.exchange import Exchange, Failure
from enclave_dns.upstream.health import FAILURES, State
from enclave_dns.upstream.vitals import Vitals, is_life
from enclave_dns.wire.message import Message
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, silence, zone
from tests.fakes.waiting import eventually

PROBE = Question(from_text("_my.id.enclave"), RRType.A)
ALIVE = zone("_my.id.enclave 1 A 100.64.0.70")
LIFE = Message(0, 0x8180)


class Scene:
    def __init__(self, fakes: list[FakeNameserver]) -> None:
        self.fakes = fakes
        self.reports: list[tuple[str, State]] = []
        self.vitals = Vitals(
            Exchange(), PROBE, lambda server, state: self.reports.append((str(server), state))
        )
        self.vitals.replace(fake.server for fake in fakes)

    @property
    def state(self) -> State:
        """That of the first server."""
        return self.vitals.state(self.fakes[0].server)

    def fail(self, times: int = FAILURES, failure: Failure = Failure.SILENCE) -> None:
        """So many questions to the first server have failed."""
        for _ in range(times):
            self.vitals.learn(self.fakes[0].server, failure)

    async def until(self, state: State) -> None:
        await eventually(lambda: self.state is state)


@asynccontextmanager
async def scene(*responds: Respond) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        fakes = [await stack.enter_async_context(FakeNameserver(one)) for one in responds]
        made = Scene(fakes)
        stack.push_async_callback(made.vitals.close)
        yield made


def probes() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("probe")]


async def test_whoever_is_listed_is_up_and_nobody_else() -> None:
    async with scene(ALIVE) as made:
        assert made.vitals.states() == ((made.fakes[0].server, State.UP),)
        assert made.vitals.is_any_up
        stranger = Nameserver("192.0.2.1")
        assert made.vitals.state(stranger) is State.DOWN
        made.vitals.learn(stranger, Failure.SILENCE)
        assert len(made.vitals.states()) == 1


@pytest.mark.parametrize("failure", [Failure.SILENCE, Failure.UNREACHABLE])
async def test_failures_in_a_row_raise_a_suspicion_and_the_probe_clears_it(
    failure: Failure,
) -> None:
    async with scene(ALIVE) as made:
        made.fail(FAILURES - 1, failure)
        assert (made.state, probes()) == (State.UP, [])
        made.fail(1, failure)
        assert made.state is State.SUSPECTED
        assert made.vitals.is_any_up
        await made.until(State.UP)
        assert made.fakes[0].questions == [("udp", "_my.id.enclave", "A")]
        assert [state for _, state in made.reports] == [State.SUSPECTED, State.UP]


@pytest.mark.parametrize(
    "failure", [f for f in Failure if f.name not in ("SILENCE", "UNREACHABLE")]
)
async def test_no_other_failure_counts_against_a_server(failure: Failure) -> None:
    async with scene(ALIVE) as made:
        made.fail(10, failure)
        assert (made.state, made.reports) == (State.UP, [])


async def test_life_in_between_starts_the_count_anew() -> None:
    async with scene(ALIVE) as made:
        made.fail(FAILURES - 1)
        made.vitals.learn(made.fakes[0].server, LIFE)
        made.fail(FAILURES - 1)
        assert made.state is State.UP


@pytest.mark.parametrize("word", ["SERVFAIL", "REFUSED", "NXDOMAIN"])
async def test_any_word_to_the_probe_is_life(word: str) -> None:
    async with scene(rcode(word)) as made:
        made.fail()
        await made.until(State.UP)


async def test_a_server_that_fails_its_probe_is_down_until_one_succeeds() -> None:
    async with scene(ALIVE) as made:
        await made.fakes[0].stop()
        made.fail()
        await made.until(State.DOWN)
        assert not made.vitals.is_any_up
        async with made.fakes[0]:
            await made.until(State.UP)
        assert probes() == []
        assert [state for _, state in made.reports] == [State.SUSPECTED, State.DOWN, State.UP]


async def test_life_shown_elsewhere_ends_the_probe() -> None:
    async with scene(silence) as made:
        made.fail()
        assert len(probes()) == 1
        made.vitals.learn(made.fakes[0].server, LIFE)
        assert made.state is State.UP
        await eventually(lambda: probes() == [])


async def test_a_forged_word_to_the_probe_is_asked_again_over_tcp() -> None:
    def wrong_id_over_udp(query: bytes, transport: str) -> list[bytes]:
        (reply,) = ALIVE(query, transport)
        return [bytes([reply[0] ^ 1]) + reply[1:]] if transport == "udp" else [reply]

    async with scene(wrong_id_over_udp) as made:
        made.fail()
        await made.until(State.UP)
        assert [transport for transport, _ in made.fakes[0].seen] == ["udp", "tcp"]


async def test_use_tcp_probes_over_tcp() -> None:
    async with scene(ALIVE) as made:
        made.vitals.use_tcp = True
        made.fail()
        await made.until(State.UP)
        assert [transport for transport, _ in made.fakes[0].seen] == ["tcp"]


async def test_another_list_keeps_the_state_of_those_who_stay_and_ends_other_probes() -> None:
    async with scene(silence, silence) as made:
        made.fail()
        first, second = (fake.server for fake in made.fakes)
        made.vitals.replace((second, first))
        assert made.vitals.states() == ((second, State.UP), (first, State.SUSPECTED))
        made.vitals.replace((second,))
        await eventually(lambda: probes() == [])
        assert made.vitals.state(first) is State.DOWN


async def test_close_ends_all_probes() -> None:
    async with scene(silence) as made:
        made.fail()
        await made.vitals.close()
        assert (probes(), made.vitals.states()) == ([], ())


@pytest.mark.parametrize(
    ("result", "expected"),
    [(LIFE, True), *((failure, failure is Failure.TRUNCATED) for failure in Failure)],
)
def test_a_server_lives_that_has_spoken_itself(result: Message | Failure, expected: bool) -> None:
    assert is_life(result) is expected
