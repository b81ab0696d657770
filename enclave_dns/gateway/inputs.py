"""What a gateway reads besides its documents: the hosts file and the list of nameservers.

Both may be missing, and both are read alike by the running gateway and by an explanation.
"""

from pathlib import Path
from typing import Final

from enclave_dns.config import GatewayConfig
from enclave_dns.resolution import HostsTable
from enclave_dns.sources.files import NoContent, read_file
from enclave_dns.sources.hosts import parse_hosts
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.sources.resolv_conf import (
    SYSTEMD_UPSTREAM,
    ResolvConf,
    choose_nameservers,
    parse_resolv_conf,
)

SYSTEMD: Final = Path(SYSTEMD_UPSTREAM)
"""Where the nameservers behind systemd's stub are listed, whatever the configuration says."""

MAX_HOSTS: Final = 64 << 20
MAX_RESOLV_CONF: Final = 1 << 20


def read_hosts(path: Path) -> HostsTable | NoContent:
    """The hosts file as it is now, or why there is none to read."""
    content = read_file(path, MAX_HOSTS)
    return content if isinstance(content, NoContent) else parse_hosts(content.data)


def select_nameservers(config: GatewayConfig, listening: frozenset[tuple[str, int]]) -> Selected:
    """The nameservers to ask as the files are now; `listening` are our own addresses and ports."""
    return choose_nameservers(
        _read_resolv_conf(config.resolv_conf) or ResolvConf(),
        _read_resolv_conf(SYSTEMD),
        listening,
        tuple(Nameserver(e.address, e.scope, e.port) for e in config.nameservers),
    )


def _read_resolv_conf(path: Path) -> ResolvConf | None:
    content = read_file(path, MAX_RESOLV_CONF)
    return None if isinstance(content, NoContent) else parse_resolv_conf(content.data)
