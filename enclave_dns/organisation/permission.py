"""What a sender may reach through a gateway, why, and until when that holds.

An address is in the view when some gateway policy that applies (`conditions`) lists the gateway
with a route that covers it and that the gateway offers, and has no subnet filter or one that
covers it. Work is shared: senders whom the same policies concern get one and the same permission,
so a gateway with ten thousand senders compiles a handful of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from enclave_dns.disclosure.ranges import EMPTY, Range, Ranges, everything, without
from enclave_dns.disclosure.special import NEVER
from enclave_dns.organisation.conditions import (
    is_met,
    is_offered,
    routes_at,
    unmet_by_clock,
    unmet_by_gateway,
    unmet_by_policy,
    unmet_by_sender,
)
from enclave_dns.organisation.document import (
    ActiveHours,
    Organisation,
    Policy,
    PolicyType,
    SubnetFilter,
    System,
)
from enclave_dns.organisation.hours import next_change
from enclave_dns.wire.names import Name


@dataclass(frozen=True, slots=True)
class Grant:
    """What one policy lets through by one route and, where it has any, one filter entry.

    `spans` lack what is never disclosed, and may be empty for that reason.
    """

    policy: Policy
    route: Range
    subnet_filter: SubnetFilter | None
    spans: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Permission:
    """What a class of senders may reach through one gateway.

    `ranges` are all spans of the grants. `is_open`: the routes and filters hold `0.0.0.0/0`,
    before what is never disclosed was taken out. `valid_until` (UTC) is the next instant at which
    a policy that concerns these senders starts, ends or expires; None: never.
    """

    grants: tuple[Grant, ...] = ()
    ranges: Ranges = EMPTY
    is_open: bool = False
    disclosed_suffixes: tuple[Name, ...] = ()
    valid_until: datetime | None = None


NO_PERMISSION: Final = Permission()


@dataclass(frozen=True, slots=True)
class PolicyVerdict:
    """Whether a gateway policy applies to a sender and a gateway, and if not, every reason.

    `withdrawn` are those of its routes through this gateway that the gateway does not offer.
    """

    policy: Policy
    applies: bool
    reasons: tuple[str, ...] = ()
    withdrawn: tuple[Range, ...] = ()


def permission(
    organisation: Organisation, sender: System, gateway: System, now: datetime
) -> Permission:
    """What `sender` may reach through `gateway` at the instant `now` (aware)."""
    concerning = concerning_policies(organisation, sender, gateway)
    return permission_of(organisation, concerning, gateway, now)


def permissions_at(
    organisation: Organisation, gateway: System, now: datetime
) -> dict[str, Permission]:
    """The permission of every system through one gateway, by system id; equal ones are shared."""
    granting = _granting(organisation, gateway)
    parts = _Parts(organisation, gateway, now)
    by_class: dict[tuple[object, ...], Permission] = {}
    by_policies: dict[tuple[int, ...], Permission] = {}
    found = {}
    for system in organisation.systems:
        tags = organisation.effective_tags(system)
        alike = (system.is_enabled, tags, system.satisfied_trust_requirements)
        if alike not in by_class:
            key = _concerning(organisation, granting, system)
            if key not in by_policies:
                by_policies[key] = _union(parts, key)
            by_class[alike] = by_policies[key]
        found[system.system_id] = by_class[alike]
    return found


def concerning_policies(
    organisation: Organisation, sender: System, gateway: System
) -> tuple[int, ...]:
    """The indices of the policies that apply at some time: all conditions but the clock's.

    Two senders with equal results have equal permissions at every instant.
    """
    return _concerning(organisation, _granting(organisation, gateway), sender)


def permission_of(
    organisation: Organisation, concerning: tuple[int, ...], gateway: System, now: datetime
) -> Permission:
    """The permission that a result of `concerning_policies` gives at the instant `now`."""
    return _union(_Parts(organisation, gateway, now), concerning)


def grants_for(permission: Permission, address: bytes) -> tuple[Grant, ...]:
    """The grants that let an address (4 or 16 bytes) through."""
    return tuple(g for g in permission.grants if any(address in span for span in g.spans))


def explain_policies(
    organisation: Organisation, sender: System, gateway: System, now: datetime
) -> tuple[PolicyVerdict, ...]:
    """The verdict on every gateway policy of the organisation, in its order."""
    verdicts = []
    for policy in organisation.policies:
        if policy.type is not PolicyType.GATEWAY:
            continue
        reasons = (
            *unmet_by_policy(policy),
            *unmet_by_clock(policy, now),
            *unmet_by_sender(organisation, policy, sender),
            *unmet_by_gateway(policy, gateway),
        )
        routes = routes_at(policy, gateway)
        withdrawn = tuple(route for route in routes if not is_offered(gateway, route))
        verdicts.append(PolicyVerdict(policy, not reasons, reasons, withdrawn))
    return tuple(verdicts)


_Granting = dict[str, list[Policy]]
"""By sender tag, the policies to which neither they themselves nor the gateway object."""


def _granting(organisation: Organisation, gateway: System) -> _Granting:
    found: _Granting = {}
    for policy in organisation.policies_at(gateway):
        if (
            policy.type is PolicyType.GATEWAY
            and is_met(unmet_by_policy(policy))
            and is_met(unmet_by_gateway(policy, gateway))
        ):
            for tag in policy.sender_tags:
                found.setdefault(tag, []).append(policy)
    return found


def _concerning(organisation: Organisation, granting: _Granting, sender: System) -> tuple[int, ...]:
    # The tags are one of the sender's conditions; they lead to the few policies of a thousand that
    # are worth the other questions.
    tags = organisation.effective_tags(sender)
    named = {policy.index: policy for tag in tags for policy in granting.get(tag, ())}
    return tuple(
        index
        for index in sorted(named)
        if is_met(unmet_by_sender(organisation, named[index], sender))
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What one policy gives through one gateway at one instant.

    `pieces` is what `ranges` would be if nothing were kept back, and `breadth` how many IPv4
    addresses that is. `until` is when the policy next starts, ends or expires.
    """

    grants: tuple[Grant, ...]
    ranges: Ranges
    pieces: Ranges
    breadth: int
    suffixes: tuple[Name, ...]
    until: datetime | None


class _Parts:
    """The part of each policy, worked out once for all senders whom it concerns."""

    def __init__(self, organisation: Organisation, gateway: System, now: datetime) -> None:
        self._policies = organisation.policies
        self._gateway = gateway
        self._now = now
        self._never = (*NEVER, *organisation.virtual_networks)
        self._known: dict[int, _Part] = {}
        self._changes: dict[ActiveHours, datetime | None] = {}

    def of(self, index: int) -> _Part:
        """The part of the policy at a place of the document."""
        if index not in self._known:
            self._known[index] = self._part(self._policies[index])
        return self._known[index]

    def _part(self, policy: Policy) -> _Part:
        until = self._until(policy)
        if not is_met(unmet_by_clock(policy, self._now)):
            return _Part((), EMPTY, EMPTY, 0, (), until)
        found = tuple(self._pieces(policy))
        pieces = ranges = Ranges.of(piece for _, _, piece in found)
        if any(pieces.touches(hole) for hole in self._never):
            grants = tuple(
                Grant(policy, route, entry, self._disclosable(route, entry, piece))
                for route, entry, piece in found
            )
            ranges = Ranges.of(span for grant in grants for span in grant.spans)
        else:
            grants = tuple(Grant(policy, route, entry, (piece,)) for route, entry, piece in found)
        suffixes = policy.disclosed_suffixes if ranges else ()
        return _Part(grants, ranges, pieces, pieces.breadth4, suffixes, until)

    def _pieces(self, policy: Policy) -> Iterator[tuple[Range, SubnetFilter | None, Range]]:
        """Each route with each filter entry that meets it, and what the two have in common."""
        for route in routes_at(policy, self._gateway):
            if is_offered(self._gateway, route):
                for entry in policy.gateway_allowed_ip_ranges or (None,):
                    piece = route if entry is None else route.intersection(entry.ip_range)
                    if piece is not None:
                        yield route, entry, piece

    def _disclosable(
        self, route: Range, entry: SubnetFilter | None, piece: Range
    ) -> tuple[Range, ...]:
        """D1: a piece without what is never disclosed, unless the policy names it on purpose.

        On purpose means that the route or the filter entry lies wholly inside the range in
        question.
        """
        named = (route,) if entry is None else (route, entry.ip_range)
        holes = (hole for hole in self._never if not any(s.is_within(hole) for s in named))
        return without(piece, holes)

    def _until(self, policy: Policy) -> datetime | None:
        end, hours = policy.auto_expire, policy.active_hours
        if end is not None and end <= self._now:
            return None
        if hours is None:
            return end
        if hours not in self._changes:
            self._changes[hours] = next_change(hours, self._now)
        return _first((end, self._changes[hours]))


def _union(parts: _Parts, concerning: tuple[int, ...]) -> Permission:
    """What the policies give together."""
    if not concerning:
        return NO_PERMISSION
    found = [parts.of(index) for index in concerning]
    return Permission(
        tuple(chain.from_iterable(part.grants for part in found)),
        Ranges.union(part.ranges for part in found),
        _holds_everything(found),
        tuple(sorted({name for part in found for name in part.suffixes})),
        _first(part.until for part in found),
    )


def _holds_everything(parts: list[_Part]) -> bool:
    """Whether the pieces together are 0.0.0.0/0."""
    whole = everything(4)
    if sum(part.breadth for part in parts) <= whole.last:
        return False
    return Ranges.union(part.pieces for part in parts).covers(whole)


def _first(instants: Iterable[datetime | None]) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)
