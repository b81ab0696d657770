"""What of a name a view may see: its disclosed addresses, in the hosts file and at its nameservers.

These are the judgements D1 and D2 on which everything else rests: an address is disclosed when the
view permits it, and a name is visible when it, or the end of its chain, has a disclosed address in
either family.
"""

from enclave_dns.disclosure.chain import Walk, Wants, walk
from enclave_dns.disclosure.embedded import embedded
from enclave_dns.disclosure.freshness import outdated
from enclave_dns.disclosure.special import LOOPBACK, NEVER, UNSPECIFIED
from enclave_dns.disclosure.trace import Trace, Verdict
from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Facts, HostsTable, Outcome, Question
from enclave_dns.values import value
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

HOSTS_TTL = 30
"""Seconds: the hosts file gives no TTL, and may change at any time."""

HOSTS, NAMESERVERS = "hosts", "nameservers"

_NO_ADDRESS = "this is no address: its RDATA has the wrong size"
_SIZES = {RRType.A: 4, RRType.AAAA: 16}


@value(frozen=True, slots=True)
class Sight:
    """What a view sees of a name: its disclosed addresses (`shown`), and the walk to them.

    `walks` are all that were made, the last one being `walk`; none where the hosts file settled it.
    """

    shown: tuple[Record, ...]
    walk: Walk | None
    walks: tuple[Walk, ...] = ()

    @property
    def is_visible(self) -> bool:
        """D2: at least one address in either family is disclosed."""
        return bool(self.shown)


def looked(question: Question, facts: Facts) -> Walk | Wants:
    """Follow a question; where it is too late to ask, what is missing has failed."""
    found = walk(question, facts.answers)
    if isinstance(found, Wants) and facts.is_late:
        return Walk(Outcome.FAILED, question.name)
    return found


def seen(
    view: View, name: Name, facts: Facts, trace: Trace | None, *, with_hosts: bool = True
) -> Sight | Wants:
    """D2: what is seen of a name, in the hosts file first, then A, then AAAA at the nameservers."""
    if with_hosts:
        local = permitted_in_hosts(view, name, facts.hosts, trace)
        if local:
            return Sight(local, Walk(Outcome.ANSWER, name, rrset=local))
    walks: tuple[Walk, ...] = ()
    for rtype in (RRType.A, RRType.AAAA):
        found = looked(Question(name, rtype), facts)
        if isinstance(found, Wants):
            return found
        walks += (found,)
        shown = permitted(view, found, rtype, trace)
        old = outdated(view, found, shown, facts)
        if old is not None:
            return old
        if shown:
            return Sight(shown, found, walks)
    return Sight((), None, walks)


def permitted(view: View, found: Walk, rtype: int, trace: Trace | None) -> tuple[Record, ...]:
    """The address records at the end of a chain that the view permits (D1)."""
    size = _SIZES[RRType(rtype)]
    shown = []
    for record in found.rrset:
        if trace is not None:
            _note(trace, view, NAMESERVERS, record)
        # RDATA of another size is no address: that record is dropped alone.
        if len(record.rdata) == size and view.permits(record.rdata):
            shown.append(record)
    return tuple(shown)


def permitted_in_hosts(
    view: View, name: Name, hosts: HostsTable, trace: Trace | None
) -> tuple[Record, ...]:
    """The records of both families that the hosts file gives this name and the view permits."""
    addresses = hosts.addresses.get(name)
    if addresses is None:
        return ()
    shown = []
    for address in addresses:
        rtype = RRType.A if len(address) == 4 else RRType.AAAA
        record = Record(name, rtype, HOSTS_TTL, address)
        if trace is not None:
            _note(trace, view, HOSTS, record)
        if view.permits(address):
            shown.append(record)
    return tuple(shown)


def is_blocked(name: Name, hosts: HostsTable) -> bool:
    """Whether a hosts line gives this name an unspecified or loopback address."""
    return any(
        address in span
        for address in hosts.addresses.get(name, ())
        for span in (*LOOPBACK, *UNSPECIFIED)
    )


def _note(trace: Trace, view: View, source: str, record: Record) -> None:
    is_allowed, reason = judgement(view, record.rdata)
    if len(record.rdata) != _SIZES[RRType(record.rtype)]:
        is_allowed, reason = False, _NO_ADDRESS
    trace.note(Verdict(source, record, is_allowed, "D1", reason, record.rdata))


def judgement(view: View, address: bytes) -> tuple[bool, str]:
    """What D1 says of an address, in words: the same verdict as `View.permits`."""
    if len(address) not in (4, 16):
        return False, _NO_ADDRESS
    if view.permits(address):
        return True, "the address is in the view"
    if address not in view.ranges:
        if any(address in span for span in NEVER):
            return False, "such an address is never disclosed unless a policy names it exactly"
        return False, "no policy covers the address"
    hidden = next(inner for inner in embedded(address) if inner not in view.ranges)
    dotted = ".".join(str(octet) for octet in hidden)
    return False, f"the address holds the IPv4 address {dotted}, which no policy covers"
