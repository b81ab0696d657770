"""What counts of a gateway's answer, by our own view of that gateway."""

from dataclasses import replace

import pytest

from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Outcome, Resolution
from enclave_dns.stub.check import Verdict, check, companions
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import asked, packed, view_of, zone

RESTRICTED = view_of("10.0.0.0/24", "fd00::/64", "64:ff9b::/96")
OPEN = view_of("0.0.0.0/0", "::/0")
DB = from_text("db.corp.net")

A, AAAA = "db.corp.net A", "db.corp.net AAAA"


def says(lines: str = "", outcome: Outcome = Outcome.ANSWER) -> Resolution:
    """A resolution with these records of db.corp.net: `TYPE VALUE`, one a line."""
    records = zone("\n".join(f"db.corp.net 60 {line}" for line in lines.splitlines()))
    return Resolution(outcome, DB, records.get(DB, ()))


def opaque(rtype: RRType, rdata: bytes = b"\4text") -> Resolution:
    return Resolution(Outcome.ANSWER, DB, (Record(DB, rtype, 60, rdata),))


@pytest.mark.parametrize(
    ("question", "said", "kept"),
    [
        (A, "A 10.0.0.30", ["10.0.0.30"]),
        (A, "A 10.0.0.30\nA 192.168.0.1\nA 10.0.0.31", ["10.0.0.30", "10.0.0.31"]),
        (A, "A 192.168.0.1", []),
        (A, "A 10.0.1.0", []),
        (A, "A 127.0.0.1", []),
        (AAAA, "AAAA fd00::1\nAAAA 2001:db8::1", ["fd00::1"]),
        (AAAA, "AAAA ::ffff:10.0.0.30", []),
        (AAAA, "AAAA 64:ff9b::10.0.0.30\nAAAA 64:ff9b::192.168.0.1", ["64:ff9b::10.0.0.30"]),
    ],
)
def test_addresses_outside_our_view_are_dropped_one_by_one(
    question: str, said: str, kept: list[str]
) -> None:
    checked = check(RESTRICTED, asked(question), says(said))
    assert checked.verdict is (Verdict.TAKEN if kept else Verdict.NO_ANSWER)
    assert [record.rdata for record in checked.resolution.rrset] == list(map(packed, kept))


@pytest.mark.parametrize("view", [RESTRICTED, OPEN])
@pytest.mark.parametrize(("question", "size"), [(A, 16), (A, 3), (A, 0), (AAAA, 4), (AAAA, 17)])
def test_an_address_of_the_wrong_size_is_none(view: View, question: str, size: int) -> None:
    rtype = asked(question).rtype
    said = Resolution(Outcome.ANSWER, DB, (Record(DB, rtype, 60, bytes([10] * size)),))
    assert check(view, asked(question), said).verdict is Verdict.NO_ANSWER


@pytest.mark.parametrize(
    ("question", "said", "restricted", "at_open"),
    [
        (A, says(), Verdict.NEEDS_ADDRESS, Verdict.TAKEN),
        (AAAA, says(), Verdict.NEEDS_ADDRESS, Verdict.TAKEN),
        ("db.corp.net MX", says(), Verdict.NEEDS_ADDRESS, Verdict.TAKEN),
        ("db.corp.net TXT", opaque(RRType.TXT), Verdict.NEEDS_ADDRESS, Verdict.TAKEN),
        ("db.corp.net CNAME", says("CNAME x.corp.net"), Verdict.NEEDS_ADDRESS, Verdict.TAKEN),
        ("db.corp.net SRV", opaque(RRType.SRV), Verdict.TAKEN, Verdict.TAKEN),
        ("db.corp.net MX", opaque(RRType.MX), Verdict.TAKEN, Verdict.TAKEN),
        ("db.corp.net NS", opaque(RRType.NS), Verdict.TAKEN, Verdict.TAKEN),
        ("db.corp.net PTR", opaque(RRType.PTR), Verdict.TAKEN, Verdict.TAKEN),
        (A, says(outcome=Outcome.NXDOMAIN), Verdict.NO_ANSWER, Verdict.TAKEN),
        (A, says(outcome=Outcome.FAILED), Verdict.NO_ANSWER, Verdict.NO_ANSWER),
    ],
)
def test_replies_without_an_address(
    question: str, said: Resolution, restricted: Verdict, at_open: Verdict
) -> None:
    assert check(RESTRICTED, asked(question), said).verdict is restricted
    assert check(OPEN, asked(question), said).verdict is at_open


def test_a_bare_chain_needs_an_address_of_the_same_name() -> None:
    chain = zone("db.corp.net 60 CNAME x.corp.net")[DB]
    said = replace(says(), chain=chain, end=from_text("x.corp.net"))
    assert check(RESTRICTED, asked(A), said).verdict is Verdict.NEEDS_ADDRESS


def test_a_chain_to_an_address_in_our_view_is_taken_whole() -> None:
    chain = zone("db.corp.net 60 CNAME x.corp.net")[DB]
    said = replace(says("A 10.0.0.30"), chain=chain)
    assert check(RESTRICTED, asked(A), said).resolution.chain == chain


@pytest.mark.parametrize(
    ("question", "wanted"), [(A, (AAAA,)), (AAAA, (A,)), ("db.corp.net TXT", (A, AAAA))]
)
def test_the_companions_are_the_addresses_of_the_same_name(
    question: str, wanted: tuple[str, ...]
) -> None:
    assert companions(asked(question)) == tuple(map(asked, wanted))
