"""Addresses as names: `in-addr.arpa` and `ip6.arpa` (RFC 1035, 3.5; RFC 3596, 2.5)."""

from typing import Final

from enclave_dns.wire.names import Name, from_labels, from_text, is_at_or_below, labels

IN_ADDR: Final = from_text("in-addr.arpa")
IP6: Final = from_text("ip6.arpa")
_DIGITS: Final = {str(value).encode(): value for value in range(256)}
_NIBBLES: Final = {f"{value:x}".encode(): value for value in range(16)}


def is_reverse(name: Name) -> bool:
    """Whether a folded name lies in one of the two reverse trees."""
    return is_at_or_below(name, IN_ADDR) or is_at_or_below(name, IP6)


def address_of(name: Name) -> bytes | None:
    """The address (4 or 16 bytes) that a folded reverse name spells out in full.

    None for every other name: too short, too long, leading zeros, an octet past 255, RFC 2317
    forms, service names below a reverse name.
    """
    if is_at_or_below(name, IN_ADDR):
        octets = [_DIGITS.get(label) for label in labels(name)[:-2]]
        whole = [octet for octet in reversed(octets) if octet is not None]
        return bytes(whole) if len(octets) == len(whole) == 4 else None
    if is_at_or_below(name, IP6):
        nibbles = [_NIBBLES.get(label) for label in labels(name)[:-2]]
        digits = [nibble for nibble in reversed(nibbles) if nibble is not None]
        if len(nibbles) != 32 or len(digits) != 32:
            return None
        return bytes(high << 4 | low for high, low in zip(digits[::2], digits[1::2], strict=True))
    return None


def reverse_name(address: bytes) -> Name:
    """The name at which the PTR records of an address (4 or 16 bytes) stand."""
    if len(address) == 4:
        parts = [str(octet).encode() for octet in reversed(address)]
        return from_labels([*parts, b"in-addr", b"arpa"])
    parts = [digit.encode() for digit in reversed(address.hex())]
    return from_labels([*parts, b"ip6", b"arpa"])
