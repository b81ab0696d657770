"""Asking across groups: who is asked next, whose word is final, and what a failure leaves open."""

import pytest

from enclave_dns.stub.asking import Word
from enclave_dns.stub.groups import LAST, LEARNED, ORDER
from enclave_dns.upstream.health import FAILURES
from enclave_dns.upstream.transport import Failure
from tests.fakes.dns_worlds import view_of
from tests.fakes.gateways import (
    OPEN,
    Site,
    another_question,
    draining,
    lying,
    no_answers,
    scene,
)
from tests.fakes.nameserver import Respond, rcode, silence, zone

LONDON = view_of("10.0.0.0/24")
PARIS = view_of("10.0.1.0/24")
NO_ANSWER = rcode("REFUSED")

DB = "db.corp.net A"
IN_LONDON = no_answers(zone("db.corp.net 60 A 10.0.0.30\n30.0.0.10.in-addr.arpa 60 PTR db"))
IN_PARIS = no_answers(zone("db.corp.net 60 A 10.0.1.30\nnas.paris.net 60 A 10.0.1.31"))
PUBLIC = zone("www.example.com 60 A 192.0.2.80")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, the next group has the time to answer."""
    monkeypatch.setattr("enclave_dns.stub.asking.BUDGET", 3.0)


async def test_the_first_group_that_knows_answers_and_the_next_is_not_asked() -> None:
    async with scene(Site(IN_LONDON, LONDON), Site(IN_PARIS, PARIS)) as made:
        assert await made.hears(DB) == "10.0.0.30"
        assert made.counts[1] == 0


@pytest.mark.parametrize(
    "first",
    [
        NO_ANSWER,
        rcode("NXDOMAIN"),
        lying(),
        lying("db.corp.net 60 A 10.0.1.66"),
        lying("db.corp.net 60 CNAME x.corp.net"),
    ],
    ids=["no-answer", "NXDOMAIN", "NODATA", "an address that it does not route", "a bare chain"],
)
async def test_what_does_not_count_goes_on_to_the_next_group(first: Respond) -> None:
    async with scene(Site(first, LONDON), Site(IN_PARIS, PARIS)) as made:
        said = await made.ask(DB)
        assert said.resolution is not None
        assert said.resolution.server == "GW1"
        assert not said.did_fail
        assert [step.word for step in said.steps] == [Word.NO_ANSWER, Word.ANSWERED]


async def test_a_group_that_failed_is_passed_over() -> None:
    for first in (rcode("SERVFAIL"), draining, another_question, silence):
        async with scene(Site(first, LONDON), Site(IN_PARIS, PARIS)) as made:
            said = await made.ask(DB)
            assert [step.word for step in said.steps] == [Word.FAILED, Word.ANSWERED]
            assert said.did_fail


async def test_a_group_that_is_suspected_is_not_waited_for_as_long_as_one_that_is_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("enclave_dns.stub.asking.BUDGET", 60.0)
    async with scene(Site(silence, LONDON), Site(IN_PARIS, PARIS)) as made:
        for _ in range(FAILURES):
            made.vitals.learn(made.gateways[0].server, Failure.SILENCE, 0.0)
        # Half of the budget would be longer than `ask` waits.
        said = await made.ask(DB)
        assert [step.word for step in said.steps] == [Word.FAILED, Word.ANSWERED]


async def test_where_all_know_nothing_it_is_nothing_and_with_a_failure_failed() -> None:
    async with scene(Site(NO_ANSWER, LONDON), Site(NO_ANSWER, PARIS)) as made:
        assert await made.hears(DB) == "nothing"
    for sites in ((NO_ANSWER, draining), (draining, NO_ANSWER)):
        async with scene(Site(sites[0], LONDON), Site(sites[1], PARIS)) as made:
            assert await made.hears(DB) == "failed"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("www.example.com A", "192.0.2.80"),
        ("www.example.com TXT", "NODATA"),
        ("absent.example.com A", "NXDOMAIN"),
        (DB, "10.0.0.30"),
    ],
)
async def test_an_open_group_has_the_last_word_wherever_it_is_listed(
    question: str, expected: str
) -> None:
    async with scene(Site(PUBLIC, OPEN), Site(IN_LONDON, LONDON)) as made:
        assert await made.hears(question) == expected
        assert made.counts[1]


async def test_an_open_groups_absence_does_not_count_where_a_group_failed() -> None:
    async with scene(Site(draining, LONDON), Site(PUBLIC, OPEN)) as made:
        assert await made.hears("absent.example.com A") == "failed"
        assert await made.hears("www.example.com TXT") == "failed"
        assert await made.hears("www.example.com A") == "192.0.2.80"


async def test_between_open_groups_the_first_that_speaks_has_the_last_word() -> None:
    other = view_of("0.0.0.0/0", "fd00::/8")
    async with scene(Site(PUBLIC, OPEN), Site(zone("x.example.com 1 A 192.0.2.1"), other)) as made:
        assert await made.hears("x.example.com A") == "NXDOMAIN"
        assert made.counts[1] == 0


async def test_the_parent_of_an_answered_name_leads_to_the_same_group_first() -> None:
    async with scene(Site(IN_LONDON, LONDON), Site(IN_PARIS, PARIS)) as made:
        first = await made.ask("nas.paris.net A")
        assert [step.stop.reason for step in first.steps] == [ORDER, ORDER]
        second = await made.ask("new.paris.net A")
        assert [(step.gateway, step.stop.reason) for step in second.steps] == [
            ("GW1", LEARNED),
            ("GW0", ORDER),
        ]


async def test_nothing_is_learned_of_what_was_not_believed_or_came_from_an_open_group() -> None:
    liar = lying("x.corp.net 60 A 10.9.9.9")
    async with scene(Site(liar, LONDON), Site(PUBLIC, OPEN)) as made:
        await made.ask("x.corp.net A")
        await made.ask("www.example.com A")
        said = await made.ask("ftp.example.com A")
        assert [step.stop.reason for step in said.steps] == [ORDER, LAST]


async def test_a_reverse_name_goes_to_the_group_that_routes_the_address_alone() -> None:
    async with scene(Site(IN_PARIS, PARIS), Site(IN_LONDON, LONDON)) as made:
        assert await made.hears("30.0.0.10.in-addr.arpa PTR") == "PTR"
        assert await made.hears("30.0.9.10.in-addr.arpa PTR") == "nothing"
        assert await made.hears("0.0.10.in-addr.arpa PTR") == "nothing"
        assert made.counts == [0, 1]


async def test_names_outside_its_suffixes_are_not_sent_to_a_gateway() -> None:
    site = Site(IN_LONDON, LONDON, suffixes=("corp.net",))
    async with scene(site, Site(NO_ANSWER, PARIS)) as made:
        assert await made.hears(DB) == "10.0.0.30"
        assert await made.hears("secret.bank.com A") == "nothing"
        assert made.counts == [1, 1]


async def test_each_group_keeps_its_own_answers() -> None:
    async with scene(Site(IN_LONDON, LONDON), Site(IN_PARIS, PARIS)) as made:
        assert await made.hears(DB) == "10.0.0.30"
        # The first site is gone, and what it said stays until its time is over.
        await made.fakes[0].stop()
        said = await made.ask(DB)
        assert [(step.gateway, step.detail) for step in said.steps] == [("GW0", "from the cache")]


async def test_an_address_in_either_family_tells_that_a_name_was_answered() -> None:
    def known(name: str) -> bool:
        return made.asking.learned.was_answered(name_of(name), made.asking._now())

    def name_of(text: str) -> bytes:
        return b"".join(bytes((len(x),)) + x.encode() for x in text.split(".")) + b"\0"

    async with scene(Site(IN_LONDON, LONDON)) as made:
        await made.ask("absent.corp.net A")
        assert not known("absent.corp.net")
        await made.ask("db.corp.net AAAA")
        assert known("db.corp.net")
