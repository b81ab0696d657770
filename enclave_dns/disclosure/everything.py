"""Open views: all types, names are no secret, and D1 for every address in every record (D7).

DNSSEC records leave as what they are; signatures only with records of which nothing was removed.
"""

from dataclasses import replace

from enclave_dns.disclosure.chain import Wants
from enclave_dns.disclosure.freshness import outdated
from enclave_dns.disclosure.holders import permitted_form
from enclave_dns.disclosure.outcome import answer, nodata, nothing
from enclave_dns.disclosure.reply import Reply
from enclave_dns.disclosure.sight import NAMESERVERS, looked, seen
from enclave_dns.disclosure.trace import Trace, Verdict
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts, Question
from enclave_dns.wire.record import Record


def every_type(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | Wants:
    """A question of any type but addresses and PTR, in an open view."""
    found = looked(question, facts)
    if isinstance(found, Wants):
        return found
    shown: list[Record] = []
    for record in found.rrset:
        form = permitted_form(view, record)
        if trace is not None:
            allowed = "names are no secret in an open view"
            reason = allowed if form is not None else "it holds an address that is not in the view"
            trace.note(Verdict(NAMESERVERS, record, form is not None, "D7", reason))
        if form is not None:
            shown.append(replace(record, rdata=form))
    old = outdated(view, found, shown, facts)
    if old is not None:
        return old
    if shown:
        return answer(view, question.name, found, tuple(shown))
    # Absent or not: some servers say NXDOMAIN of names that have an address in one family.
    sight = seen(view, question.name, facts, trace)
    if isinstance(sight, Wants):
        return sight
    if sight.walk is not None:
        return nodata(view, question.name, sight.walk, sight.shown)
    return nothing(view, question.name, (found, *sight.walks), facts, trace)
