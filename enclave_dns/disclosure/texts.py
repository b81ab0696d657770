"""Records that hold text or keys: TXT, CAA, SSHFP, TLSA, and by policy URI and NAPTR (D6, D6b).

They are disclosed at a visible name (TLSA at `_port._proto.N`, where N is visible), and below a
policy's `disclosed_suffixes` whether the name is visible or not; never where their text holds an
address literal that is not wholly in the view.
"""

from typing import Final

from enclave_dns.disclosure.chain import Walk, Wants
from enclave_dns.disclosure.freshness import outdated
from enclave_dns.disclosure.literals import holds_hidden
from enclave_dns.disclosure.outcome import answer
from enclave_dns.disclosure.reply import Reply
from enclave_dns.disclosure.sight import NAMESERVERS, looked, seen
from enclave_dns.disclosure.trace import Trace, Verdict
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts, Question
from enclave_dns.wire.names import Name, is_at_or_below, labels, parent
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

AT_VISIBLE_NAMES: Final = frozenset((RRType.TXT, RRType.CAA, RRType.SSHFP, RRType.TLSA))
BY_POLICY: Final = AT_VISIBLE_NAMES | {RRType.URI, RRType.NAPTR}


def text_records(
    view: View, question: Question, facts: Facts, trace: Trace | None
) -> Reply | Wants | None:
    """The reply with the records of a text type that may leave; None where none may."""
    if not view.disclosed_suffixes and question.rtype not in AT_VISIBLE_NAMES:
        return None
    found = looked(question, facts)
    if isinstance(found, Wants):
        return found
    # The records stand at the end of the chain: an alias that is visible opens no other name.
    is_by_policy = any(is_at_or_below(found.end, suffix) for suffix in view.disclosed_suffixes)
    clean = tuple(
        record
        for record in found.rrset
        if (text := text_of(record)) is not None and not holds_hidden(view, text)
    )
    base = base_of(Question(found.end, question.rtype))
    is_visible = is_by_policy
    if clean and not is_by_policy and question.rtype in AT_VISIBLE_NAMES and base is not None:
        sight = seen(view, base, facts, trace)
        if isinstance(sight, Wants):
            return sight
        is_visible = sight.is_visible
    shown = clean if is_visible else ()
    _note(trace, found, clean, is_visible, "D6b" if is_by_policy else "D6")
    old = outdated(view, found, shown, facts)
    if old is not None:
        return old
    return answer(view, question.name, found, shown) if shown else None


def base_of(question: Question) -> Name | None:
    """The name whose visibility counts: the owner, or N of `_port._proto.N` for TLSA."""
    if question.rtype != RRType.TLSA:
        return question.name
    parts = labels(question.name)
    if len(parts) < 3 or not (parts[0].startswith(b"_") and parts[0][1:].isdigit()):
        return None
    return parent(parent(question.name)) if parts[1].startswith(b"_") else None


def text_of(record: Record) -> str | None:
    """The text in a record's RDATA, empty for types that hold none; None where it is malformed.

    Bytes outside ASCII stand for themselves: they are no part of an address literal.
    """
    rdata = record.rdata
    if record.rtype == RRType.TXT:
        strings = _strings(rdata, 0, len(rdata))
        return None if not strings else b"".join(strings).decode("latin-1")
    if record.rtype == RRType.CAA:
        if len(rdata) < 3 or not 0 < rdata[1] <= len(rdata) - 2:
            return None
        value = 2 + rdata[1]
        # Apart: the tag's letters must not hide where an address begins.
        return (rdata[2:value] + b" " + rdata[value:]).decode("latin-1")
    if record.rtype == RRType.URI:
        return rdata[4:].decode("latin-1") if len(rdata) > 4 else None
    if record.rtype == RRType.NAPTR:
        return _naptr(rdata)
    return "" if len(rdata) > 2 else None


def _strings(rdata: bytes, at: int, most: int) -> list[bytes] | None:
    """Up to `most` character strings from `at` to the end; None where they do not fit."""
    found: list[bytes] = []
    while at < len(rdata) and len(found) < most:
        end = at + 1 + rdata[at]
        if end > len(rdata):
            return None
        found.append(rdata[at + 1 : end])
        at = end
    return found


def _naptr(rdata: bytes) -> str | None:
    """Flags, services and expression (RFC 3403, 4.1), apart; the replacement must be a name."""
    strings = _strings(rdata, 4, 3)
    if strings is None:
        return None
    # With fewer than three of them nothing is left for the name.
    at = 4 + sum(1 + len(text) for text in strings)
    while at < len(rdata) and 0 < rdata[at] < 64:
        at += 1 + rdata[at]
    if at != len(rdata) - 1 or rdata[at] != 0:
        return None
    return " ".join(text.decode("latin-1") for text in strings)


def _note(
    trace: Trace | None, found: Walk, clean: tuple[Record, ...], is_visible: bool, rule: str
) -> None:
    if trace is None:
        return
    for record in found.rrset:
        is_clean = record in clean
        if not is_clean:
            reason = "its text holds an address that is not in the view, or it is malformed"
        elif is_visible:
            reason = "the policy discloses this suffix" if rule == "D6b" else "the name is visible"
        else:
            reason = "the name is not visible"
        trace.note(Verdict(NAMESERVERS, record, is_clean and is_visible, rule, reason))
