"""Signatures in a reply: those over its chain and its records are kept, and no others."""

from enclave_dns.resolution import Question, Resolution
from enclave_dns.upstream.reading import interpret
from enclave_dns.wire.message import Message
from enclave_dns.wire.names import Name, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

WWW, DB, OTHER = map(from_text, ("www.corp.net", "db.corp.net", "other.corp.net"))
ASKED = Question(WWW, RRType.A)
LINK = Record(WWW, RRType.CNAME, 60, DB)
ADDRESS = Record(DB, RRType.A, 30, b"\x0a\0\0\x1e")


def signature(owner: Name, covered: int, numbers: int = 16) -> Record:
    return Record(owner, RRType.RRSIG, 60, covered.to_bytes(2) + bytes(numbers) + b"\0sig")


def read(*records: Record, question: Question = ASKED) -> Resolution:
    found = interpret(Message(0, 0x8180, (), records), question)
    assert isinstance(found, Resolution)
    return found


def test_signatures_over_chain_and_records_are_kept_in_that_order() -> None:
    over_link, over_address = signature(WWW, 5), signature(DB, 1)
    found = read(over_address, LINK, over_link, ADDRESS)
    assert (found.chain, found.rrset) == ((LINK,), (ADDRESS,))
    assert found.signatures == (over_link, over_address)


def test_signatures_over_anything_else_are_not() -> None:
    others = (signature(OTHER, 1), signature(DB, 28), signature(WWW, 1), signature(DB, 6))
    assert read(LINK, ADDRESS, *others).signatures == ()


def test_a_signature_that_is_too_short_is_none() -> None:
    short = Record(DB, RRType.RRSIG, 60, (1).to_bytes(2) + bytes(16))
    assert read(LINK, ADDRESS, short).signatures == ()
