"""The story of the demonstration: who is there, what they may reach, what they ask and must hear.

Menlo Park Office is a gateway. Behind it, one network holds databases (10.0.0.0/24), another the
domain controllers (172.16.1.0/24), a third nobody here may see. A developer may reach the
databases, a contractor two single addresses. All of it runs on loopback.
"""

from dataclasses import dataclass
from typing import Final

GATEWAY: Final = "127.100.64.70"
DEVELOPER: Final = "127.100.64.12"
CONTRACTOR: Final = "127.100.64.13"
OFFICE: Final = "127.100.0.53"

ZONE: Final = """
$ORIGIN corp.net.
$TTL 300
dbserver1   A     10.0.0.30
dbserver2   A     10.0.0.31
files       A     172.16.1.10
files       A     192.168.0.30
dc1         A     172.16.1.10
dc2         A     172.16.1.11
login       CNAME dc2.corp.net.
payroll     A     192.168.0.44
$ORIGIN 0.0.10.in-addr.arpa.
31          PTR   dbserver2.corp.net.
$ORIGIN 1.16.172.in-addr.arpa.
10          PTR   dc1.corp.net.
"""

HOSTS: Final = """\
127.0.0.1   localhost
10.0.0.30   dbserver1        # what the administrators type
10.0.0.40   printer.corp.net printer
"""

ORGANISATION: Final = f"""\
version = 1
virtual_networks = ["127.100.64.0/24"]

[[systems]]
system_id = "WZL94"
description = "Menlo Park Office"
hostname = "ubuntu-dev"
virtual_address = "{GATEWAY}"
tags = ["gateways"]
gateway_routes = [
    {{ subnet = "10.0.0.0/24" }}, {{ subnet = "172.16.1.0/24" }}, {{ subnet = "192.168.0.0/24" }},
]

[[systems]]
system_id = "KD9Q2"
description = "A developer's laptop"
hostname = "laptop-7"
virtual_address = "{DEVELOPER}"
tags = ["developers"]

[[systems]]
system_id = "C8XTR"
description = "A contractor's laptop"
hostname = "laptop-9"
virtual_address = "{CONTRACTOR}"
tags = ["contractors"]

[[policies]]
description = "Developers reach the databases"
type = "gateway"
sender_tags = ["developers"]
gateways = [ {{ system_id = "WZL94", routes = ["10.0.0.0/24"] }} ]
acls = [ {{ protocol = "any" }} ]

[[policies]]
description = "Contractors reach the domain controllers"
type = "gateway"
sender_tags = ["contractors"]
gateways = [ {{ system_id = "WZL94", routes = ["172.16.1.0/24"] }} ]
gateway_allowed_ip_ranges = [ {{ ip_range = "172.16.1.10 - 172.16.1.11", description = "DCs" }} ]
acls = [ {{ protocol = "any" }} ]
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """One question of the story, and what must be heard: the rcode, then each record's data."""

    who: str
    name: str
    rtype: str
    rcode: str
    data: tuple[str, ...]
    why: str


DEVELOPER_ASKS: Final = "developer"
CONTRACTOR_ASKS: Final = "contractor"

_MISS: Final = "a miss, so the system asks its other resolvers"

SCENES: Final = (
    Scene(
        DEVELOPER_ASKS,
        "dbserver1.corp.net",
        "A",
        "NOERROR",
        ("10.0.0.30",),
        "the office's nameserver knows it; 10.0.0.0/24 is permitted",
    ),
    Scene(
        DEVELOPER_ASKS,
        "dbserver1",
        "A",
        "NOERROR",
        ("10.0.0.30",),
        "the gateway's hosts file has it",
    ),
    Scene(
        DEVELOPER_ASKS,
        "printer.corp.net",
        "A",
        "NOERROR",
        ("10.0.0.40",),
        "only the gateway's hosts file has it",
    ),
    Scene(
        DEVELOPER_ASKS,
        "dbserver1.corp.net",
        "AAAA",
        "NOERROR",
        (),
        "visible by its A record: no data, never a miss",
    ),
    Scene(
        DEVELOPER_ASKS,
        "31.0.0.10.in-addr.arpa",
        "PTR",
        "NOERROR",
        ("dbserver2.corp.net.",),
        "the address in the question is permitted",
    ),
    Scene(
        DEVELOPER_ASKS,
        "10.1.16.172.in-addr.arpa",
        "PTR",
        "REFUSED",
        (),
        "that address is not: decided before any look-up",
    ),
    Scene(
        DEVELOPER_ASKS,
        "dc1.corp.net",
        "A",
        "REFUSED",
        (),
        f"no policy covers 172.16.1.10: {_MISS}",
    ),
    Scene(
        DEVELOPER_ASKS,
        "_my.id.enclave",
        "A",
        "NOERROR",
        (DEVELOPER,),
        "the stub's own name: the sign of life",
    ),
    Scene(
        DEVELOPER_ASKS,
        "wzl94.id.enclave",
        "A",
        "NOERROR",
        (GATEWAY,),
        "a policy connects the two systems",
    ),
    Scene(
        DEVELOPER_ASKS,
        "c8xtr.id.enclave",
        "A",
        "NXDOMAIN",
        (),
        "no policy connects developer and contractor",
    ),
    Scene(
        CONTRACTOR_ASKS,
        "files.corp.net",
        "A",
        "NOERROR",
        ("172.16.1.10",),
        "one of two addresses is permitted; 192.168.0.30 is dropped",
    ),
    Scene(
        CONTRACTOR_ASKS,
        "login.corp.net",
        "A",
        "NOERROR",
        ("dc2.corp.net.", "172.16.1.11"),
        "an alias that ends at a permitted address",
    ),
    Scene(
        CONTRACTOR_ASKS,
        "dbserver1.corp.net",
        "A",
        "REFUSED",
        (),
        f"it exists, but not for the contractor: {_MISS}",
    ),
    Scene(
        CONTRACTOR_ASKS,
        "nosuchname.corp.net",
        "A",
        "REFUSED",
        (),
        "it does not exist: the same reply",
    ),
    Scene(
        CONTRACTOR_ASKS,
        "_my.id.enclave",
        "A",
        "NOERROR",
        (CONTRACTOR,),
        "every stub answers its own",
    ),
)

HIDDEN, ABSENT = "dbserver1.corp.net", "nosuchname.corp.net"
"""What the contractor asks the gateway itself, to compare the two replies byte for byte."""
