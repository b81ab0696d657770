"""A small office on disk: an organisation, a gateway's configuration, a hosts file, and its zone.

KD9Q2 reaches two addresses of 172.16.1.0/24 by one policy, and would reach more by another if it
were trusted. OFF01 is disabled, NOP01 has no policy, OPEN1 reaches everything.
"""

from pathlib import Path

ORGANISATION = """
version = 7

[[systems]]
system_id = "WZL94"
description = "Menlo Park Office"
hostname = "ubuntu-dev"
virtual_address = "100.64.0.70"
gateway_routes = [
    { subnet = "172.16.1.0/24" }, { subnet = "192.168.0.0/24" }, { subnet = "0.0.0.0/0" },
]

[[systems]]
system_id = "KD9Q2"
hostname = "laptop-7"
virtual_address = ["100.64.0.12", "fd00:64::12"]
tags = ["contractors", "admins", "vips"]

[[systems]]
system_id = "OPEN1"
virtual_address = "100.64.0.15"
tags = ["staff"]
satisfied_trust_requirements = ["mfa"]

[[systems]]
system_id = "OFF01"
virtual_address = "100.64.0.13"
is_enabled = false

[[systems]]
system_id = "NOP01"
virtual_address = "100.64.0.14"

[[policies]]
description = "Menlo Park domain controllers"
type = "gateway"
sender_tags = ["contractors"]
gateways = [ { system_id = "WZL94", routes = ["172.16.1.0/24"] } ]
gateway_allowed_ip_ranges = [ { ip_range = "172.16.1.10 - 172.16.1.11", description = "DCs" } ]
acls = [ { protocol = "any" } ]

[[policies]]
description = "Administrators"
type = "gateway"
sender_tags = ["admins"]
sender_trust_requirements = ["mfa"]
gateways = [ { system_id = "WZL94", routes = ["192.168.0.0/24"] } ]
acls = [ { protocol = "any" } ]

[[policies]]
description = "Staff"
type = "gateway"
sender_tags = ["staff"]
gateways = [ { system_id = "WZL94", routes = ["0.0.0.0/0"] } ]
acls = [ { protocol = "any" } ]

[[policies]]
description = "Elsewhere"
type = "gateway"
sender_tags = ["contractors"]
gateways = [ { system_id = "OPEN1", routes = ["10.0.0.0/8"] } ]
acls = [ { protocol = "any" } ]

[[tags]]
tag = "vips"
trust_requirements = ["mfa"]

[[trust_requirements]]
id = "mfa"
type = "user_authentication"
"""

HOSTS = "172.16.1.11 dc2.corp.net\n192.168.0.7 printer.corp.net\n"

ZONE = "\n".join(
    (
        "files.corp.net. 300 IN A 172.16.1.10",
        "files.corp.net. 300 IN A 192.168.0.30",
        "alias.corp.net. 300 IN CNAME files.corp.net.",
        "www.corp.net. 300 IN CNAME hidden.corp.net.",
        "hidden.corp.net. 300 IN A 192.168.0.31",
        "away.corp.net. 300 IN CNAME db.enclave.",
        "gone.corp.net. 300 IN CNAME nothing.corp.net.",
        "10.1.16.172.in-addr.arpa. 300 IN PTR files.corp.net.",
        *(f"many.corp.net. 300 IN A 10.0.1.{octet}" for octet in range(100)),
    )
)


def write_gateway(folder: Path, *nameservers: object, more: str = "") -> Path:
    """Write the office's files; returns the configuration's path."""
    folder.joinpath("organisation.toml").write_text(ORGANISATION)
    folder.joinpath("hosts").write_text(HOSTS)
    folder.joinpath("resolv.conf").write_text("nameserver 127.0.0.1\n")
    servers = ", ".join(f'"{server}"' for server in nameservers)
    path = folder / "gateway.toml"
    path.write_text(
        'system_id = "WZL94"\norganisation = "organisation.toml"\nlisten = ["127.0.0.1:53"]\n'
        'hosts_file = "hosts"\nresolv_conf = "resolv.conf"\n'
        f"nameservers = [{servers}]\n{more}\n"
    )
    return path
