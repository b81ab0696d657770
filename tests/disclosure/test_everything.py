"""Open views: every type, no address that D1 hides; signatures only over what is whole."""

from dataclasses import replace

import pytest

from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.reply import Kind, Reply
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts, Outcome, Resolution
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import World, asked, hosts, packed, settle, view_of, zone

OPEN = view_of("0.0.0.0/0")
RESTRICTED = view_of("10.0.0.0/24")
NAME = from_text("db.corp.net")
BASE = "db.corp.net 60 A 10.0.0.30\n"
VALUES = {
    "MX": "10 nowhere.corp.net",
    "SRV": "0 0 1 .",
    "NS": "ns.corp.net",
    "TXT": '"hello"',
    "CAA": '0 issue "x"',
    "SOA": "ns. root. 1 2 3 4 5",
    "DS": "1 8 2 " + "ab" * 32,
    "DNSKEY": "256 3 8 AwEAAQ==",
    "NSEC": "a.corp.net. A",
    "CSYNC": "1 3 A",
    "ZONEMD": "1 1 1 " + "ab" * 48,
    "HINFO": '"a" "b"',
    "LOC": "52 0 0 N 4 0 0 E 1m",
    "TYPE65280": r"\# 3 0a0000",
    "HTTPS": "1 . ipv4hint=10.9.9.9",
    "SSHFP": "4 2 " + "ab" * 32,
    "RP": "a. b.",
    "APL": "1:10.0.0.0/8  1:11.0.0.0/8",
}
NEVER_RESTRICTED = ("SOA", "DS", "DNSKEY", "NSEC", "CSYNC", "ZONEMD", "TYPE65280", "HINFO", "APL")


def of_type(kind: str) -> World:
    return World(zone(f"{BASE}db.corp.net 60 {kind} {VALUES[kind]}"))


@pytest.mark.parametrize("kind", VALUES)
def test_an_open_view_gets_every_type(kind: str) -> None:
    reply = settle(OPEN, asked(f"db.corp.net {kind}"), of_type(kind))
    assert (reply.kind, len(reply.answer), reply.authority) == (Kind.ANSWER, 1, ())


@pytest.mark.parametrize("kind", NEVER_RESTRICTED)
def test_a_restricted_view_never_gets_these(kind: str) -> None:
    world = of_type(kind)
    assert settle(RESTRICTED, asked(f"db.corp.net {kind}"), world).kind is Kind.NODATA
    elsewhere = view_of("10.9.9.0/24")
    assert settle(elsewhere, asked(f"db.corp.net {kind}"), world).kind is Kind.NO_ANSWER


def test_negative_replies_carry_an_soa_of_ours() -> None:
    world = World(zone("corp.net 60 SOA ns. root. 99 2 3 4 5\ndb.corp.net 60 A 10.0.0.30"))
    for text, kind in (("db.corp.net MX", Kind.NODATA), ("no.corp.net MX", Kind.NXDOMAIN)):
        reply = settle(OPEN, asked(text), world)
        (soa,) = reply.authority
        assert (reply.kind, soa.name) == (kind, asked(text).name)
        assert from_text("nobody.invalid") in soa.rdata


def test_a_record_with_a_hidden_address_goes_alone() -> None:
    text = 'db.corp.net 60 TXT "fd00::1"\ndb.corp.net 60 TXT "10.0.0.1"'
    reply = settle(OPEN, asked("db.corp.net TXT"), World(zone(text)))
    assert [record.rdata for record in reply.answer] == [b"\x0810.0.0.1"]


def test_other_types_come_from_the_nameservers_also_where_the_hosts_file_has_the_name() -> None:
    world = replace(of_type("MX"), hosts=hosts("10.0.0.77 db.corp.net"))
    assert settle(OPEN, asked("db.corp.net MX"), world).kind is Kind.ANSWER
    assert settle(OPEN, asked("db.corp.net TXT"), world).kind is Kind.NODATA


def test_a_hosts_line_that_blocks_a_name_blocks_all_its_types() -> None:
    world = replace(of_type("MX"), hosts=hosts("0.0.0.0 db.corp.net"))
    for kind in ("A", "AAAA", "MX", "HTTPS"):
        assert settle(OPEN, asked(f"db.corp.net {kind}"), world).kind is Kind.NODATA


def signature(owner: bytes, covered: int, ttl: int = 300) -> Record:
    return Record(owner, RRType.RRSIG, ttl, covered.to_bytes(2) + bytes(16) + b"\0sig")


def signed(
    *addresses: str, age: float = 0.0, view: View = OPEN, more: tuple[Record, ...] = ()
) -> Reply:
    """The reply about `www`, an alias of `db`, whose records are all signed."""
    www = from_text("www.corp.net")
    question = asked("www.corp.net A")
    chain = (Record(www, RRType.CNAME, 300, NAME),)
    rrset = tuple(Record(NAME, RRType.A, 300, packed(address)) for address in addresses)
    signatures = (signature(www, 5), signature(NAME, 1), *more)
    found = Resolution(
        *(Outcome.ANSWER, NAME, rrset, chain), ttl=300, age=age, signatures=signatures
    )
    reply = decide(view, question, Facts(answers={question: found}))
    assert isinstance(reply, Reply)
    return reply


def test_signatures_leave_with_records_of_which_nothing_was_removed() -> None:
    types = [(r.name, r.rtype) for r in signed("10.0.0.30", "10.0.0.31").answer]
    www = from_text("www.corp.net")
    assert types == [(www, 5), (www, 46), (NAME, 1), (NAME, 1), (NAME, 46)]


def test_records_of_which_one_was_removed_are_unsigned() -> None:
    types = [(r.name, r.rtype) for r in signed("10.0.0.30", "127.0.0.1").answer]
    www = from_text("www.corp.net")
    assert types == [(www, 5), (www, 46), (NAME, 1)]


def test_signatures_over_other_records_stay() -> None:
    www, other = from_text("www.corp.net"), from_text("other.corp.net")
    strays = (signature(other, 1), signature(other, 5), signature(NAME, 16), signature(www, 1))
    assert signed("10.0.0.30", more=strays) == signed("10.0.0.30")


def test_no_signature_leaves_to_a_restricted_view() -> None:
    reply = signed("10.0.0.30", view=RESTRICTED)
    assert [record.rtype for record in reply.answer] == [5, 1]


@pytest.mark.parametrize(
    ("addresses", "types"), [(["10.0.0.30"], [46, 1, 46]), (["10.0.0.30", "127.0.0.1"], [46, 1])]
)
def test_a_name_that_is_on_its_own_chain_is_signed_by_what_each_signature_is_over(
    addresses: list[str], types: list[int]
) -> None:
    """`corp.net` gives away what is below it by a DNAME, and ends the chain by its address."""
    corp, there = from_text("corp.net"), from_text("db.away.net")
    chain = (
        Record(corp, RRType.DNAME, 300, from_text("away.net")),
        Record(NAME, RRType.CNAME, 300, there),
        Record(there, RRType.CNAME, 300, corp),
    )
    rrset = tuple(Record(corp, RRType.A, 300, packed(address)) for address in addresses)
    signatures = (signature(corp, RRType.DNAME), signature(corp, RRType.A))
    found = Resolution(Outcome.ANSWER, corp, rrset, chain, ttl=300, signatures=signatures)
    question = asked("db.corp.net A")
    reply = decide(OPEN, question, Facts(answers={question: found}))
    assert isinstance(reply, Reply)
    assert [record.rtype for record in reply.answer[len(chain) :]] == types


@pytest.mark.parametrize(("is_alias", "types"), [(False, [12, 46]), (True, [12])])
def test_pointers_are_signed_where_they_stand_under_the_name_that_was_asked(
    is_alias: bool, types: list[int]
) -> None:
    question = asked("30.0.0.10.in-addr.arpa PTR")
    there = from_text("30.0-127.0.0.10.in-addr.arpa")
    end = there if is_alias else question.name
    chain = (Record(question.name, RRType.CNAME, 300, there),) if is_alias else ()
    signatures = (signature(end, RRType.PTR), *([signature(question.name, 5)] if is_alias else []))
    rrset = (Record(end, RRType.PTR, 300, NAME),)
    found = Resolution(Outcome.ANSWER, end, rrset, chain, ttl=300, signatures=signatures)
    reply = decide(OPEN, question, Facts(answers={question: found}))
    assert isinstance(reply, Reply)
    assert [(record.name, record.rtype) for record in reply.answer] == [
        (question.name, rtype) for rtype in types
    ]


def test_a_signature_has_the_ttl_of_what_it_signs() -> None:
    assert {record.ttl for record in signed("10.0.0.30", age=100.5).answer} == {200}


def test_a_reverse_name_is_an_ordinary_name_for_other_types_than_ptr() -> None:
    world = World(zone('10.in-addr.arpa 60 TXT "the office"'))
    reply = settle(OPEN, asked("10.in-addr.arpa TXT"), world)
    assert (reply.kind, len(reply.answer)) == (Kind.ANSWER, 1)
    hidden = settle(view_of("10.0.0.0/8"), asked("10.in-addr.arpa TXT"), world)
    assert (hidden.kind, hidden.answer) == (Kind.NO_ANSWER, ())


def test_a_name_with_an_address_has_no_data_of_another_type_whatever_the_server_says() -> None:
    """The nameserver calls a name absent for TXT that the hosts file gives an address."""
    world = World({}, hosts("10.0.0.31 here.corp.net"))
    reply = settle(OPEN, asked("here.corp.net TXT"), world)
    assert (reply.kind, reply.answer) == (Kind.NODATA, ())
    absent = settle(OPEN, asked("gone.corp.net TXT"), world)
    assert absent.kind is Kind.NXDOMAIN
