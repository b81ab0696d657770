"""Any bytes as a hosts file: a table that holds together, whatever they are."""

from enclave_dns.resolution import HostsTable
from enclave_dns.sources.hosts import parse_hosts
from enclave_dns.wire.names import from_labels, labels

MAX_LEN = 4000
UNSPECIFIED = (bytes(4), bytes(16))


def made(data: bytes) -> HostsTable:
    """The table."""
    return parse_hosts(data)


def judge(data: bytes, table: HostsTable) -> None:
    """Every name is one, every address has its size, and both directions say the same."""
    forward = set()
    for name, addresses in table.addresses.items():
        assert from_labels(labels(name)) == name == name.lower()
        assert addresses
        assert {len(address) for address in addresses} <= {4, 16}
        assert len(set(addresses)) == len(addresses)
        forward |= {(address, name) for address in addresses if address not in UNSPECIFIED}
    backward = {(address, name.lower()) for address in table.names for name in table.names[address]}
    assert forward == backward, "the two directions differ"
    assert len(forward) <= len(data)
