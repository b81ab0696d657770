"""Any bytes as a resolv.conf, and the choice of nameservers from it.

What follows a zero byte is the file that systemd-resolved keeps.
"""

from ipaddress import ip_address

from enclave_dns.sources.nameserver import Selected
from enclave_dns.sources.resolv_conf import (
    MAX_NAMESERVERS,
    ResolvConf,
    choose_nameservers,
    parse_resolv_conf,
)

MAX_LEN = 4000
LISTENING = frozenset({("10.0.0.53", 53), ("127.0.0.1", 53), ("fd00::53", 53)})


def made(data: bytes) -> tuple[ResolvConf, Selected]:
    """What the file says, and who is chosen from both."""
    own, zero, systemd = data.partition(b"\0")
    conf = parse_resolv_conf(own)
    behind = parse_resolv_conf(systemd) if zero else None
    return conf, choose_nameservers(conf, behind, LISTENING)


def judge(data: bytes, found: tuple[ResolvConf, Selected]) -> None:
    """Every value within its bounds, every server an address that is not ourselves."""
    conf, chosen = found
    assert 1 <= conf.timeout <= 30
    assert 1 <= conf.attempts <= 5
    assert 0 <= conf.ndots <= 15
    assert len(conf.nameservers) <= MAX_NAMESERVERS
    assert len(chosen.nameservers) <= MAX_NAMESERVERS
    assert len(set(chosen.nameservers)) == len(chosen.nameservers)
    for server in (*conf.nameservers, *chosen.nameservers):
        assert str(ip_address(server.address)) == server.address, "not an address as we write it"
        assert server.port == 53
    assert not {(server.address, server.port) for server in chosen.nameservers} & LISTENING
    assert all(len(skipped.what) <= 100 for skipped in conf.skipped)
    assert len(conf.skipped) <= 32
