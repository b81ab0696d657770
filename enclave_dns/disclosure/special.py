"""Addresses that no gateway discloses unless a policy names them: a literal table of ours.

Not `ipaddress.is_private` and its kin, whose meaning changes between releases of Python. Each row
gives its registry entry (IANA special-purpose registries, RFC 6890 and its successors).
"""

from enclave_dns.disclosure.ranges import Range, prefix


def _v4(text: str, length: int) -> Range:
    octets = bytes(int(part) for part in text.split("."))
    return prefix(4, int.from_bytes(octets), length)


def _v6(groups: int, length: int) -> Range:
    return prefix(6, groups, length)


NEVER: tuple[Range, ...] = (
    _v4("0.0.0.0", 8),  # "this network", unspecified: RFC 791, 1122
    _v4("127.0.0.0", 8),  # loopback: RFC 1122; means the sender itself
    _v4("169.254.0.0", 16),  # link-local: RFC 3927; means the sender's own link
    _v4("224.0.0.0", 4),  # multicast: RFC 1112
    _v4("240.0.0.0", 4),  # reserved, limited broadcast: RFC 1112, 919
    _v6(0, 128),  # unspecified: RFC 4291
    _v6(1, 128),  # loopback: RFC 4291
    _v6(0xFE80 << 112, 10),  # link-local: RFC 4291
    _v6(0xFEC0 << 112, 10),  # site-local, deprecated and reserved: RFC 3879
    _v6(0xFF00 << 112, 8),  # multicast: RFC 4291
    _v6(0x0100 << 112, 64),  # discard-only: RFC 6666
)
"""Unspecified, loopback, link-local, multicast and reserved, in both families."""

LOOPBACK: tuple[Range, ...] = (_v4("127.0.0.0", 8), _v6(1, 128))
"""In a hosts file: a name that is blocked, or the machine itself."""

UNSPECIFIED: tuple[Range, ...] = (_v4("0.0.0.0", 32), _v6(0, 128))
"""In a hosts file: a name that is blocked."""
