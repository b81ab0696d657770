"""The decision: from a view, a question and what is known, to a reply; or to what is still wanted.

One pure function with no I/O. The caller looks up what is wanted and asks again with more facts,
until there is a reply. Every path that is not explicitly disclosed ends in `_nothing`, where hidden
and absent become one reply.
"""

from dataclasses import replace

from enclave_dns.disclosure.chain import Walk, Wants
from enclave_dns.disclosure.everything import every_type
from enclave_dns.disclosure.freshness import outdated
from enclave_dns.disclosure.outcome import answer, nodata, nothing, remark
from enclave_dns.disclosure.reply import Reply, disclosed, failed, no_answer
from enclave_dns.disclosure.sight import (
    HOSTS,
    HOSTS_TTL,
    NAMESERVERS,
    is_blocked,
    judgement,
    looked,
    permitted,
    permitted_in_hosts,
    seen,
)
from enclave_dns.disclosure.targets import TARGETED, targeted_records
from enclave_dns.disclosure.texts import BY_POLICY, text_records
from enclave_dns.disclosure.trace import Trace, Verdict
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts, Outcome, Question
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.rdata import name_in
from enclave_dns.wire.record import Record
from enclave_dns.wire.reverse import address_of, is_reverse

_OTHER_FAMILY = {RRType.A: RRType.AAAA, RRType.AAAA: RRType.A}


def decide(
    view: View, question: Question, facts: Facts, trace: Trace | None = None
) -> Reply | Wants:
    """Apply the disclosure rule to one question of a sender with this view.

    Returns the reply that may leave, or the questions that the nameservers must answer first.
    With a `trace`, notes the verdict on every record that was looked at.
    """
    if trace is not None:
        trace.clear()
    if question.rtype == RRType.PTR:
        return _reverse(view, question, facts, trace)
    if is_reverse(question.name) and not view.is_open:
        remark(trace, "only PTR records of a whole address are disclosed at a reverse name (D5)")
        return no_answer(view.no_answer)
    if question.rtype in _OTHER_FAMILY:
        return _address(view, question, facts, trace)
    if view.is_open:
        return _blocked(view, question, facts, trace) or every_type(view, question, facts, trace)
    if question.rtype == RRType.CNAME:
        return _alias(view, question, facts, trace)
    reply: Reply | Wants | None = None
    if question.rtype in TARGETED:
        reply = targeted_records(view, question, facts, trace)
    elif question.rtype in BY_POLICY:
        reply = text_records(view, question, facts, trace)
    return reply or _no_data(view, question, facts, trace)


def _reverse(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | Wants:
    """D5: the address in the question decides, before any look-up."""
    address = address_of(question.name)
    if address is None:
        remark(trace, "not the reverse name of a whole address: never disclosed (D5)")
        return no_answer(view.no_answer)
    is_allowed, reason = judgement(view, address)
    remark(trace, f"the address in the question: {reason} (D5)")
    if not is_allowed:
        return no_answer(view.no_answer)
    names = facts.hosts.names.get(address)
    if names:
        records = tuple(Record(question.name, RRType.PTR, HOSTS_TTL, name) for name in names)
        local = Walk(Outcome.ANSWER, question.name, rrset=records)
        return _pointers(view, question.name, local, address, HOSTS, trace)
    found = looked(question, facts)
    if isinstance(found, Wants):
        return found
    old = outdated(view, found, found.rrset, facts)
    if old is not None:
        return old
    if not found.rrset:
        return no_answer(view.no_answer) if facts.is_up else failed()
    return _pointers(view, question.name, found, address, NAMESERVERS, trace)


def _pointers(
    view: View, owner: Name, found: Walk, address: bytes, source: str, trace: Trace | None
) -> Reply:
    """PTR records of a permitted address, under the question's own name (RFC 2317 flattened).

    Those of an alias leave unsigned: under this name no signature fits them.
    """
    if trace is not None:
        for record in found.rrset:
            reason = "the address in the question is in the view"
            trace.note(Verdict(source, record, True, "D5", reason, address))
    signatures = () if found.chain else found.signatures
    here = replace(found, chain=(), end=owner, signatures=signatures)
    return answer(view, owner, here, found.rrset)


def _address(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | Wants:
    """A and AAAA: the first source with a disclosed address in either family answers (D1, D8)."""
    local = _from_hosts(view, question, facts, trace)
    if local is not None:
        return local
    walks: tuple[Walk, ...] = ()
    for rtype in (question.rtype, _OTHER_FAMILY[RRType(question.rtype)]):
        found = looked(Question(question.name, rtype), facts)
        if isinstance(found, Wants):
            return found
        shown = permitted(view, found, rtype, trace)
        old = outdated(view, found, shown, facts)
        if old is not None:
            return old
        if shown and not walks:
            return answer(view, question.name, found, shown)
        if shown:
            remark(trace, "the name is visible by its other family: no data of this type (D8)")
            return nodata(view, question.name, found, shown)
        walks += (found,)
    return nothing(view, question.name, walks, facts, trace)


def _blocked(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | None:
    """NODATA where a hosts line blocks the name, in an open view; else the file says nothing."""
    if not view.is_open or not is_blocked(question.name, facts.hosts):
        return None
    if permitted_in_hosts(view, question.name, facts.hosts, None):
        return None
    remark(trace, "a hosts line blocks this name, and names are no secret here (D7)")
    return disclosed((), (), end=question.name, lifetime=HOSTS_TTL, turns=False)


def _from_hosts(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | None:
    """What the hosts file says of this name to this view; None where it is not the source."""
    shown = permitted_in_hosts(view, question.name, facts.hosts, trace)
    if not shown:
        return _blocked(view, question, facts, trace)
    found = Walk(Outcome.ANSWER, question.name, rrset=shown)
    if not any(record.rtype == question.rtype for record in shown):
        remark(trace, "the hosts file has this name, in the other family or no address (D8)")
        return nodata(view, question.name, found, shown)
    own = tuple(record for record in shown if record.rtype == question.rtype)
    return answer(view, question.name, found, own)


def _alias(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | Wants:
    """CNAME asked for by type: each is disclosed when its target leads to a visible name (D3)."""
    found = looked(question, facts)
    if isinstance(found, Wants):
        return found
    shown = []
    for record in found.rrset:
        sight = seen(view, name_in(record.rdata).lower(), facts, trace, with_hosts=False)
        if isinstance(sight, Wants):
            return sight
        if trace is not None:
            ends = "at a visible name" if sight.is_visible else "hidden"
            trace.note(
                Verdict(NAMESERVERS, record, sight.is_visible, "D3", f"its chain ends {ends}")
            )
        if sight.is_visible:
            shown.append(record)
    old = outdated(view, found, shown, facts)
    if old is not None:
        return old
    if not shown:
        return _no_data(view, question, facts, trace)
    here = replace(found, chain=(), end=question.name)
    return answer(view, question.name, here, tuple(shown))


def _no_data(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | Wants:
    """Nothing of the asked type is disclosed: NODATA at a visible name, else nothing (D8)."""
    local = _from_hosts(view, question, facts, trace)
    if local is not None:
        return local
    sight = seen(view, question.name, facts, trace, with_hosts=False)
    if isinstance(sight, Wants):
        return sight
    if sight.walk is not None:
        return nodata(view, question.name, sight.walk, sight.shown)
    return nothing(view, question.name, sight.walks, facts, trace)
