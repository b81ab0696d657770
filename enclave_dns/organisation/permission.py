"""What a sender may reach through a gateway, why, and until when that holds.

An address is in the view when some gateway policy that applies (`conditions`) lists the gateway
with a route that covers it and that the gateway offers, and has no subnet filter or one that
covers it. Work is shared: senders whom the same policies concern get one and the same permission,
so a gateway with ten thousand senders compiles a handful of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
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


_Piece = tuple[Grant, Range]
_Granted = tuple[_Piece, ...]


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
    granted: dict[int, _Granted] = {}
    by_class: dict[tuple[object, ...], Permission] = {}
    by_policies: dict[tuple[int, ...], Permission] = {}
    found = {}
    for system in organisation.systems:
        tags = organisation.effective_tags(system)
        alike = (system.is_enabled, tags, system.satisfied_trust_requirements)
        if alike not in by_class:
            key = _concerning(organisation, granting, system)
            if key not in by_policies:
                by_policies[key] = _union(organisation, key, gateway, now, granted)
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
    return _union(organisation, concerning, gateway, now, {})


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


def _granting(organisation: Organisation, gateway: System) -> tuple[Policy, ...]:
    """The policies to which neither they themselves nor the gateway object."""
    return tuple(
        policy
        for policy in organisation.policies_at(gateway)
        if policy.type is PolicyType.GATEWAY
        and is_met(unmet_by_policy(policy))
        and is_met(unmet_by_gateway(policy, gateway))
    )


def _concerning(
    organisation: Organisation, granting: Iterable[Policy], sender: System
) -> tuple[int, ...]:
    # The tags are one of the sender's conditions; asked first and alone, they settle nearly every
    # policy at a tenth of the price.
    tags = organisation.effective_tags(sender)
    return tuple(
        policy.index
        for policy in granting
        if not policy.sender_tags.isdisjoint(tags)
        and is_met(unmet_by_sender(organisation, policy, sender))
    )


def _union(
    organisation: Organisation,
    concerning: tuple[int, ...],
    gateway: System,
    now: datetime,
    granted: dict[int, _Granted],
) -> Permission:
    """What the policies give together; `granted` keeps what each gives through this gateway."""
    if not concerning:
        return NO_PERMISSION
    policies = [organisation.policies[index] for index in concerning]
    never = (*NEVER, *organisation.virtual_networks)
    pairs: list[_Piece] = []
    for policy in policies:
        if is_met(unmet_by_clock(policy, now)):
            if policy.index not in granted:
                granted[policy.index] = tuple(_grants(policy, gateway, never))
            pairs += granted[policy.index]
    telling = {grant.policy.index for grant, _ in pairs if grant.spans}
    suffixes = {
        name for index in telling for name in organisation.policies[index].disclosed_suffixes
    }
    return Permission(
        tuple(grant for grant, _ in pairs),
        Ranges.of(span for grant, _ in pairs for span in grant.spans),
        _holds_everything(piece for _, piece in pairs),
        tuple(sorted(suffixes)),
        _valid_until(policies, now),
    )


def _holds_everything(pieces: Iterable[Range]) -> bool:
    """Whether the pieces together are 0.0.0.0/0."""
    whole = everything(4)
    v4 = [piece for piece in pieces if piece.family == 4]
    if sum(piece.last - piece.first + 1 for piece in v4) <= whole.last:
        return False
    return Ranges.of(v4).covers(whole)


def _grants(policy: Policy, gateway: System, never: tuple[Range, ...]) -> Iterator[_Piece]:
    """Each grant of a policy, and what it would let through if nothing were kept back."""
    for route in routes_at(policy, gateway):
        if not is_offered(gateway, route):
            continue
        for entry in policy.gateway_allowed_ip_ranges or (None,):
            piece = route if entry is None else route.intersection(entry.ip_range)
            if piece is not None:
                named = (route,) if entry is None else (route, entry.ip_range)
                yield Grant(policy, route, entry, _disclosable(piece, named, never)), piece


def _disclosable(
    piece: Range, named: tuple[Range, ...], never: tuple[Range, ...]
) -> tuple[Range, ...]:
    """D1: a piece without what is never disclosed, unless the policy names it on purpose.

    On purpose means that the route or the filter entry lies wholly inside the range in question.
    """
    holes = [
        hole
        for hole in never
        if hole.family == piece.family
        and hole.first <= piece.last
        and piece.first <= hole.last
        and not any(span.is_within(hole) for span in named)
    ]
    return without(piece, holes) if holes else (piece,)


def _valid_until(policies: Iterable[Policy], now: datetime) -> datetime | None:
    instants: list[datetime] = []
    changes: dict[ActiveHours, datetime | None] = {}
    for policy in policies:
        if policy.auto_expire is not None:
            if policy.auto_expire <= now:
                continue
            instants.append(policy.auto_expire)
        hours = policy.active_hours
        if hours is not None:
            if hours not in changes:
                changes[hours] = next_change(hours, now)
            change = changes[hours]
            instants += [change] if change else []
    return min(instants, default=None)
