"""What all generated worlds are made of: addresses, routes, texts, names and record types.

Every name has a label, every address four bytes, and every text a word that stands nowhere else.
"""

from ipaddress import ip_address

from enclave_dns.wire.names import Name, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.reverse import reverse_name

INSIDE: dict[str, tuple[str, ...]] = {
    "10.77.201.1": (),
    "10.77.201.2": (),
    "172.29.203.10": (),
    "fd77:aa55::9": (),
    "2001:db8:77::1": (),
    "10.211.173.5": (),
    "10.211.173.6": (),
    "fd99:dead:beef::5": (),
    "127.77.201.9": (),
    "169.254.77.9": (),
    "100.77.201.7": (),
    "::ffff:10.77.201.1": ("10.77.201.1",),
    "::ffff:10.211.173.5": ("10.211.173.5",),
    "64:ff9b::10.77.201.2": ("10.77.201.2",),
    "64:ff9b::10.211.173.6": ("10.211.173.6",),
    "2002:ad3:ad05::1": ("10.211.173.5",),
    "2002:a4d:c901::1": ("10.77.201.1",),
    "::ffff:127.77.201.9": ("127.77.201.9",),
    "2002:7f4d:c909::1": ("127.77.201.9",),
    "64:ff9b::100.77.201.7": ("100.77.201.7",),
}
"""The addresses of all worlds, and the IPv4 addresses inside each."""

ADDRESSES = {ip_address(text).packed: text for text in INSIDE}
MANY = tuple(bytes((10, 77, 201, 100 + number)) for number in range(40))
"""Further addresses in reach of the broad route: too many for a small reply."""

ROUTES = (
    *("10.77.201.0/24", "10.77.201.1/32", "172.29.203.10/31", "2001:db8:77::/64"),
    *("fd77:aa55::/32", "::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "169.254.77.9/32"),
    "100.77.201.7/32",
)

TEXTS: dict[bytes, tuple[str, ...]] = {
    b"w0rdless": (),
    b"w1qk v=spf1 -all": (),
    b"w2qk ip4:10.211.173.5 -all": ("10.211.173.5/32",),
    b"w3qk host=10.77.201.1": ("10.77.201.1/32",),
    b"w4qk 10.77.201.0/30": ("10.77.201.0/30",),
    b"w5qk 0x0a.0xd3.0xad.0x05": ("10.211.173.5/32",),
    b"w6qk 6.173.211.10.in-addr.arpa": ("10.211.173.6/32",),
    b"w7qk fd99:dead:beef::5": ("fd99:dead:beef::5/128",),
    b"w8qk ip6:fd77:aa55::9": ("fd77:aa55::9/128",),
    b"w9qk 10.77.201.1-10.77.201.2": ("10.77.201.1/32", "10.77.201.2/32"),
    b"waqk a=127.77.201.9": ("127.77.201.9/32",),
    b"wbqk [::ffff:127.77.201.9]": ("::ffff:127.77.201.9/128", "127.77.201.9/32"),
    b"wcqk 10.211.172.0/23": ("10.211.172.0/23",),
    b"wdqk 100.77.201.7": ("100.77.201.7/32",),
}
"""Texts, and the addresses that each spells."""

_FIRST = ("ax7q", "bx7q", "cx7q", "dx7q", "ex7q", "fx7q", "gx7q", "hx7q")
NAMES: tuple[Name, ...] = tuple(from_text(f"{label}.corp.net") for label in _FIRST)
SUFFIX = from_text("msdx7q.corp.net")
POLICY_NAMES = (from_text("ix7q.msdx7q.corp.net"), from_text("jx7q.msdx7q.corp.net"))
DNAMED = tuple(from_text(f"{label}.dnx7q.corp.net") for label in _FIRST[:2])
DNAME_OWNER = from_text("dnx7q.corp.net")
CORP = from_text("corp.net")
KEYS = tuple(from_text(f"_443._tcp.{label}.corp.net") for label in _FIRST[:4])
NOWHERE = from_text("nowherex7q.example")
LOCAL = from_text("dbx7q.enclave")
OWNERS = (*NAMES, *POLICY_NAMES)
TARGETS = (*OWNERS, NOWHERE, LOCAL)
BLOCKS = (bytes(4), bytes(16))
"""Of a hosts file only, beside the loopback address."""

REVERSE = {reverse_name(address): address for address in ADDRESSES}

FAMILIES = (RRType.A, RRType.AAAA)
POINTING = (
    *(RRType.SRV, RRType.MX, RRType.NS, RRType.KX, RRType.AFSDB, RRType.RT),
    *(RRType.HTTPS, RRType.SVCB),
)
TEXTUAL = (RRType.TXT, RRType.CAA, RRType.SSHFP, RRType.URI, RRType.NAPTR)
ONLY_OPEN = (RRType.SOA, RRType.RRSIG, RRType.NSEC, RRType.RP, RRType.HINFO, 65280)
"""Types of which only an open view learns anything, beside those that hold addresses."""

L32, L64 = 105, 106
HOLDING = (
    *(RRType.WKS, RRType.A6, RRType.APL, RRType.IPSECKEY, RRType.AMTRELAY),
    *(L32, L64),
)
"""Types that hold addresses, beside A, AAAA and the service records."""

TYPES = (*FAMILIES, RRType.CNAME, *POINTING, *TEXTUAL, *ONLY_OPEN, *HOLDING)
COST = 3 / 1024
"""Seconds of one exchange over UDP."""

TCP_COST = 2 * COST
"""What an exchange takes more where the reply over UDP is truncated: connect, and ask again."""

TTLS = (30, 2, 5, 20, 45, 300, 0)
