"""Which replies wait for their tick, through the real answering code."""

import asyncio

import pytest

from enclave_dns.gateway.begun import Progress
from enclave_dns.gateway.pacing import TICK
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.dns_worlds import World, view_of, zone
from tests.fakes.front import query, said
from tests.fakes.gateway_scene import OPEN, USER, Scene

OFFICE = zone("db.corp.net 60 A 10.0.0.30\nhidden.corp.net 60 A 192.168.0.30")
PACE = 0.02
DB = Question(from_text("db.corp.net"), RRType.A)
MAIL = Question(from_text("mail.corp.net"), RRType.A)


async def waited(scene: Scene, name: str, source: str = USER, rtype: str = "A") -> float:
    """The loop's time that a reply took; never less than it was made to wait."""
    clock = asyncio.get_running_loop().time
    began = clock()
    assert await scene.front.send(query(name, rtype), source) is not None
    return clock() - began


@pytest.mark.parametrize("name", ["hidden.corp.net", "absent.corp.net"])
async def test_a_no_answer_is_held_at_least_one_step(name: str) -> None:
    scene = Scene(World(OFFICE), pace=PACE)
    assert await waited(scene, name) >= PACE - TICK / 10
    other = Scene(World(OFFICE), pace=PACE, view=view_of("10.9.0.0/24"))
    assert await waited(other, "db.corp.net") >= PACE - TICK / 10


@pytest.mark.parametrize(
    ("name", "rtype", "source"),
    [
        ("db.corp.net", "A", USER),
        ("absent.corp.net", "A", OPEN),
        ("db.corp.org", "A", USER),
        ("30.0.168.192.in-addr.arpa", "PTR", USER),
    ],
)
async def test_what_tells_nothing_by_its_time_is_not_held(
    name: str, rtype: str, source: str
) -> None:
    scene = Scene(World(OFFICE), pace=3600.0, timeout=3600.0, only_suffixes=("corp.net", "arpa"))
    assert await waited(scene, name, source, rtype) < 1800


async def test_a_no_answer_in_the_reply_cache_leaves_at_once() -> None:
    scene = Scene(World(OFFICE), pace=PACE)
    await waited(scene, "hidden.corp.net")
    packet = scene.front.start(query("hidden.corp.net"), USER)
    assert packet.done()
    held = await packet
    assert held is not None
    assert said(held) == "REFUSED"


def took(seconds: float) -> dict[Question, Resolution]:
    return {DB: Resolution(Outcome.ANSWER, DB.name, elapsed=seconds)}


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([took(0.03)], 0.03),
        ([took(0.03), took(0.02)], 0.03),
        ([took(0.03), took(0.05)], 0.05),
        ([took(0.03), {MAIL: Resolution(Outcome.ANSWER, MAIL.name, elapsed=0.02)}], 0.05),
        ([took(0.03) | {MAIL: Resolution(Outcome.ANSWER, MAIL.name, elapsed=0.04)}], 0.04),
    ],
    ids=["once", "anew, quicker", "anew, slower", "one after the other", "beside each other"],
)
def test_rounds_add_up_but_what_is_looked_up_anew_counts_once(
    rounds: list[dict[Question, Resolution]], expected: float
) -> None:
    progress = Progress(100.0)
    for found in rounds:
        progress.add(found, 100.0)
    assert progress.look_up_time == pytest.approx(expected)


def test_a_step_covers_our_own_wait_as_well_as_the_look_up() -> None:
    progress = Progress(100.0)
    progress.add(took(0.001), 100.03)
    assert progress.release(PACE, 0.8) == pytest.approx(100.04)
