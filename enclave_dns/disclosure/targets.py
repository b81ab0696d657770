"""Records that point at a name: SRV, MX, NS, SVCB, HTTPS, KX, AFSDB, RT (D4); no others.

Each is judged by its own target, whatever its owner is: it leaves when the target is visible, as
the gateway looks it up. The disclosed addresses of permitted targets go into the additional
section. Look-ups are bounded: 256 targets, in name order, 32 at a time; what is not settled in time
is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from enclave_dns.disclosure.chain import Walk, Wants
from enclave_dns.disclosure.freshness import outdated
from enclave_dns.disclosure.hints import trimmed
from enclave_dns.disclosure.outcome import answer
from enclave_dns.disclosure.presentation import rrset_shown
from enclave_dns.disclosure.reply import Reply
from enclave_dns.disclosure.sight import NAMESERVERS, Sight, looked, seen
from enclave_dns.disclosure.trace import Trace, Verdict
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import MAX_CHAIN, Facts, Question
from enclave_dns.wire.names import ROOT, Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.rdata import name_in
from enclave_dns.wire.record import Record
from enclave_dns.wire.svcb import Service, read_service

MAX_TARGETS: Final = 256
AT_ONCE: Final = 32

_OFFSETS: Final[dict[int, int]] = {
    RRType.SRV: 6,
    RRType.MX: 2,
    RRType.NS: 0,
    RRType.KX: 2,
    RRType.AFSDB: 2,
    RRType.RT: 2,
}
SERVICES: Final = frozenset((RRType.SVCB, RRType.HTTPS))
TARGETED: Final = frozenset(_OFFSETS) | SERVICES


@dataclass(frozen=True, slots=True)
class _Pointing:
    """A record as it would leave, and the name that must be visible for it."""

    record: Record
    target: Name
    is_alias: bool = False


def targeted_records(
    view: View, question: Question, facts: Facts, trace: Trace | None
) -> Reply | Wants | None:
    """The reply with the records whose targets are visible; None where none is."""
    found = looked(question, facts)
    if isinstance(found, Wants):
        return found
    pointing = [p for record in found.rrset if (p := _pointing(view, record, found.end))]
    names = sorted({entry.target.lower() for entry in pointing})[:MAX_TARGETS]
    sights, wanted = _sights(view, names, facts)
    aliased, more = _aliases(view, question.rtype, pointing, sights, facts)
    if wanted or more:
        return _together(wanted + more)
    visible = [
        entry
        for entry in pointing
        if (sight := sights.get(entry.target.lower())) is not None
        and (sight.is_visible or (entry.is_alias and entry.target.lower() in aliased))
    ]
    shown = tuple(entry.record for entry in visible)
    _note(trace, found, pointing, visible)
    old = outdated(view, found, shown, facts)
    if old is not None:
        return old
    if not shown:
        return None
    beside = _additional(view, visible, sights)
    return answer(view, question.name, found, shown, beside, is_late=facts.is_late)


def _pointing(view: View, record: Record, owner: Name) -> _Pointing | None:
    """What a record points at; None where it is malformed or points at nothing."""
    if record.rtype in SERVICES:
        service = read_service(record.rdata)
        return None if service is None else _service(view, record, service, owner)
    target = name_in(record.rdata, _OFFSETS[record.rtype])
    return None if target == ROOT else _Pointing(record, target)


def _service(view: View, record: Record, service: Service, owner: Name) -> _Pointing | None:
    """`.` means the owner in service mode, and nothing in alias mode (RFC 9460, 2.5)."""
    if service.is_alias:
        if service.target == ROOT:
            return None
        return _Pointing(replace(record, rdata=service.rdata()), service.target, is_alias=True)
    target = owner if service.target == ROOT else service.target
    return _Pointing(replace(record, rdata=trimmed(view, service).rdata()), target)


def _together(wanted: list[Wants]) -> Wants:
    """One round of look-ups: what is not known yet, and only after that what is too old."""
    is_refresh = all(wants.refresh for wants in wanted)
    questions = (q for wants in wanted if wants.refresh == is_refresh for q in wants.questions)
    return Wants(tuple(dict.fromkeys(questions))[:AT_ONCE], is_refresh, are_targets=True)


def _sights(
    view: View, names: Iterable[Name], facts: Facts
) -> tuple[dict[Name, Sight], list[Wants]]:
    """What is seen of each target, and what is wanted for the rest; nothing is when it is late."""
    sights: dict[Name, Sight] = {}
    wanted: list[Wants] = []
    for name in names:
        sight = seen(view, name, facts, None)
        if isinstance(sight, Wants):
            wanted.append(sight)
        else:
            sights[name] = sight
    return sights, wanted


def _aliases(
    view: View,
    rtype: int,
    pointing: list[_Pointing],
    sights: dict[Name, Sight],
    facts: Facts,
) -> tuple[set[Name], list[Wants]]:
    """Alias-mode targets that lead to a disclosed record of the asked type (D3).

    The first MAX_CHAIN of them by name are followed; one is what an owner should have.
    """
    leading: set[Name] = set()
    wanted: list[Wants] = []
    names = {entry.target.lower() for entry in pointing if entry.is_alias}
    unseen = [name for name in sorted(names) if name in sights and not sights[name].is_visible]
    for name in unseen[:MAX_CHAIN]:
        leads, more = _leads(view, name, rtype, facts)
        wanted += more
        if leads:
            leading.add(name)
    return leading, wanted


def _leads(view: View, start: Name, rtype: int, facts: Facts) -> tuple[bool, list[Wants]]:
    """Whether a name has a service record that is disclosed, itself or behind more aliases.

    While none is known, also what is wanted to find out. At most MAX_CHAIN names and AT_ONCE
    records are looked at, however the aliases branch.
    """
    waiting, visited = [start], {start}
    left = AT_ONCE
    wanted: list[Wants] = []
    for name in waiting:
        found = looked(Question(name, rtype), facts)
        if isinstance(found, Wants):
            wanted.append(found)
            continue
        found = replace(found, rrset=found.rrset[:left])
        left -= len(found.rrset)
        visible, aliases, more = _ends(view, found, facts)
        if visible and not more:
            return True, []
        wanted += more
        for alias in aliases:
            if alias not in visited and len(waiting) < MAX_CHAIN:
                visited.add(alias)
                waiting.append(alias)
    return False, wanted


def _ends(view: View, found: Walk, facts: Facts) -> tuple[list[Record], list[Name], list[Wants]]:
    """Service records that point at visible names, the targets of further aliases, and wants."""
    visible: list[Record] = []
    aliases: list[Name] = []
    wanted: list[Wants] = []
    for record in found.rrset:
        entry = _pointing(view, record, found.end)
        if entry is None:
            continue
        sight = seen(view, entry.target.lower(), facts, None)
        if isinstance(sight, Wants):
            wanted.append(sight)
        elif sight.is_visible:
            visible.append(record)
        elif entry.is_alias:
            aliases.append(entry.target.lower())
    # Only once all of them are known: what is disclosed says how long it counts.
    if not wanted and (old := outdated(view, found, visible, facts)) is not None:
        wanted.append(old)
    return visible, aliases, wanted


def _additional(
    view: View, visible: list[_Pointing], sights: dict[Name, Sight]
) -> tuple[Record, ...]:
    """The disclosed addresses of the targets, each under the name as its record spells it."""
    found: dict[tuple[Name, int, bytes], Record] = {}
    # In an order of ours: of two spellings of one name, the upstream's order must not choose.
    for entry in sorted(visible, key=lambda entry: entry.record.rdata):
        sight = sights[entry.target.lower()]
        if sight.walk is None or sight.walk.chain:
            continue
        for rtype in (RRType.A, RRType.AAAA):
            addresses = tuple(record for record in sight.shown if record.rtype == rtype)
            records, _ = rrset_shown(view, entry.target, sight.walk, addresses)
            for record in records:
                found.setdefault((record.name.lower(), record.rtype, record.rdata), record)
    return tuple(found[key] for key in sorted(found))


def _note(
    trace: Trace | None, found: Walk, pointing: list[_Pointing], visible: list[_Pointing]
) -> None:
    if trace is None:
        return
    whole = {entry.record.rdata: entry for entry in pointing}
    allowed = {entry.record.rdata for entry in visible}
    for entry in pointing:
        is_allowed = entry.record.rdata in allowed
        reason = "its target is visible" if is_allowed else "its target is not visible"
        trace.note(Verdict(NAMESERVERS, entry.record, is_allowed, "D4", reason))
    if len(whole) < len(found.rrset):
        trace.remark("records without a target, or malformed ones, are not disclosed (D4)")
