"""Judging a gateway's answer with our own view of it: a gateway may lie, or be somebody else.

A gateway cannot hand out addresses that it does not route, nor blank out names that others answer:
addresses and hints are held against the view that the organisation gives us through it (D1), and a
reply without one counts only where the same gateway gave a checked address for the name. Pure: says
what is still wanted, as the rule does.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from enclave_dns.disclosure.hints import has_hint, trimmed
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.svcb import read_service

_SIZES: Final[dict[int, int]] = {RRType.A: 4, RRType.AAAA: 16}
_SERVICES: Final = frozenset((RRType.SVCB, RRType.HTTPS))
_TAKEN_AS_THEY_ARE: Final = frozenset((RRType.SRV, RRType.MX, RRType.NS, RRType.PTR))


class Verdict(Enum):
    """What becomes of a gateway's resolution."""

    TAKEN = "taken"
    NO_ANSWER = "no answer"
    """As if the gateway did not know the name."""
    NEEDS_ADDRESS = "needs address"
    """It counts only if the gateway gives a checked address for the name: ask for that first."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict in words, and the resolution with only the records that passed.

    `has_address`: an address or a hint of it passed.
    """

    verdict: Verdict
    resolution: Resolution
    reason: str
    has_address: bool = False


def check(view: View, question: Question, resolution: Resolution) -> Checked:
    """Judge what a gateway with this view of ours said to a question.

    FAILED stands for its no-answer.
    """
    if resolution.outcome in (Outcome.FAILED, Outcome.DOWN):
        return Checked(Verdict.NO_ANSWER, resolution, "it does not know the name, or may not say")
    if resolution.outcome is Outcome.NXDOMAIN:
        if view.is_open:
            return Checked(Verdict.TAKEN, resolution, "it says that the name does not exist")
        return Checked(Verdict.NO_ANSWER, resolution, "NXDOMAIN of a restricted gateway")
    if question.rtype in _SIZES and resolution.rrset:
        return _addresses(view, question, resolution)
    if question.rtype in _SERVICES and resolution.rrset:
        return _services(view, resolution)
    if resolution.rrset and question.rtype in _TAKEN_AS_THEY_ARE:
        return Checked(Verdict.TAKEN, resolution, "its records are taken as they are")
    if view.is_open:
        return Checked(Verdict.TAKEN, resolution, "an open gateway's word")
    return Checked(Verdict.NEEDS_ADDRESS, resolution, "it has no address, but knows the name")


def _addresses(view: View, question: Question, resolution: Resolution) -> Checked:
    size = _SIZES[question.rtype]
    passed = tuple(
        record
        for record in resolution.rrset
        if len(record.rdata) == size and view.permits(record.rdata)
    )
    left = replace(resolution, rrset=passed)
    if not passed:
        return Checked(Verdict.NO_ANSWER, left, "addresses that it does not route: not believed")
    dropped = len(resolution.rrset) - len(passed)
    reason = f"{dropped} of its addresses are not believed" if dropped else "every address checked"
    return Checked(Verdict.TAKEN, left, reason, has_address=True)


def _services(view: View, resolution: Resolution) -> Checked:
    """Hints are trimmed; a record that cannot be read is dropped alone."""
    passed: list[Record] = []
    has_address = False
    for record in resolution.rrset:
        service = read_service(record.rdata)
        if service is not None:
            service = trimmed(view, service)
            has_address = has_address or has_hint(service)
            passed.append(replace(record, rdata=service.rdata()))
    left = replace(resolution, rrset=tuple(passed))
    if not passed:
        return Checked(Verdict.NO_ANSWER, left, "no record of it could be read")
    if has_address or view.is_open:
        return Checked(Verdict.TAKEN, left, "its hints are checked", has_address)
    return Checked(Verdict.NEEDS_ADDRESS, left, "it has no address, but knows the name")


def companions(question: Question) -> tuple[Question, ...]:
    """The questions of which one must bring a checked address, in the order to ask them."""
    families = (RRType.A, RRType.AAAA)
    return tuple(Question(question.name, rtype) for rtype in families if rtype != question.rtype)
