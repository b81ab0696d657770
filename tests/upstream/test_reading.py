"""What a reply says about a question, and what of it is nobody's business."""

import pytest
from dnslib import RR
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.resolution import MAX_CHAIN, Outcome, Question, Resolution
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.wire.edns import Edns
from enclave_dns.wire.message import AA, QR, TC, Message
from enclave_dns.wire.names import from_labels, from_text, to_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

SOA = "corp.net 300 IN SOA ns.corp.net host.corp.net 1 60 60 60 30"


def records(text: str) -> tuple[Record, ...]:
    """Records from zone file lines; dnslib makes the RDATA, DNAME is written as CNAME."""
    found = []
    for rr in RR.fromZone(text.replace(" DNAME ", " CNAME ")):
        rdata = bytearray()
        for part in vars(rr.rdata).values():
            rdata += _wire(part)
        found.append(Record(from_text(str(rr.rname)), rr.rtype, rr.ttl, bytes(rdata)))
    lines = [line for line in text.splitlines() if line.strip()]
    return tuple(
        Record(r.name, RRType.DNAME, r.ttl, r.rdata) if " DNAME " in line else r
        for r, line in zip(found, lines, strict=True)
    )


def _wire(part: object) -> bytes:
    if isinstance(part, int):
        return part.to_bytes(4)
    if isinstance(part, tuple):
        values = list(part)
        wide = len(values) == 5  # the numbers of an SOA
        return b"".join(v.to_bytes(4 if wide else 1) for v in values)
    return from_text(str(part))


def read(
    answer: str, authority: str = "", *, name: str = "a.corp.net", rtype: int = 1, flags: int = 0
) -> Resolution | Retry:
    message = Message(
        1, QR | flags, answer=records(answer), authority=records(authority) if authority else ()
    )
    return interpret(message, Question(from_text(name), rtype))


def told(reading: Resolution | Retry) -> str:
    """`answer a.corp.net. CNAME>b 1xA ttl=60`, or the reason to ask elsewhere."""
    if isinstance(reading, Retry):
        return f"retry: {reading.reason}"
    chain = " ".join(f"{RRType(r.rtype).name}>{to_text(r.rdata)}" for r in reading.chain)
    words = [reading.outcome.value, to_text(reading.end), chain, str(len(reading.rrset))]
    words.append(f"ttl={reading.ttl}")
    return " ".join(word for word in words if word) + ("" if reading.is_final else " open")


@pytest.mark.parametrize(
    ("answer", "authority", "flags", "expected"),
    [
        ("a.corp.net 60 A 10.0.0.1", "", 0, "answer a.corp.net. 1 ttl=60"),
        ("A.Corp.NET 60 A 10.0.0.1", "", 0, "answer a.corp.net. 1 ttl=60"),
        ("a.corp.net 99999 A 10.0.0.1", "", 0, "answer a.corp.net. 1 ttl=3600"),
        (
            "a.corp.net 60 A 10.0.0.1\na.corp.net 30 A 10.0.0.1\na.corp.net 90 A 10.0.0.2",
            "",
            0,
            "answer a.corp.net. 2 ttl=30",
        ),
        (
            "b.corp.net 60 A 10.0.0.1\na.corp.net 50 CNAME B.corp.net",
            "",
            0,
            "answer b.corp.net. CNAME>B.corp.net. 1 ttl=50",
        ),
        (
            "a.corp.net 60 A 10.0.0.1\nwww.bank.example 60 A 6.6.6.6",
            "",
            0,
            "answer a.corp.net. 1 ttl=60",
        ),
        ("www.bank.example 60 A 6.6.6.6", "", 0, "answer a.corp.net. 0 ttl=0"),
        ("", SOA, 0, "answer a.corp.net. 0 ttl=30"),
        ("", "", 0, "answer a.corp.net. 0 ttl=0"),
        ("", "other.net 300 IN SOA a b 1 60 60 60 30", 0, "answer a.corp.net. 0 ttl=0"),
        ("", "corp.net 300 IN SOA a b 1 60 60 60 900", 0, "answer a.corp.net. 0 ttl=60"),
        ("", SOA, 3, "nxdomain a.corp.net. 0 ttl=30"),
        ("", "", 3, "nxdomain a.corp.net. 0 ttl=0"),
        (
            "a.corp.net 10 CNAME b.corp.net",
            SOA,
            3,
            "nxdomain b.corp.net. CNAME>b.corp.net. 0 ttl=10",
        ),
        ("a.corp.net 60 CNAME b.corp.net", SOA, 0, "answer b.corp.net. CNAME>b.corp.net. 0 ttl=30"),
        ("a.corp.net 60 CNAME b.other", SOA, 0, "answer b.other. CNAME>b.other. 0 ttl=60 open"),
        (
            "a.corp.net 60 CNAME b.corp.net",
            "",
            0,
            "answer b.corp.net. CNAME>b.corp.net. 0 ttl=60 open",
        ),
        ("a.corp.net 60 CNAME a.corp.net", "", 0, "answer a.corp.net. CNAME>a.corp.net. 0 ttl=0"),
        ("", "net 60 NS ns.net", 0, "retry: a referral: no recursion there"),
        ("", "net 60 NS ns.net", AA, "answer a.corp.net. 0 ttl=0"),
        ("", "", 1, "retry: FORMERR"),
        ("", "", 2, "retry: SERVFAIL"),
        ("", "", 4, "retry: NOTIMP"),
        ("", "", 5, "retry: REFUSED"),
        ("", "", 6, "retry: RCODE6"),
        ("a.corp.net 60 A 10.0.0.1", "", 2, "retry: SERVFAIL"),
        ("a.corp.net 60 A 10.0.0.1", "", TC, "retry: truncated"),
    ],
)
def test_an_address_question(answer: str, authority: str, flags: int, expected: str) -> None:
    assert told(read(answer, authority, flags=flags)) == expected


@pytest.mark.parametrize(
    ("answer", "rtype", "expected"),
    [
        ("a.corp.net 60 CNAME b.corp.net", 5, "answer a.corp.net. 1 ttl=60"),
        ("a.corp.net 60 CNAME b.corp.net\nb.corp.net 60 CNAME c", 5, "answer a.corp.net. 1 ttl=60"),
        ("corp.net 60 DNAME corp.org", 5, "answer a.corp.net. 1 ttl=60"),
        ("a.corp.net 60 DNAME corp.org", 39, "answer a.corp.net. 1 ttl=60"),
        (
            "a.corp.net 60 CNAME b.corp.net\na.corp.net 60 A 10.0.0.1",
            255,
            "answer a.corp.net. 2 ttl=60",
        ),
    ],
)
def test_a_question_for_an_alias_is_answered_by_the_alias(
    answer: str, rtype: int, expected: str
) -> None:
    assert told(read(answer, rtype=rtype)) == expected


_DNAME = "corp.net 60 DNAME corp.org"
_END = "a.corp.org 60 A 10.0.0.1"
_BOTH = "answer a.corp.org. DNAME>corp.org. CNAME>a.corp.org. 1 ttl=60"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (f"{_DNAME}\n{_END}", _BOTH),
        (f"{_END}\na.corp.net 60 CNAME a.corp.org\n{_DNAME}", _BOTH),
        (
            f"{_DNAME}\na.corp.net 60 CNAME evil.example\nevil.example 60 A 6.6.6.6",
            "answer evil.example. CNAME>evil.example. 1 ttl=60",
        ),
        ("net 60 DNAME org\na.corp.org 60 A 10.0.0.1", _BOTH.replace(">corp.org", ">org")),
        ("a.corp.net 60 DNAME corp.org", "answer a.corp.net. 0 ttl=0"),
        ("p.net 60 DNAME corp.org", "answer a.corp.net. 0 ttl=0"),
        ("corp.net 60 DNAME x.corp.net", None),
    ],
)
def test_a_dname_makes_the_alias(answer: str, expected: str | None) -> None:
    reading = read(answer)
    assert expected is None or told(reading) == expected
    if expected is None:  # each step makes the name longer: cut like any chain
        assert isinstance(reading, Resolution)
        assert reading.is_final
        assert sum(r.rtype == RRType.CNAME for r in reading.chain) == MAX_CHAIN


def test_a_dname_that_makes_too_long_a_name_is_garbage() -> None:
    long = from_labels([b"x" * 60] * 3 + [b"net"])
    answer = (Record(from_text("net"), RRType.DNAME, 60, from_labels([b"y" * 60] * 2)),)
    reading = interpret(Message(1, QR, answer=answer), Question(long, 1))
    assert isinstance(reading, Retry)


@pytest.mark.parametrize(("links", "is_cut"), [(MAX_CHAIN, False), (MAX_CHAIN + 1, True)])
def test_a_chain_has_at_most_twelve_links(links: int, is_cut: bool) -> None:
    text = "\n".join(f"n{n}.corp.net 60 CNAME n{n + 1}.corp.net" for n in range(links))
    reading = read(f"{text}\nn{links}.corp.net 60 A 10.0.0.1", name="n0.corp.net")
    assert isinstance(reading, Resolution)
    assert reading.is_final
    assert len(reading.chain) == MAX_CHAIN
    assert reading.rrset == () if is_cut else len(reading.rrset) == 1


def test_an_extended_rcode_counts() -> None:
    message = Message(1, QR, answer=records("a 60 A 10.0.0.1"), edns=Edns(extended_rcode=1))
    assert interpret(message, Question(from_text("a"), 1)) == Retry("BADVERS")


def test_an_soa_that_is_no_soa_settles_no_lifetime() -> None:
    authority = (Record(from_text("net"), RRType.SOA, 300, b"\0"),)
    reading = interpret(Message(1, QR, authority=authority), Question(from_text("a.net"), 1))
    assert reading == Resolution(Outcome.ANSWER, from_text("a.net"))


_CHAIN = records(
    "a.corp.net 60 CNAME b.corp.net\nb.corp.net 50 CNAME x.c.net\nc.net 40 DNAME d.net\n"
    "x.c.net 40 CNAME x.d.net\nx.d.net 70 A 10.0.0.1\nx.d.net 70 A 10.0.0.2"
)
_NOISE = records("z.corp.net 1 A 6.6.6.6\nx.d.net 1 TXT q\nz 1 CNAME a.corp.net\nnet 1 MX 1 a")


@given(st.permutations(_CHAIN + _NOISE), st.permutations(_NOISE))
def test_order_and_strange_records_change_nothing(
    answer: list[Record], authority: list[Record]
) -> None:
    question = Question(from_text("a.corp.net"), RRType.A)
    plain = interpret(Message(1, QR, answer=_CHAIN), question)
    noisy = Message(1, QR, answer=tuple(answer), authority=tuple(authority))
    reading = interpret(noisy, question)
    assert isinstance(plain, Resolution)
    assert isinstance(reading, Resolution)
    assert reading.chain == plain.chain
    assert set(reading.rrset) == set(plain.rrset)
    assert (reading.end, reading.ttl, reading.is_final) == (plain.end, 40, True)


_OWNER = st.sampled_from(["a", "b", "c.a", "a.b", "."]).map(from_text)
_LINKS = st.builds(Record, _OWNER, st.sampled_from([1, 5, 39]), st.just(60), _OWNER)


@given(st.lists(_LINKS, max_size=12), st.sampled_from([1, 5, 39, 255]))
def test_any_tangle_of_aliases_is_settled(answer: list[Record], rtype: int) -> None:
    question = Question(from_text("c.a"), rtype)
    reading = interpret(Message(1, QR, answer=tuple(answer)), question)
    if isinstance(reading, Resolution):
        assert all(rtype in (r.rtype, RRType.ANY) for r in reading.rrset)
        assert reading.end == reading.end.lower()
        assert reading.chain or reading.end == question.name
