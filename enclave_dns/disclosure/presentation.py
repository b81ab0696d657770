"""How disclosed records look when they leave: owners, order and lifetimes.

In a restricted view nothing may hang on records that are not disclosed or on how the upstream
wrote its message: duplicates go, RDATA is sorted, the TTL is the lowest original one of what is
disclosed, at most 30 s and unaged. In an open view order and remaining TTL are the upstream's.
"""

from typing import Final

from enclave_dns.disclosure.chain import Walk
from enclave_dns.disclosure.view import View
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.rdata import name_in
from enclave_dns.wire.record import Record

MAX_TTL: Final = 30
"""Seconds: what a client may keep of an answer from a restricted view. It bounds how long an
operating system can go on using a name after a revocation."""

STALE_TTL: Final = 30
"""Seconds: the TTL of data past its time (RFC 8767, section 5)."""

STALE_LIFETIME: Final = 5.0
"""Seconds that a reply of stale data is served again before the nameservers are tried anew."""

LONGEST: Final = 3600.0


def chain_shown(view: View, name: Name, found: Walk) -> tuple[tuple[Record, ...], float, Name]:
    """The chain as it leaves, how long it may be kept (seconds), and the name at its end.

    A DNAME leaves in open views only; elsewhere the CNAME that it makes stands alone. Owners are
    written as the link before them spells its target, so that they compress onto it.
    """
    shown = []
    lifetime = LONGEST
    owner = name
    for record in found.chain:
        ttl = ttl_shown(view, found, record.ttl)
        if record.rtype == RRType.CNAME:
            shown.append(Record(owner, RRType.CNAME, ttl, record.rdata))
            owner = name_in(record.rdata)
        elif view.is_open:
            shown.append(Record(record.name, record.rtype, ttl, record.rdata))
        else:
            continue
        lifetime = min(lifetime, ttl)
    if found.is_stale:
        lifetime = min(lifetime, STALE_LIFETIME)
    return tuple(shown), lifetime, owner


def rrset_shown(
    view: View, owner: Name, found: Walk, records: tuple[Record, ...]
) -> tuple[tuple[Record, ...], float]:
    """Disclosed records of one RRset as they leave, and how long they may be kept (seconds)."""
    if not records:
        return (), 0.0
    # An RRset has one TTL: the lowest (RFC 2181, 5.2).
    ttl = ttl_shown(view, found, min(record.ttl for record in records))
    data = list(dict.fromkeys(record.rdata for record in records))
    if not view.is_open:
        data.sort()
    shown = tuple(Record(owner, records[0].rtype, ttl, rdata) for rdata in data)
    return shown, min(float(ttl), STALE_LIFETIME if found.is_stale else LONGEST)


def ttl_shown(view: View, found: Walk, original: int) -> int:
    """The TTL that a record of a walk leaves with (seconds)."""
    if found.is_stale:
        return STALE_TTL
    if view.is_open:
        return max(0, original - int(found.age))
    return min(MAX_TTL, original)
