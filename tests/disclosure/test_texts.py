"""Text and keys: at visible names, below a policy's suffixes, never with a hidden address."""

from dataclasses import replace

import pytest

from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.reply import Kind, no_answer
from enclave_dns.disclosure.texts import base_of, text_of
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts
from enclave_dns.wire.names import display, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import World, asked, hosts, settle, view_of, zone

VIEW = view_of("10.0.0.0/24", "fd00::/64")
BY_POLICY = replace(VIEW, disclosed_suffixes=(from_text("_msdcs.corp.net"),))
BASE = "in.corp.net 60 A 10.0.0.30\nhidden.corp.net 60 A 192.168.0.30\n"
VALUES = {
    "TXT": '"v=spf1 -all" "more"',
    "CAA": '0 issue "ca.example"',
    "SSHFP": "4 2 " + "ab" * 32,
    "TLSA": "3 1 1 " + "cd" * 32,
    "URI": '10 1 "https://in.corp.net/"',
    "NAPTR": '10 10 "u" "E2U+sip" "!^.*$!sip:x@corp.net!" .',
}


def kind_of(owner: str, kind: str, value: str = "", view: View = VIEW, more: str = "") -> str:
    """The kind of the reply to a question for a type that the name has."""
    world = World(zone(f"{BASE}{more}\n{owner} 60 {kind} {value or VALUES[kind]}"))
    return settle(view, asked(f"{owner} {kind}"), world).kind.value


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("TXT", "answer"),
        ("CAA", "answer"),
        ("SSHFP", "answer"),
        ("TLSA", "nodata"),
        ("URI", "nodata"),
        ("NAPTR", "nodata"),
    ],
)
def test_what_leaves_at_a_visible_name(kind: str, expected: str) -> None:
    assert kind_of("in.corp.net", kind) == expected
    assert kind_of("in.corp.net", kind, view=BY_POLICY) == expected
    assert kind_of("hidden.corp.net", kind) == "no_answer"
    assert kind_of("bare.corp.net", kind) == "no_answer"


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("_msdcs.corp.net", "answer"),
        ("a.b._msdcs.corp.net", "answer"),
        ("_MSDCS.corp.net", "answer"),
        ("x_msdcs.corp.net", "no_answer"),
        ("corp.net", "no_answer"),
    ],
)
def test_below_a_disclosed_suffix_all_six_types_leave(owner: str, kind: str, expected: str) -> None:
    assert kind_of(owner, kind, view=BY_POLICY) == expected
    assert kind_of(owner, kind) == "no_answer"


@pytest.mark.parametrize("kind", ["MX", "SOA", "TYPE65280", "HINFO", "LOC"])
def test_a_disclosed_suffix_discloses_no_other_type(kind: str) -> None:
    values = {
        "MX": "10 hidden.corp.net",
        "SOA": "a. b. 1 2 3 4 5",
        "TYPE65280": r"\# 1 00",
        "HINFO": '"a" "b"',
        "LOC": "52 0 0 N 4 0 0 E 1m",
    }
    assert kind_of("x._msdcs.corp.net", kind, values[kind], view=BY_POLICY) == "no_answer"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("TXT", '"ip4:192.168.0.30"'),
        ("TXT", '"192.16" "8.0.30"'),
        ("TXT", '"fd77::1"'),
        ("CAA", '0 issue "192.168.0.30"'),
        ("CAA", '0 iodef "http://192.168.0.30/"'),
        ("URI", '1 1 "http://192.168.0.30/"'),
        ("NAPTR", '1 1 "u" "x" "!.*!192.168.0.30!" .'),
    ],
)
def test_a_hidden_address_in_text_keeps_that_record_back_alone(kind: str, value: str) -> None:
    name = "x._msdcs.corp.net"
    assert kind_of(name, kind, value, BY_POLICY) == "no_answer"
    good = f"{name} 60 {kind} {VALUES[kind]}"
    world = World(zone(f"{name} 60 {kind} {value}\n{good}"))
    reply = settle(BY_POLICY, asked(f"{name} {kind}"), world)
    assert [record.rdata for record in reply.answer] == [zone(good)[from_text(name)][0].rdata]


def test_a_permitted_address_in_text_leaves() -> None:
    assert kind_of("in.corp.net", "TXT", '"ip4:10.0.0.0/24 ip6:fd00::1"') == "answer"
    assert kind_of("in.corp.net", "TXT", '"ip4:10.0.0.0/23"') == "nodata"


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("_443._tcp.in.corp.net", "answer"),
        ("_0._udp.in.corp.net", "answer"),
        ("_443._tcp.hidden.corp.net", "no_answer"),
        ("_443._tcp.absent.corp.net", "no_answer"),
        ("_443._tcp.hosted.corp.net", "answer"),
        ("_443.in.corp.net", "no_answer"),
        ("_tcp.in.corp.net", "no_answer"),
        ("_https._tcp.in.corp.net", "no_answer"),
        ("_443.tcp.in.corp.net", "no_answer"),
        ("443._tcp.in.corp.net", "no_answer"),
    ],
)
def test_tlsa_belongs_to_the_name_behind_port_and_protocol(owner: str, expected: str) -> None:
    table = hosts("10.0.0.77 hosted.corp.net")
    world = World(zone(f"{BASE}\n{owner} 60 TLSA {VALUES['TLSA']}"), table)
    assert settle(VIEW, asked(f"{owner} TLSA"), world).kind.value == expected


@pytest.mark.parametrize(
    ("owner", "records"),
    [
        ("_443._tcp.in.corp.net", ""),
        ("_443.in.corp.net", f"_443.in.corp.net 60 TLSA {VALUES['TLSA']}"),
    ],
)
def test_no_other_name_is_asked_about_without_tlsa_or_without_a_base(
    owner: str, records: str
) -> None:
    world = World(zone(records))
    known = [asked(f"{owner} {kind}") for kind in ("TLSA", "A", "AAAA")]
    facts = Facts(answers={question: world.answer(question) for question in known})
    assert decide(VIEW, known[0], facts) == no_answer(VIEW.no_answer)


def test_the_base_of_other_types_is_the_name_itself() -> None:
    assert base_of(asked("_443._tcp.in.corp.net TXT")) == from_text("_443._tcp.in.corp.net")
    found = base_of(asked("_443._tcp.in.corp.net TLSA"))
    assert found is not None
    assert display(found) == "in.corp.net"


@pytest.mark.parametrize("owner", [".", "_443", "_443._tcp"])
def test_tlsa_without_a_name_behind_port_and_protocol_has_no_base(owner: str) -> None:
    assert base_of(asked(f"{owner} TLSA")) is None


def test_text_is_disclosed_at_the_end_of_a_chain() -> None:
    more = "in.corp.net 60 TXT x\nwww.corp.net 60 CNAME in.corp.net".replace("TXT x", 'TXT "x"')
    reply = settle(VIEW, asked("www.corp.net TXT"), World(zone(BASE + more)))
    assert (reply.kind, len(reply.answer)) == (Kind.ANSWER, 2)


@pytest.mark.parametrize(
    ("rtype", "rdata", "text"),
    [
        (RRType.TXT, b"", None),
        (RRType.TXT, b"\0", ""),
        (RRType.TXT, b"\2a", None),
        (RRType.TXT, b"\1a\2bc", "abc"),
        (RRType.TXT, b"\1\xff", "\xff"),
        (RRType.CAA, b"\0\0x", None),
        (RRType.CAA, b"\0\5iss", None),
        (RRType.CAA, b"\0\5issuex", "issue x"),
        (RRType.URI, b"\0\1\0\1", None),
        (RRType.URI, b"\0\1\0\1x", "x"),
        (RRType.NAPTR, b"\0\1\0\1\1u\1s\1r\0", "u s r"),
        (RRType.NAPTR, b"\0\1\0\1\1u\1s\1r", None),
        (RRType.NAPTR, b"\0\1\0\1\1u\1s\1r\0x", None),
        (RRType.NAPTR, b"\0\1\0\1\1u\1s", None),
        (RRType.NAPTR, b"\0\1\0\1\1u\1s\1r\x40", None),
        (RRType.NAPTR, b"\0\1\0\1\1u\0", None),
        (RRType.NAPTR, b"\0\1\0\1\0\0", None),
        (RRType.NAPTR, b"\0\1\0\1\0\0\0\0", "  "),
        (RRType.NAPTR, b"\0\1\0\1", None),
        (RRType.NAPTR, b"\0\1\0", None),
        (RRType.NAPTR, b"", None),
        (RRType.SSHFP, b"\4\2", None),
        (RRType.SSHFP, b"\4\2x", ""),
    ],
)
def test_the_text_of_a_record_or_none_where_it_is_malformed(
    rtype: int, rdata: bytes, text: str | None
) -> None:
    assert text_of(Record(from_text("x"), rtype, 60, rdata)) == text


def test_a_visible_alias_opens_no_hidden_name() -> None:
    """The hosts file shows the alias, the nameserver leads on to a name that is hidden."""
    text = 'alias.corp.net 60 CNAME hidden.corp.net\nhidden.corp.net 60 TXT "secret"\n'
    world = World(zone(BASE + text), hosts("10.0.0.31 alias.corp.net"))
    reply = settle(VIEW, asked("alias.corp.net TXT"), world)
    assert (reply.kind, reply.answer) == (Kind.NODATA, ())


def test_an_alias_below_a_disclosed_suffix_opens_no_name_outside_of_it() -> None:
    text = 'x._msdcs.corp.net 60 CNAME hidden.corp.net\nhidden.corp.net 60 TXT "secret"\n'
    reply = settle(BY_POLICY, asked("x._msdcs.corp.net TXT"), World(zone(BASE + text)))
    assert (reply.kind, reply.answer) == (Kind.NO_ANSWER, ())
