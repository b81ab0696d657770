"""The names that never go upstream: a literal table, each row with the RFC that set it apart.

A gateway discloses nothing under them (they mean the asker's own machine or link, or nothing in
DNS); a stub answers or misses them as `treatment` says. `enclave` and below is not here: it is
ours, and the caller's.
"""

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from enclave_dns.wire.names import Name, ancestors, folded, from_text, labels


class Treatment(Enum):
    """What a stub says to a question for a special name."""

    LOOPBACK = "loopback"
    """A is 127.0.0.1, AAAA is ::1, any other type is NODATA."""
    IPV4ONLY = "ipv4only"
    """A is 192.0.0.170 and 192.0.0.171, any other type is NODATA; names below do not exist."""
    NODATA = "nodata"
    """The name exists and has no records."""
    NXDOMAIN = "nxdomain"
    """The name does not exist, and no other resolver of the machine can know better."""
    MISS = "miss"
    """Not ours: the operating system may go on to another way of its own (multicast DNS)."""


@dataclass(frozen=True, slots=True)
class SpecialName:
    """A zone that is set apart; `is_exact` where only the name itself is, not those below it."""

    zone: Name
    rfc: str
    treatment: Treatment
    is_exact: bool = False


_WPAD: Final = "draft-ietf-wrec-wpad-01, 4.4.5"  # never became an RFC

_ROWS: Final = (
    ("localhost", "RFC 6761, 6.3", Treatment.LOOPBACK),
    ("invalid", "RFC 6761, 6.4", Treatment.NXDOMAIN),
    ("onion", "RFC 7686, 2", Treatment.NXDOMAIN),
    ("alt", "RFC 9476, 2", Treatment.NXDOMAIN),
    ("local", "RFC 6762, 22.1", Treatment.MISS),
    ("resolver.arpa", "RFC 9462, 6.4", Treatment.NODATA),
    ("ipv4only.arpa", "RFC 8880, 7", Treatment.IPV4ONLY),
    ("wpad", _WPAD, Treatment.NXDOMAIN),
    ("isatap", "RFC 5214, 8.3.2", Treatment.NXDOMAIN),
    ("0.in-addr.arpa", "RFC 6303, 4.2", Treatment.NXDOMAIN),
    ("127.in-addr.arpa", "RFC 6303, 4.2", Treatment.NXDOMAIN),
    ("254.169.in-addr.arpa", "RFC 6303, 4.2", Treatment.NXDOMAIN),
    ("255.255.255.255.in-addr.arpa", "RFC 6303, 4.2", Treatment.NXDOMAIN),
    ("0." * 32 + "ip6.arpa", "RFC 6303, 4.3", Treatment.NXDOMAIN),
    ("1." + "0." * 31 + "ip6.arpa", "RFC 6303, 4.3", Treatment.NXDOMAIN),
    ("8.e.f.ip6.arpa", "RFC 6303, 4.5", Treatment.NXDOMAIN),
    ("9.e.f.ip6.arpa", "RFC 6303, 4.5", Treatment.NXDOMAIN),
    ("a.e.f.ip6.arpa", "RFC 6303, 4.5", Treatment.NXDOMAIN),
    ("b.e.f.ip6.arpa", "RFC 6303, 4.5", Treatment.NXDOMAIN),
)
_BARE: Final = frozenset({"wpad", "isatap"})


def _table() -> dict[Name, SpecialName]:
    rows = {}
    for text, rfc, treatment in _ROWS:
        zone = from_text(text)
        rows[zone] = SpecialName(zone, rfc, treatment, is_exact=text in _BARE)
    return rows


SPECIAL_NAMES: Final = MappingProxyType(_table())
"""Every row, by its folded zone."""


_TOPS: Final = tuple({zone[-2 - len(labels(zone)[-1]) :] for zone in SPECIAL_NAMES})
"""The last labels of all rows, as names end in them."""


def special_name(name: Name) -> SpecialName | None:
    """The row that a name (in any case) is at or below, or None where it is an ordinary name."""
    name = folded(name)
    if not name.endswith(_TOPS):
        return None  # nearly all names, and so found out first
    for zone in ancestors(name):
        row = SPECIAL_NAMES.get(zone)
        if row is not None and (zone == name or not row.is_exact):
            return row
    return None
