"""Every type that names or holds an address, with real nameservers: what of it reaches a sender."""

from collections.abc import Callable, Iterator

import pytest

from tests.lab.answer import Answer, Row
from tests.lab.conftest import SPARE
from tests.lab.daemons import Daemons
from tests.lab.namespaces import Namespace
from tests.lab.office import start_dnsmasq, start_unbound
from tests.lab.packets import DO, PLAIN, client, query, without_question
from tests.lab.programs import (
    BYSTANDER,
    CONTRACTOR,
    GATEWAY,
    ORGANISATION,
    start_gateway,
)
from tests.lab.types_zone import CORP, DNSMASQ_CONF, DNSMASQ_HOSTS, HIDDEN

Ask = Callable[..., Answer]

TEL = ORGANISATION.replace("ip_ranges = [", 'ip_ranges = [ { ip_range = "172.16.1.12" },').replace(
    'routes = ["10.0.0.0/24"] } ]',
    'routes = ["10.0.0.0/24"] } ]\ndisclosed_suffixes = ["tel.corp.net"]',
)
"""Developers see text below `tel.corp.net`, visible or not."""

KINDS = pytest.mark.parametrize("kind", ["+notcp", "+tcp", "+noedns", "+dnssec"])


@pytest.fixture(scope="module", params=["unbound", "dnsmasq"])
def ask(
    request: pytest.FixtureRequest,
    shared_daemons: Daemons,
    laptop: Namespace,
    gateway_host: Namespace,
    office: Namespace,
) -> Iterator[Ask]:
    """Ask the gateway in front of one of the two."""
    if request.param == "unbound":
        server = start_unbound(shared_daemons, office, SPARE, {"corp.net.": CORP}, options="")
    else:
        server = start_dnsmasq(shared_daemons, office, SPARE, DNSMASQ_CONF, DNSMASQ_HOSTS)
    program = start_gateway(shared_daemons, gateway_host, TEL, nameservers=[SPARE])

    def dig(*words: str) -> Answer:
        return laptop.dig(f"@{GATEWAY}", *words)

    yield dig
    assert program.stop() == 0
    assert server.stop() == 0


DISCLOSED = {
    ("corp.net", "MX"): ["10 mail.corp.net."],
    ("corp.net", "NS"): ["ns.corp.net."],
    ("_sip._tcp.tel.corp.net", "SRV"): ["0 5 5060 mail.corp.net."],
    ("db.corp.net", "TXT"): ['"listens on 10.0.0.30"', '"the database"'],
    ("db.corp.net", "CAA"): ['0 issue "ca.example.net"'],
    ("db.corp.net", "SSHFP"): ["4 1 0123456789ABCDEF0123456789ABCDEF01234567"],
    ("_5432._tcp.db.corp.net", "TLSA"): [
        "3 1 1 00112233445566778899AABBCCDDEEFF00112233445566778899AABB CCDDEEFF"
    ],
    ("db.corp.net", "HTTPS"): [
        '1 . alpn="h2" port=8443 ipv4hint=10.0.0.30',
        "3 mail.corp.net.",
    ],
    ("www.corp.net", "HTTPS"): ["0 db.corp.net."],
    ("tel.corp.net", "NAPTR"): ['10 10 "s" "SIP+D2T" "" _sip._tcp.corp.net.'],
    ("tel.corp.net", "URI"): ['10 1 "sip:info@phones.corp.net"'],
    ("tel.corp.net", "TXT"): ['"ask for extension 30"'],
}
"""What a developer sees, of each type, in the order of the data."""

BESIDE = {
    ("corp.net", "MX"): [("mail.corp.net.", "10.0.0.25")],
    ("corp.net", "NS"): [("ns.corp.net.", "10.0.0.1")],
    ("_sip._tcp.tel.corp.net", "SRV"): [("mail.corp.net.", "10.0.0.25")],
    ("db.corp.net", "HTTPS"): [("db.corp.net.", "10.0.0.30"), ("mail.corp.net.", "10.0.0.25")],
    ("www.corp.net", "HTTPS"): [("db.corp.net.", "10.0.0.30")],
}
"""The addresses in the additional section."""

NO_DATA = [("db.corp.net", rtype) for rtype in ("NAPTR", "URI", "MX", "SRV", "LOC", "TYPE65280")]
"""A visible name: no such record is there, or none may be seen."""

NO_ANSWER = [
    *(("hidden.corp.net", rtype) for rtype in ("TXT", "CAA", "SSHFP", "HTTPS", "MX", "SOA")),
    ("_443._tcp.hidden.corp.net", "TLSA"),
    ("intranet.corp.net", "HTTPS"),
    ("tel.corp.net", "CAA"),
    ("corp.net", "SOA"),
    ("corp.net", "DNSKEY"),
]


@KINDS
@pytest.mark.parametrize("question", DISCLOSED, ids=" ".join)
def test_exactly_what_leads_to_a_permitted_address_comes(
    ask: Ask, question: tuple[str, str], kind: str
) -> None:
    name, rtype = question
    answer = ask(*question, kind)
    assert answer.status == "NOERROR"
    rows = [Row(f"{name}.", 30, rtype, data) for data in DISCLOSED[question]]
    assert sorted(answer.answer, key=lambda row: row.data) == rows
    assert answer.authority == ()
    beside = [(row.name, row.data) for row in answer.additional]
    assert sorted(beside) == BESIDE.get(question, [])
    assert not answer.is_malformed
    assert HIDDEN not in answer.text


@pytest.mark.parametrize("question", NO_DATA, ids=" ".join)
def test_no_data_at_a_visible_name(ask: Ask, question: tuple[str, str]) -> None:
    answer = ask(*question)
    assert (answer.status, answer.answer) == ("NOERROR", ())
    assert [row.data for row in answer.authority] == ["db.corp.net. nobody.invalid. 1 30 30 30 30"]


@pytest.mark.parametrize("question", NO_ANSWER, ids=" ".join)
def test_what_may_not_be_seen_is_as_if_absent(
    ask: Ask, laptop: Namespace, question: tuple[str, str]
) -> None:
    name, rtype = question
    with client(laptop, "UDP") as gateway:
        for edns in (None, PLAIN, DO):
            asked = [query(qname, rtype, edns=edns) for qname in (name, "gone.corp.net", name)]
            assert len({without_question(gateway.ask(one), one) for one in asked}) == 1
    assert ask(*question).status == "REFUSED"


@pytest.mark.parametrize("question", DISCLOSED, ids=" ".join)
def test_who_may_reach_none_of_it_sees_none_of_it(ask: Ask, question: tuple[str, str]) -> None:
    for sender in (CONTRACTOR, BYSTANDER):
        answer = ask("-b", sender, *question)
        assert (answer.status, answer.answer) == ("REFUSED", ())
        assert (answer.authority, answer.additional) == ((), ())


WHOLE = {
    **dict.fromkeys(DISCLOSED, 1),
    ("corp.net", "MX"): 3,
    ("corp.net", "NS"): 2,
    ("_sip._tcp.tel.corp.net", "SRV"): 2,
    ("db.corp.net", "TXT"): 4,
    ("db.corp.net", "HTTPS"): 3,
    ("tel.corp.net", "NAPTR"): 2,
    ("tel.corp.net", "URI"): 2,
    ("db.corp.net", "NAPTR"): 1,
    ("intranet.corp.net", "HTTPS"): 1,
    **{("hidden.corp.net", rtype): 1 for rtype in ("TXT", "CAA", "SSHFP", "HTTPS", "MX")},
    ("_443._tcp.hidden.corp.net", "TLSA"): 1,
}
"""How many records the nameservers themselves have."""


@pytest.mark.parametrize("question", WHOLE, ids=" ".join)
def test_the_nameserver_itself_has_them_all(
    ask: Ask, gateway_host: Namespace, question: tuple[str, str]
) -> None:
    assert len(gateway_host.dig(f"@{SPARE}", *question).answer) == WHOLE[question]
