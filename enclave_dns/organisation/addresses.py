"""Addresses, subnets and ranges as people write them, read into bytes and `Range`s.

Three forms: an address (`10.0.0.1`), a CIDR prefix (`10.0.0.0/24`, or with a dotted mask) and a
range (`10.0.0.1 - 10.0.0.9`, the blanks optional). What could be meant in two ways is refused:
prefixes with host bits, ranges written backwards, octets with leading zeros. Everything here
raises the `refusal` of `validation`, a ValueError.
"""

from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final

import netaddr

from enclave_dns.disclosure.ranges import Range, prefix
from enclave_dns.disclosure.special import UNSPECIFIED
from enclave_dns.validation import refusal

_BITS: Final = {4: 32, 6: 128}
_MAPPED: Final = bytes(10) + b"\xff\xff"
_MULTICAST: Final = (prefix(4, 0xE0000000, 4), prefix(6, 0xFF << 120, 8))


def packed(text: str) -> bytes | None:
    """The bytes of an address (RFC 4291, 2.2; plain dotted quads), or None where it is none."""
    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        return None


def read_address(value: object) -> bytes:
    """One address: 4 or 16 bytes."""
    text = _text(value)
    address = packed(text)
    if address is None:
        raise refusal(f"{text!r} is not an IP address")
    return address


def read_virtual_address(value: object) -> bytes:
    """An address that a system can have: anything but unspecified, multicast or IPv4-mapped."""
    address = read_address(value)
    if any(address in span for span in (*UNSPECIFIED, *_MULTICAST)):
        raise refusal(f"{value!r} cannot be the address of a system")
    if len(address) == 16 and address.startswith(_MAPPED):
        raise refusal(f"{value!r} is an IPv4 address", f"write {IPv4Address(address[12:])}")
    return address


def read_subnet(value: object) -> Range:
    """A CIDR prefix, or a single address, which is a subnet of one."""
    text = _text(value)
    if "/" in text:
        return _cidr(text)
    if "-" in text:
        raise refusal(f"{text!r} is not a subnet", "write it as one or more prefixes")
    return _single(text)


def read_range(value: object) -> Range:
    """An address, a CIDR prefix or a range."""
    text = _text(value)
    if "/" in text:
        return _cidr(text)
    first, dash, last = text.partition("-")
    return _span(text, first.strip(), last.strip()) if dash else _single(text)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise refusal("must be text in quotes")
    return value.strip()


def _single(text: str) -> Range:
    address = packed(text)
    if address is None:
        raise refusal(f"{text!r} is not an IP address")
    number = int.from_bytes(address)
    return Range(_family(address), number, number)


def _family(address: bytes) -> int:
    return 4 if len(address) == 4 else 6


def _span(text: str, first: str, last: str) -> Range:
    low, high = packed(first), packed(last)
    if low is None or high is None:
        wrong = first if low is None else last
        raise refusal(f"{wrong!r} is not an IP address", "write ranges as `FIRST - LAST`")
    if len(low) != len(high):
        raise refusal(f"{text!r} begins in one address family and ends in the other")
    if low > high:
        raise refusal(f"{text!r} is written backwards", f"write `{last} - {first}`")
    return Range(_family(low), int.from_bytes(low), int.from_bytes(high))


def _cidr(text: str) -> Range:
    head, _, tail = text.partition("/")
    address = packed(head)
    if address is None:
        raise refusal(f"{text!r} is not a subnet: {head!r} is not an IP address")
    family = _family(address)
    length = int(tail) if _is_number(tail) else _mask_length(text, tail)
    if length is None or length > _BITS[family]:
        raise refusal(f"{text!r} is not a subnet: {tail!r} is no prefix length")
    number = int.from_bytes(address)
    host_bits = number & ((1 << (_BITS[family] - length)) - 1)
    if host_bits:
        kind = IPv4Address if family == 4 else IPv6Address
        network = f"{kind(number - host_bits)}/{length}"
        raise refusal(f"{text!r} has host bits set", f"did you mean `{network}` or `{head}`?")
    return prefix(family, number, length)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3


def _mask_length(text: str, mask: str) -> int | None:
    """The prefix length that a dotted mask stands for; netaddr knows net masks and host masks."""
    if packed(mask) is None:
        return None
    try:
        return int(netaddr.IPNetwork(text).prefixlen)
    except (netaddr.AddrFormatError, ValueError):
        return None
