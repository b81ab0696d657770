"""IPv4 addresses that travel inside IPv6 addresses.

A sender that learns `::ffff:10.0.0.30` or `64:ff9b::a00:1e` has learned `10.0.0.30`. The rule (D1)
therefore judges every IPv4 address that an IPv6 address can be read to hold; where two layouts fit,
both readings count.
"""

from typing import Final

_ZERO8: Final = b"\0" * 8
_MAPPED: Final = b"\0" * 10 + b"\xff\xff"  # ::ffff:0:0/96, RFC 4291 2.5.5.2
_COMPATIBLE: Final = b"\0" * 12  # ::/96, RFC 4291 2.5.5.1
_SIIT: Final = _ZERO8 + b"\xff\xff\0\0"  # ::ffff:0:a.b.c.d, RFC 7915 and RFC 2765
_NAT64: Final = b"\0\x64\xff\x9b" + _ZERO8  # 64:ff9b::/96, RFC 6052
_NAT64_LOCAL: Final = b"\0\x64\xff\x9b\0\x01"  # 64:ff9b:1::/48, RFC 8215
_6TO4: Final = b"\x20\x02"  # 2002::/16, RFC 3056
_TEREDO: Final = b"\x20\x01\0\0"  # 2001::/32, RFC 4380
_ISATAP: Final = (b"\0\0\x5e\xfe", b"\x02\0\x5e\xfe")  # ::[02]00:5efe:a.b.c.d, RFC 5214
_ONES: Final = 0xFFFFFFFF


def embedded(address: bytes) -> tuple[bytes, ...]:
    """Every IPv4 address (4 bytes) that this IPv6 address (16 bytes) holds; mostly none."""
    first = address[0]
    found: list[bytes] = []
    if first == 0:
        head = address[:12]
        # `::` and `::1` match too; both are never disclosed anyway.
        if head in (_MAPPED, _COMPATIBLE, _SIIT, _NAT64):
            found.append(address[12:])
        elif address[:6] == _NAT64_LOCAL:
            found.extend(_rfc6052(address))
    elif first == 0x20:
        if address[:2] == _6TO4:
            found.append(address[2:6])
        elif address[:4] == _TEREDO:
            client = int.from_bytes(address[12:]) ^ _ONES
            found.extend((address[4:8], client.to_bytes(4)))
    if address[8:12] in _ISATAP:
        found.append(address[12:])
    return tuple(found)


def _rfc6052(address: bytes) -> list[bytes]:
    """The readings of a local-use NAT64 address under RFC 6052, section 2.2.

    The prefix may be 48, 56, 64 or 96 bits long; a layout counts where its u-octet (byte 8) and
    the suffix behind the IPv4 address are zero.
    """
    readings = []
    if address[8] == 0:
        if not any(address[11:]):
            readings.append(address[6:8] + address[9:11])
        if not any(address[12:]):
            readings.append(address[7:8] + address[9:12])
        if not any(address[13:]):
            readings.append(address[9:13])
        readings.append(address[12:])
    return readings
