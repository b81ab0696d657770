"""What the office's nameservers know, once for unbound and once for dnsmasq, and how both start.

The same names in both, as far as they can: `corp.net` and the reverse names of 10.0.0.0/8. A name
outside is NXDOMAIN in unbound and REFUSED in dnsmasq. Both truncate UDP at 512 bytes, so that the
60 addresses of `many` need TCP.
"""

from pathlib import Path

from tests.lab.daemons import Daemon, Daemons
from tests.lab.namespaces import Namespace

UNBOUND = "10.0.0.1"
DNSMASQ = "10.0.0.2"

MANY = [f"10.0.0.{100 + number}" for number in range(60)]

_MANY_RECORDS = "\n".join(f"many A {address}" for address in MANY)
_MANY_HOSTS = "\n".join(f"{address} many.corp.net" for address in MANY)

_SOA = "@ SOA ns.corp.net. hostmaster.corp.net. 1 3600 600 86400 60\n@ NS ns.corp.net.\n"

CORP = f"""$ORIGIN corp.net.
$TTL 300
{_SOA}
ns          A      10.0.0.1
dbserver1   A      10.0.0.30
dbserver1   AAAA   fd00:10::30
www         CNAME  web
web         CNAME  front
front       CNAME  dbserver1
*.dev       A      10.0.0.40
mixed       A      172.16.1.10
mixed       A      192.168.0.30
controller  A      172.16.1.10
hidden      A      192.168.0.30
empty.below TXT    "there is nothing at `below`"
dbserver1   TXT    "the database"
@           MX     10 mail
mail        A      10.0.0.25
{_MANY_RECORDS}
"""
"""`www` is a chain of three; `mixed` has one address in 172.16.1.0/24 and one that is hidden."""

REVERSE = f"""$ORIGIN 10.in-addr.arpa.
$TTL 300
{_SOA}
30.0.0      PTR    dbserver1.corp.net.
25.0.0      PTR    mail.corp.net.
"""

ROOT = f"$ORIGIN .\n$TTL 300\n{_SOA}"
"""Nothing else exists, and nobody has to be asked about it."""

ZONES = {"corp.net.": CORP, "10.in-addr.arpa.": REVERSE, ".": ROOT}

STATIC = """
    local-zone: "printers.corp.net." static
    local-data: "laser.printers.corp.net. 300 IN CNAME dbserver1.corp.net."
    local-data: "ink.printers.corp.net. 300 IN A 10.0.0.50"
"""
"""A `static` local zone: it returns the CNAME of `laser` without what it leads to."""

DNSMASQ_CONF = """
local=/corp.net/
local=/10.in-addr.arpa/
local-ttl=300
address=/dev.corp.net/10.0.0.40
cname=www.corp.net,web.corp.net
cname=web.corp.net,front.corp.net
cname=front.corp.net,dbserver1.corp.net
txt-record=dbserver1.corp.net,"the database"
mx-host=corp.net,mail.corp.net,10
"""
"""`address=` makes the wildcard; to its AAAA dnsmasq says NXDOMAIN, although the A exists."""

DNSMASQ_HOSTS = f"""
10.0.0.1      ns.corp.net
10.0.0.30     dbserver1.corp.net
fd00:10::30   dbserver1.corp.net
172.16.1.10   mixed.corp.net
192.168.0.30  mixed.corp.net
172.16.1.10   controller.corp.net
192.168.0.30  hidden.corp.net
10.0.0.25     mail.corp.net
{_MANY_HOSTS}
"""


def start_unbound(
    daemons: Daemons,
    office: Namespace,
    address: str = UNBOUND,
    zones: dict[str, str] = ZONES,
    options: str = STATIC,
) -> Daemon:
    """Real unbound with these zones (name to zone file) and lines of its `server:` clause."""
    folder = daemons.folder(f"unbound-{address}")
    clauses = []
    for number, (zone, text) in enumerate(zones.items()):
        folder.joinpath(f"{number}.zone").write_text(text)
        clauses.append(
            f'auth-zone:\n    name: "{zone}"\n    zonefile: "{number}.zone"\n'
            "    for-downstream: no\n"
        )
    conf = folder / "unbound.conf"
    conf.write_text(
        f"""server:
    directory: "{folder}"
    chroot: ""
    username: ""
    use-syslog: no
    interface: {address}
    access-control: 0.0.0.0/0 allow
    module-config: "iterator"
    unblock-lan-zones: yes
    rrset-roundrobin: no
    edns-buffer-size: 512
    max-udp-size: 512
    verbosity: 1
    log-queries: yes
{options}
remote-control:
    control-enable: no
{"".join(clauses)}"""
    )
    daemon = daemons.start(office, "unbound", ["unbound", "-d", "-p", "-c", str(conf)])
    _wait_until_it_answers(daemon, office, address)
    return daemon


def start_dnsmasq(
    daemons: Daemons,
    office: Namespace,
    address: str = DNSMASQ,
    conf: str = DNSMASQ_CONF,
    hosts: str = DNSMASQ_HOSTS,
) -> Daemon:
    """Real dnsmasq with this configuration and hosts file."""
    folder = daemons.folder(f"dnsmasq-{address}")
    conf_file, hosts_file = folder / "dnsmasq.conf", folder / "hosts"
    conf_file.write_text(conf)
    hosts_file.write_text(hosts)
    arguments = [
        "dnsmasq",
        "--keep-in-foreground",
        f"--conf-file={conf_file}",
        f"--addn-hosts={hosts_file}",
        f"--listen-address={address}",
        *("--bind-interfaces", "--no-resolv", "--no-hosts", "--no-poll"),
        *("--user=root", "--group=root", "--pid-file=", "--log-facility=-", "--log-queries"),
        "--edns-packet-max=512",
    ]
    daemon = daemons.start(office, "dnsmasq", arguments)
    _wait_until_it_answers(daemon, office, address)
    return daemon


def _wait_until_it_answers(daemon: Daemon, office: Namespace, address: str) -> None:
    def answers() -> bool:
        return bool(office.dig(f"@{address}", "ready.invalid", "A", "+time=1").flags)

    daemon.wait_until(answers, f"an answer from {address}", within=15)


def write_atomically(path: Path, text: str) -> None:
    """Replace a file by rename, as editors and configuration tools do."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.replace(path)
