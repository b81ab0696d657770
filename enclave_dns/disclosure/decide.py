"""The decision: from a view, a question and what is known, to a reply; or to what is still wanted.

One pure function with no I/O. The caller looks up what is wanted and asks again with more facts,
until there is a reply. Every path that is not explicitly disclosed ends in `_nothing`, where hidden
and absent become one reply.
"""

from enclave_dns.disclosure.chain import Walk, Wants, walk
from enclave_dns.disclosure.presentation import chain_shown, rrset_shown
from enclave_dns.disclosure.reply import Reply, disclosed, failed, no_answer
from enclave_dns.disclosure.sight import (
    HOSTS,
    HOSTS_TTL,
    NAMESERVERS,
    is_blocked,
    judgement,
    permitted,
    permitted_in_hosts,
)
from enclave_dns.disclosure.trace import Trace, Verdict
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts, Outcome, Question
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode, RRType
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
        _remark(trace, "only PTR records of a whole address are disclosed at a reverse name (D5)")
        return no_answer(view.no_answer)
    if question.rtype in _OTHER_FAMILY:
        return _address(view, question, facts, trace)
    if question.rtype == RRType.CNAME:
        return _alias(view, question, facts, trace)
    return _type_not_disclosed(view, question, facts, trace)


def _reverse(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | Wants:
    """D5: the address in the question decides, before any look-up."""
    address = address_of(question.name)
    if address is None:
        _remark(trace, "not the reverse name of a whole address: never disclosed (D5)")
        return no_answer(view.no_answer)
    is_allowed, reason = judgement(view, address)
    _remark(trace, f"the address in the question: {reason} (D5)")
    if not is_allowed:
        return no_answer(view.no_answer)
    names = facts.hosts.names.get(address)
    if names:
        records = tuple(Record(question.name, RRType.PTR, HOSTS_TTL, name) for name in names)
        local = Walk(Outcome.ANSWER, question.name, rrset=records)
        return _pointers(view, question.name, local, address, HOSTS, trace)
    found = walk(question, facts.answers)
    if isinstance(found, Wants):
        return found
    if not found.rrset:
        return no_answer(view.no_answer) if facts.is_up else failed()
    return _pointers(view, question.name, found, address, NAMESERVERS, trace)


def _pointers(
    view: View, owner: Name, found: Walk, address: bytes, source: str, trace: Trace | None
) -> Reply:
    """PTR records of a permitted address, under the question's own name (RFC 2317 flattened)."""
    if trace is not None:
        for record in found.rrset:
            reason = "the address in the question is in the view"
            trace.note(Verdict(source, record, True, "D5", reason, address))
    rrset, lifetime = rrset_shown(view, owner, found, found.rrset)
    return disclosed((), rrset, end=owner, lifetime=lifetime, turns=not view.is_open)


def _address(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | Wants:
    """A and AAAA: the first source with a disclosed address in either family answers (D1, D8)."""
    local = _from_hosts(view, question, facts, trace)
    if local is not None:
        return local
    own = walk(question, facts.answers)
    if isinstance(own, Wants):
        return own
    shown = permitted(view, own, question.rtype, trace)
    if shown:
        return _answer(view, question.name, own, shown)
    companion = Question(question.name, _OTHER_FAMILY[RRType(question.rtype)])
    other = walk(companion, facts.answers)
    if isinstance(other, Wants):
        return other
    visible = permitted(view, other, companion.rtype, trace)
    if visible:
        _remark(trace, "the name is visible by its other family: no data of this type (D8)")
        return _nodata(view, question.name, other, visible)
    return _nothing(view, question.name, (own, other), facts, trace)


def _from_hosts(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | None:
    """What the hosts file says of this name to this view; None where it is not the source."""
    shown = permitted_in_hosts(view, question.name, facts.hosts, trace)
    if not shown:
        if view.is_open and is_blocked(question.name, facts.hosts):
            _remark(trace, "a hosts line blocks this name, and names are no secret here (D7)")
            return disclosed((), (), end=question.name, lifetime=HOSTS_TTL, turns=False)
        return None
    found = Walk(Outcome.ANSWER, question.name, rrset=shown)
    if not any(record.rtype == question.rtype for record in shown):
        _remark(trace, "the hosts file has this name, in the other family or no address (D8)")
        return _nodata(view, question.name, found, shown)
    own = tuple(record for record in shown if record.rtype == question.rtype)
    return _answer(view, question.name, found, own)


def _alias(view: View, question: Question, facts: Facts, trace: Trace | None) -> Reply | Wants:
    """CNAME asked for by type: each is disclosed when its target leads to a visible name (D3)."""
    found = facts.answers.get(question)
    if found is None:
        return Wants((question,))
    shown = []
    for record in found.rrset:
        is_allowed = True
        if not view.is_open:
            seen = _seen_at_nameservers(view, name_in(record.rdata).lower(), facts, trace)
            if isinstance(seen, Wants):
                return seen
            is_allowed = bool(seen[1])
        if trace is not None:
            reason = "its chain ends at a visible name" if is_allowed else "its chain ends hidden"
            trace.note(Verdict(NAMESERVERS, record, is_allowed, "D3", reason))
        if is_allowed:
            shown.append(record)
    if not shown:
        return _type_not_disclosed(view, question, facts, trace)
    here = Walk(Outcome.ANSWER, question.name, age=found.age, is_stale=found.is_stale)
    return _answer(view, question.name, here, tuple(shown))


def _type_not_disclosed(
    view: View, question: Question, facts: Facts, trace: Trace | None
) -> Reply | Wants:
    """A type of which nothing is disclosed: NODATA at a visible name, else nothing (D8)."""
    local = _from_hosts(view, question, facts, trace)
    if local is not None:
        return local
    seen = _seen_at_nameservers(view, question.name, facts, trace)
    if isinstance(seen, Wants):
        return seen
    walks, visible = seen
    if visible:
        return _nodata(view, question.name, walks[-1], visible)
    return _nothing(view, question.name, walks, facts, trace)


def _seen_at_nameservers(
    view: View, name: Name, facts: Facts, trace: Trace | None
) -> tuple[tuple[Walk, ...], tuple[Record, ...]] | Wants:
    """D2 at the nameservers: the walks of the families asked, and what is disclosed of the last."""
    walks: tuple[Walk, ...] = ()
    for rtype in (RRType.A, RRType.AAAA):
        found = walk(Question(name, rtype), facts.answers)
        if isinstance(found, Wants):
            return found
        walks += (found,)
        shown = permitted(view, found, rtype, trace)
        if shown:
            return walks, shown
    return walks, ()


def _answer(view: View, name: Name, found: Walk, shown: tuple[Record, ...]) -> Reply:
    """Disclosed records behind their chain."""
    chain, chain_lifetime, owner = chain_shown(view, name, found)
    rrset, lifetime = rrset_shown(view, owner, found, shown)
    return disclosed(
        chain,
        rrset,
        end=owner,
        lifetime=min(lifetime, chain_lifetime),
        turns=not view.is_open,
    )


def _nodata(view: View, name: Name, visible: Walk, shown: tuple[Record, ...]) -> Reply:
    """NODATA for a visible name; `shown` are the disclosed addresses that make it visible.

    The chain is the one that leads to them, whichever family that is: all of what this reply says
    is then disclosed, and nothing hangs on the records that are not.
    """
    chain, lifetime, owner = chain_shown(view, name, visible)
    _, rrset_lifetime = rrset_shown(view, owner, visible, shown)
    return disclosed(chain, (), end=owner, lifetime=min(lifetime, rrset_lifetime), turns=False)


def _nothing(
    view: View, name: Name, walks: tuple[Walk, ...], facts: Facts, trace: Trace | None
) -> Reply:
    """Nothing is disclosed: D8. In a restricted view this looks at no walk at all."""
    if not view.is_open:
        if not facts.is_up:
            return failed()
        _remark(trace, "nothing is disclosed: the same reply as for a name that does not exist")
        return no_answer(view.no_answer)
    for outcome, rcode in ((Outcome.ANSWER, RCode.NOERROR), (Outcome.NXDOMAIN, RCode.NXDOMAIN)):
        for found in walks:
            if found.outcome is outcome:
                chain, lifetime, owner = chain_shown(view, name, found)
                return disclosed(chain, (), end=owner, lifetime=lifetime, turns=False, rcode=rcode)
    return no_answer(view.no_answer) if facts.is_up else failed()


def _remark(trace: Trace | None, text: str) -> None:
    if trace is not None:
        trace.remark(text)
