"""Whether what is remembered still counts for a view.

Only the TTLs of what is disclosed may decide that: if a hidden record's TTL made us ask anew, the
sender would notice, by the time that the reply takes or by the TTLs in it. What discloses nothing
counts for a fixed time, in open views too: nothing may be all that is left of hidden records.
"""

from collections.abc import Iterable
from typing import Final

from enclave_dns.disclosure.chain import Walk, Wants
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

UNDISCLOSED: Final = 5.0
"""Seconds for which a look-up that disclosed nothing counts: as long as a no-answer lives."""


def outdated(view: View, found: Walk, shown: Iterable[Record], facts: Facts) -> Wants | None:
    """What is wanted anew because it is too old; None where it still counts.

    `shown` are the disclosed records of the walk. What was looked up for this very query has age
    0 and always counts, as does a failure; stale data is served because nothing newer can be
    had.
    """
    if found.age <= 0 or found.is_stale or facts.is_late:
        return None
    ttls = [record.ttl for record in shown]
    if ttls:
        links = [r.ttl for r in found.chain if view.is_open or r.rtype == RRType.CNAME]
        limit = float(min(ttls + links))
    else:
        limit = UNDISCLOSED
    return Wants(found.questions, refresh=True) if found.age >= limit else None
