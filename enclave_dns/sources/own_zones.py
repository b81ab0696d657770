"""The names that this program itself is the authority of: ids of systems below `id.enclave`.

`_my.id.enclave` is the asker's own system, `<id>.id.enclave` a system that it is connected with.
All others do not exist, exactly (RFC 1034, 4.3.2; RFC 2308): the zone `enclave` is closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from enclave_dns.wire.names import Name, ancestors, from_labels, from_text, is_at_or_below, labels
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

ENCLAVE: Final = from_text("enclave")
ID_ZONE: Final = from_text("id.enclave")
MY_ID: Final = from_text("_my.id.enclave")
"""The documented sign of life: every stub and gateway answers it with its own address."""

_RNAME: Final = from_text("nobody.invalid")
_TIMERS: Final = (3600, 600, 86400, 0)
_SIZES: Final[dict[int, int]] = {RRType.A: 4, RRType.AAAA: 16}


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What the zone says: `exists` is False for a name that is not there (NXDOMAIN)."""

    exists: bool
    records: tuple[Record, ...]
    soa: Record


@dataclass(frozen=True, slots=True)
class OwnZones:
    """The names of one asker at one version of the organisation, by folded name."""

    version: int
    addresses: Mapping[Name, tuple[bytes, ...]]
    _empty: frozenset[Name] = field(default=frozenset(), repr=False)

    @classmethod
    def of(
        cls, version: int, own: tuple[bytes, ...], systems: Mapping[str, tuple[bytes, ...]]
    ) -> "OwnZones":
        """From the asker's own addresses, and those of the systems it may see, by id."""
        addresses = {id_name(system_id): found for system_id, found in systems.items()}
        addresses[MY_ID] = own
        between = {above for name in addresses for above in ancestors(name)}
        return cls(version, addresses, frozenset(between))

    def answer(self, name: Name, rtype: int) -> OwnAnswer | None:
        """The answer to a question for a folded name; None where it is not in our zones."""
        if not is_at_or_below(name, ENCLAVE):
            return None
        found = self.addresses.get(name)
        exists = found is not None or name in self._empty
        size = _SIZES.get(rtype)
        records = tuple(
            Record(name, rtype, 0, address) for address in found or () if len(address) == size
        )
        if name == ENCLAVE and rtype == RRType.SOA:
            records = (self.soa(),)
        return OwnAnswer(exists, records, self.soa())

    def soa(self) -> Record:
        """The SOA of `enclave`; its serial is the organisation's version, nothing is kept."""
        numbers = (self.version & 0xFFFFFFFF, *_TIMERS)
        rdata = ENCLAVE + _RNAME + b"".join(number.to_bytes(4) for number in numbers)
        return Record(ENCLAVE, RRType.SOA, 0, rdata)


def id_name(system_id: str) -> Name:
    """The name of a system by its id, folded."""
    return from_labels([system_id.lower().encode(), *labels(ID_ZONE)])
