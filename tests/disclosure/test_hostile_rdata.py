"""Hostile RDATA of every handled type, as packets bring it: no exception, no wrong disclosure.

What is not understood is dropped, and its good siblings stay.
"""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from enclave_dns.disclosure.holders import permitted_form
from enclave_dns.disclosure.reply import Reply
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Question, Resolution
from enclave_dns.upstream.reading import interpret
from enclave_dns.wire.message import read_message
from enclave_dns.wire.names import from_text
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import World, packed, rdata, settle, view_of, zone

NAME = from_text("db.corp.net")
IN, HIDDEN = packed("10.77.201.1"), packed("10.77.203.66")
TARGETS = zone("in.corp.net 60 A 10.77.201.1\nhidden.corp.net 60 A 10.77.203.66")
RESTRICTED = view_of("10.77.201.0/24", "fd77::/64")
VIEWS = (RESTRICTED, replace(RESTRICTED, is_open=True))
GOOD = {
    "A": "10.77.201.1",
    "AAAA": "fd77::1",
    "SRV": "0 0 1 in.corp.net",
    "MX": "10 in.corp.net",
    "NS": "in.corp.net",
    "KX": "10 in.corp.net",
    "AFSDB": "1 in.corp.net",
    "RT": "10 in.corp.net",
    "SVCB": "1 in.corp.net alpn=h2",
    "HTTPS": "1 . alpn=h2",
    "CNAME": "in.corp.net",
    "TXT": '"good"',
    "CAA": '0 issue "good"',
    "SSHFP": "4 2 " + "ab" * 32,
    "TLSA": "3 1 1 " + "ab" * 32,
    "URI": '1 1 "good:"',
    "NAPTR": '1 1 "u" "x" "!a!b!" .',
    "APL": "1:10.77.201.1/32  1:10.77.201.1/32",
    "IPSECKEY": "1 0 2 . AwEAAQ==",
    "AMTRELAY": "1 0 0 .",
    "WKS": "10.77.201.1 6 25",
    "L32": "1 10.77.201.1",
    "TYPE65280": r"\# 2 0102",
}
ALL_BUT_ALIASES = sorted(GOOD.keys() - {"CNAME"})
HOSTILE = st.one_of(
    st.binary(max_size=48),
    st.builds(
        lambda head, tail: head + HIDDEN + tail, st.binary(max_size=6), st.binary(max_size=6)
    ),
    st.sampled_from(
        [b"\xc0\x0c", b"\0\1\xc0\x0c", b"\0\1\0\0\1\0\xc0\x0c", b"\0\1\xff\xff", b"\x3f" * 40]
    ),
)


def packet(rtype: int, *data: bytes) -> bytes:
    """A reply with these records under the question's name."""
    question = NAME + rtype.to_bytes(2) + b"\0\1"
    records = b"".join(
        b"\xc0\x0c" + rtype.to_bytes(2) + b"\0\1\0\0\0\x3c" + len(one).to_bytes(2) + one
        for one in data
    )
    return b"\0\1\x81\x80\0\1" + len(data).to_bytes(2) + bytes(4) + question + records


def reply_to(view: View, rtype: int, *data: bytes) -> Reply:
    """What leaves of these records, with the visible name itself beside them."""
    question = Question(NAME, rtype)
    found = interpret(read_message(packet(rtype, *data)), question)
    assert isinstance(found, Resolution)
    visible = (Record(NAME, 1, 60, IN),) if rtype != 1 else ()
    world = World({**TARGETS, NAME: visible + found.rrset})
    return settle(view, question, world)


@pytest.mark.parametrize("view", VIEWS, ids=["restricted", "open"])
@pytest.mark.parametrize("kind", ALL_BUT_ALIASES)
@given(hostile=HOSTILE)
@example(hostile=b"")
def test_hostile_rdata_raises_nothing_and_costs_no_good_sibling(
    view: View, kind: str, hostile: bytes
) -> None:
    (good,) = zone(f"x 60 {kind} {GOOD[kind]}")[from_text("x")]
    alone = reply_to(view, good.rtype, good.rdata)
    both = reply_to(view, good.rtype, hostile, good.rdata)
    assert {r.rdata for r in alone.answer} <= {r.rdata for r in both.answer}
    for record in both.answer:
        assert kind not in ("A", "WKS", "L32") or HIDDEN not in record.rdata


@given(rtype=st.integers(1, 300), hostile=HOSTILE)
def test_the_form_for_an_open_view_never_raises(rtype: int, hostile: bytes) -> None:
    form = permitted_form(VIEWS[1], Record(NAME, rtype, 60, hostile))
    assert form is None or isinstance(form, bytes)


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("SRV", b"\0\0"),
        ("SRV", b"\0\0\0\0\0\1\xc0\xff"),
        ("MX", b""),
        ("HTTPS", b"\0\1\0\0\4\0\4\x0a"),
        ("HTTPS", b"\0\1\0\0\4\0\3\x0a\0\0"),
        ("HTTPS", b"\0\1\0\0\4\0\0"),
        ("HTTPS", b"\0\1\0\0\3\0\2\0\1\0\1\0\3\2h2"),
        ("HTTPS", b"\0\1\0\0\0\0\2\0\4"),
        ("TXT", b"\5ab"),
        ("CAA", b"\0\x20a"),
    ],
)
def test_a_malformed_record_is_dropped_alone(kind: str, bad: bytes) -> None:
    good = rdata(kind, GOOD[kind])
    number = zone(f"x 60 {kind} {GOOD[kind]}")[from_text("x")][0].rtype
    for view in VIEWS:
        answer = reply_to(view, number, bad, good).answer
        assert [record.rdata for record in answer] == [good]
