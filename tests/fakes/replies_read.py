"""Replies as dnspython reads them, held against what the naive model expects.

All is compared in lower case.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

from enclave_dns.resolution import Question
from enclave_dns.wire.names import Name, labels
from enclave_dns.wire.numbers import RCode, RRType
from tests.fakes.address_holders import KEY
from tests.fakes.generated_records import SIGNATURE
from tests.fakes.naive_model import Expected, Model, Shown
from tests.fakes.paired_worlds import MAIN, Pair, Policy, has_do
from tests.fakes.virtual_clock import Heard
from tests.fakes.world_contents import ADDRESSES, DNAMED, LOCAL, NOWHERE, OWNERS, TEXTS
from tests.fakes.worlds_of_all_types import World

RNAME = b"\6nobody\7invalid\0"
LIMIT = 512
"""The smallest reply that a client may ask for (bytes)."""

Untimed = tuple[Name, int, bytes]


@dataclass(frozen=True)
class Told:
    """One query of the main sender, `since` the script's start (seconds), and its reply."""

    question: Question
    has_do: bool
    is_tcp: bool
    since: float
    packet: bytes


def records_of(section: list[dns.rrset.RRset]) -> dict[Untimed, int]:
    """The records of a section and their TTLs."""
    return {
        ((rrset.name.to_wire() or b"").lower(), int(rrset.rdtype), item.to_wire().lower()): (
            rrset.ttl
        )
        for rrset in section
        for item in rrset
    }


def folded(section: Iterable[Shown]) -> dict[Untimed, int]:
    """The same without regard to case, which compression may take from elsewhere."""
    return {(owner, rtype, rdata.lower()): ttl for owner, rtype, ttl, rdata in section}


def check_complete(told: Told, expected: Expected, policy: Policy) -> None:
    """Assert that a reply says what is expected, record for record.

    A TTL may have aged in an open view: by as much as has gone by since the script began.
    """
    reply = dns.message.from_wire(told.packet, one_rr_per_rrset=True)
    answer, additional = records_of(reply.answer), records_of(reply.additional)
    if expected.outcome == "no_answer":
        assert int(reply.rcode()) == policy.rcode
        assert not [*answer, *additional, *reply.authority]
        return
    assert int(reply.rcode()) == (RCode.NXDOMAIN if expected.outcome == "nxdomain" else 0)
    whole, beside = folded(expected.answer), folded(expected.additional)
    _check_ttls(answer | additional, whole | beside, told.since if policy.is_open else 0.0)
    if reply.flags & dns.flags.TC:
        assert not told.is_tcp
        assert answer.keys() < whole.keys() or (not reply.authority and expected.soa)
        return
    assert answer.keys() == whole.keys()
    missing = beside.keys() - additional.keys()
    assert additional.keys() <= beside.keys()
    assert not missing or (not told.is_tcp and len(told.packet) + 40 * (len(missing) + 1) > LIMIT)
    assert len(reply.authority) == (expected.soa is not None)
    if expected.soa is not None:
        (((owner, rtype, rdata), ttl),) = records_of(reply.authority).items()
        assert (owner, rtype, ttl) == (expected.soa, RRType.SOA, 30)
        numbers = b"".join(number.to_bytes(4) for number in (1, 30, 30, 30, 30))
        assert rdata == owner + RNAME + numbers


def _check_ttls(found: dict[Untimed, int], whole: dict[Untimed, int], aged: float) -> None:
    for record, ttl in found.items():
        assert record in whole, record
        assert max(0, whole[record] - ceil(aged)) <= ttl <= whole[record], record


def checked(pair: Pair, heard: list[Heard | None]) -> Iterator[Told]:
    """What the main sender heard while every nameserver had always been up."""
    starts = list(accumulate(event.wait for event in pair.script))
    down = (at for at, event in zip(starts, pair.script, strict=True) if event.turns_up is False)
    border = next(down, starts[-1] + 9) - 1
    for at, event, question, one in zip(starts, pair.script, pair.questions, heard, strict=True):
        if question is not None and event.source == MAIN and at < border:
            assert one is not None, f"no reply to {question}"
            yield Told(question, has_do(event.packet), event.is_tcp, at, one.packet)


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


def check_no_escape(told: Told, model: Model, expected: Expected) -> None:
    """Assert that outside its question a reply holds nothing of what is hidden.

    Of the labels of the world those of the question and of disclosed records may be there.
    """
    question = told.question
    dns.message.from_wire(told.packet)
    rest = told.packet[12 + len(question.name) + 4 :]
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
    said = b"".join(rdata for _, _, _, rdata in expected.answer)
    for marker in markers(model.world):
        assert marker in said or marker not in rest, (question, marker)


def markers(world: World) -> Iterator[bytes]:
    """What stands in one text, one parameter, one kind of record, or one signature alone."""
    yield from (text[:4] for text in TEXTS)
    yield from (b"echsecret", b"keysecret", b"neverx7", KEY)
    for signatures in world.signatures.values():
        yield from (record.rdata[record.rdata.index(SIGNATURE) :] for record in signatures)
