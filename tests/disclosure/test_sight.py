"""What a view sees of a name at each source, and the words for it."""

import pytest

from enclave_dns.disclosure.chain import Walk
from enclave_dns.disclosure.sight import (
    HOSTS,
    HOSTS_TTL,
    NAMESERVERS,
    is_blocked,
    judgement,
    permitted,
    permitted_in_hosts,
)
from enclave_dns.disclosure.trace import Trace
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Outcome
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import hosts, packed, view_of

NAME = from_text("db.corp.net")
VIEW = view_of("10.0.0.0/24", "2001:db8::/64", "64:ff9b::/96", "2001::/32")
TEREDO = packed("2001::")[:4] + packed("10.0.0.1") + bytes(4)
"""By way of a server at 10.0.0.1; the client's address follows, inverted."""
OPEN = view_of("0.0.0.0/0", "::/0")


def walked(rtype: int, *rdata: bytes) -> Walk:
    records = tuple(Record(NAME, rtype, 60, data) for data in rdata)
    return Walk(Outcome.ANSWER, NAME, rrset=records)


def test_the_permitted_addresses_of_an_rrset_are_seen_in_their_order() -> None:
    data = [packed(text) for text in ("10.0.0.9", "192.168.0.30", "10.0.0.1")]
    trace = Trace()
    seen = permitted(VIEW, walked(RRType.A, *data), RRType.A, trace)
    assert [record.rdata for record in seen] == [data[0], data[2]]
    assert [(v.source, v.rule, v.is_allowed) for v in trace.verdicts] == [
        (NAMESERVERS, "D1", True),
        (NAMESERVERS, "D1", False),
        (NAMESERVERS, "D1", True),
    ]


@pytest.mark.parametrize("view", [VIEW, OPEN])
@pytest.mark.parametrize(
    ("rtype", "rdata"),
    [
        (RRType.A, b""),
        (RRType.A, packed("10.0.0.1") + b"\0"),
        (RRType.A, packed("2001:db8::1")),
        (RRType.AAAA, b"\0\x64\xff\x9b\0\1"),
        (RRType.AAAA, packed("10.0.0.1")),
    ],
)
def test_rdata_of_another_size_is_dropped_alone(view: View, rtype: RRType, rdata: bytes) -> None:
    good = packed("10.0.0.1" if rtype == RRType.A else "2001:db8::1")
    trace = Trace()
    seen = permitted(view, walked(rtype, rdata, good), rtype, trace)
    assert [record.rdata for record in seen] == [good]
    assert [verdict.is_allowed for verdict in trace.verdicts] == [False, True]


def test_the_hosts_file_shows_both_families_of_a_name() -> None:
    table = hosts("10.0.0.30 db.corp.net\n192.168.0.30 db.corp.net\n2001:db8::1 DB.corp.net")
    trace = Trace()
    seen = permitted_in_hosts(VIEW, NAME, table, trace)
    assert seen == (
        Record(NAME, RRType.A, HOSTS_TTL, packed("10.0.0.30")),
        Record(NAME, RRType.AAAA, HOSTS_TTL, packed("2001:db8::1")),
    )
    assert [(v.source, v.is_allowed) for v in trace.verdicts] == [
        (HOSTS, True),
        (HOSTS, False),
        (HOSTS, True),
    ]
    assert permitted_in_hosts(VIEW, from_text("other"), table, None) == ()


@pytest.mark.parametrize(
    ("line", "is_block"),
    [
        ("0.0.0.0 db.corp.net", True),
        (":: db.corp.net", True),
        ("127.0.0.1 db.corp.net", True),
        ("127.0.1.1 db.corp.net", True),
        ("::1 db.corp.net", True),
        ("10.0.0.1 db.corp.net\n0.0.0.0 db.corp.net", True),
        ("10.0.0.1 db.corp.net", False),
        ("0.0.0.0 other.corp.net", False),
        ("0.0.0.1 db.corp.net", False),
    ],
)
def test_unspecified_and_loopback_lines_block_a_name(line: str, is_block: bool) -> None:
    assert is_blocked(NAME, hosts(line)) is is_block


@pytest.mark.parametrize(
    ("address", "is_allowed", "words"),
    [
        (packed("10.0.0.1"), True, "in the view"),
        (packed("10.0.1.1"), False, "no policy covers"),
        (packed("127.0.0.1"), False, "never disclosed"),
        (packed("fe80::1"), False, "never disclosed"),
        (packed("64:ff9b::10.0.0.1"), True, "in the view"),
        (packed("64:ff9b::10.0.1.1"), False, "10.0.1.1"),
        (TEREDO + bytes(0xFF ^ octet for octet in packed("10.0.0.2")), True, "in the view"),
        (TEREDO + bytes(0xFF ^ octet for octet in packed("10.0.1.1")), False, "10.0.1.1"),
        (b"", False, "no address"),
        (b"\x0a\0\0\1\0", False, "no address"),
    ],
)
def test_a_judgement_is_the_verdict_of_the_view_in_words(
    address: bytes, is_allowed: bool, words: str
) -> None:
    verdict, reason = judgement(VIEW, address)
    assert verdict is is_allowed is VIEW.permits(address)
    assert words in reason
