"""D1 once more, for any address: which addresses may leave, and which of them a reply holds.

Shares no line with the rule: addresses are judged by `ipaddress`, embedded ones cut out by hand as
their RFCs draw them, and replies read by dnspython.
"""

from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import dns.message
import dns.rdatatype
import dns.reversename
from dns.rdtypes.svcbbase import SVCBBase

from tests.fakes.naive_judgement import is_routed

FORMS = {"::/96": 12, "::ffff:0:0/96": 12, "::ffff:0:0:0/96": 12, "64:ff9b::/96": 12}
"""Prefixes whose last four bytes are an IPv4 address, and where it begins."""

LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
SIX_TO_FOUR = ip_network("2002::/16")
TEREDO = ip_network("2001::/32")
ISATAP = (bytes.fromhex("00005efe"), bytes.fromhex("02005efe"))


def embedded(address: IPv6Address) -> Iterator[bytes]:
    """Every IPv4 address in an IPv6 one."""
    raw = address.packed
    yield from (raw[at:] for net, at in FORMS.items() if address in ip_network(net))
    if address in SIX_TO_FOUR:
        yield raw[2:6]
    if address in TEREDO:
        yield raw[4:8]
        yield bytes(byte ^ 0xFF for byte in raw[12:])
    if raw[8:12] in ISATAP:
        yield raw[12:]
    if address in LOCAL_NAT64 and not raw[8]:
        # RFC 6052, 2.2: byte 8 is zero in every layout, and so is what follows the address.
        layouts = ((raw[6:8] + raw[9:11], raw[11:]), (raw[7:8] + raw[9:12], raw[12:]))
        layouts += ((raw[9:13], raw[13:]), (raw[12:], b""))
        yield from (inner for inner, rest in layouts if not any(rest))


@cache
def may(raw: bytes, routes: tuple[str, ...]) -> bool:
    """Whether an address, and every one in it, is in these routes."""
    address = ip_address(raw)
    inside = embedded(address) if isinstance(address, IPv6Address) else ()
    return all(
        is_routed(str(one), routes) for one in (address, *(IPv4Address(raw) for raw in inside))
    )


def addresses(reply: dns.message.Message) -> Iterator[bytes]:
    """Every address that a reply holds: A, AAAA and hints."""
    for rrset in (rrset for section in reply.sections[1:] for rrset in section):
        for item in rrset:
            if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
                yield item.to_wire()
            elif isinstance(item, SVCBBase):
                yield from hints(item)


def asked_about(reply: dns.message.Message) -> Iterator[bytes]:
    """The address in a question that PTR records answer."""
    if reply.question and any(rrset.rdtype == dns.rdatatype.PTR for rrset in reply.answer):
        asked = reply.question[0]
        if asked.rdtype == dns.rdatatype.PTR:
            yield ip_address(dns.reversename.to_address(asked.name)).packed


def hints(item: SVCBBase) -> Iterator[bytes]:
    """The addresses in the hints of a service record."""
    for key in (4, 6):
        if key in item.params:
            yield from (ip_address(text).packed for text in item.params[key].addresses)


def read(packet: bytes) -> dns.message.Message:
    """A reply as dnspython reads it. RDATA that it cannot read is left out; all else must do."""
    reply = dns.message.from_wire(packet, one_rr_per_rrset=True, continue_on_error=True)
    counted = sum(int.from_bytes(packet[at : at + 2]) for at in (6, 8, 10))
    found = sum(map(len, reply.sections[1:])) + (reply.opt is not None) + len(reply.errors)
    if counted != found or any(is_fatal(error.exception) for error in reply.errors):
        raise reply.errors[-1].exception if reply.errors else AssertionError("records are missing")
    return reply


def is_fatal(error: Exception) -> bool:
    """Whether an error is about more than the RDATA of one record."""
    return isinstance(error, dns.message.TrailingJunk | dns.message.BadEDNS)
