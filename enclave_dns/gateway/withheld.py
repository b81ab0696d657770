"""How many address records a decision withheld, for the counters: a number, never a name. Pure."""

from collections.abc import Mapping

from enclave_dns.disclosure.chain import Walk, walk
from enclave_dns.disclosure.sight import permitted
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Question, Resolution
from enclave_dns.wire.numbers import RRType


def withheld(view: View, question: Question, answers: Mapping[Question, Resolution]) -> int:
    """Address records at the end of a question's chain that the view does not permit (D1).

    0 for questions of other types, and while the end is not known.
    """
    if question.rtype not in (RRType.A, RRType.AAAA):
        return 0
    found = walk(question, answers)
    if not isinstance(found, Walk):
        return 0
    return len(found.rrset) - len(permitted(view, found, question.rtype, None))
