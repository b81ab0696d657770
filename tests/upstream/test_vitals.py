"""Who is alive: suspicion by failures, certainty by a probe of a fixed question."""

import asyncio

import pytest

from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.health import FAILURES, State
from enclave_dns.upstream.nameservers import NAMESERVER_SIGNS
from enclave_dns.upstream.racing import Settled
from enclave_dns.upstream.round_trips import LONGEST_DELAY, UNMEASURED_DELAY
from enclave_dns.upstream.transport import Failure
from enclave_dns.upstream.vitals import Signs
from enclave_dns.wire.message import Message
from tests.fakes.nameserver import FakeNameserver, rcode, silence, zone
from tests.fakes.vitals_scene import ALIVE, LIFE, PROBE, scene
from tests.fakes.waiting import eventually


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gave way is back sooner than in service."""
    monkeypatch.setattr("enclave_dns.upstream.health.SLOW_PAUSE", 0.3)


def probes() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("probe")]


async def test_whoever_is_listed_is_up_and_nobody_else() -> None:
    async with scene(ALIVE) as made:
        assert made.vitals.states() == ((made.fakes[0].server, State.UP),)
        assert made.vitals.is_any_up
        stranger = Nameserver("192.0.2.1")
        assert made.vitals.state(stranger) is State.DOWN
        made.vitals.learn(stranger, Failure.SILENCE, 0.0)
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
    "failure", [f for f in Failure if f.name not in ("SILENCE", "UNREACHABLE", "LOOP")]
)
async def test_no_other_failure_counts_against_a_server(failure: Failure) -> None:
    async with scene(ALIVE) as made:
        made.fail(10, failure)
        assert (made.state, made.reports) == (State.UP, [])


async def test_life_in_between_starts_the_count_anew() -> None:
    async with scene(ALIVE) as made:
        made.fail(FAILURES - 1)
        made.learn(LIFE)
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
        await eventually(lambda: probes() == [])
        assert [state for _, state in made.reports] == [State.SUSPECTED, State.DOWN, State.UP]


async def test_life_shown_elsewhere_ends_the_probe() -> None:
    async with scene(silence) as made:
        made.fail()
        await eventually(lambda: len(probes()) == 1)
        made.learn(LIFE)
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


async def test_a_cut_reply_to_the_probe_is_life_to_a_nameserver_and_tcp_is_not_asked() -> None:
    async with scene(zone("_my.id.enclave 1 A 100.64.0.70", udp_size=12)) as made:
        made.fail()
        await made.until(State.UP)
        assert [transport for transport, _ in made.fakes[0].seen] == ["udp"]


def of(fake: FakeNameserver) -> Nameserver:
    return fake.server


def settled(winner: int, *outrun: int, declined: tuple[int, ...] = ()) -> Settled[None]:
    return Settled(None, winner, outrun, frozenset(declined))


async def test_who_is_outrun_too_often_gives_way_until_two_probes_are_good() -> None:
    async with scene(ALIVE, ALIVE) as made:
        servers = list(map(of, made.fakes))
        for _ in range(2):
            made.vitals.raced(servers, settled(1, 0))
        made.vitals.raced(servers, settled(0))
        assert made.state is State.UP
        made.vitals.raced(servers, settled(1, 0))
        assert made.state is State.SLOW
        assert made.vitals.is_any_up
        await made.until(State.UP)
        assert len(made.fakes[0].seen) == 2
        assert made.vitals.state(servers[1]) is State.UP


@pytest.mark.parametrize(("declining_loses", "expected"), [(False, State.UP), (True, State.SLOW)])
async def test_declining_loses_a_race_where_the_signs_say_so(
    declining_loses: bool, expected: State
) -> None:
    signs = Signs(PROBE, NAMESERVER_SIGNS.is_good, declining_loses=declining_loses)
    async with scene(silence, ALIVE, signs=signs) as made:
        for _ in range(3):
            made.vitals.raced(list(map(of, made.fakes)), settled(1, 0, declined=(0,)))
        assert made.state is expected


async def test_what_is_no_longer_listed_has_lost_nothing() -> None:
    async with scene(ALIVE, ALIVE) as made:
        servers = list(map(of, made.fakes))
        made.vitals.replace(servers[1:])
        for _ in range(3):
            made.vitals.raced(servers, settled(1, 0))
        made.vitals.drained(servers[0])
        assert made.vitals.states() == ((servers[1], State.UP),)


async def test_who_drains_is_down_at_once_and_comes_back_by_two_probes() -> None:
    async with scene(ALIVE) as made:
        made.vitals.drained(made.fakes[0].server)
        assert made.state is State.DOWN
        await made.until(State.UP)
        assert len(made.fakes[0].seen) == 2


async def test_a_probe_that_is_planned_for_later_gives_way_to_an_earlier_one() -> None:
    """A slow server whose second probe is due in half a second fails now: it is probed now."""
    async with scene(ALIVE, ALIVE) as made:
        for _ in range(3):
            made.vitals.raced(list(map(of, made.fakes)), settled(1, 0))
        await eventually(lambda: len(made.fakes[0].seen) == 1 and probes() == [])
        made.fakes[0].respond = silence
        made.fail()
        assert made.state is State.SUSPECTED
        await eventually(lambda: len(made.fakes[0].seen) == 2)


async def test_the_signs_say_which_words_are_good_and_which_failures_count() -> None:
    strict = Signs(PROBE, lambda _: False, frozenset((Failure.GARBAGE,)))
    async with scene(ALIVE, signs=strict) as made:
        made.fail()
        assert made.state is State.UP
        made.fail(failure=Failure.GARBAGE)
        await made.until(State.DOWN)


async def test_the_hedge_delay_follows_the_round_trips_of_the_server() -> None:
    async with scene(ALIVE, ALIVE) as made:
        first, second = map(of, made.fakes)
        made.learn(LIFE, took=3.0)
        made.learn(Failure.SILENCE, took=0.0)
        assert made.vitals.hedge_delay(first) == LONGEST_DELAY
        assert made.vitals.hedge_delay(second) == UNMEASURED_DELAY
        made.vitals.replace((second,))
        made.vitals.replace((first, second))
        assert made.vitals.hedge_delay(first) == UNMEASURED_DELAY


@pytest.mark.parametrize(
    ("result", "expected"),
    [(LIFE, True), *((failure, failure is Failure.TRUNCATED) for failure in Failure)],
)
def test_a_nameserver_lives_that_has_spoken_itself(
    result: Message | Failure, expected: bool
) -> None:
    assert NAMESERVER_SIGNS.is_good(result) is expected
