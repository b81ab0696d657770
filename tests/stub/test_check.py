"""What counts of a gateway's answer, by our own view of that gateway."""

from dataclasses import replace

import pytest

from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Outcome, Resolution
from enclave_dns.stub.check import Verdict, check, companions
from enclave_dns.wire.names import ROOT, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.svcb import ALPN, ECH, IPV4HINT, IPV6HINT, Service, read_service
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
        ("db.corp.net SRV", says(), Verdict.NEEDS_ADDRESS, Verdict.TAKEN),
        ("db.corp.net PTR", says(), Verdict.NEEDS_ADDRESS, Verdict.TAKEN),
        ("db.corp.net HTTPS", says(), Verdict.NEEDS_ADDRESS, Verdict.TAKEN),
        ("db.corp.net CAA", opaque(RRType.CAA), Verdict.NEEDS_ADDRESS, Verdict.TAKEN),
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


def service(*params: tuple[int, bytes], priority: int = 1) -> Resolution:
    """An HTTPS record of db.corp.net with these parameters."""
    made = Service(priority, ROOT, params)
    return opaque(RRType.HTTPS, made.rdata())


INSIDE, OUTSIDE = packed("10.0.0.30"), packed("192.168.0.66")


@pytest.mark.parametrize(
    ("params", "left", "restricted"),
    [
        ([(IPV4HINT, INSIDE)], [(IPV4HINT, INSIDE)], Verdict.TAKEN),
        ([(IPV4HINT, INSIDE + OUTSIDE)], [(IPV4HINT, INSIDE)], Verdict.TAKEN),
        ([(IPV4HINT, OUTSIDE)], [], Verdict.NEEDS_ADDRESS),
        ([(IPV6HINT, packed("fd00::1"))], [(IPV6HINT, packed("fd00::1"))], Verdict.TAKEN),
        ([(IPV6HINT, packed("::ffff:10.0.0.30"))], [], Verdict.NEEDS_ADDRESS),
        ([(ALPN, b"\2h2"), (ECH, b"key")], [(ALPN, b"\2h2")], Verdict.NEEDS_ADDRESS),
        ([], [], Verdict.NEEDS_ADDRESS),
    ],
    ids=["inside", "both", "outside", "v6", "mapped v6", "ech goes", "none"],
)
def test_hints_are_trimmed_and_only_those_that_pass_are_addresses(
    params: list[tuple[int, bytes]], left: list[tuple[int, bytes]], restricted: Verdict
) -> None:
    checked = check(RESTRICTED, asked("db.corp.net HTTPS"), service(*params))
    assert checked.verdict is restricted
    assert checked.has_address is (restricted is Verdict.TAKEN)
    [record] = checked.resolution.rrset
    assert read_service(record.rdata) == Service(1, ROOT, tuple(left))


def test_an_open_gateways_hints_are_trimmed_and_its_word_is_taken() -> None:
    said = service((IPV4HINT, INSIDE + packed("127.0.0.1")))
    checked = check(OPEN, asked("db.corp.net HTTPS"), said)
    assert checked.verdict is Verdict.TAKEN
    [record] = checked.resolution.rrset
    assert read_service(record.rdata) == Service(1, ROOT, ((IPV4HINT, INSIDE),))
    bare = check(OPEN, asked("db.corp.net HTTPS"), service((IPV4HINT, packed("127.0.0.1"))))
    assert (bare.verdict, bare.has_address) == (Verdict.TAKEN, False)


@pytest.mark.parametrize("view", [RESTRICTED, OPEN])
def test_a_service_record_that_cannot_be_read_is_dropped_alone(view: View) -> None:
    good = service((IPV4HINT, INSIDE)).rrset
    bad = opaque(RRType.HTTPS, b"\0").rrset
    both = replace(says(), rrset=bad + good)
    checked = check(view, asked("db.corp.net HTTPS"), both)
    assert (checked.verdict, checked.resolution.rrset) == (Verdict.TAKEN, good)
    alone = check(view, asked("db.corp.net HTTPS"), replace(says(), rrset=bad))
    assert alone.verdict is Verdict.NO_ANSWER


@pytest.mark.parametrize("view", [RESTRICTED, OPEN])
def test_a_gateway_that_is_down_has_no_answer(view: View) -> None:
    assert check(view, asked(A), says(outcome=Outcome.DOWN)).verdict is Verdict.NO_ANSWER


@pytest.mark.parametrize(
    ("question", "wanted"), [(A, (AAAA,)), (AAAA, (A,)), ("db.corp.net TXT", (A, AAAA))]
)
def test_the_companions_are_the_addresses_of_the_same_name(
    question: str, wanted: tuple[str, ...]
) -> None:
    assert companions(asked(question)) == tuple(map(asked, wanted))
