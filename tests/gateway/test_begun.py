"""Queries that begin without a task: the same bytes at the same instants as by tasks alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given, settings

from enclave_dns.gateway.views import Sender, Views
from enclave_dns.resolution import Question, Resolution
from enclave_dns.serve.server import Server
from enclave_dns.upstream.first_try import FirstTry
from tests.fakes.choices import Choices
from tests.fakes.dns_worlds import World, view_of, zone
from tests.fakes.entropy import ENTROPY, UNHURRIED
from tests.fakes.front import FakeSource, query, said
from tests.fakes.gateway_scene import OPEN, USER, Scene
from tests.fakes.paired_worlds import pair_of

OFFICE = World(
    zone(
        """
        db.corp.net 60 A 10.0.0.30
        db.corp.net 60 A 192.168.0.1
        hidden.corp.net 60 A 192.168.0.30
        """
    )
)


@pytest.mark.parametrize("is_open", [False, True])
@given(ENTROPY)
@settings(UNHURRIED, max_examples=150)
def test_what_begins_without_a_task_ends_as_with_one(is_open: bool, entropy: bytes) -> None:
    pair = pair_of(Choices(entropy), is_open=is_open)
    assert pair.played(0, begins=True) == pair.played(0, begins=False)


class BegunSource(FakeSource):
    """Nameservers whose first tries a test settles by hand."""

    def __init__(self) -> None:
        super().__init__(OFFICE)
        self.begun: list[tuple[Question, Callable[[Resolution | None], None]]] = []

    def begin(  # type: ignore[override] - here it does begin
        self, question: Question, *, do: bool, start: int, then: Callable[[Resolution | None], None]
    ) -> FirstTry:
        self.begun.append((question, then))
        return cast(FirstTry, question)

    def settle(self) -> None:
        """Every first try comes to its end."""
        for question, then in self.begun:
            then(self.world.answer(question))

    def is_late(self) -> None:
        """None of them is heard of in time."""
        for _, then in self.begun:
            then(None)


class Opening(Scene):
    """A gateway whose queries have begun."""

    def __init__(self) -> None:
        super().__init__(OFFICE)
        self.begun = BegunSource()
        resolver = type(self.answers.state.resolver)(self.begun)
        self.answers.state = replace(self.answers.state, resolver=resolver)

    @property
    def server(self) -> Server:
        return self.front.server


async def test_a_reply_leaves_in_the_very_call_that_brings_what_it_is_made_of() -> None:
    scene = Opening()
    reply = scene.front.start(query("db.corp.net"), USER)
    assert not reply.done()
    scene.begun.settle()
    assert said(reply.result() or b"") == "NOERROR 10.0.0.30"
    assert scene.server.in_flight == 0
    assert not scene.begun.asked


async def test_two_who_ask_the_same_are_answered_by_one_question_each_by_the_rule() -> None:
    scene = Opening()
    user, other = (scene.front.start(query("db.corp.net"), source) for source in (USER, OPEN))
    assert len(scene.begun.begun) == 1
    scene.begun.settle()
    assert said(user.result() or b"") == "NOERROR 10.0.0.30"
    assert sorted(said(other.result() or b"").split()[1:]) == ["10.0.0.30", "192.168.0.1"]


async def test_what_is_late_goes_on_as_a_task() -> None:
    scene = Opening()
    reply = scene.front.start(query("db.corp.net"), USER)
    scene.begun.is_late()
    assert not reply.done()
    assert said(await reply or b"") == "NOERROR 10.0.0.30"


async def test_what_takes_a_second_question_goes_on_as_a_task() -> None:
    scene = Opening()
    reply = scene.front.start(query("hidden.corp.net"), USER)
    scene.begun.settle()
    assert not reply.done()
    assert said(await reply or b"") == "REFUSED"
    assert [question.rtype for question in scene.begun.asked] == [28]


@pytest.mark.parametrize(
    ("senders", "expected"),
    [
        ({USER: Sender(b"new", "USER", view=view_of("10.0.0.0/24"))}, "NOERROR 10.0.0.30"),
        ({USER: Sender(b"new", "USER", view=view_of("10.0.1.0/24"))}, "REFUSED"),
        ({}, None),
    ],
    ids=["kept", "revoked", "unknown"],
)
async def test_the_view_of_the_last_instant_decides(
    senders: dict[str, Sender], expected: str | None
) -> None:
    scene = Opening()
    reply = scene.front.start(query("db.corp.net"), USER)
    scene.answers.state = replace(scene.answers.state, views=Views(senders))
    scene.begun.settle()
    packet = await reply
    assert (None if packet is None else said(packet)) == expected


async def test_what_other_nameservers_said_does_not_count() -> None:
    scene = Opening()
    reply = scene.front.start(query("db.corp.net"), USER)
    state = scene.answers.state
    state.resolver.forget()
    scene.answers.state = replace(state, generation=state.generation + 1)
    scene.begun.world = World(zone("db.corp.net 60 A 10.0.0.99"))
    scene.begun.begun[0][1](OFFICE.answer(scene.begun.begun[0][0]))
    assert said(await reply or b"") == "NOERROR 10.0.0.99"


async def test_a_fault_costs_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Opening()
    reply = scene.front.start(query("db.corp.net"), USER)

    def fault(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr("enclave_dns.gateway.answer.decide", fault)
        scene.begun.settle()
    assert said(reply.result() or b"") == "SERVFAIL"
    assert scene.server.counts["refused_fault"] == 1
    assert scene.server.in_flight == 0
