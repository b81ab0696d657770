"""A sender that may reach everything: all types, DNSSEC where it asks for it, nothing of authority.

The zone holds signatures as text: nobody here verifies them, neither unbound nor the gateway.
"""

from collections.abc import Callable

import pytest

from tests.lab.answer import Answer, Edns
from tests.lab.conftest import SPARE
from tests.lab.daemons import Daemons
from tests.lab.namespaces import Namespace
from tests.lab.office import start_unbound
from tests.lab.programs import CONTRACTOR, DEVELOPER, GATEWAY, ORGANISATION, start_gateway

Ask = Callable[..., Answer]

OPEN = ORGANISATION.replace("gateway_routes = [", 'gateway_routes = [ { subnet = "0.0.0.0/0" },')
OPEN = OPEN.replace('routes = ["10.0.0.0/24"]', 'routes = ["0.0.0.0/0"]')

SIGNATURE = "13 3 300 20990101000000 20200101000000 12345 corp.net. AAECAwQFBgcICQoLDA0ODw=="
KEY = "257 3 13 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

ZONE = f"""$ORIGIN corp.net.
$TTL 300
@       SOA    ns hostmaster 1 3600 600 86400 60
@       RRSIG  SOA {SIGNATURE}
@       NS     ns
@       NS     gone
@       RRSIG  NS {SIGNATURE}
@       DNSKEY {KEY}
@       RRSIG  DNSKEY {SIGNATURE}
@       NSEC   ns NS SOA RRSIG NSEC DNSKEY
@       RRSIG  NSEC {SIGNATURE}
ns      A      10.0.0.1
db      A      10.0.0.30
db      A      192.168.0.30
db      RRSIG  A {SIGNATURE}
db      NSEC   mixed A RRSIG NSEC
db      RRSIG  NSEC {SIGNATURE}
mixed   A      10.0.0.31
mixed   A      127.0.0.1
mixed   RRSIG  A {SIGNATURE}
www     CNAME  db
www     RRSIG  CNAME {SIGNATURE}
six     AAAA   fd00:10::30
spf     TXT    "v=spf1 ip4:192.168.0.0/24 -all"
spf     TXT    "see 127.0.0.1"
spf     RRSIG  TXT {SIGNATURE}
here    LOC    51 30 12.748 N 0 7 39.611 W 0.00m
odd     TYPE65280 \\# 3 010203
prefix  APL    1:192.168.0.0/24
prefix  APL    1:127.0.0.0/8
"""
"""Loopback and IPv6 addresses are not in the view; all other addresses are."""


HOSTS = "10.0.0.60 corp.net spf.corp.net\n"


@pytest.fixture(scope="module")
def ask(
    shared_daemons: Daemons, laptop: Namespace, gateway_host: Namespace, office: Namespace
) -> Ask:
    """Ask the gateway as the developer, whose view is open."""
    start_unbound(shared_daemons, office, SPARE, {"corp.net.": ZONE}, options="")
    start_gateway(shared_daemons, gateway_host, OPEN, hosts=HOSTS, nameservers=[SPARE])

    def dig(*words: str) -> Answer:
        return laptop.dig(f"@{GATEWAY}", *words)

    return dig


def types(answer: Answer) -> list[tuple[str, str]]:
    return sorted((row.name, row.rtype) for row in answer.answer)


def test_every_type_comes(ask: Ask) -> None:
    assert ask("here.corp.net", "LOC").data("LOC") != []
    assert ask("odd.corp.net", "TYPE65280").data("TYPE65280") == ["\\# 3 010203"]
    assert sorted(ask("corp.net", "NS").data("NS")) == ["gone.corp.net.", "ns.corp.net."]
    assert ask("corp.net", "DNSKEY").data("DNSKEY") != []
    [soa] = ask("corp.net", "SOA").data("SOA")
    assert soa.startswith("ns.corp.net. hostmaster.corp.net. 1 ")


def test_addresses_outside_the_view_go_whatever_holds_them(ask: Ask) -> None:
    assert ask("mixed.corp.net", "A").addresses == ["10.0.0.31"]
    assert ask("spf.corp.net", "TXT").data("TXT") == ['"v=spf1 ip4:192.168.0.0/24 -all"']
    assert ask("prefix.corp.net", "APL").data("APL") == ["1:192.168.0.0/24"]
    six = ask("six.corp.net", "AAAA")
    assert (six.status, six.answer) == ("NOERROR", ())


def test_a_hosts_line_answers_for_addresses_and_shadows_no_other_type(ask: Ask) -> None:
    assert ask("corp.net", "A").addresses == ["10.0.0.60"]
    assert ask("corp.net", "AAAA").status == "NOERROR"
    for rtype in ("NS", "SOA", "DNSKEY"):
        assert ask("corp.net", rtype).data(rtype) != []
    no_data = ask("corp.net", "MX")
    assert (no_data.status, no_data.answer) == ("NOERROR", ())
    assert ask("spf.corp.net", "A").addresses == ["10.0.0.60"]


def test_signatures_come_with_what_is_whole(ask: Ask) -> None:
    answer = ask("db.corp.net", "A", "+dnssec")
    assert types(answer) == [("db.corp.net.", rtype) for rtype in ("A", "A", "RRSIG")]
    assert answer.edns == Edns(0, frozenset({"do"}), 1232, ())
    chain = ask("www.corp.net", "A", "+dnssec")
    assert types(chain) == [
        *(("db.corp.net.", rtype) for rtype in ("A", "A", "RRSIG")),
        *(("www.corp.net.", rtype) for rtype in ("CNAME", "RRSIG")),
    ]
    assert {"RRSIG", "DNSKEY"} == {row.rtype for row in ask("corp.net", "DNSKEY", "+dnssec").answer}


def test_signatures_stay_away_where_something_was_removed_or_nobody_asked(ask: Ask) -> None:
    assert types(ask("mixed.corp.net", "A", "+dnssec")) == [("mixed.corp.net.", "A")]
    assert types(ask("spf.corp.net", "TXT", "+dnssec")) == [("spf.corp.net.", "TXT")]
    assert types(ask("db.corp.net", "A")) == [("db.corp.net.", "A")] * 2


@pytest.mark.parametrize("kind", ["+dnssec", "+adflag", "+cd", "+tcp"])
def test_no_answer_claims_to_be_verified(ask: Ask, kind: str) -> None:
    for question in (("db.corp.net", "A"), ("gone.corp.net", "A"), ("corp.net", "DNSKEY")):
        assert not ask(*question, kind).flags & {"ad", "aa"}


@pytest.mark.parametrize("kind", ["+dnssec", "+nodnssec"])
def test_negative_replies_carry_our_soa_and_no_proof(ask: Ask, kind: str) -> None:
    for name, rtype, status in (
        ("gone.corp.net", "A", "NXDOMAIN"),
        ("db.corp.net", "MX", "NOERROR"),
        ("www.corp.net", "AAAA", "NOERROR"),
    ):
        answer = ask(name, rtype, kind)
        assert answer.status == status, name
        [soa] = answer.authority
        assert soa.rtype == "SOA"
        assert soa.data == f"{soa.name} nobody.invalid. 1 30 30 30 30"
        assert soa.name == ("db.corp.net." if status == "NOERROR" else "gone.corp.net.")


@pytest.mark.parametrize("rtype", ["SOA", "DNSKEY", "NSEC", "RRSIG", "DS"])
def test_a_restricted_sender_sees_nothing_of_dnssec(ask: Ask, rtype: str) -> None:
    for name in ("corp.net", "db.corp.net"):
        assert ask("-b", CONTRACTOR, name, rtype, "+dnssec").status == "REFUSED"
    assert ask("-b", DEVELOPER, "corp.net", "SOA").status == "NOERROR"
