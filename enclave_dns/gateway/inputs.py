"""What a gateway reads besides its documents: the hosts file and the list of nameservers.

Both may be missing, and both are read alike by the running gateway and by an explanation.
"""

from pathlib import Path

from enclave_dns.config import GatewayConfig
from enclave_dns.resolution import HostsTable
from enclave_dns.sources import resolv_files
from enclave_dns.sources.files import NoContent, read_file
from enclave_dns.sources.hosts import MAX_BYTES, parse_hosts
from enclave_dns.sources.nameserver import Selected


def read_hosts(path: Path) -> HostsTable | NoContent:
    """The hosts file as it is now, or why there is none to read."""
    content = read_file(path, MAX_BYTES)
    return content if isinstance(content, NoContent) else parse_hosts(content.data)


def select_nameservers(config: GatewayConfig, listening: frozenset[tuple[str, int]]) -> Selected:
    """The nameservers to ask as the files are now; `listening` are our own addresses and ports."""
    return resolv_files.select_nameservers(config.resolv_conf, config.nameservers, listening)
