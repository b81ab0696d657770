"""The part of an organisation that one system needs, and nothing else: what a laptop may hold.

Itself, the systems it is connected with, the gateways it may use with its own compiled ranges
through them, and the names that it may see. It is a document of the usual format in one canonical
form: two organisations that differ only in what the system may not learn give the same document.
Descriptions, other people's tags, policies, trust and routes stay behind.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, summarize_address_range
from typing import Any, Final

from enclave_dns.disclosure.ranges import Range, everything, without
from enclave_dns.disclosure.special import NEVER
from enclave_dns.organisation.conditions import (
    is_met,
    unmet_by_gateway,
    unmet_by_policy,
    unmet_by_sender,
)
from enclave_dns.organisation.connections import GatewayChoice, connected, gateways_of
from enclave_dns.organisation.document import DnsZone, Organisation, Policy, PolicyType, System
from enclave_dns.organisation.hours import next_change
from enclave_dns.organisation.names import SeenName, seen_systems, seen_zones
from enclave_dns.organisation.permission import Permission, permission
from enclave_dns.wire.names import display, from_labels, labels

SELF: Final = "self"
"""The tag of the one system that a slice is for."""

_PEER: Final = "peer"

Document = dict[str, Any]


def slice_for(organisation: Organisation, system: System, now: datetime) -> Document:
    """The document for one system at the instant `now` (aware), with the keys of JSON.

    What changes with the clock is in it as it is now: it holds until `valid_until`.
    """
    choices = gateways_of(organisation, system, now)
    granted = _granted(organisation, system, choices, now)
    seen = seen_systems(organisation, system, connected(organisation, system, now))
    others = (other for name, other in seen.items() if name != system.system_id)
    return {
        "version": organisation.version,
        "virtualNetworks": _prefixes(organisation.virtual_networks),
        "systems": [
            _system(organisation, system, SELF, granted),
            *(_system(organisation, other, _PEER, granted) for other in others),
        ],
        "policies": [
            _policy({"type": "general", "senderTags": [SELF], "receiverTags": [_PEER]}),
            *(_gateway_policy(organisation, choice, granted) for choice in choices),
        ],
        "dnsZones": [_zone(zone, names) for zone, names in seen_zones(organisation, seen)],
    }


def valid_until(organisation: Organisation, system: System, now: datetime) -> datetime | None:
    """The next instant at which a slice made now is out of date; None: with the next version.

    That is when a policy with this system at one of its ends starts, ends or expires.
    """
    instants: list[datetime] = []
    for policy in organisation.policies:
        if not is_met(unmet_by_policy(policy)) or not _is_end(organisation, policy, system):
            continue
        if policy.auto_expire is not None:
            if policy.auto_expire <= now:
                continue
            instants.append(policy.auto_expire)
        change = next_change(policy.active_hours, now) if policy.active_hours else None
        instants += [change] if change else []
    return min(instants, default=None)


def _is_end(organisation: Organisation, policy: Policy, system: System) -> bool:
    """Whether a policy connects a system with anything, at some time."""
    if is_met(unmet_by_sender(organisation, policy, system)):
        return True
    if policy.type is PolicyType.GATEWAY:
        return is_met(unmet_by_gateway(policy, system))
    received = policy.receiver_tags & organisation.effective_tags(system)
    return system.is_enabled and bool(received)


def _granted(
    organisation: Organisation, system: System, choices: Iterable[GatewayChoice], now: datetime
) -> dict[str, Permission]:
    return {
        choice.gateway.system_id: permission(organisation, system, choice.gateway, now)
        for choice in choices
    }


def _system(
    organisation: Organisation, system: System, tag: str, granted: Mapping[str, Permission]
) -> Document:
    """A system; as a gateway, with the ranges that the asker may reach through it."""
    addresses = [str(ip_address(address)) for address in system.virtual_addresses]
    document: Document = {
        "systemId": system.system_id,
        "virtualAddress": addresses,
        "tags": [tag],
    }
    if not system.is_enabled:
        document["isEnabled"] = False
    if system.system_id in granted:
        routes = _routes(organisation, granted[system.system_id])
        document["gatewayRoutes"] = [{"subnet": route} for route in routes]
        document["dnsSuffixes"] = [display(suffix) for suffix in system.dns_suffixes]
        document["searchSuffixes"] = [display(suffix) for suffix in system.search_suffixes]
    return document


def _gateway_policy(
    organisation: Organisation, choice: GatewayChoice, granted: Mapping[str, Permission]
) -> Document:
    gateway_id = choice.gateway.system_id
    permitted = granted[gateway_id]
    return _policy(
        {
            "type": "gateway",
            "senderTags": [SELF],
            "gateways": [{"systemId": gateway_id, "routes": _routes(organisation, permitted)}],
            "gatewayPriority": choice.priority.value,
            "disclosedSuffixes": [display(suffix) for suffix in permitted.disclosed_suffixes],
        }
    )


def _policy(document: Document) -> Document:
    return document | {"acls": [{"protocol": "any"}]}


def _routes(organisation: Organisation, granted: Permission) -> list[str]:
    """The compiled ranges as prefixes that compile to the same ranges again.

    What is never disclosed unless it is named stays apart, so that it is named again; an open view
    stays open.
    """
    never = (*NEVER, *organisation.virtual_networks)
    pieces = [
        piece
        for span in granted.ranges.spans
        for piece in (*without(span, never), *_inside(span, never))
        if not (granted.is_open and span.family == 4 and piece not in _inside(span, never))
    ]
    return _prefixes([everything(4), *pieces] if granted.is_open else pieces)


def _inside(span: Range, never: Iterable[Range]) -> tuple[Range, ...]:
    return tuple(common for hole in never if (common := span.intersection(hole)) is not None)


def _zone(zone: DnsZone, names: Iterable[SeenName]) -> Document:
    records = [
        {
            "name": _relative(entry, zone),
            "systems": sorted(system.system_id for system in entry.systems),
            "autoGenerated": entry.is_automatic,
        }
        for entry in names
    ]
    return {"name": display(zone.name), "closed": zone.closed, "records": records}


def _relative(entry: SeenName, zone: DnsZone) -> str:
    """The name as a record of its zone writes it: `@` for the zone's own."""
    inner = labels(entry.name)[: len(labels(entry.name)) - len(labels(zone.name))]
    return display(from_labels(inner)) if inner else "@"


def _prefixes(spans: Iterable[Range]) -> list[str]:
    return [str(prefix) for span in spans for prefix in _networks(span)]


def _networks(span: Range) -> Iterator[object]:
    kind = IPv4Address if span.family == 4 else IPv6Address
    return iter(summarize_address_range(kind(span.first), kind(span.last)))
