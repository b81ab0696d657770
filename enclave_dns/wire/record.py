"""One resource record, as every room sees it."""

from enclave_dns.values import value
from enclave_dns.wire.names import Name


@value(frozen=True, slots=True)
class Record:
    """A resource record of class IN (RFC 1035, 4.1.3).

    `name` keeps its case; `ttl` is in seconds, 0 where the top bit was set (RFC 2181, section 8);
    `rdata` has its names uncompressed for every type that may hold compressed ones.
    """

    name: Name
    rtype: int
    ttl: int
    rdata: bytes
