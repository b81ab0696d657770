"""The own zones of one asker, compiled from the organisation's document.

The ids beat every record. `enclave` and what lies below it are closed, as are the reverse names of
the virtual networks: such names are nobody else's.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import Final

from enclave_dns.disclosure.ranges import Range
from enclave_dns.organisation.document import DnsZone, Organisation, System
from enclave_dns.organisation.names import SeenName, seen_systems, seen_zones
from enclave_dns.sources.own_zones import ENCLAVE, MY_ID, Node, OwnZones, Zone, id_name
from enclave_dns.wire.names import Name, from_labels, is_at_or_below, labels, parent
from enclave_dns.wire.reverse import reverse_name

MAX_REVERSE_ZONES: Final = 256
"""Reverse zones of one virtual network; a network that needs more has none."""


def compile_zones(organisation: Organisation, asker: System, visible: frozenset[str]) -> OwnZones:
    """The zones of `asker`, to whom the systems with these ids are visible."""
    seen = seen_systems(organisation, asker, visible)
    named = seen_zones(organisation, seen)
    ids = {id_name(system_id): Node((s.virtual_addresses,)) for system_id, s in seen.items()}
    ids[MY_ID] = Node((asker.virtual_addresses,))
    zones = {zone.name: _zone(zone, names) for zone, names in named}
    held = zones.pop(ENCLAVE, Zone(ENCLAVE, {}))
    pointers = _pointers(seen, (entry for _, names in named for entry in names))
    reverse = _reverse_zones(organisation.virtual_networks, pointers)
    enclave = Zone(ENCLAVE, {**held.nodes, **ids})
    return OwnZones.of(organisation.version, (enclave, *zones.values(), *reverse))


def _zone(zone: DnsZone, names: Iterable[SeenName]) -> Zone:
    nodes = {
        seen.name: Node(tuple(system.virtual_addresses for system in seen.systems))
        for seen in names
    }
    return Zone(zone.name, nodes, zone.closed or is_at_or_below(zone.name, ENCLAVE))


def _pointers(seen: Mapping[str, System], names: Iterable[SeenName]) -> dict[Name, Node]:
    """The reverse names of all seen systems: to the automatic name, else a record's, else the id.

    A system has one name here, however many lead to it.
    """
    best: dict[str, tuple[bool, Name]] = {}
    for entry in names:
        if entry.name.startswith(b"\1*"):
            continue
        for system in entry.systems:
            known = best.get(system.system_id)
            if known is None or (entry.is_automatic and not known[0]):
                best[system.system_id] = (entry.is_automatic, entry.name)
    return {
        reverse_name(address): Node(
            pointer=best[system_id][1] if system_id in best else id_name(system_id)
        )
        for system_id, system in seen.items()
        for address in system.virtual_addresses
    }


def _reverse_zones(networks: Iterable[Range], pointers: dict[Name, Node]) -> Iterator[Zone]:
    """Closed zones for the networks, and one for each address outside of them."""
    apexes = {apex for network in networks for apex in reverse_apexes(network)}
    nodes: dict[Name, dict[Name, Node]] = {apex: {} for apex in apexes}
    for name, node in pointers.items():
        apex = name
        while apex not in apexes and apex[0]:
            apex = parent(apex)
        nodes.setdefault(apex if apex in apexes else name, {})[name] = node
    return (Zone(apex, held) for apex, held in nodes.items())


def reverse_apexes(network: Range) -> list[Name]:
    """The names of the reverse zones that together are this network; none past the bound.

    Reverse zones begin at octets and nibbles: 100.64.0.0/10 is 64 of them.
    """
    size, step = (4, 8) if network.family == 4 else (16, 4)
    kind = IPv4Address if network.family == 4 else IPv6Address
    found: list[Name] = []
    for prefix in summarize_address_range(kind(network.first), kind(network.last)):
        border = -(-max(prefix.prefixlen, step) // step) * step
        count = 1 << (border - prefix.prefixlen)
        if len(found) + count > MAX_REVERSE_ZONES:
            return []
        for index in range(count):
            first = int(prefix.network_address) + (index << (size * 8 - border))
            whole = labels(reverse_name(first.to_bytes(size)))
            found.append(from_labels(whole[(size * 8 - border) // step :]))
    return found
