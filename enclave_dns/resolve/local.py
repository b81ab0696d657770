"""Names that are decided here and never sent upstream: special names, and `enclave` and below.

That holds for questions and equally for the names at which chains end: a nameserver that sends an
address for `db.enclave` behind a CNAME is not believed.
"""

from dataclasses import replace
from typing import Final

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.sources.own_zones import ENCLAVE
from enclave_dns.sources.special import special_name
from enclave_dns.wire.names import Name, is_at_or_below
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.rdata import name_in

HERE: Final = "here"
"""Who answers for such names, where a resolution names its server."""


def is_decided_here(name: Name) -> bool:
    """Whether a folded name is never asked of a nameserver."""
    return is_at_or_below(name, ENCLAVE) or special_name(name) is not None


def decided_here(question: Question) -> Resolution | None:
    """What we say of such a name as far as nameservers are concerned: it does not exist."""
    if not is_decided_here(question.name):
        return None
    return Resolution(Outcome.NXDOMAIN, question.name, server=HERE)


def without_local_ends(resolution: Resolution) -> Resolution:
    """The resolution, cut where its chain reaches a name that is decided here."""
    for at, record in enumerate(resolution.chain):
        if record.rtype != RRType.CNAME:
            continue
        target = name_in(record.rdata).lower()
        if is_decided_here(target):
            return replace(
                resolution,
                outcome=Outcome.ANSWER,
                end=target,
                chain=resolution.chain[: at + 1],
                rrset=(),
                is_final=False,
            )
    return resolution
