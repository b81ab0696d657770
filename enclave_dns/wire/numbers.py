"""The assigned numbers that this project speaks about, by their RFC names (IANA DNS Parameters)."""

from enum import IntEnum
from typing import Final


class RRType(IntEnum):
    """Record types that some rule of ours names; any other type is a plain int."""

    A = 1
    NS = 2
    MD = 3
    MF = 4
    CNAME = 5
    SOA = 6
    MB = 7
    MG = 8
    MR = 9
    WKS = 11
    PTR = 12
    HINFO = 13
    MINFO = 14
    MX = 15
    TXT = 16
    RP = 17
    AFSDB = 18
    RT = 21
    SIG = 24
    KEY = 25
    PX = 26
    AAAA = 28
    NXT = 30
    SRV = 33
    NAPTR = 35
    KX = 36
    A6 = 38
    DNAME = 39
    OPT = 41
    APL = 42
    DS = 43
    SSHFP = 44
    IPSECKEY = 45
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    NSEC3PARAM = 51
    TLSA = 52
    CSYNC = 62
    ZONEMD = 63
    SVCB = 64
    HTTPS = 65
    NXNAME = 128
    TKEY = 249
    TSIG = 250
    IXFR = 251
    AXFR = 252
    MAILB = 253
    MAILA = 254
    ANY = 255
    URI = 256
    CAA = 257
    AMTRELAY = 260


class RCode(IntEnum):
    """Response codes, the extended ones (RFC 6891) included."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16


class Opcode(IntEnum):
    """The one operation that we serve."""

    QUERY = 0


IN: Final = 1
"""The Internet class; no other is served."""

DEFAULT_UDP_SIZE: Final = 512
"""What a client without EDNS can take over UDP (RFC 1035, section 4.2.1)."""

EDNS_UDP_SIZE: Final = 1232
"""The size that we offer, and the most that we send over UDP: no fragments on any link."""

_BY_NUMBER: Final = {int(member): member.name for member in RRType}


def type_name(rtype: int) -> str:
    """The mnemonic of a record type, or `TYPE123` (RFC 3597, section 5)."""
    return _BY_NUMBER.get(rtype) or f"TYPE{rtype}"


def rcode_name(rcode: int) -> str:
    """The mnemonic of a response code, or `RCODE17`."""
    return RCode(rcode).name if rcode in RCode._value2member_map_ else f"RCODE{rcode}"
