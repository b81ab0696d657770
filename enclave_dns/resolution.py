"""What travels between the rooms: questions, and what sources know about them.

A `Resolution` is unfiltered: it may be cached and shared, and can never be sent (only a `Reply`
can, and only the disclosure rule makes one). `Facts` are all resolutions that one decision needs;
they grow until the rule has enough of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from enclave_dns.values import value
from enclave_dns.wire.names import Name
from enclave_dns.wire.record import Record

MAX_CHAIN: Final = 12
"""The most CNAMEs in one chain, in one message or over several; a longer one has no data."""


@value(frozen=True, slots=True)
class Question:
    """A name in folded form and a record type, of class IN."""

    name: Name
    rtype: int


class Outcome(Enum):
    """How a look-up at the nameservers, which are one source, ended."""

    ANSWER = "answer"
    """The end of the chain exists; its RRset of the asked type may be empty (NODATA)."""
    NXDOMAIN = "nxdomain"
    """The end of the chain does not exist."""
    FAILED = "failed"
    """A nameserver is up, but this question got SERVFAIL, REFUSED, garbage or silence."""
    DOWN = "down"
    """No nameserver is up."""


@value(frozen=True, slots=True)
class Resolution:
    """What the nameservers know about one question: unfiltered, never sent.

    `chain` holds the CNAME and DNAME records from the question's name on, in order; `end` is the
    folded name at which it ends; `rrset` the records of the asked type there. `is_final` is False
    where a chain ends at a name about which this answer says nothing: ask on. `ttl` (seconds) is
    how long all of it may be kept, `age` how long it was kept already; `is_stale` marks data past
    its time that is served because nothing newer can be had. `server` names who answered, `elapsed`
    (seconds) how long the look-up took. `signatures` are the RRSIGs over chain and rrset, where
    they were asked for.
    """

    outcome: Outcome
    end: Name
    rrset: tuple[Record, ...] = ()
    chain: tuple[Record, ...] = ()
    is_final: bool = True
    ttl: int = 0
    age: float = 0.0
    is_stale: bool = False
    server: str = ""
    elapsed: float = 0.0
    signatures: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class HostsTable:
    """What the hosts file says. Keys are folded names and raw addresses (4 or 16 bytes).

    `addresses` holds every address of a name in the file's order, `names` every name of an
    address, the canonical one first, in the case that the file gives.
    """

    addresses: Mapping[Name, tuple[bytes, ...]] = field(default_factory=dict)
    names: Mapping[bytes, tuple[Name, ...]] = field(default_factory=dict)


NO_HOSTS: Final = HostsTable()


@value(frozen=True, slots=True)
class Facts:
    """All that is known while one question is decided.

    `is_up` says whether any nameserver is up: while none is, there is no new no-answer. `is_late`:
    the time for targets is over, and what is not settled now is left out.
    """

    hosts: HostsTable = NO_HOSTS
    answers: Mapping[Question, Resolution] = field(default_factory=dict)
    is_up: bool = True
    is_late: bool = False

    def __or__(self, more: Mapping[Question, Resolution]) -> "Facts":
        """These facts and what a further look-up brought."""
        is_up = self.is_up and not any(r.outcome is Outcome.DOWN for r in more.values())
        return replace(self, answers={**self.answers, **more}, is_up=is_up)
