"""What changes while a question is being looked up: policies, files, nameservers, the time left."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from enclave_dns.disclosure.reply import EDE_PROHIBITED, protocol_error
from enclave_dns.gateway.views import Sender, Views
from enclave_dns.resolution import Question
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode, RRType
from tests.fakes.dns_worlds import World, hosts, view_of, zone
from tests.fakes.front import query, said
from tests.fakes.gateway_scene import USER, Scene

OFFICE = zone("db.corp.net 60 A 10.0.0.30\nhidden.corp.net 60 A 192.168.0.30")
MOVED = zone("db.corp.net 60 A 10.0.0.31")
DB = Question(from_text("db.corp.net"), RRType.A)

REFUSED = protocol_error(RCode.REFUSED, EDE_PROHIBITED)


def with_sender(scene: Scene, sender: Sender | None) -> None:
    """A new organisation version, in which USER is this sender or nobody."""
    senders = {} if sender is None else {USER: sender}
    scene.answers.state = replace(scene.answers.state, views=Views(senders))


@dataclass
class Waiting:
    """A query whose look-up is under way."""

    scene: Scene
    reply: "asyncio.Future[bytes | None]"

    async def hears(self) -> str | None:
        """Let the nameserver answer; what the client then hears, None for silence."""
        self.scene.source.gate.set()
        packet = await self.reply
        return None if packet is None else said(packet)


async def interrupted(scene: Scene, name: str = "db.corp.net") -> Waiting:
    """USER's question for the address of a name, which the nameserver has, but does not answer."""
    scene.source.gate.clear()
    reply = scene.front.start(query(name), USER)
    await scene.source.until_asked(1)
    assert not reply.done()
    return Waiting(scene, reply)


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        (Sender(b"new", "USER", view=view_of("10.0.0.0/24")), "NOERROR 10.0.0.30"),
        (Sender(b"new", "USER", view=view_of("10.0.1.0/24")), "REFUSED"),
        (Sender(b"new", "USER", view=view_of("10.0.0.0/32", no_answer=RCode.NXDOMAIN)), "NXDOMAIN"),
        (Sender(b"new", "USER", REFUSED), "REFUSED"),
        (None, None),
    ],
    ids=["kept", "revoked", "revoked, other no-answer", "no policy", "unknown"],
)
async def test_the_view_of_the_last_instant_decides(
    sender: Sender | None, expected: str | None
) -> None:
    scene = Scene(World(OFFICE))
    waiting = await interrupted(scene)
    with_sender(scene, sender)
    assert await waiting.hears() == expected


async def test_what_is_newly_permitted_is_disclosed_at_once() -> None:
    scene = Scene(World(OFFICE), view=view_of("10.9.0.0/24"))
    waiting = await interrupted(scene)
    with_sender(scene, Sender(b"new", "USER", view=view_of("10.0.0.0/24")))
    assert await waiting.hears() == "NOERROR 10.0.0.30"


async def test_a_reply_of_an_older_view_is_not_found_again() -> None:
    scene = Scene(World(OFFICE))
    assert await scene.hears("db.corp.net A") == "NOERROR 10.0.0.30"
    with_sender(scene, Sender(b"new", "USER", view=view_of("10.0.1.0/24")))
    assert await scene.hears("db.corp.net A") == "REFUSED"


async def test_a_hosts_file_that_is_read_meanwhile_counts() -> None:
    scene = Scene(World(OFFICE))
    waiting = await interrupted(scene)
    scene.answers.state = replace(scene.answers.state, hosts=hosts("10.0.0.77 db.corp.net"))
    assert await waiting.hears() == "NOERROR 10.0.0.77"


async def test_other_nameservers_are_asked_anew_and_what_was_said_is_kept_nowhere() -> None:
    scene = Scene(World(OFFICE))
    waiting = await interrupted(scene)
    state = scene.answers.state
    state.resolver.forget()
    scene.answers.state = replace(state, generation=state.generation + 1)
    scene.front.server.forget()
    scene.source.world = World(MOVED)
    assert await waiting.hears() == "NOERROR 10.0.0.31"
    assert scene.source.asked == [DB, DB]
    assert await scene.hears("db.corp.net A") == "NOERROR 10.0.0.31"
    assert scene.source.asked == [DB, DB]


async def test_while_no_nameserver_is_up_there_is_no_new_no_answer() -> None:
    scene = Scene(World(is_up=False))
    for name in ("db.corp.net", "hidden.corp.net", "absent.corp.net"):
        assert await scene.hears(f"{name} A") == "SERVFAIL"
        assert await scene.hears(f"{name} MX") == "SERVFAIL"
    assert await scene.hears("30.0.0.10.in-addr.arpa PTR") == "SERVFAIL"
    # An unpermitted address was decided before any look-up, and still is.
    assert await scene.hears("30.0.168.192.in-addr.arpa PTR") == "REFUSED"


async def test_what_is_remembered_serves_while_no_nameserver_is_up() -> None:
    scene = Scene(World(OFFICE), table=hosts("10.0.0.40 printer"))
    assert await scene.hears("db.corp.net A") == "NOERROR 10.0.0.30"
    assert await scene.hears("hidden.corp.net A") == "REFUSED"
    scene.front.server.forget()
    scene.source.world = World(is_up=False)
    assert await scene.hears("db.corp.net A") == "NOERROR 10.0.0.30"
    assert await scene.hears("printer A") == "NOERROR 10.0.0.40"
    assert await scene.hears("hidden.corp.net A") == "SERVFAIL"


async def test_a_failed_reply_is_never_kept() -> None:
    scene = Scene(World(is_up=False))
    assert await scene.hears("db.corp.net A") == "SERVFAIL"
    scene.source.world = World(OFFICE)
    assert await scene.hears("db.corp.net A") == "NOERROR 10.0.0.30"


async def test_a_nameserver_that_comes_up_makes_no_absence_of_what_nobody_was_asked() -> None:
    scene = Scene(World(is_up=False))
    waiting = await interrupted(scene)
    scene.source.world = World(OFFICE)
    assert await waiting.hears() == "SERVFAIL"
    assert await scene.hears("db.corp.net A") == "NOERROR 10.0.0.30"


async def test_a_question_whose_time_is_over_is_a_no_answer_while_a_nameserver_is_up() -> None:
    scene = Scene(World(OFFICE), timeout=0.05)
    scene.source.gate.clear()
    for name in ("db.corp.net", "hidden.corp.net", "absent.corp.net"):
        assert await scene.hears(f"{name} A") == "REFUSED"
    await scene.answers.state.resolver.close()


async def test_a_late_answer_still_fills_the_cache() -> None:
    scene = Scene(World(OFFICE), timeout=0.05)
    scene.source.gate.clear()
    assert await scene.hears("db.corp.net A") == "REFUSED"
    scene.source.gate.set()
    scene.front.server.forget()
    scene.answers.state = replace(scene.answers.state, timeout=20)
    assert await scene.hears("db.corp.net A") == "NOERROR 10.0.0.30"
    assert scene.source.asked.count(DB) == 1
