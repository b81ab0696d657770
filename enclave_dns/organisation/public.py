"""Globally routable addresses, for senders that have no other resolver (`public_names`).

Such a sender reaches public addresses without us, so learning them tells it nothing. What the
organisation routes itself is no public address to it, nor what the gateway's `not_public` names.
The tables are literal, like those of `disclosure.special` (IANA special-purpose registries).
"""

from typing import Final

from enclave_dns.disclosure.ranges import Range, everything, prefix, without
from enclave_dns.disclosure.special import NEVER
from enclave_dns.organisation.document import Organisation, System


def _v4(text: str, length: int) -> Range:
    return prefix(4, int.from_bytes(bytes(int(part) for part in text.split("."))), length)


GLOBAL6: Final = prefix(6, 0x2000 << 112, 3)
"""What is delegated as global unicast (RFC 4291, 2.4)."""

NOT_GLOBAL: Final = (
    *NEVER,
    _v4("10.0.0.0", 8),  # private: RFC 1918
    _v4("100.64.0.0", 10),  # shared: RFC 6598
    _v4("172.16.0.0", 12),  # private: RFC 1918
    _v4("192.0.0.0", 24),  # protocol assignments: RFC 6890
    _v4("192.0.2.0", 24),  # documentation: RFC 5737
    _v4("192.88.99.0", 24),  # 6to4 relays, deprecated: RFC 7526
    _v4("192.168.0.0", 16),  # private: RFC 1918
    _v4("198.18.0.0", 15),  # benchmarking: RFC 2544
    _v4("198.51.100.0", 24),  # documentation: RFC 5737
    _v4("203.0.113.0", 24),  # documentation: RFC 5737
    prefix(6, 0x2001 << 112, 23),  # protocol assignments, Teredo among them: RFC 2928, 4380
    prefix(6, 0x20010DB8 << 96, 32),  # documentation: RFC 3849
    prefix(6, 0x2002 << 112, 16),  # 6to4: RFC 3056
    prefix(6, 0x3FFF << 112, 20),  # documentation: RFC 9637
)


def public_ranges(organisation: Organisation, gateway: System) -> tuple[Range, ...]:
    """What is added to every restricted view of a gateway; nothing unless it says so."""
    if not gateway.public_names:
        return ()
    routed = [
        route.subnet
        for system in organisation.systems
        for route in system.gateway_routes
        if route.subnet not in (everything(4), everything(6))
    ]
    holes = (*NOT_GLOBAL, *organisation.virtual_networks, *gateway.not_public, *routed)
    return (*without(everything(4), holes), *without(GLOBAL6, holes))
