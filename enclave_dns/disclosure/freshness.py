"""Whether what is remembered still counts for a view.

In a restricted view only the TTLs of what is disclosed may decide that: if a hidden record's TTL
made us ask anew, the sender would notice by the time that the reply takes. What discloses nothing
counts for a fixed time.
"""

from collections.abc import Iterable
from typing import Final

from enclave_dns.disclosure.chain import Walk, Wants
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts, Outcome
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

UNDISCLOSED: Final = 5.0
"""Seconds for which a look-up that disclosed nothing counts: as long as a no-answer lives."""

_KNOWN: Final = (Outcome.ANSWER, Outcome.NXDOMAIN)


def outdated(view: View, found: Walk, shown: Iterable[Record], facts: Facts) -> Wants | None:
    """What is wanted anew because it is too old; None where it still counts.

    `shown` are the disclosed records of the walk. What was looked up for this very query has age
    0 and always counts; stale data is served because nothing newer can be had.
    """
    if found.age <= 0 or found.is_stale or facts.is_late or found.outcome not in _KNOWN:
        return None
    ttls = [record.ttl for record in shown]
    if view.is_open:
        limit = float(found.ttl)
    elif ttls:
        links = (record.ttl for record in found.chain if record.rtype == RRType.CNAME)
        limit = float(min((*ttls, *links)))
    else:
        limit = UNDISCLOSED
    return Wants(found.questions, refresh=True) if found.age >= limit else None
