"""Gateways that die and come back: what the stub says meanwhile, within one try of dig."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.lab.answer import Answer
from tests.lab.conftest import Start, Until
from tests.lab.namespaces import Namespace
from tests.lab.programs import ORGANISATION, SECOND_GATEWAY, Program

Ask = Callable[..., Answer]

TWO = (
    ORGANISATION
    + f"""
[[systems]]
system_id = "P3R8T"
description = "the office's second gateway"
hostname = "menlo-park-2"
virtual_address = "{SECOND_GATEWAY}"
tags = ["gateways"]
gateway_routes = [ {{ subnet = "10.0.0.0/24" }} ]

[[policies]]
description = "Developers reach the office through the second gateway"
type = "gateway"
sender_tags = ["developers"]
gateways = [ {{ system_id = "P3R8T", routes = ["10.0.0.0/24"] }} ]
acls = [ {{ protocol = "any" }} ]
"""
)
FIRST_DESK, SECOND_DESK = "10.0.0.71", "10.0.0.72"
DESKS = " ".join(f"desk-{number}.corp.net" for number in range(10))
FRESH = "fresh-{}.dev.corp.net"
"""Names that differ, so that no reply comes from the stub's cache."""


@pytest.fixture
def ask(laptop: Namespace) -> Ask:
    """Ask the stub with dig, one try of one second."""

    def dig(name: str, *words: str) -> Answer:
        return laptop.dig("@127.0.0.1", name, "A", "+time=1", *words)

    return dig


def kill(program: Program) -> None:
    program.daemon.signal(signal.SIGKILL)
    assert program.daemon.wait() == -signal.SIGKILL


@contextmanager
def frozen(program: Program) -> Iterator[None]:
    """The program hangs: it takes packets and answers none."""
    program.daemon.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        program.daemon.signal(signal.SIGCONT)


def test_without_its_gateway_the_stub_steps_aside_and_comes_back(
    gateway: Start, stub: Start, ask: Ask, ask_until: Until
) -> None:
    first = gateway()
    stub()
    assert ask(FRESH.format(1)).addresses == ["10.0.0.40"]
    kill(first)
    for name in (FRESH.format(2), "gone.corp.net"):
        for transport in ("+notcp", "+tcp"):
            assert ask(name, transport).status == "REFUSED"
    assert ask("_my.id.enclave").status == "NOERROR"
    gateway()
    # It is known to be down: the next probe finds out that it is back.
    ask_until(lambda answer: answer.addresses == ["10.0.0.40"], FRESH.format(3))
    assert ask(FRESH.format(2)).addresses == ["10.0.0.40"]  # that it failed is not remembered


def test_the_stub_may_be_there_before_its_gateway(gateway: Start, stub: Start, ask: Ask) -> None:
    stub()
    assert ask(FRESH.format(1)).status == "REFUSED"
    gateway()
    assert ask(FRESH.format(1)).addresses == ["10.0.0.40"]


def test_a_gateway_that_hangs_is_as_good_as_dead(gateway: Start, stub: Start, ask: Ask) -> None:
    first = gateway()
    stub()
    assert ask(FRESH.format(1)).addresses == ["10.0.0.40"]
    with frozen(first):
        assert ask(FRESH.format(2)).status == "REFUSED"
    assert ask(FRESH.format(2)).addresses == ["10.0.0.40"]


@pytest.fixture
def both(gateway: Start, stub: Start) -> tuple[Program, Program]:
    """Two gateways that one can tell apart by a line of their hosts files, and a stub.

    The stub starts while only the first is there, which thus connects first.
    """
    first = gateway(TWO, hosts=f"{FIRST_DESK} {DESKS}\n")
    stub(TWO)
    second = gateway(
        TWO,
        system_id="P3R8T",
        listen=f"{SECOND_GATEWAY}:53",
        hosts=f"{SECOND_DESK} {DESKS}\n10.0.0.73 only-here.corp.net\n",
    )
    return first, second


def test_gateways_with_one_view_are_one_group_in_which_the_active_ones_word_counts(
    both: tuple[Program, Program], ask: Ask
) -> None:
    assert ask("desk-0.corp.net").addresses == [FIRST_DESK]
    assert ask("only-here.corp.net").status == "REFUSED"  # the second one would know it
    assert ask("gone.corp.net").status == "REFUSED"


def test_the_other_gateway_answers_in_the_same_query(
    both: tuple[Program, Program], ask: Ask
) -> None:
    first, second = both
    assert ask("desk-0.corp.net").addresses == [FIRST_DESK]
    with frozen(first):
        for number in (1, 2, 3):
            assert ask(f"desk-{number}.corp.net").addresses == [SECOND_DESK]
    assert ask("desk-4.corp.net").addresses == [SECOND_DESK]  # no need to go back
    kill(second)
    for number in (5, 6):
        assert ask(f"desk-{number}.corp.net").addresses == [FIRST_DESK]
    assert first.stop() == 0
    assert ask("desk-7.corp.net").status == "REFUSED"
