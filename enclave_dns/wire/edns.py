"""EDNS: the OPT pseudo-record as a value (RFC 6891, section 6.1)."""

from typing import Final

from enclave_dns.errors import MessageError
from enclave_dns.values import value
from enclave_dns.wire.numbers import EDNS_UDP_SIZE

MAX_OPTIONS: Final = 64
"""The most options of one message: each kind comes once, and some thirty kinds are assigned."""

EXTENDED_ERROR: Final = 15
"""The option that says more about a failure (RFC 8914, section 2)."""

_DO: Final = 0x8000


@value(frozen=True, slots=True)
class Edns:
    """One OPT record: sizes in bytes, `do` for "DNSSEC OK", options as (code, data)."""

    udp_size: int = EDNS_UDP_SIZE
    version: int = 0
    do: bool = False
    extended_rcode: int = 0
    options: tuple[tuple[int, bytes], ...] = ()

    @property
    def extended_error(self) -> int | None:
        """The code of the extended error, if there is one (RFC 8914, section 2)."""
        codes = (data for code, data in self.options if code == EXTENDED_ERROR and len(data) > 1)
        return next((int.from_bytes(data[:2]) for data in codes), None)

    @classmethod
    def read(cls, size: int, ttl: int, rdata: bytes) -> "Edns":
        """From the class, TTL and RDATA fields of an OPT record. Raises MessageError."""
        options: list[tuple[int, bytes]] = []
        at = 0
        while at < len(rdata):
            end = at + 4 + int.from_bytes(rdata[at + 2 : at + 4])
            if end > len(rdata) or at + 4 > len(rdata):
                raise MessageError("an EDNS option is longer than the OPT record")
            if len(options) >= MAX_OPTIONS:
                raise MessageError(f"a message has more than {MAX_OPTIONS} EDNS options")
            options.append((int.from_bytes(rdata[at : at + 2]), rdata[at + 4 : end]))
            at = end
        return cls(size, ttl >> 16 & 0xFF, bool(ttl & _DO), ttl >> 24, tuple(options))

    def rendered(self) -> bytes:
        """The whole OPT record as bytes."""
        rdata = b"".join(
            code.to_bytes(2) + len(data).to_bytes(2) + data for code, data in self.options
        )
        flags = _DO if self.do else 0
        ttl = self.extended_rcode << 24 | self.version << 16 | flags
        return (
            b"\0\0\x29"
            + self.udp_size.to_bytes(2)
            + ttl.to_bytes(4)
            + len(rdata).to_bytes(2)
            + rdata
        )
