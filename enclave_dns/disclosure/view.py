"""What one class of senders may learn through one gateway, compiled and immutable.

`ranges` already lacks every address that is never disclosed (the compiler takes them out), so that
the judgement of an address (D1) is one membership test, and one more for each IPv4 address inside
an IPv6 one. Two senders with equal permissions have equal views, and so share one reply cache.
"""

from dataclasses import dataclass

from enclave_dns.disclosure.embedded import embedded
from enclave_dns.disclosure.ranges import Range, Ranges
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode


@dataclass(frozen=True, slots=True)
class View:
    """The permission of a class of senders at one gateway.

    `is_open`: after subnet filters it holds `0.0.0.0/0`, and names are no secret (D7).
    `disclosed_suffixes`: names at or below which text is disclosed by policy (D6b).
    `no_answer`: the rcode of this gateway's no-answer, REFUSED or NXDOMAIN.
    """

    ranges: Ranges
    is_open: bool = False
    disclosed_suffixes: tuple[Name, ...] = ()
    no_answer: RCode = RCode.REFUSED

    def permits(self, address: bytes) -> bool:
        """D1: whether an address (4 or 16 bytes), and every IPv4 address in it, is in the view."""
        if address not in self.ranges:
            return False
        if len(address) == 4:
            return True
        return all(inner in self.ranges for inner in embedded(address))

    def permits_all(self, span: Range) -> bool:
        """D1 for a whole span: its addresses are in the view, and what its ends embed is too."""
        size = 4 if span.family == 4 else 16
        ends = (span.first.to_bytes(size), span.last.to_bytes(size))
        return self.ranges.covers(span) and all(self.permits(end) for end in ends)
