"""What is wrong or odd about a document from the side of one stub.

A document for somebody else is refused; what merely leaves the stub with less than was meant is a
finding like those of `advice`.
"""

from collections.abc import Iterator
from datetime import datetime

from enclave_dns.errors import DocumentError, Problem
from enclave_dns.organisation.connections import gateways_of
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.slice import SELF
from enclave_dns.validation import path_in
from enclave_dns.wire.names import display


def slice_owner(organisation: Organisation) -> System | None:
    """Whose slice a document is, if it looks like one: the one system that it tags as itself."""
    tagged = [system for system in organisation.systems if SELF in system.tags]
    return tagged[0] if len(tagged) == 1 else None


def refuse_other_slice(organisation: Organisation, system_id: str) -> None:
    """Raises DocumentError where a document lacks this system and is the slice of another."""
    owner = slice_owner(organisation)
    if organisation.system(system_id) is None and owner is not None:
        reason = f"there is no system {system_id}: this is the slice of {owner.system_id}"
        hint = f"cut its own: enclave-dns organisation slice --for {system_id} FILE"
        raise DocumentError((Problem(organisation.file, "systems", reason, hint),))


def stub_warnings(
    organisation: Organisation, system: System, now: datetime, family: int
) -> tuple[Problem, ...]:
    """The findings for the stub of a system that asks from an address of `family` (4 or 6)."""
    return (
        *_gateways(organisation, system, now, family),
        *_public_suffixes(organisation),
    )


def _gateways(
    organisation: Organisation, system: System, now: datetime, family: int
) -> Iterator[Problem]:
    file = organisation.file
    choices = gateways_of(organisation, system, now)
    if not choices:
        reason = f"{system.system_id} may use no gateway now, so it has nobody to ask"
        yield Problem(file, "policies", reason)
    places = {member.system_id: at for at, member in enumerate(organisation.systems)}
    size = 4 if family == 4 else 16
    for choice in choices:
        gateway = choice.gateway
        if all(len(address) != size for address in gateway.virtual_addresses):
            at = places[gateway.system_id]
            has = f"gateway {gateway.system_id} has no IPv{family} address"
            reason = f"{has}, which {system.system_id} asks from, so it is never asked"
            hint = "give it one, or set `source_address` of the stub"
            yield Problem(file, path_in(file, "systems", at, "virtual_address"), reason, hint)


def _public_suffixes(organisation: Organisation) -> Iterator[Problem]:
    """Zones under which the names of strangers lie (publicsuffix.org)."""
    if not organisation.dns_zones:
        return
    from publicsuffixlist import PublicSuffixList

    # Without unknown ones: `enclave` is nobody's suffix.
    known = PublicSuffixList(accept_unknown=False)
    for at, zone in enumerate(organisation.dns_zones):
        name = display(zone.name)
        if known.is_public(name):
            key = path_in(organisation.file, "dns_zones", at, "name")
            reason = f"{name} is a public suffix, below which other people have names"
            yield Problem(organisation.file, key, reason, "name a zone of your own below it")
