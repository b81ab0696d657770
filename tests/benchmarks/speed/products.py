"""The products beside which we are measured: how each is set up, and what its filter can do.

Each forwards every name to one nameserver, listens on loopback, has one thread for its work where
it lets us say so, and a filter for 192.168.0.0/16 that is on. Only Unbound filters by record, as we
do; the others get answers that they can pass.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Product:
    """`command` and `files` take the folder and the two ports: its own and its nameserver's.

    `by_record` says whether it drops single records; `filter` says in words what it does.
    """

    name: str
    package: str
    program: str
    version: tuple[str, ...]
    filter: str
    files: Callable[[Path, int, int], Files]
    command: Callable[[Path], tuple[str, ...]]
    by_record: bool = False


def _unbound(folder: Path, port: int, upstream: int) -> Files:
    return {
        "unbound.conf": f"""
server:
    interface: 127.0.0.1
    port: {port}
    access-control: 127.0.0.0/8 allow
    num-threads: 1
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    verbosity: 0
    module-config: "iterator"
    do-not-query-localhost: no
    do-ip6: no
    msg-cache-size: 64m
    rrset-cache-size: 128m
    so-rcvbuf: 2m
    private-address: 192.168.0.0/16
remote-control:
    control-enable: no
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{upstream}
"""
    }


def _knot(_: Path, port: int, upstream: int) -> Files:
    return {
        "kresd.conf": f"""
net.ipv6 = false
net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
cache.size = 200 * MB
trust_anchors.remove('.')
modules.load('rebinding < iterate')
policy.add(policy.all(policy.FORWARD('127.0.0.1@{upstream}')))
"""
    }


def _dnsmasq(_: Path, port: int, upstream: int) -> Files:
    return {
        "dnsmasq.conf": f"""
port={port}
listen-address=127.0.0.1
bind-interfaces
no-resolv
no-hosts
no-poll
pid-file=
server=127.0.0.1#{upstream}
cache-size=20000
dns-forward-max=2000
stop-dns-rebind
"""
    }


def _dnsdist(_: Path, port: int, upstream: int) -> Files:
    return {
        "dnsdist.conf": f"""
setSecurityPollSuffix('')
setLocal('127.0.0.1:{port}')
setACL('127.0.0.0/8')
newServer({{address='127.0.0.1:{upstream}', sockets=8}}):setUp()
getPool(''):setCache(newPacketCache(200000, {{maxTTL=3600}}))
"""
    }


def _bind(folder: Path, port: int, upstream: int) -> Files:
    return {
        "named.conf": f"""
options {{
    directory "{folder}";
    pid-file none;
    session-keyfile "{folder}/session.key";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    allow-query {{ 127.0.0.0/8; }};
    allow-recursion {{ 127.0.0.0/8; }};
    forward only;
    forwarders port {upstream} {{ 127.0.0.1; }};
    dnssec-validation no;
    empty-zones-enable no;
    max-cache-size 256m;
    deny-answer-addresses {{ 192.168.0.0/16; }};
}};
controls {{ }};
"""
    }


PRODUCTS = (
    Product(
        "unbound",
        "unbound",
        "unbound",
        ("unbound", "-V"),
        "private-address: drops listed addresses, one list for all clients",
        _unbound,
        lambda folder: ("unbound", "-d", "-c", str(folder / "unbound.conf")),
        by_record=True,
    ),
    Product(
        "knot-resolver",
        "knot-resolver",
        "kresd",
        ("kresd", "--version"),
        "rebinding: refuses the whole answer for one private address, a fixed list",
        _knot,
        lambda folder: ("kresd", "-n", "-c", str(folder / "kresd.conf"), str(folder)),
    ),
    Product(
        "dnsmasq",
        "dnsmasq-base",
        "dnsmasq",
        ("dnsmasq", "--version"),
        "stop-dns-rebind: empties the whole answer for one private address, a fixed list",
        _dnsmasq,
        lambda folder: ("dnsmasq", "-d", "-C", str(folder / "dnsmasq.conf")),
    ),
    Product(
        "dnsdist",
        "dnsdist",
        "dnsdist",
        ("dnsdist", "--version"),
        "none: its packet cache hands on what it has got",
        _dnsdist,
        lambda folder: ("dnsdist", "--supervised", "-C", str(folder / "dnsdist.conf")),
    ),
    Product(
        "bind9",
        "bind9",
        "named",
        ("named", "-v"),
        "deny-answer-addresses: fails the whole answer for one listed address",
        _bind,
        lambda folder: ("named", "-g", "-n", "1", "-c", str(folder / "named.conf")),
    ),
)
