"""Replies as dnspython reads them, held against what the naive model expects.

All is compared in lower case.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

from enclave_dns.resolution import Question
from enclave_dns.wire.names import Name, labels
from enclave_dns.wire.numbers import RRType
from tests.fakes.naive_model import Expected, Model, Shown
from tests.fakes.paired_worlds import MAIN, Pair
from tests.fakes.virtual_clock import Heard
from tests.fakes.worlds_of_all_types import ADDRESSES, DNAMED, LOCAL, NOWHERE, OWNERS, TEXTS

RNAME = b"\6nobody\7invalid\0"
LIMIT = 512
"""The smallest reply that a client may ask for (bytes)."""


def records_of(section: list[dns.rrset.RRset]) -> frozenset[Shown]:
    """The records of a section."""
    return frozenset(
        (
            (rrset.name.to_wire() or b"").lower(),
            int(rrset.rdtype),
            rrset.ttl,
            item.to_wire().lower(),
        )
        for rrset in section
        for item in rrset
    )


def folded(expected: Expected) -> Expected:
    """The same without regard to case, which compression may take from elsewhere."""
    answer, additional = (
        frozenset((owner, rtype, ttl, rdata.lower()) for owner, rtype, ttl, rdata in section)
        for section in (expected.answer, expected.additional)
    )
    return replace(expected, answer=answer, additional=additional)


def check_complete(packet: bytes, expected: Expected, no_answer: int, is_tcp: bool) -> None:
    """Assert that a reply says what is expected, record for record."""
    reply = dns.message.from_wire(packet, one_rr_per_rrset=True)
    expected = folded(expected)
    answer, additional = records_of(reply.answer), records_of(reply.additional)
    if expected.outcome == "no_answer":
        assert int(reply.rcode()) == no_answer
        assert not [*answer, *additional, *reply.authority]
        return
    assert reply.rcode() == 0
    if reply.flags & dns.flags.TC:
        assert not is_tcp
        assert answer < expected.answer or (not reply.authority and expected.soa)
        return
    assert answer == expected.answer
    missing = expected.additional - additional
    assert additional <= expected.additional
    assert not missing or (not is_tcp and len(packet) + 40 * (len(missing) + 1) > LIMIT)
    assert len(reply.authority) == (expected.soa is not None)
    if expected.soa is not None:
        ((owner, rtype, ttl, rdata),) = records_of(reply.authority)
        assert (owner, rtype, ttl) == (expected.soa, RRType.SOA, 30)
        numbers = b"".join(number.to_bytes(4) for number in (1, 30, 30, 30, 30))
        assert rdata.lower() == owner + RNAME + numbers


def checked(pair: Pair, heard: list[Heard | None]) -> Iterator[tuple[Question, Heard, bool]]:
    """What the main sender heard while every nameserver had always been up."""
    starts = list(accumulate(event.wait for event in pair.script))
    down = (at for at, event in zip(starts, pair.script, strict=True) if event.turns_up is False)
    border = next(down, starts[-1] + 9) - 1
    for at, event, question, one in zip(starts, pair.script, pair.questions, heard, strict=True):
        if question is not None and event.source == MAIN and at < border:
            assert one is not None, f"no reply to {question}"
            yield question, one, event.is_tcp


def spellings(address: bytes) -> tuple[bytes, ...]:
    """The raw and the textual forms of an address."""
    text = ADDRESSES[address]
    if len(address) == 4:
        octets = text.split(".")
        return address, text.encode(), ".".join(reversed(octets)).encode()
    return address, text.encode()


def label_bytes(name: Name) -> set[bytes]:
    return {bytes((len(label),)) + label for label in labels(name.lower())}


LABELS = {
    label
    for name in (*OWNERS, *DNAMED, NOWHERE, LOCAL)
    for label in label_bytes(name)
    if label.endswith(b"x7q")
}
"""Every label that only these worlds use."""


def check_no_escape(packet: bytes, question: Question, model: Model, expected: Expected) -> None:
    """Assert that outside its question a reply holds nothing of what is hidden.

    Of the labels of the world those of the question and of disclosed records may be there.
    """
    dns.message.from_wire(packet)
    rest = packet[12 + len(question.name) + 4 :]
    folded = rest.lower()
    for address in ADDRESSES:
        if not model.may(address):
            found = [form for form in spellings(address) if form in rest]
            assert not found, (question, found)
    disclosed = label_bytes(question.name)
    for owner, _, _, rdata in expected.answer | expected.additional:
        disclosed |= label_bytes(owner) | {label for label in LABELS if label in rdata.lower()}
    for label in LABELS - disclosed:
        assert label not in folded, (question, label)
    for text in TEXTS:
        word = text[:4]
        is_told = any(word in rdata for _, _, _, rdata in expected.answer)
        assert is_told or word not in rest, (question, text)
    for secret in (b"echsecret", b"keysecret", b"neverx7"):
        assert secret not in rest, (question, secret)
