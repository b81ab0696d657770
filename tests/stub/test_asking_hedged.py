"""Gateways that fail, hang, lose packets or leave: who answers instead, and who serves then."""

import asyncio
from collections.abc import Callable

import pytest

from enclave_dns.organisation.document import GatewayPriority
from enclave_dns.stub.asking import Word
from enclave_dns.stub.assembly import GATEWAY_SIGNS
from enclave_dns.upstream.health import State
from tests.fakes.dns_worlds import view_of
from tests.fakes.gateways import Scene, Site, another_question, draining, garbage, scene
from tests.fakes.nameserver import Respond, rcode, silence, zone
from tests.fakes.waiting import eventually

LIFE = "_my.id.enclave 0 A 127.0.0.1\n"
FIRST = zone(LIFE + "\n".join(f"n{n}.corp.net 60 A 10.0.0.1" for n in range(40)))
SECOND = zone(LIFE + "\n".join(f"n{n}.corp.net 60 A 10.0.0.2" for n in range(40)))
MANY = "\n".join(f"n{n}.corp.net 60 A 10.0.0.{m}" for n in range(40) for m in range(1, 100))


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, somebody has the time to answer."""
    monkeypatch.setattr("enclave_dns.stub.asking.BUDGET", 5.0)
    monkeypatch.setattr("enclave_dns.upstream.health.SLOW_PAUSE", 0.3)


def but_for_life(respond: Respond) -> Respond:
    """Is alive by its sign, and answers everything else like this."""

    def some(query: bytes, transport: str) -> list[bytes]:
        chosen = FIRST if b"\x03_my" in query.lower() else respond
        return list(chosen(query, transport))

    return some


def without_life(respond: Respond) -> Respond:
    """Answers everything but the sign of life."""

    def some(query: bytes, transport: str) -> list[bytes]:
        return [] if b"\x03_my" in query.lower() else list(respond(query, transport))

    return some


def losing_the_first(respond: Respond) -> Respond:
    """The first datagram gets lost on its way."""
    seen = []

    def some(query: bytes, transport: str) -> list[bytes]:
        seen.append(query)
        return [] if len(seen) == 1 else list(respond(query, transport))

    return some


def but_for_addresses(respond: Respond) -> Respond:
    """Answers everything but addresses of the first family."""

    def some(query: bytes, transport: str) -> list[bytes]:
        return [] if query[-15:-11] == b"\0\1\0\1" else list(respond(query, transport))

    return some


def without_policy(query: bytes, transport: str) -> list[bytes]:
    """What a gateway says to a sender without a policy: REFUSED with EDE 18 (RFC 8914, 4.19)."""
    packet = bytearray(draining(query, transport)[0])
    packet[3] = packet[3] & 0xF0 | 5
    packet[-1] = 18
    return [bytes(packet)]


def dripping(query: bytes, transport: str) -> list[bytes]:
    """Says over UDP that TCP has more, and over TCP never comes to an end."""
    return [] if transport == "tcp" else list(zone(MANY)(query, transport))


async def answered_by(made: Scene, number: int) -> int:
    """Which gateway answered a name that nobody has asked for yet."""
    return int((await made.hears(f"n{number}.corp.net A")).removeprefix("10.0.0."))


@pytest.mark.parametrize("fails", [silence, garbage, another_question, dripping, rcode("SERVFAIL")])
async def test_no_question_is_lost_and_soon_the_other_gateway_serves(fails: Respond) -> None:
    async with scene(FIRST, SECOND) as made:
        assert await answered_by(made, 30) == 1
        made.fakes[0].respond = but_for_life(fails)
        for number in range(3):
            assert await answered_by(made, number) == 2
        [group] = made.asking.groups
        assert made.asking.active(group) is made.gateways[1]
        made.fakes[0].seen.clear()
        assert await answered_by(made, 4) == 2
        asked = [name for _, name, _ in made.fakes[0].questions if name != "_my.id.enclave"]
        assert asked == []


async def test_many_questions_at_once_move_together() -> None:
    async with scene(FIRST, SECOND) as made:
        assert await answered_by(made, 30) == 1
        made.fakes[0].respond = silence
        answers = await asyncio.gather(*(answered_by(made, number) for number in range(25)))
        assert set(answers) == {2}


async def test_now_and_then_a_lost_datagram_moves_nobody() -> None:
    async with scene(FIRST, SECOND) as made:
        for number in range(30):
            made.fakes[0].respond = silence if number % 10 == 5 else FIRST
            assert await answered_by(made, number) == (2 if number % 10 == 5 else 1)
        assert made.vitals.state(made.gateways[0].server) is State.UP


async def test_a_gateway_that_drains_is_left_at_once() -> None:
    async with scene(FIRST, SECOND) as made:
        assert await answered_by(made, 30) == 1
        made.fakes[0].respond = draining
        assert await answered_by(made, 0) == 2
        assert made.vitals.state(made.gateways[0].server) is State.DOWN
        made.fakes[0].seen.clear()
        assert await answered_by(made, 1) == 2
        assert [name for _, name, _ in made.fakes[0].questions if name != "_my.id.enclave"] == []
        made.fakes[0].respond = FIRST
        await made.until(0, State.UP)
        assert await answered_by(made, 2) == 2


async def test_an_ordered_group_goes_back_to_the_first_when_it_is_well_again() -> None:
    async with scene(Site(FIRST, priority=GatewayPriority.ORDERED), SECOND) as made:
        made.fakes[0].respond = but_for_life(silence)
        for number in range(3):
            assert await answered_by(made, number) == 2
        assert made.vitals.state(made.gateways[0].server) is State.SLOW
        assert await answered_by(made, 4) == 2
        made.fakes[0].respond = FIRST
        await made.until(0, State.UP)
        assert await answered_by(made, 5) == 1


@pytest.mark.parametrize("fails", [garbage, another_question, dripping, silence])
async def test_whatever_brings_no_answer_counts_against_a_gateway(
    fails: Respond, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enclave_dns.stub.asking.BUDGET", 0.3)
    async with scene(fails) as made:
        for number in range(3):
            assert await made.hears(f"n{number}.corp.net A") == "failed"
        assert made.vitals.state(made.gateways[0].server) is not State.UP


async def test_a_gateway_without_its_sign_of_life_is_out_once_it_is_suspected() -> None:
    async with scene(without_life(FIRST), SECOND) as made:
        assert await answered_by(made, 30) == 1
        made.fakes[0].respond = silence
        for number in range(3):
            assert await answered_by(made, number) == 2
        made.fakes[0].respond = without_life(FIRST)
        await made.until(0, State.DOWN)
        assert await answered_by(made, 4) == 2


async def test_the_gateway_that_serves_an_ordered_group_is_the_one_that_answered_last() -> None:
    async with scene(Site(FIRST, priority=GatewayPriority.ORDERED), SECOND) as made:
        [group] = made.asking.groups
        for respond, expected in ((draining, 2), (FIRST, 1)):
            made.fakes[0].respond = respond
            if respond is FIRST:
                await made.until(0, State.UP)
            assert await answered_by(made, expected) == expected
            assert made.asking.active(group) is made.gateways[expected - 1]


async def test_a_gateway_that_does_not_serve_us_is_left_to_the_next_in_the_same_query() -> None:
    async with scene(FIRST, SECOND) as made:
        assert await answered_by(made, 30) == 1
        made.fakes[0].respond = without_policy
        for number in range(3):
            assert await answered_by(made, number) == 2
        await made.until(0, State.DOWN)


async def test_questions_that_need_a_companion_cost_no_gateway_its_place() -> None:
    """NODATA counts only with an address: the first gateway is asked twice for each."""
    async with scene(FIRST, SECOND) as made:
        server = made.gateways[0].server
        made.fakes[0].respond = but_for_addresses(FIRST)
        for number in range(5):
            assert await made.hears(f"n{number}.corp.net AAAA") == "NODATA"
        assert made.vitals.state(server) is State.UP


async def test_a_dead_gateway_is_not_greeted() -> None:
    async with scene(FIRST) as made:
        made.vitals.drained(made.gateways[0].server)
        await made.asking.connect(GATEWAY_SIGNS.probe)
        assert made.counts == [0]


async def test_one_question_asked_twice_is_one_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enclave_dns.stub.asking.BUDGET", 0.3)
    monkeypatch.setattr("enclave_dns.stub.asking.RESEND_AFTER", 0.1)
    async with scene(silence) as made:
        for number in range(2):
            assert await made.hears(f"n{number}.corp.net A") == "failed"
        assert made.counts == [4]
        assert made.vitals.state(made.gateways[0].server) is State.UP


async def test_the_only_gateway_is_asked_once_more_where_a_datagram_was_lost() -> None:
    async with scene(losing_the_first(FIRST)) as made:
        assert await answered_by(made, 0) == 1
        assert made.counts == [2]


LONDON, PARIS = view_of("10.0.0.0/24"), view_of("10.0.0.0/25")


def is_(made: Scene, place: int, state: State) -> Callable[[], bool]:
    return lambda: made.vitals.state(made.gateways[place].server) is state


async def test_an_overlapping_group_takes_over_in_the_same_query_and_hands_back() -> None:
    async with scene(Site(FIRST, LONDON), Site(SECOND, PARIS)) as made:
        assert await answered_by(made, 0) == 1
        made.fakes[0].respond = draining
        said = await made.ask("n1.corp.net A")
        assert [step.word for step in said.steps] == [Word.FAILED, Word.ANSWERED]
        assert await answered_by(made, 2) == 2
        made.fakes[0].respond = FIRST
        await made.until(0, State.UP)
        assert await answered_by(made, 3) in (1, 2)  # the second group has learned the suffix
        made.fakes[1].respond = draining
        assert await answered_by(made, 4) == 1
        await eventually(is_(made, 1, State.DOWN))
        assert await answered_by(made, 5) == 1


async def test_while_every_group_is_down_nobody_is_asked_and_the_first_to_return_serves() -> None:
    async with scene(Site(FIRST, LONDON), Site(SECOND, PARIS)) as made:
        for fake in made.fakes:
            fake.respond = draining
        assert await made.hears("n0.corp.net A") == "failed"
        for fake in made.fakes:
            fake.seen.clear()
        assert await made.hears("n1.corp.net A") == "failed"
        asked = [name for fake in made.fakes for _, name, _ in fake.questions]
        assert set(asked) <= {"_my.id.enclave"}
        made.fakes[1].respond = SECOND
        await made.until(1, State.UP)
        assert await answered_by(made, 2) == 2
