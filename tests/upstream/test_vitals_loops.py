"""Servers that lead back to us: what raises the suspicion, what settles it, what does not."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from enclave_dns.upstream.health import State
from enclave_dns.upstream.nameservers import NAMESERVER_SIGNS
from enclave_dns.upstream.transport import Failure
from enclave_dns.upstream.vitals import Signs
from enclave_dns.wire.message import Message, read_message
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode
from tests.fakes.nameserver import Respond, rcode
from tests.fakes.vitals_scene import ALIVE, ANY_WORD, LIFE, PROBE, Scene, scene
from tests.fakes.waiting import eventually

TRACED = replace(ANY_WORD, are_traced=True)


def name_of(query: bytes) -> Name:
    return read_message(query).question[0].name


def circle(made: Scene) -> Respond:
    """Sends every question back to us, spelled anew, and passes our SERVFAIL on."""

    def respond(query: bytes, transport: str) -> Sequence[bytes]:
        assert made.exchange.echoes.came_in(name_of(query).swapcase())
        return rcode("SERVFAIL")(query, transport)

    return respond


async def test_a_loop_raises_the_suspicion_and_a_name_that_nobody_else_asks_settles_it() -> None:
    """A reply to the usual probe might be our own."""
    async with scene(rcode("NXDOMAIN")) as made:
        made.learn(Failure.LOOP)
        assert made.state is State.SUSPECTED
        assert made.vitals.is_looping(made.fakes[0].server)
        await made.until(State.UP)
        [(_, name, rtype)] = made.fakes[0].questions
        assert (len(name), name.count("."), rtype) == (32, 0, "NS")
        made.learn(LIFE)
        assert not made.vitals.is_looping(made.fakes[0].server)


async def test_a_server_that_sends_the_probe_back_to_us_is_down() -> None:
    async with scene(rcode("NXDOMAIN")) as made:
        made.fakes[0].respond = circle(made)
        made.learn(Failure.LOOP)
        await made.until(State.DOWN)


async def test_what_only_a_program_of_ours_answers_is_a_good_probe_of_a_loop_too() -> None:
    async with scene(ALIVE, signs=Signs(PROBE, NAMESERVER_SIGNS.is_good, is_ours=True)) as made:
        made.learn(Failure.LOOP)
        await made.until(State.UP)
        assert made.fakes[0].questions == [("udp", "_my.id.enclave", "A")]


async def test_a_question_that_met_silence_is_followed_by_a_name_of_nobody() -> None:
    async with scene(rcode("NXDOMAIN"), signs=TRACED) as made:
        made.fakes[0].respond = circle(made)
        made.learn(Failure.SILENCE)
        await made.until(State.DOWN)
        assert made.vitals.is_looping(made.fakes[0].server)


async def test_a_sound_server_is_followed_up_once_and_not_suspected() -> None:
    async with scene(rcode("NXDOMAIN"), signs=TRACED) as made:
        made.learn(Failure.SILENCE)
        made.learn(Failure.SILENCE)
        await eventually(lambda: made.fakes[0].seen)
        assert made.state is State.UP
        await asyncio.sleep(0.01)
        assert len(made.fakes[0].seen) == 1
        assert not made.vitals.is_looping(made.fakes[0].server)


@pytest.mark.parametrize(
    ("said", "is_life"), [(RCode.SERVFAIL, False), (RCode.REFUSED, False), (RCode.NXDOMAIN, True)]
)
async def test_what_those_in_the_circle_say_of_a_question_is_no_life(
    said: RCode, is_life: bool
) -> None:
    async with scene(rcode("NXDOMAIN")) as made:
        made.learn(Failure.LOOP)
        made.learn(Message(0, 0x8180 | said))
        assert made.vitals.is_looping(made.fakes[0].server) is not is_life


async def test_what_is_no_longer_listed_leads_nowhere() -> None:
    async with scene(rcode("NXDOMAIN")) as made:
        made.learn(Failure.LOOP)
        made.vitals.replace(())
        assert not made.exchange.echoes.looping
