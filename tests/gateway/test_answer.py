"""The loop around the rule, with a real resolver and server over nameservers that are a world."""

import pytest

from enclave_dns.serve.program import Audience
from enclave_dns.wire.names import from_text
from tests.fakes.dns_worlds import World, hosts, view_of, zone
from tests.fakes.front import query, said
from tests.fakes.gateway_scene import OPEN, USER, Scene

OFFICE = zone(
    """
    db.corp.net        60  A     10.0.0.30
    db.corp.net        60  AAAA  fd00::30
    v4.corp.net        60  A     10.0.0.31
    v6.corp.net        60  AAAA  fd00::31
    mixed.corp.net     60  A     10.0.0.32
    mixed.corp.net     60  A     192.168.0.32
    hidden.corp.net    60  A     192.168.0.33
    www.corp.net       60  CNAME far.corp.net
    far.corp.net       60  CNAME db.corp.net
    secret.corp.net    60  CNAME hidden.corp.net
    gone.corp.net      60  CNAME nowhere.corp.net
    own.corp.net       60  CNAME db.enclave
    me.corp.net        60  CNAME localhost
    db.enclave         60  A     10.0.0.34
    localhost          60  A     10.0.0.35
    30.0.0.10.in-addr.arpa     60 PTR db.corp.net
    33.0.168.192.in-addr.arpa  60 PTR hidden.corp.net
    """
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("db.corp.net A", "NOERROR 10.0.0.30"),
        ("db.corp.net AAAA", "NOERROR fd00::30"),
        ("DB.Corp.NET A", "NOERROR 10.0.0.30"),
        ("v4.corp.net AAAA", "NOERROR"),
        ("v6.corp.net A", "NOERROR"),
        ("mixed.corp.net A", "NOERROR 10.0.0.32"),
        ("hidden.corp.net A", "REFUSED"),
        ("hidden.corp.net AAAA", "REFUSED"),
        ("absent.corp.net A", "REFUSED"),
        ("www.corp.net A", "NOERROR far.corp.net. db.corp.net. 10.0.0.30"),
        ("secret.corp.net A", "REFUSED"),
        ("gone.corp.net A", "REFUSED"),
        ("db.corp.net TXT", "NOERROR"),
        ("hidden.corp.net TXT", "REFUSED"),
    ],
)
async def test_a_restricted_sender_hears_what_leads_to_its_addresses(
    question: str, expected: str
) -> None:
    assert await Scene(World(OFFICE)).hears(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("hidden.corp.net A", "NOERROR 192.168.0.33"),
        ("hidden.corp.net AAAA", "NOERROR"),
        ("absent.corp.net A", "NXDOMAIN"),
    ],
)
async def test_an_open_sender_hears_the_truth(question: str, expected: str) -> None:
    assert await Scene(World(OFFICE)).hears(question, OPEN) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("www.corp.net A", "NOERROR far.corp.net. db.corp.net. 10.0.0.30"),
        ("secret.corp.net A", "REFUSED"),
        ("gone.corp.net A", "REFUSED"),
    ],
)
async def test_a_chain_that_the_nameserver_cuts_is_followed(question: str, expected: str) -> None:
    cuts = frozenset(map(from_text, ("far.corp.net", "db.corp.net", "hidden.corp.net")))
    scene = Scene(World(OFFICE, cuts=cuts))
    assert await scene.hears(question) == expected
    assert len(scene.asked) > 1


@pytest.mark.parametrize(
    "question",
    [
        *("db.enclave A", "x.db.enclave A", "localhost A", "a.localhost A", "printer.local A"),
        *("a.onion A", "wpad A", "ipv4only.arpa A", "_dns.resolver.arpa SVCB"),
        *("1.0.0.127.in-addr.arpa PTR", "1.2.254.169.in-addr.arpa PTR"),
    ],
)
async def test_names_that_are_decided_here_are_never_asked_upstream(question: str) -> None:
    scene = Scene(World(OFFICE), view=view_of("10.0.0.0/24", "127.0.0.0/8", "169.254.0.0/16"))
    assert await scene.hears(question) == "REFUSED"
    assert scene.asked == []


@pytest.mark.parametrize("source", [USER, OPEN])
@pytest.mark.parametrize("name", ["db.corp.net", "hidden.corp.net", "absent.corp.net", "x.enclave"])
async def test_any_is_one_small_record_for_every_name_and_asks_nobody(
    name: str, source: str
) -> None:
    scene = Scene(World(OFFICE))
    assert await scene.hears(f"{name} ANY", source) == 'NOERROR "RFC8482" ""'
    assert scene.asked == []


async def test_any_at_our_own_id_is_no_data() -> None:
    assert await Scene(World(OFFICE)).hears("_my.id.enclave ANY") == "NOERROR"


@pytest.mark.parametrize("question", ["own.corp.net A", "me.corp.net A"])
@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "whole"])
async def test_a_chain_into_a_name_that_is_decided_here_leads_nowhere(
    question: str, is_cut: bool
) -> None:
    cuts = frozenset(map(from_text, ("db.enclave", "localhost"))) if is_cut else frozenset()
    scene = Scene(World(OFFICE, cuts=cuts))
    assert await scene.hears(question) == "REFUSED"
    own = question.split(maxsplit=1)[0]
    assert scene.asked == [f"{own} A", f"{own} AAAA"]


@pytest.mark.parametrize(
    ("question", "expected", "asked"),
    [
        ("db.corp.net A", "NOERROR 10.0.0.30", 1),
        ("corp.net A", "REFUSED", 2),
        ("db.corp.org A", "REFUSED", 0),
        ("notcorp.net A", "REFUSED", 0),
        ("printer.other A", "REFUSED", 0),
        ("30.0.0.10.in-addr.arpa PTR", "REFUSED", 0),
    ],
)
async def test_only_suffixes_decide_before_any_look_up(
    question: str, expected: str, asked: int
) -> None:
    table = hosts("10.0.0.36 printer.other")
    scene = Scene(World(OFFICE), table=table, only_suffixes=("corp.net",))
    assert await scene.hears(question) == expected
    assert len(scene.asked) == asked


@pytest.mark.parametrize(
    ("question", "expected", "asked"),
    [
        ("30.0.0.10.in-addr.arpa PTR", "NOERROR db.corp.net.", 1),
        ("99.0.0.10.in-addr.arpa PTR", "REFUSED", 1),
        ("33.0.168.192.in-addr.arpa PTR", "REFUSED", 0),
        ("0.10.in-addr.arpa PTR", "REFUSED", 0),
        ("030.0.0.10.in-addr.arpa PTR", "REFUSED", 0),
        ("b._dns-sd._udp.0.0.10.in-addr.arpa PTR", "REFUSED", 0),
        ("33.0.168.192.in-addr.arpa A", "REFUSED", 0),
        ("33.0.168.192.in-addr.arpa NS", "REFUSED", 0),
    ],
)
async def test_the_address_in_a_reverse_question_decides_before_any_look_up(
    question: str, expected: str, asked: int
) -> None:
    scene = Scene(World(OFFICE))
    assert await scene.hears(question) == expected
    assert len(scene.asked) == asked


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("_my.id.enclave A", "NOERROR 100.64.0.70"),
        ("_MY.Id.Enclave A", "NOERROR 100.64.0.70"),
        ("_my.id.enclave AAAA", "NOERROR fd00:64::70"),
        ("_my.id.enclave TXT", "NOERROR"),
    ],
)
@pytest.mark.parametrize("is_up", [True, False], ids=["up", "down"])
async def test_the_sign_of_life_is_the_gateways_own_address(
    question: str, expected: str, is_up: bool
) -> None:
    scene = Scene(World(is_up=is_up), only_suffixes=("corp.net",))
    assert await scene.hears(question) == expected
    assert scene.asked == []


async def test_types_that_no_question_can_have_are_refused_at_once() -> None:
    scene = Scene(World(OFFICE))
    for rtype in (0, 41, 128, 249, 250, 253, 254):
        packet = await scene.front.send(query("db.corp.net", rtype), USER)
        assert packet is not None
        assert packet[2:12] == bytes.fromhex("8185 0001 0000 0000 0000")
    assert scene.asked == []


async def test_the_hosts_file_answers_before_the_nameservers() -> None:
    table = hosts("10.0.0.40 db.corp.net\n192.168.0.41 v4.corp.net\n10.0.0.42 bare")
    scene = Scene(World(OFFICE), table=table)
    assert await scene.hears("db.corp.net A") == "NOERROR 10.0.0.40"
    assert await scene.hears("db.corp.net AAAA") == "NOERROR"
    assert await scene.hears("bare A") == "NOERROR 10.0.0.42"
    assert await scene.hears("40.0.0.10.in-addr.arpa PTR") == "NOERROR db.corp.net."
    assert scene.asked == []
    # A line that the sender may not see neither answers nor shadows.
    assert await scene.hears("v4.corp.net A") == "NOERROR 10.0.0.31"


async def test_what_is_remembered_is_decided_without_a_task() -> None:
    scene = Scene(World(OFFICE))
    assert await scene.hears("hidden.corp.net A", OPEN) == "NOERROR 192.168.0.33"
    assert await scene.hears("hidden.corp.net AAAA", OPEN) == "NOERROR"
    asked = list(scene.asked)
    packet = scene.front.start(query("hidden.corp.net"), USER)
    assert packet.done()
    assert said(packet.result() or b"") == "REFUSED"
    assert scene.asked == asked


async def test_one_look_up_serves_all_who_ask_at_once() -> None:
    scene = Scene(World(OFFICE))
    scene.source.gate.clear()
    waiting = [scene.front.start(query("db.corp.net"), at) for at in (USER, OPEN, USER)]
    await scene.source.until_asked(1)
    scene.source.gate.set()
    assert [said(await one or b"") for one in waiting] == ["NOERROR 10.0.0.30"] * 3
    assert scene.asked == ["db.corp.net A"]


async def test_nameservers_are_asked_with_do_for_open_views_alone() -> None:
    scene = Scene(World(OFFICE))
    for source in (USER, OPEN):
        for do in (False, True):
            await scene.front.send(query("db.corp.net", do=do), source)
    assert scene.source.wishes == [False, True]


async def test_an_audience_of_another_program_is_a_fault_of_ours() -> None:
    scene = Scene(World(OFFICE))
    with pytest.raises(TypeError):
        scene.answers.identify_again(Audience(b"other", "OTHER"))
