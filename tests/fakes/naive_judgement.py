"""What a sender may reach, judged naively: addresses, hints, texts, and RDATA that holds addresses.

It shares no line with the rule under test: addresses are judged by `ipaddress`, service records
read by dnspython, and what a text or an RDATA holds is in the tables that they come from.
"""

from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, ip_address, ip_network
from typing import cast

import dns.exception
import dns.rdata
import dns.rdtypes.svcbbase as svcb

from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.address_holders import HELD
from tests.fakes.world_contents import ADDRESSES, INSIDE, TEXTS, TEXTUAL

NEVER = [
    *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/128", "::1/128", "fe80::/10", "fec0::/10", "ff00::/8", "100::/64"),
    "100.64.0.0/10",
]
"""Special addresses, and the overlay's."""

BLOCKING = ("127.0.0.0/8", "::1/128", "0.0.0.0/32", "::/128")
"""Addresses by which a hosts line blocks a name."""


def _is_within(inner: str, outer: str) -> bool:
    one, other = ip_network(inner), ip_network(outer)
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.subnet_of(other)
    return not isinstance(other, IPv4Network) and one.subnet_of(other)


@cache
def is_routed(span: str, routes: tuple[str, ...]) -> bool:
    """Whether a whole span is in a route; what is special in it, in a route inside that range."""
    special = [one for one in NEVER if _is_within(span, one) or _is_within(one, span)]
    return any(
        _is_within(span, route) and all(_is_within(route, one) for one in special)
        for route in routes
    )


def is_block(address: bytes) -> bool:
    """Whether a hosts line with this address blocks its names."""
    return any(_is_within(str(ip_address(address)), one) for one in BLOCKING)


@cache
def read(rtype: int, rdata: bytes) -> svcb.SVCBBase | None:
    """A service record as dnspython reads it; None where it is malformed."""
    try:
        return cast(svcb.SVCBBase, dns.rdata.from_wire(1, rtype, rdata, 0, len(rdata)))
    except (dns.exception.DNSException, ValueError):
        return None


@dataclass
class Judge:
    """A sender with these routes."""

    routes: tuple[str, ...]

    def may(self, address: bytes) -> bool:
        """D1: the address, and every IPv4 address in it, is in the view."""
        text = ADDRESSES.get(address) or str(ip_address(address))
        return all(map(self._is_routed, (text, *INSIDE.get(text, ()))))

    def _is_routed(self, span: str) -> bool:
        return is_routed(span, self.routes)

    def is_clean(self, record: Record) -> bool:
        """Whether all that a text spells, or an RDATA of the table holds, is in the view."""
        if record.rtype not in TEXTUAL:
            held = HELD.get((record.rtype, record.rdata), ())
            return held is not None and all(map(self._is_routed, held))
        joined = record.rdata
        if record.rtype == RRType.TXT:
            cut = 1 + joined[0]
            joined = joined[1:cut] + joined[cut + 1 :]
        spelled = [nets for text, nets in TEXTS.items() if text in joined]
        return all(self._is_routed(net) for nets in spelled for net in nets)

    def trimmed(
        self, service: svcb.SVCBBase, understood: tuple[int, ...] | None = None
    ) -> svcb.SVCBBase:
        """A service record with hints by D1 and `mandatory` of what is left.

        Of all other keys those that are `understood`, or every one.
        """
        kept: dict[int, object] = {}
        for key, value in service.params.items():
            if isinstance(value, (svcb.IPv4HintParam, svcb.IPv6HintParam)):
                hints = [a for a in value.addresses if self.may(ip_address(a).packed)]
                if hints:
                    kept[key] = type(value)(hints)
            elif key and (understood is None or key in understood):
                kept[key] = value
        if isinstance(mandatory := service.params.get(0), svcb.MandatoryParam):
            still = [key for key in mandatory.keys if key in kept]
            if still:
                kept[0] = svcb.MandatoryParam(still)
        return cast(svcb.SVCBBase, service.replace(params=dict(sorted(kept.items()))))
