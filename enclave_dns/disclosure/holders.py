"""Addresses inside the RDATA of every type that can hold one (D7).

In an open view all types leave, but D1 still judges each address in them. A record of such a type
that cannot be read holds we do not know what, and does not leave.
"""

from collections.abc import Callable
from typing import Final

from enclave_dns.disclosure.hints import without_hidden_hints
from enclave_dns.disclosure.literals import holds_hidden
from enclave_dns.disclosure.ranges import Range, prefix
from enclave_dns.disclosure.texts import text_of
from enclave_dns.disclosure.view import View
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.svcb import read_service

L32, L64 = 105, 106
"""RFC 6742, 2.2 and 2.3."""

_GATEWAY_SIZES: Final = {0: 0, 1: 4, 2: 16}
_FAMILIES: Final = {1: (4, 4), 2: (6, 16)}

Spans = tuple[Range, ...]


def permitted_form(view: View, record: Record) -> bytes | None:
    """The RDATA as it may leave to an open view; None where the record may not."""
    if record.rtype in (RRType.SVCB, RRType.HTTPS):
        service = read_service(record.rdata)
        return None if service is None else without_hidden_hints(view, service).rdata()
    if record.rtype in (RRType.TXT, RRType.CAA, RRType.URI, RRType.NAPTR):
        text = text_of(record)
        return None if text is None or holds_hidden(view, text) else record.rdata
    reader = _READERS.get(record.rtype)
    if reader is None:
        return record.rdata
    spans = reader(record.rdata)
    if spans is None or not all(view.permits_all(span) for span in spans):
        return None
    return record.rdata


def _single(address: bytes) -> Range:
    value = int.from_bytes(address)
    return Range(4 if len(address) == 4 else 6, value, value)


def _address(rdata: bytes) -> Spans | None:
    return (_single(rdata),) if len(rdata) in (4, 16) else None


def _wks(rdata: bytes) -> Spans | None:
    """WKS (RFC 1035, 3.4.2): an address, a protocol, a bit map."""
    return (_single(rdata[:4]),) if len(rdata) >= 5 else None


def _l32(rdata: bytes) -> Spans | None:
    return (_single(rdata[2:]),) if len(rdata) == 6 else None


def _l64(rdata: bytes) -> Spans | None:
    """A locator is the upper half of addresses: all of them."""
    if len(rdata) != 10:
        return None
    return (prefix(6, int.from_bytes(rdata[2:]) << 64, 64),)


def _a6(rdata: bytes) -> Spans | None:
    """A6 (RFC 2874, 3.1.1): only whole addresses can be judged."""
    return (_single(rdata[1:]),) if len(rdata) == 17 and rdata[0] == 0 else None


def _ipseckey(rdata: bytes) -> Spans | None:
    """IPSECKEY (RFC 4025, 2.1): precedence, gateway type, algorithm, gateway, key."""
    if len(rdata) < 3:
        return None
    return _gateway(rdata[1], rdata[3:])


def _amtrelay(rdata: bytes) -> Spans | None:
    """AMTRELAY (RFC 8777, 4.2.1): precedence, a bit and the type, relay."""
    if len(rdata) < 2:
        return None
    size = _GATEWAY_SIZES.get(rdata[1] & 0x7F)
    if size is not None and len(rdata) != 2 + size:
        return None
    return _gateway(rdata[1] & 0x7F, rdata[2:])


def _gateway(kind: int, rest: bytes) -> Spans | None:
    if kind == 3:
        return ()
    size = _GATEWAY_SIZES.get(kind)
    if size is None or len(rest) < size:
        return None
    return (_single(rest[:size]),) if size else ()


def _apl(rdata: bytes) -> Spans | None:
    """APL (RFC 3123, 4): items of family, prefix length, and the address part without zeros."""
    spans: list[Range] = []
    at = 0
    while at < len(rdata):
        if at + 4 > len(rdata):
            return None
        family = _FAMILIES.get(int.from_bytes(rdata[at : at + 2]))
        length, size = rdata[at + 2], rdata[at + 3] & 0x7F
        part = rdata[at + 4 : at + 4 + size]
        if family is None or len(part) != size or size > family[1] or length > 8 * family[1]:
            return None
        bits = 8 * family[1] - length
        first = int.from_bytes(part.ljust(family[1], b"\0")) >> bits << bits
        spans.append(prefix(family[0], first, length))
        whole = int.from_bytes(part.ljust(family[1], b"\0"))
        spans.append(Range(family[0], whole, whole))
        at += 4 + size
    return tuple(spans)


_READERS: Final[dict[int, Callable[[bytes], Spans | None]]] = {
    RRType.A: _address,
    RRType.AAAA: _address,
    RRType.WKS: _wks,
    RRType.A6: _a6,
    RRType.APL: _apl,
    RRType.IPSECKEY: _ipseckey,
    RRType.AMTRELAY: _amtrelay,
    L32: _l32,
    L64: _l64,
}
