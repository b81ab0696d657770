"""Judging a gateway's answer with our own view of it: a gateway may lie, or be somebody else.

A gateway cannot hand out addresses that it does not route, nor blank out names that others answer:
addresses are held against the view that the organisation gives us through this gateway (D1), and a
reply without an address counts only where the same gateway gave a checked address for the name.
Pure: says what is still wanted, as the rule does.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

_SIZES: Final[dict[int, int]] = {RRType.A: 4, RRType.AAAA: 16}
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
    """A verdict, and the resolution with only the records that passed."""

    verdict: Verdict
    resolution: Resolution


def check(view: View, question: Question, resolution: Resolution) -> Checked:
    """Judge what a gateway with this view of ours said to a question."""
    size = _SIZES.get(question.rtype)
    if resolution.outcome is Outcome.FAILED:
        return Checked(Verdict.NO_ANSWER, resolution)
    if resolution.outcome is Outcome.NXDOMAIN:
        # A restricted gateway never says NXDOMAIN of what may be hidden: it cannot know for us.
        return Checked(Verdict.TAKEN if view.is_open else Verdict.NO_ANSWER, resolution)
    if size is not None and resolution.rrset:
        passed = tuple(record for record in resolution.rrset if _passes(view, record, size))
        verdict = Verdict.TAKEN if passed else Verdict.NO_ANSWER
        return Checked(verdict, replace(resolution, rrset=passed))
    if view.is_open or (resolution.rrset and question.rtype in _TAKEN_AS_THEY_ARE):
        return Checked(Verdict.TAKEN, resolution)
    return Checked(Verdict.NEEDS_ADDRESS, resolution)


def companions(question: Question) -> tuple[Question, ...]:
    """The questions of which one must bring a checked address, in the order to ask them."""
    families = (RRType.A, RRType.AAAA)
    return tuple(Question(question.name, rtype) for rtype in families if rtype != question.rtype)


def _passes(view: View, record: Record, size: int) -> bool:
    return len(record.rdata) == size and view.permits(record.rdata)
