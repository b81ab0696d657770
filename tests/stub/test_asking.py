"""Asking the gateways of one group over real sockets: silent ones, failing ones, lying ones."""

import pytest

from enclave_dns.organisation.document import GatewayPriority
from enclave_dns.stub.asking import Asking, Word
from enclave_dns.stub.assembly import GATEWAY_SIGNS
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import State
from tests.fakes.gateways import (
    OPEN,
    Site,
    another_question,
    draining,
    garbage,
    lying,
    no_answers,
    scene,
    silent_for,
)
from tests.fakes.nameserver import Respond, rcode, silence, zone

LIFE = "_my.id.enclave 0 A 127.0.0.1\n"
HONEST = zone(LIFE + "db.corp.net 60 A 10.0.0.30\nv6.corp.net 60 AAAA fd00::1\n")
SECOND = zone(LIFE + "db.corp.net 60 A 10.0.0.31\nelse.corp.net 60 A 10.0.0.32\n")
NO_ANSWER = rcode("REFUSED")
BUDGET = "enclave_dns.stub.asking.BUDGET"


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence costs these tests less than it costs a user."""
    monkeypatch.setattr(BUDGET, 0.3)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, the second gateway has the time to answer."""
    monkeypatch.setattr(BUDGET, 3.0)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("db.corp.net A", "10.0.0.30"),
        ("db.corp.net AAAA", "NODATA"),
        ("db.corp.net TXT", "NODATA"),
        ("v6.corp.net AAAA", "nothing"),
        ("v6.corp.net A", "nothing"),
        ("absent.corp.net A", "nothing"),
    ],
)
async def test_one_honest_gateway(question: str, expected: str) -> None:
    async with scene(no_answers(HONEST)) as made:
        assert await made.hears(question) == expected


async def test_without_a_gateway_there_is_no_answer() -> None:
    async with scene() as made:
        assert await made.hears("db.corp.net A") == "nothing"


@pytest.mark.parametrize(
    ("liar", "question"),
    [
        (lying("db.corp.net 60 A 192.168.0.66"), "db.corp.net A"),
        (lying("db.corp.net 60 A 127.0.0.1"), "db.corp.net A"),
        (lying("other.corp.net 60 A 10.0.0.66"), "db.corp.net A"),
        (lying("db.corp.net 60 CNAME x.corp.net", "x.corp.net 60 A 10.9.9.9"), "db.corp.net A"),
        (lying("db.corp.net 60 CNAME x.corp.net"), "db.corp.net A"),
        (lying(), "db.corp.net A"),
        (lying(), "db.corp.net AAAA"),
        (lying(), "db.corp.net TXT"),
        (lying('db.corp.net 60 TXT "v=spf1"'), "db.corp.net TXT"),
        (rcode("NXDOMAIN"), "db.corp.net A"),
    ],
    ids=[
        *("outside the view", "loopback", "another owner", "a chain outside", "a bare chain"),
        *("NODATA for A", "NODATA for AAAA", "NODATA for TXT", "text alone", "NXDOMAIN"),
    ],
)
async def test_a_lying_gateway_gives_nothing(liar: Respond, question: str) -> None:
    async with scene(liar) as made:
        assert await made.hears(question) == "nothing"


async def test_the_answer_to_another_question_is_no_answer_at_all() -> None:
    async with scene(another_question) as alone:
        assert await alone.hears("db.corp.net A") == "failed"
    async with scene(another_question, HONEST) as beside:
        assert await beside.hears("db.corp.net A") == "10.0.0.30"


async def test_a_mixed_answer_keeps_what_is_in_our_view() -> None:
    async with scene(lying("db.corp.net 60 A 192.168.0.66", "db.corp.net 60 A 10.0.0.5")) as made:
        assert await made.hears("db.corp.net A") == "10.0.0.5"


@pytest.mark.parametrize(
    "first",
    [silence, rcode("SERVFAIL"), draining, rcode("NOTIMP"), garbage],
    ids=["silence", "SERVFAIL", "draining", "NOTIMP", "garbage"],
)
@pytest.mark.usefixtures("_patient")
async def test_the_next_gateway_answers_in_the_same_query_and_stays_the_first(
    first: Respond,
) -> None:
    async with scene(first, SECOND) as made:
        assert await made.hears("db.corp.net A") == "10.0.0.31"
        assert made.counts[0]
        [group] = made.asking.groups
        assert made.asking.active(group) is made.gateways[1]
        before = made.counts[0]
        assert await made.hears("else.corp.net A") == "10.0.0.32"
        assert made.counts[0] == before


async def test_a_gateway_that_is_not_there_is_passed_over() -> None:
    async with scene(HONEST, SECOND) as made:
        await made.fakes[0].stop()
        assert await made.hears("db.corp.net A") == "10.0.0.31"


async def test_inside_a_group_a_no_answer_is_the_groups() -> None:
    async with scene(no_answers(HONEST), no_answers(SECOND)) as made:
        assert await made.hears("else.corp.net A") == "nothing"
        assert made.counts[1] == 0


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize(
    "responds",
    [(silence,), (silence, silence, silence), (rcode("SERVFAIL"), silence)],
    ids=["one", "three", "one speaks"],
)
async def test_where_every_gateway_failed_nobody_can_say_that_the_name_is_unknown(
    responds: tuple[Respond, ...],
) -> None:
    async with scene(*responds) as made:
        said = await made.ask("db.corp.net A")
        assert (said.resolution, said.did_fail) == (None, True)
        assert [step.word for step in said.steps] == [Word.FAILED]


async def test_a_gateway_that_is_known_to_be_down_is_not_asked() -> None:
    async with scene(HONEST, SECOND) as made:
        await made.put_down(0)
        made.fakes[0].seen.clear()
        made.fakes[0].respond = NO_ANSWER
        async with made.fakes[0]:
            assert await made.hears("db.corp.net A") == "10.0.0.31"
            asked = [name for _, name, _ in made.fakes[0].questions if name != "_my.id.enclave"]
            assert asked == []


async def test_where_all_are_down_the_group_has_failed_at_once() -> None:
    async with scene(HONEST) as made:
        await made.put_down(0)
        [step] = (await made.ask("db.corp.net A")).steps
        assert (step.word, step.detail) == (Word.FAILED, "every gateway is down")


async def test_the_first_that_a_connection_succeeds_with_serves() -> None:
    async with scene(silence, SECOND) as made:
        await made.asking.connect(GATEWAY_SIGNS.probe)
        [group] = made.asking.groups
        assert made.asking.active(group) is made.gateways[1]
        before = made.counts[0]
        assert await made.hears("db.corp.net A") == "10.0.0.31"
        assert made.counts[0] == before


async def test_an_ordered_group_is_served_by_the_first_listed_whoever_connects_first() -> None:
    first = Site(HONEST, priority=GatewayPriority.ORDERED)
    async with scene(first, SECOND) as made:
        made.fakes[0].respond = silence
        await made.asking.connect(GATEWAY_SIGNS.probe)
        [group] = made.asking.groups
        assert made.asking.active(group) is None
        made.fakes[0].respond = HONEST
        assert await made.hears("db.corp.net A") == "10.0.0.30"


async def test_an_ordered_group_returns_to_the_first_listed_when_it_is_up_again() -> None:
    async with scene(Site(HONEST, priority=GatewayPriority.ORDERED), SECOND) as made:
        await made.put_down(0)
        assert await made.hears("else.corp.net A") == "10.0.0.32"
        async with made.fakes[0]:
            await made.until(0, State.UP)
            assert await made.hears("db.corp.net A") == "10.0.0.30"


async def test_a_balanced_group_stays_where_it_is_when_the_first_is_up_again() -> None:
    async with scene(HONEST, SECOND) as made:
        await made.put_down(0)
        assert await made.hears("else.corp.net A") == "10.0.0.32"
        async with made.fakes[0]:
            await made.until(0, State.UP)
            assert await made.hears("db.corp.net A") == "10.0.0.31"


async def test_what_has_no_address_is_believed_after_the_companion_question() -> None:
    async with scene(HONEST) as made:
        assert await made.hears("db.corp.net TXT") == "NODATA"
        assert [rtype for _, _, rtype in made.fakes[0].questions] == ["TXT", "A"]
        assert await made.hears("db.corp.net AAAA") == "NODATA"
        assert [rtype for _, _, rtype in made.fakes[0].questions][2:] == ["AAAA", "A"]


@pytest.mark.usefixtures("_hasty")
async def test_no_data_is_not_believed_while_its_address_cannot_be_had() -> None:
    async with scene(silent_for("A", HONEST)) as alone:
        assert await alone.hears("db.corp.net AAAA") == "failed"


@pytest.mark.usefixtures("_patient")
async def test_no_data_whose_address_cannot_be_had_is_left_to_the_next() -> None:
    async with scene(silent_for("A", HONEST), HONEST) as beside:
        assert await beside.hears("db.corp.net AAAA") == "NODATA"


async def test_an_answer_is_kept_for_its_time_and_by_these_groups_alone() -> None:
    async with scene(HONEST) as made:
        assert await made.hears("db.corp.net A") == "10.0.0.30"
        assert await made.hears("db.corp.net A") == "10.0.0.30"
        assert made.counts == [1]
        made.asking = Asking(made.asking.groups, Exchange("127.0.0.1"), made.vitals)
        made.fakes[0].respond = SECOND
        assert await made.hears("db.corp.net A") == "10.0.0.31"


async def test_a_no_answer_is_not_kept() -> None:
    async with scene(NO_ANSWER) as made:
        assert await made.hears("db.corp.net A") == "nothing"
        made.fakes[0].respond = HONEST
        assert await made.hears("db.corp.net A") == "10.0.0.30"


async def test_an_open_gateways_nxdomain_and_no_data_are_kept() -> None:
    async with scene(Site(HONEST, OPEN)) as made:
        for _ in range(2):
            assert await made.hears("absent.corp.net A") == "NXDOMAIN"
            assert await made.hears("db.corp.net TXT") == "NODATA"
        assert made.counts == [2]


async def test_what_does_not_fit_a_datagram_is_fetched_over_tcp() -> None:
    many = "\n".join(f"many.corp.net 60 A 10.0.0.{n}" for n in range(1, 121))
    async with scene(zone(many)) as made:
        assert len((await made.hears("many.corp.net A")).split()) == 120
        assert [transport for transport, _ in made.fakes[0].seen] == ["udp", "tcp"]


async def test_a_forged_datagram_is_not_believed() -> None:
    def forged_over_udp(query: bytes, transport: str) -> list[bytes]:
        honest = list(HONEST(query, transport))
        wrong_id = bytes([query[0] ^ 1]) + lying("db.corp.net 60 A 10.0.0.66")(query, "")[0][1:]
        return [wrong_id, *honest] if transport == "udp" else honest

    async with scene(forged_over_udp) as made:
        assert await made.hears("db.corp.net A") == "10.0.0.30"
