"""Our own questions, known by how their names are spelled when they come back."""

import pytest

from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.echoes import LETTERS, NOBODYS, Echoes, name_of_nobody
from enclave_dns.wire.names import from_text

LONG = b"\x08DaTaBasE\x08oFfIcEnE\x03cOm\0"
SERVER = Nameserver("10.0.0.2")


def test_a_question_that_comes_in_while_it_is_under_way_is_an_echo() -> None:
    echoes = Echoes()
    echoes.sent(LONG, SERVER)
    assert echoes.came_in(LONG)
    assert echoes.seen == 1
    assert echoes.settled(LONG)
    assert not echoes.came_in(LONG)


def test_another_spelling_is_somebody_elses() -> None:
    echoes = Echoes()
    echoes.sent(LONG, SERVER)
    assert not echoes.came_in(LONG.lower())
    assert echoes.seen == 0
    assert not echoes.settled(LONG)


def test_another_spelling_is_ours_where_the_server_is_known_to_lead_back() -> None:
    echoes = Echoes()
    echoes.looping.add(SERVER)
    echoes.sent(LONG, SERVER)
    assert echoes.came_in(LONG.lower())
    assert echoes.settled(LONG)


def test_a_name_that_nobody_else_asks_is_ours_however_it_is_spelled() -> None:
    echoes = Echoes()
    name = name_of_nobody(bytes(range(NOBODYS)))
    echoes.sent(name, SERVER)
    assert echoes.came_in(name.swapcase())
    assert echoes.settled(name)


def test_each_spelling_of_a_name_is_settled_by_itself() -> None:
    echoes = Echoes()
    echoes.sent(LONG, SERVER)
    echoes.sent(LONG.lower(), SERVER)
    assert echoes.came_in(LONG)
    assert echoes.settled(LONG)
    assert not echoes.came_in(LONG)
    assert not echoes.settled(LONG.lower())


def test_what_nobody_sent_has_not_come_back() -> None:
    assert not Echoes().settled(LONG)
    assert not Echoes().came_in(LONG)


@pytest.mark.parametrize("name", ["", "a.b.c", "30.0.0.10.in-addr.arpa", "x" * (LETTERS - 1)])
def test_a_name_with_few_letters_proves_nothing(name: str) -> None:
    echoes = Echoes()
    echoes.sent(from_text(name), SERVER)
    assert not echoes.came_in(from_text(name))


def test_letters_are_counted_and_nothing_else() -> None:
    echoes = Echoes()
    name = from_text("x" * LETTERS)
    echoes.sent(name, SERVER)
    assert echoes.came_in(name)


def test_nothing_is_remembered_of_what_is_over() -> None:
    echoes = Echoes()
    for _ in range(100):
        echoes.sent(LONG, SERVER)
        echoes.settled(LONG)
    assert not echoes.came_in(LONG)
