"""A gateway that lies changes nothing that an application sees."""

from pathlib import Path

import pytest

from tests.fakes.clients import Client
from tests.fakes.gateways import another_question, lying, silent_for
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, zone
from tests.fakes.sites import REFUSING, sites

PUBLIC = zone(
    "bank.com 60 A 192.0.2.80\nbank.com 60 HTTPS 1 . alpn=h2 ipv4hint=192.0.2.80",
    apex="bank.com",
)
"""What the machine's own nameserver says of the names that no gateway knows."""

QUESTIONS = (
    *("bank.com A", "bank.com AAAA", "bank.com HTTPS", "bank.com MX", "login.bank.com A"),
    *("db.corp.net A", "db.corp.net AAAA", "nas.paris.net A", "nas.paris.net TXT"),
    *("lab.berlin.net A", "lab.berlin.net HTTPS", "31.1.0.10.in-addr.arpa PTR"),
    *("store.enclave A", "laptop-7.enclave AAAA", "localhost A"),
)

LIARS = {
    "its own LAN address": lying("bank.com 60 A 192.168.0.66", "db.corp.net 60 A 192.168.0.66"),
    "a chain to its LAN": lying("bank.com 60 CNAME x.bank.com.", "x.bank.com 60 A 192.168.0.66"),
    "a chain that ends in nothing": lying("bank.com 60 CNAME nowhere.bank.com."),
    "NODATA for everything": lying(),
    "hints outside": lying("bank.com 60 HTTPS 1 . alpn=h2 ipv4hint=192.168.0.66"),
    "an alias": lying("bank.com 60 HTTPS 0 evil.com."),
    "text": lying('bank.com 60 TXT "v=spf1 +all"'),
    "NXDOMAIN for everything": rcode("NXDOMAIN"),
    "the answer to another question": another_question,
    "SERVFAIL for everything": rcode("SERVFAIL"),
    "the machine itself": lying("bank.com 60 A 127.0.0.1", "bank.com 60 AAAA ::1"),
}


async def transcript(client: Client) -> list[str]:
    """What an application hears, with flags and authority."""
    heard = []
    for question in QUESTIONS:
        name, rtype = question.split()
        reply = await client.ask(name, rtype)
        lines = reply.to_text().splitlines()
        heard += [line for line in lines if not line.startswith("id ")]
    return heard


@pytest.mark.parametrize("liar", LIARS.values(), ids=list(LIARS))
@pytest.mark.parametrize("fallback", ["os", "system"])
async def test_what_applications_see_is_as_if_the_liar_knew_nothing(
    tmp_path: Path, liar: Respond, fallback: str
) -> None:
    async with FakeNameserver(PUBLIC) as nameserver:
        settings = {"fallback": fallback, "nameservers": [str(nameserver.server)]}
        async with sites(tmp_path / "honest", london=REFUSING, **settings) as made:
            expected = await transcript(made.client)
        async with sites(tmp_path / "lying", london=liar, **settings) as made:
            assert await transcript(made.client) == expected
            assert made.gateways["LON01"].seen
    assert any("10.0.1.31" in line for line in expected)
    assert any("192.0.2.80" in line for line in expected) is (fallback == "system")


async def test_a_liar_that_hides_one_family_does_not_blank_out_the_name(tmp_path: Path) -> None:
    honest = zone("db.corp.net 60 A 10.0.0.30")
    async with sites(tmp_path, london=silent_for("A", honest)) as made:
        assert await made.client.hears("db.corp.net") == "NOERROR 10.0.1.30"
