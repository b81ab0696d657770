"""The way of a question through a stub, told: who settled it, who was asked, and why there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from enclave_dns.config import load_organisation, load_stub_config
from enclave_dns.errors import DocumentError
from enclave_dns.observe.way import Way
from enclave_dns.stub.explain import explain
from tests.fakes.dns_worlds import asked
from tests.fakes.nameserver import FakeNameserver, rcode, zone
from tests.fakes.running import stub_file
from tests.fakes.sites import document, sites


async def told(config: Path, question: str) -> Way:
    settings = load_stub_config(config, {})
    organisation = load_organisation(settings.organisation)
    return await explain(settings, organisation, asked(question), datetime.now(UTC))


@pytest.mark.parametrize("on_slice", [False, True], ids=["whole", "slice"])
@pytest.mark.parametrize(
    ("order", "address"),
    [
        (("LON01", "PAR01", "BER01"), "10.0.0.30"),
        (("PAR01", "LON01", "BER01"), "10.0.1.30"),
        (("BER01", "PAR01", "LON01"), "10.0.1.30"),
    ],
)
async def test_of_two_sites_with_the_same_name_the_stated_order_decides_and_is_told(
    tmp_path: Path, order: tuple[str, ...], address: str, on_slice: bool
) -> None:
    async with sites(tmp_path, *order, on_slice=on_slice) as made:
        assert await made.client.hears("db.corp.net") == f"NOERROR {address}"
        way = await told(made.config, "db.corp.net A")
        assert way.reply.rcode == "NOERROR"
        assert [record.split()[-1] for record in way.reply.answer] == [address]
        assert tuple(stop.gateways for stop in way.stops) == order
        assert {stop.reason for stop in way.stops} == {"the document's order"}
        expected = order[1] if order[0] == "BER01" else order[0]
        assert way.decided_by == f"gateway {expected}"
        at = order.index(expected)
        assert [stop.word for stop in way.stops] == [
            *["no answer"] * at,
            "answered",
            *["not asked"] * (2 - at),
        ]


@pytest.mark.parametrize(
    ("question", "decided_by", "rcode"),
    [
        ("store.enclave A", "our own zone enclave (closed)", "NOERROR"),
        ("absent.enclave A", "our own zone enclave (closed)", "NXDOMAIN"),
        ("wiki.open.example A", "our own zone open.example (open)", "NOERROR"),
        ("localhost A", "a special name: localhost (RFC 6761, 6.3)", "NOERROR"),
        ("printer.local A", "a special name: local (RFC 6762, 22.1)", "REFUSED"),
        ("db.corp.net ANY", "the type of the question alone", "NOERROR"),
        ("db.corp.net TSIG", "the type of the question alone", "REFUSED"),
        ("localhost ANY", "the type of the question alone", "NOERROR"),
        ("absent.corp.net A", "nobody: a miss", "REFUSED"),
        ("30.0.0.10.in-addr.arpa PTR", "gateway LON01", "NOERROR"),
    ],
)
async def test_who_settled_the_question(
    tmp_path: Path, question: str, decided_by: str, rcode: str
) -> None:
    async with sites(tmp_path) as made:
        way = await told(made.config, question)
        assert (way.decided_by, way.reply.rcode) == (decided_by, rcode)
        assert (way.system_id, way.organisation_version) == ("KD9Q2", 1)
        if decided_by.startswith(("our own", "a special", "the type")):
            assert way.stops == ()


async def test_who_is_not_on_the_way_is_told_with_the_reason(tmp_path: Path) -> None:
    async with sites(tmp_path) as made:
        way = await told(made.config, "30.0.0.10.in-addr.arpa PTR")
        assert [(stop.gateways, stop.word, stop.detail) for stop in way.stops[1:]] == [
            (name, "not on the way", "its routes do not cover the address")
            for name in ("PAR01", "BER01")
        ]
        assert way.stops[0].reason == "the most specific route that covers the address"


async def test_dns_suffixes_keep_a_gateway_off_the_way(tmp_path: Path) -> None:
    suffixes = 'system_id = "PAR01"\ndns_suffixes = ["paris.net"]\n'
    organisation = document().replace('system_id = "PAR01"\n', suffixes, 1)
    async with sites(tmp_path) as made:
        made.config.with_name("organisation.toml").write_text(organisation)
        way = await told(made.config, "lab.berlin.net A")
        assert [(stop.gateways, stop.word) for stop in way.stops] == [
            ("LON01", "no answer"),
            ("BER01", "answered"),
            ("PAR01", "not on the way"),
        ]
        assert way.stops[2].detail == "its dns_suffixes do not hold the name"


async def test_a_failed_gateway_and_a_lie_are_told_as_such(tmp_path: Path) -> None:
    async with sites(tmp_path) as made:
        made.gateways["LON01"].respond = rcode("SERVFAIL")
        made.gateways["PAR01"].respond = zone("db.corp.net 60 A 192.168.0.66")
        way = await told(made.config, "db.corp.net A")
        assert [(stop.word, stop.detail) for stop in way.stops[:2]] == [
            ("failed", "no gateway answered"),
            ("no answer", "addresses that it does not route: not believed"),
        ]
        assert way.decided_by == "nobody: a miss"


async def test_a_fallback_is_told_as_the_systems_own_nameservers(tmp_path: Path) -> None:
    async with FakeNameserver(zone("www.example.com 60 A 192.0.2.80")) as nameserver:
        settings = {"fallback": "system", "nameservers": [str(nameserver.server)]}
        async with sites(tmp_path, **settings) as made:
            way = await told(made.config, "www.example.com A")
            assert way.decided_by == "the system's own nameservers"
            assert way.reply.answer == ("www.example.com. 60 IN A 192.0.2.80",)
            assert [stop.word for stop in way.stops] == ["no answer"] * 3


async def test_without_a_gateway_there_is_nobody(tmp_path: Path) -> None:
    organisation = document().replace('sender_tags = ["users"]', 'sender_tags = ["none"]')
    file = stub_file(tmp_path, organisation=organisation)
    way = await told(file, "db.corp.net A")
    assert way.decided_by == "nobody: there is no gateway that this system may use"
    way = await told(file, "db.corp.net ANY")
    assert way.decided_by == "the type of the question alone"


async def test_a_document_without_this_system_is_an_error(tmp_path: Path) -> None:
    file = stub_file(tmp_path, organisation=document().replace("KD9Q2", "KD9Q9"))
    with pytest.raises(DocumentError, match="no system KD9Q2"):
        await told(file, "db.corp.net A")
