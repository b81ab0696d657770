"""What a gateway reads besides its documents: the hosts file and the list of nameservers.

Both may be missing, and both are read alike by the running gateway and by an explanation.
"""

from pathlib import Path

from enclave_dns.config import GatewayConfig
from enclave_dns.resolution import HostsTable
from enclave_dns.sources import resolv_files
from enclave_dns.sources.files import NoContent, read_file
from enclave_dns.sources.hosts import MAX_BYTES, MAX_LINES, parse_hosts
from enclave_dns.sources.nameserver import Selected


def read_hosts(path: Path) -> HostsTable | NoContent:
    """The hosts file as it is now, or why there is none to read: a part of one is worse than none.

    A block list that ends somewhere would let through what it was written to block.
    """
    content = read_file(path, MAX_BYTES)
    if isinstance(content, NoContent):
        return content
    if content.is_cut:
        return NoContent(f"larger than {MAX_BYTES >> 20} MiB")
    if content.data.count(b"\n") > MAX_LINES:
        return NoContent(f"more than {MAX_LINES:,} lines")
    return parse_hosts(content.data)


def select_nameservers(config: GatewayConfig, listening: frozenset[tuple[str, int]]) -> Selected:
    """The nameservers to ask as the files are now; `listening` are our own addresses and ports."""
    return resolv_files.select_nameservers(config.resolv_conf, config.nameservers, listening)
