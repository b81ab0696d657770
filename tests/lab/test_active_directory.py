"""Finding domain controllers: exactly those come that a sender may reach, out of sixty."""

from collections.abc import Callable

import pytest

from tests.lab.active_directory import ADDRESSES, CORP, DOMAIN_GUID, EVERY_SERVICE, SITE, guid
from tests.lab.answer import Answer, Row
from tests.lab.conftest import SPARE
from tests.lab.daemons import Daemons
from tests.lab.namespaces import Namespace
from tests.lab.office import start_unbound
from tests.lab.packets import DO, PLAIN, client, query, without_question
from tests.lab.programs import (
    BYSTANDER,
    CONTRACTOR,
    DEVELOPER,
    GATEWAY,
    ORGANISATION,
    STRANGER,
    start_gateway,
)

Ask = Callable[..., Answer]

ONE, TWO, ALL, NONE = DEVELOPER, CONTRACTOR, STRANGER, BYSTANDER
"""Senders by how many domain controllers they may reach."""


def policy(tag: str, routes: str, more: str = "") -> str:
    return f"""
[[policies]]
type = "gateway"
sender_tags = ["{tag}"]
gateways = [ {{ system_id = "WZL94", routes = ["{routes}"] }} ]
acls = [ {{ protocol = "any" }} ]
{more}
"""


FOREST = "".join(
    (
        ORGANISATION[: ORGANISATION.index("[[policies]]")],
        f'[[systems]]\nsystem_id = "A11DC"\nvirtual_address = "{ALL}"\ntags = ["admins"]\n',
        policy("developers", "172.16.1.37/32"),
        policy(
            "contractors",
            "172.16.1.0/24",
            'gateway_allowed_ip_ranges = [ { ip_range = "172.16.1.10 - 172.16.1.11" } ]\n'
            'disclosed_suffixes = ["_kerberos.corp.net"]',
        ),
        policy("admins", "172.16.1.0/24"),
        policy("bystanders", "10.0.0.0/24"),
    )
)

PERMITTED = {
    ONE: ["dc28.corp.net."],
    TWO: ["dc01.corp.net.", "dc02.corp.net."],
    ALL: list(ADDRESSES),
}


@pytest.fixture(scope="module")
def ask(
    shared_daemons: Daemons, laptop: Namespace, gateway_host: Namespace, office: Namespace
) -> Ask:
    """Ask the gateway as one of the senders: `ask(ONE, "_ldap._tcp.corp.net", "SRV")`."""
    start_unbound(shared_daemons, office, SPARE, {"corp.net.": CORP}, options="")
    start_gateway(shared_daemons, gateway_host, FOREST, nameservers=[SPARE])

    def dig(sender: str, *words: str) -> Answer:
        return laptop.dig(f"@{GATEWAY}", "-b", sender, *words)

    return dig


def expect_services(answer: Answer, where: str, port: int, controllers: list[str]) -> None:
    assert answer.status == "NOERROR"
    assert sorted(answer.answer, key=lambda row: row.data) == [
        Row(f"{where}.corp.net.", 30, "SRV", f"0 100 {port} {name}") for name in controllers
    ]
    assert answer.authority == ()
    assert answer.flags == {"qr", "rd", "ra"}


def addresses_of(controllers: list[str]) -> list[Row]:
    return [Row(name, 30, "A", ADDRESSES[name]) for name in controllers]


def test_the_nameserver_has_more_than_fits_into_a_datagram(
    ask: Ask, gateway_host: Namespace
) -> None:
    answer = gateway_host.dig(f"@{SPARE}", "_ldap._tcp.dc._msdcs.corp.net", "SRV")
    assert len(answer.data("SRV")) == 60
    assert answer.was_truncated
    assert answer.size > 1232


@pytest.mark.parametrize("where", EVERY_SERVICE)
@pytest.mark.parametrize("sender", [ONE, TWO], ids=["one", "two"])
def test_exactly_the_permitted_ones_come_with_their_addresses(
    ask: Ask, sender: str, where: str
) -> None:
    answer = ask(sender, f"{where}.corp.net", "SRV")
    expect_services(answer, where, EVERY_SERVICE[where], PERMITTED[sender])
    assert sorted(answer.additional, key=lambda row: row.name) == addresses_of(PERMITTED[sender])


@pytest.mark.parametrize(
    "kind",
    [("+tcp",), ("+noedns",), ("+bufsize=512",), ("+bufsize=4096",), ("+dnssec",), ("+norec",)],
    ids=" ".join,
)
def test_over_every_transport_and_size(ask: Ask, kind: tuple[str, ...]) -> None:
    answer = ask(TWO, "_ldap._tcp.dc._msdcs.corp.net", "SRV", *kind)
    assert sorted(answer.data("SRV")) == [f"0 100 389 {name}" for name in PERMITTED[TWO]]
    assert sorted(answer.additional, key=lambda row: row.name) == addresses_of(PERMITTED[TWO])
    assert not answer.was_truncated
    assert not answer.is_malformed


def test_the_services_of_one_role(ask: Ask) -> None:
    pdc = "_ldap._tcp.pdc._msdcs.corp.net"
    assert ask(TWO, pdc, "SRV").data("SRV") == ["0 100 389 dc01.corp.net."]
    assert ask(ONE, pdc, "SRV").status == "REFUSED"


@pytest.mark.parametrize("size", ["+bufsize=1232", "+noedns"])
def test_who_may_reach_all_sixty_has_them_over_tcp(ask: Ask, size: str) -> None:
    question = ("_ldap._tcp.dc._msdcs.corp.net", "SRV", size)
    cut = ask(ALL, *question, "+ignore")
    assert (cut.transport, cut.answer, cut.additional) == ("UDP", (), ())
    assert "tc" in cut.flags
    whole = ask(ALL, *question)
    assert (whole.was_truncated, whole.transport) == (True, "TCP")
    expect_services(whole, "_ldap._tcp.dc._msdcs", 389, PERMITTED[ALL])
    assert sorted(whole.additional, key=lambda row: row.name) == addresses_of(PERMITTED[ALL])


def test_the_domain_has_the_addresses_of_the_permitted_ones(ask: Ask) -> None:
    for name in ("corp.net", "gc._msdcs.corp.net", "DomainDnsZones.corp.net"):
        assert ask(ONE, name, "A").addresses == ["172.16.1.37"]
        assert sorted(ask(TWO, name, "A").addresses) == ["172.16.1.10", "172.16.1.11"]
        assert len(ask(ALL, name, "A").addresses) == 60
        assert ask(NONE, name, "A").status == "REFUSED"


def test_the_zone_is_served_by_the_permitted_ones(ask: Ask) -> None:
    for sender in (ONE, TWO):
        answer = ask(sender, "corp.net", "NS")
        assert sorted(answer.data("NS")) == PERMITTED[sender]
    assert ask(TWO, "corp.net", "SOA").data("SOA") == []


def test_replication_partners_are_found_by_their_guid(ask: Ask) -> None:
    permitted = f"{guid('dc02')}._msdcs.corp.net"
    answer = ask(TWO, permitted, "A")
    assert [(row.rtype, row.data) for row in answer.answer] == [
        ("CNAME", "dc02.corp.net."),
        ("A", "172.16.1.11"),
    ]
    assert ask(TWO, permitted, "CNAME").data("CNAME") == ["dc02.corp.net."]
    for rtype in ("A", "AAAA", "CNAME"):
        assert ask(TWO, f"{guid('dc03')}._msdcs.corp.net", rtype).status == "REFUSED"


def test_text_by_policy_and_only_below_its_suffix(ask: Ask) -> None:
    """The policy of the two says so; that there are 60 names in the URIs is its decision."""
    assert ask(TWO, "_kerberos.corp.net", "TXT").data("TXT") == ['"CORP.NET"']
    uris = ask(TWO, "_kerberos.corp.net", "URI").data("URI")
    assert len(uris) == 60
    assert not any("172.16.1.69" in uri for uri in uris)
    for rtype in ("TXT", "URI"):
        assert ask(ONE, "_kerberos.corp.net", rtype).status == "REFUSED"
    assert len(ask(TWO, "_ldap._tcp.corp.net", "SRV").data("SRV")) == 2


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_without_a_permitted_one_the_name_is_as_if_absent(
    ask: Ask, laptop: Namespace, transport: str
) -> None:
    names = [f"{where}.corp.net" for where in EVERY_SERVICE]
    names += ["corp.net", f"{guid('dc01')}._msdcs.corp.net", "_kerberos.corp.net", "dc60.corp.net"]
    kinds = [None, PLAIN, DO]
    with client(laptop, transport, NONE) as gateway:
        for name in names:
            asked = [
                query(qname, rtype, edns=edns)
                for rtype in ("SRV", "TXT")
                for edns in kinds
                for qname in (name, f"absent.{SITE}.corp.net", name)
            ]
            replies = {without_question(gateway.ask(one), one) for one in asked}
            assert len(replies) == len(kinds), name
    assert ask(NONE, "files.corp.net", "A").addresses == ["10.0.0.30"]


def test_guids_of_the_domain_lead_to_the_permitted_one(ask: Ask) -> None:
    name = f"_ldap._tcp.{DOMAIN_GUID}.domains._msdcs.corp.net"
    assert ask(ONE, name, "SRV").data("SRV") == ["0 100 389 dc28.corp.net."]
