"""RDATA of the types that hold addresses beside A, AAAA and SVCB, and what each of them holds.

A table by hand and not a reader: whoever made the bytes knows the addresses in them. Spans are in
text, with the IPv4 addresses inside IPv6 ones; None where the RDATA is malformed or, with part of
an address only, cannot be judged.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from enclave_dns.wire.names import ROOT
from enclave_dns.wire.numbers import RRType
from tests.fakes.world_contents import ADDRESSES, HOLDING, INSIDE, L32, L64

KEY = b"\xb7key\xb7"

Held = tuple[str, ...] | None


def _v4(address: bytes) -> Iterator[tuple[int, bytes]]:
    yield RRType.WKS, address + b"\6\0\0\0\x40"
    yield L32, b"\0\1" + address
    yield RRType.IPSECKEY, b"\1\1\2" + address + KEY
    yield RRType.AMTRELAY, b"\1\x81" + address
    yield RRType.APL, b"\0\1\x20\4" + address
    yield RRType.APL, b"\0\1\x20\x84" + address


def _v6(address: bytes) -> Iterator[tuple[int, bytes]]:
    yield RRType.A6, b"\0" + address
    yield RRType.IPSECKEY, b"\1\2\2" + address + KEY
    yield RRType.AMTRELAY, b"\1\2" + address
    yield RRType.APL, b"\0\2\x80\x10" + address


def _locator(text: str) -> tuple[int, bytes]:
    return L64, b"\0\1" + ip_address(text).packed[:8]


def _pair(first: str, second: str) -> tuple[int, bytes]:
    """Two items of one APL record, the second negated."""
    items = (b"\0\1\x20\4", b"\0\1\x20\x84")
    addresses = (ip_address(text).packed for text in (first, second))
    return RRType.APL, b"".join(head + one for head, one in zip(items, addresses, strict=True))


HELD: dict[tuple[int, bytes], Held] = {
    **{
        form: (text, *INSIDE[text])
        for address, text in ADDRESSES.items()
        for form in (_v4 if len(address) == 4 else _v6)(address)
    },
    _pair("10.77.201.1", "10.211.173.5"): ("10.77.201.1", "10.211.173.5"),
    _pair("10.77.201.1", "127.77.201.9"): ("10.77.201.1", "127.77.201.9"),
    _pair("169.254.77.9", "10.77.201.2"): ("169.254.77.9", "10.77.201.2"),
    (RRType.APL, b"\0\1\x1e\3\x0a\x4d\xc9"): ("10.77.201.0/30",),
    (RRType.APL, b"\0\1\7\1\x7e"): ("126.0.0.0/7",),
    (RRType.APL, b"\0\1\x08\4\x7f\x4d\xc9\x09"): ("127.0.0.0/8",),
    (RRType.APL, b"\0\1\0\0"): ("0.0.0.0/0",),
    (RRType.APL, b""): (),
    _locator("2001:db8:77::"): ("2001:db8:77::/64",),
    _locator("fd77:aa55::"): ("fd77:aa55::/64",),
    _locator("fd99:dead:beef::"): ("fd99:dead:beef::/64",),
    _locator("2002:ad3:ad05::"): ("2002:ad3:ad05::/64", "10.211.173.5"),
    _locator("2002:7f4d:c909::"): ("2002:7f4d:c909::/64", "127.77.201.9"),
    (RRType.IPSECKEY, b"\1\0\2" + KEY): (),
    (RRType.IPSECKEY, b"\1\3\2\4w00p" + ROOT + KEY): (),
    (RRType.AMTRELAY, b"\1\0"): (),
    (RRType.IPSECKEY, b"\1\7\2" + KEY): None,
    (RRType.IPSECKEY, b"\1\2\2\x7f\x4d\xc9\x09"): None,
    (RRType.AMTRELAY, b"\1\1\x0a\x4d\xc9\1" + KEY): None,
    (RRType.AMTRELAY, b"\1\5" + KEY): None,
    (RRType.WKS, b"\x0a\x4d\xc9\1"): None,
    (RRType.A6, b"\x40\0\0\0\0\0\0\0\1" + ROOT): None,
    (RRType.APL, b"\0\1\x20\4\x0a\x4d\xc9"): None,
    (RRType.APL, b"\0\7\x20\4\x0a\x4d\xc9\1"): None,
    (RRType.APL, b"\0\1\x21\4\x0a\x4d\xc9\1"): None,
    (L32, b"\0\1\x0a\x4d\xc9"): None,
    (L64, b"\0\1\x20\1\x0d\xb8\0\x77\0"): None,
}
"""By record type and RDATA."""

BY_TYPE = {rtype: tuple(rdata for kind, rdata in HELD if kind == rtype) for rtype in HOLDING}
