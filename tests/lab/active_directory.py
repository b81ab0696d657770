"""The DNS of an Active Directory forest `corp.net` with 60 domain controllers.

The records are those that each domain controller registers for itself (its `netlogon.dns`; names
and ports from MS-ADTS, 6.3.2.3 and 6.3.6): by service, by site, by role, by GUID.
"""

SITE = "Default-First-Site-Name"
DOMAIN_GUID = "8f3d2c5e-1b7a-4e0d-9c61-5a2f4b3e7d10"

ADDRESSES = {f"dc{number:02}.corp.net.": f"172.16.1.{9 + number}" for number in range(1, 61)}
"""Every domain controller: name to address, `dc01` at 172.16.1.10 to `dc60` at 172.16.1.69."""

PDC = "dc01.corp.net."
"""The one that holds the role of the primary domain controller."""

_SOA = "SOA dc01.corp.net. hostmaster.corp.net. 1 900 600 86400 60"

EVERY_SERVICE = {
    "_ldap._tcp": 389,
    "_kerberos._tcp": 88,
    "_kerberos._udp": 88,
    "_kpasswd._tcp": 464,
    "_kpasswd._udp": 464,
    "_gc._tcp": 3268,
    f"_ldap._tcp.{SITE}._sites": 389,
    f"_kerberos._tcp.{SITE}._sites": 88,
    f"_gc._tcp.{SITE}._sites": 3268,
    "_ldap._tcp.DomainDnsZones": 389,
    "_ldap._tcp.ForestDnsZones": 389,
    "_ldap._tcp.dc._msdcs": 389,
    "_kerberos._tcp.dc._msdcs": 88,
    f"_ldap._tcp.{SITE}._sites.dc._msdcs": 389,
    f"_kerberos._tcp.{SITE}._sites.dc._msdcs": 88,
    "_ldap._tcp.gc._msdcs": 3268,
    f"_ldap._tcp.{SITE}._sites.gc._msdcs": 3268,
    f"_ldap._tcp.{DOMAIN_GUID}.domains._msdcs": 389,
}
"""Names below `corp.net` at which every domain controller has its SRV record, and the port."""


def guid(name: str) -> str:
    """The GUID of a domain controller, under which its replication partners know it."""
    return f"{int(name[2:4]):08x}-4d3c-4b2a-8f10-6e5d4c3b2a19"


def _registered(name: str, address: str) -> list[str]:
    """The records of one domain controller."""
    services = [f"{where} SRV 0 100 {port} {name}" for where, port in EVERY_SERVICE.items()]
    return [
        f"{name} A {address}",
        f"@ A {address}",
        f"gc._msdcs A {address}",
        f"DomainDnsZones A {address}",
        f"{guid(name)}._msdcs CNAME {name}",
        f"_kerberos URI 10 1 krb5srv:m:tcp:{name.removesuffix('.')}",
        *services,
    ]


_RECORDS = [line for name, address in ADDRESSES.items() for line in _registered(name, address)]

CORP = "\n".join(
    (
        "$ORIGIN corp.net.",
        "$TTL 600",
        f"@ {_SOA}",
        *(f"@ NS {name}" for name in ADDRESSES),
        "_kerberos TXT CORP.NET",
        "_kerberos URI 20 1 krb5srv:m:tcp:172.16.1.69",
        f"_ldap._tcp.pdc._msdcs SRV 0 100 389 {PDC}",
        "files A 10.0.0.30",
        *_RECORDS,
        "",
    )
)
"""The zone file. One URI names a domain controller by its address."""
