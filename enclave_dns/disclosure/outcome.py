"""The replies that a decision ends in: an answer, NODATA, or nothing (D3, D8).

`nothing` is where hidden and absent become one: in a restricted view it looks at no record at all.
"""

from dataclasses import replace

from enclave_dns.disclosure.chain import Walk
from enclave_dns.disclosure.freshness import UNDISCLOSED
from enclave_dns.disclosure.presentation import chain_shown, rrset_shown, ttl_shown
from enclave_dns.disclosure.reply import Reply, disclosed, failed, no_answer
from enclave_dns.disclosure.trace import Trace
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts, Outcome
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode
from enclave_dns.wire.record import Record

LATE_LIFETIME = 1.0
"""Seconds that a reply lives from which unsettled targets were left out."""


def answer(
    view: View,
    name: Name,
    found: Walk,
    shown: tuple[Record, ...],
    additional: tuple[Record, ...] = (),
    *,
    is_late: bool = False,
) -> Reply:
    """Disclosed records behind their chain, `additional` about their targets beside them."""
    chain, chain_lifetime, owner = chain_shown(view, name, found)
    rrset, lifetime = rrset_shown(view, owner, found, shown)
    lifetime = min([lifetime, chain_lifetime, *(float(record.ttl) for record in additional)])
    if view.is_open:
        chain, rrset = _signed(view, found, chain, rrset, owner)
    return disclosed(
        chain,
        rrset,
        additional,
        end=owner,
        lifetime=min(lifetime, LATE_LIFETIME) if is_late else lifetime,
        turns=not view.is_open,
    )


def _signed(
    view: View, found: Walk, chain: tuple[Record, ...], rrset: tuple[Record, ...], owner: Name
) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """Chain and records with the signatures over them (RFC 4035, 3.2.1).

    The records are left unsigned where any of them was removed or changed: the signature would
    not fit them, and its label count and times are about what is hidden.
    """
    links = {(record.name.lower(), record.rtype) for record in chain}
    is_whole = {r.rdata for r in rrset} == {r.rdata for r in found.rrset}
    ends = {(found.end, record.rtype) for record in rrset} if is_whole else set()
    signatures = [replace(r, ttl=ttl_shown(view, found, r.ttl)) for r in found.signatures]
    over_chain = tuple(r for r in signatures if _signs(r) in links)
    over_rrset = tuple(replace(r, name=owner) for r in signatures if _signs(r) in ends)
    return chain + over_chain, rrset + over_rrset


def _signs(signature: Record) -> tuple[Name, int]:
    """The owner and the type of the records that an RRSIG is over (RFC 4034, 3.1.1)."""
    return signature.name.lower(), int.from_bytes(signature.rdata[:2])


def nodata(view: View, name: Name, visible: Walk, shown: tuple[Record, ...]) -> Reply:
    """NODATA for a visible name; `shown` are the disclosed addresses that make it visible.

    The chain is the one that leads to them, whichever family that is: all of what this reply says
    is then disclosed, and nothing hangs on the records that are not.
    """
    chain, lifetime, owner = chain_shown(view, name, visible)
    _, rrset_lifetime = rrset_shown(view, owner, visible, shown)
    return disclosed(chain, (), end=owner, lifetime=min(lifetime, rrset_lifetime), turns=False)


def nothing(
    view: View, name: Name, walks: tuple[Walk, ...], facts: Facts, trace: Trace | None
) -> Reply:
    """Nothing is disclosed (D8)."""
    if not view.is_open:
        if not facts.is_up:
            return failed()
        remark(trace, "nothing is disclosed: the same reply as for a name that does not exist")
        return no_answer(view.no_answer)
    for outcome, rcode in ((Outcome.ANSWER, RCode.NOERROR), (Outcome.NXDOMAIN, RCode.NXDOMAIN)):
        for found in walks:
            if found.outcome is outcome:
                chain, lifetime, owner = chain_shown(view, name, found)
                # As with `outdated`: hidden records may be behind this, and set no lifetime.
                lifetime = min(lifetime, max(0.0, UNDISCLOSED - found.age))
                return disclosed(chain, (), end=owner, lifetime=lifetime, turns=False, rcode=rcode)
    return no_answer(view.no_answer) if facts.is_up else failed()


def remark(trace: Trace | None, text: str) -> None:
    """Note a remark where somebody listens."""
    if trace is not None:
        trace.remark(text)
