"""The names of an organisation's zones as one asker sees them.

Only systems that are seen exist: a record whose systems are all hidden is not there, and shadows
nothing; nor does a zone that holds none that is. Records of people beat automatic ones of the same
name. What lies in a zone below belongs to that zone, and `id.enclave` to the systems' ids.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from enclave_dns.errors import MessageError
from enclave_dns.organisation.document import DnsRecord, DnsZone, Organisation, System
from enclave_dns.wire.names import (
    Name,
    count_labels,
    from_labels,
    from_text,
    is_at_or_below,
    labels,
)

IDS: Final = from_text("id.enclave")
"""Where the systems' ids are names, and no record counts."""


@dataclass(frozen=True, slots=True)
class SeenName:
    """One name of a zone (whole, folded; a leftmost `*` is a wildcard) and its seen systems."""

    name: Name
    systems: tuple[System, ...]
    """By id."""
    is_automatic: bool


SeenZone = tuple[DnsZone, tuple[SeenName, ...]]


def seen_systems(
    organisation: Organisation, asker: System, visible: frozenset[str]
) -> dict[str, System]:
    """The asker and the systems with these ids, by id and in the order of the ids."""
    ids = visible | {asker.system_id}
    found = (system for system in organisation.systems if system.system_id in ids)
    return {system.system_id: system for system in sorted(found, key=lambda s: s.system_id)}


def seen_zones(organisation: Organisation, seen: Mapping[str, System]) -> tuple[SeenZone, ...]:
    """The zones that hold a seen name or are closed, in the document's order, and their names."""
    found: dict[Name, SeenZone] = {}
    for zone in sorted(organisation.dns_zones, key=lambda z: -count_labels(z.name)):
        inner = (IDS, *found)
        names = tuple(
            entry
            for entry in _names(organisation, zone, seen)
            if not any(is_at_or_below(entry.name, cut) for cut in inner)
        )
        if (names or zone.closed) and not is_at_or_below(zone.name, IDS):
            found[zone.name] = zone, names
    return tuple(found[zone.name] for zone in organisation.dns_zones if zone.name in found)


def _names(
    organisation: Organisation, zone: DnsZone, seen: Mapping[str, System]
) -> tuple[SeenName, ...]:
    """The names of a zone that lead to a seen system: people's in their order, then automatic."""
    manual: dict[Name, dict[str, System]] = {}
    automatic: dict[Name, dict[str, System]] = {}
    for record in zone.records:
        systems = _of_record(organisation, record, seen)
        if systems:
            names = automatic if record.auto_generated else manual
            names.setdefault(record.name, {}).update(systems)
    for system in _tagged(organisation, zone.auto_dns_tags, seen):
        name = host_name(system, zone)
        if name is not None:
            automatic.setdefault(name, {})[system.system_id] = system
    return (
        *(_seen(name, found, False) for name, found in manual.items()),
        *(_seen(name, found, True) for name, found in automatic.items() if name not in manual),
    )


def _seen(name: Name, systems: Mapping[str, System], is_automatic: bool) -> SeenName:
    return SeenName(name, tuple(systems[key] for key in sorted(systems)), is_automatic)


def host_name(system: System, zone: DnsZone) -> Name | None:
    """`<hostname>.<zone>`, folded; None where the host name makes no label, or a wildcard.

    Spaces become hyphens, as Enclave's agent has it; of a qualified host name only the first label
    counts.
    """
    label = system.hostname.strip().replace(" ", "-").partition(".")[0].lower()
    try:
        encoded = label.encode("ascii") if label.isascii() else label.encode("idna")
        # A full stop of another script becomes a dot on the way.
        first = encoded.partition(b".")[0]
        return from_labels([first, *labels(zone.name)]) if first != b"*" else None
    except (MessageError, UnicodeError):
        return None


def _of_record(
    organisation: Organisation, record: DnsRecord, seen: Mapping[str, System]
) -> dict[str, System]:
    """The seen systems of a record: those it names, then those with one of its tags."""
    named = {name: seen[name] for name in record.systems if name in seen}
    tagged = {system.system_id: system for system in _tagged(organisation, record.tags, seen)}
    return named | tagged


def _tagged(
    organisation: Organisation, tags: Iterable[str], seen: Mapping[str, System]
) -> Iterator[System]:
    wanted = frozenset(tags)
    if wanted:
        for system in seen.values():
            if wanted & organisation.effective_tags(system):
                yield system
