"""The hosts file and the nameservers as a gateway reads them."""

from dataclasses import replace
from pathlib import Path

import pytest

from enclave_dns.config import Endpoint, load_gateway_config
from enclave_dns.gateway import inputs
from enclave_dns.gateway.inputs import read_hosts, select_nameservers
from enclave_dns.resolution import HostsTable
from enclave_dns.sources.files import NoContent
from enclave_dns.sources.nameserver import Nameserver, Origin
from enclave_dns.wire.names import from_text
from tests.fakes.explained import write_gateway


def test_the_hosts_file_is_a_table_or_a_reason(tmp_path: Path) -> None:
    config = load_gateway_config(write_gateway(tmp_path), {})
    hosts = read_hosts(config.hosts_file)
    assert isinstance(hosts, HostsTable)
    assert hosts.addresses[from_text("dc2.corp.net")] == (bytes((172, 16, 1, 11)),)
    assert read_hosts(tmp_path / "none") == NoContent("no such file", is_missing=True)


@pytest.mark.parametrize(
    ("bound", "reason"), [("MAX_BYTES", "larger than 0 MiB"), ("MAX_LINES", "more than 12 lines")]
)
def test_a_hosts_file_past_a_bound_is_refused_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, reason: str
) -> None:
    file = tmp_path / "hosts"
    file.write_text("a b\n" * 12)
    monkeypatch.setattr(inputs, bound, 12)
    assert isinstance(read_hosts(file), NoContent) is (bound == "MAX_BYTES")
    file.write_text("a b\n" * 13)
    assert read_hosts(file) == NoContent(reason)


def test_configured_nameservers_replace_those_of_resolv_conf(tmp_path: Path) -> None:
    config = load_gateway_config(write_gateway(tmp_path), {})
    servers = (Endpoint("10.0.0.2", 5300), Endpoint("fe80::1", 53, "eth0"))
    selected = select_nameservers(replace(config, nameservers=servers), frozenset())
    assert selected.origin is Origin.CONFIGURED
    assert selected.nameservers == (
        Nameserver("10.0.0.2", port=5300),
        Nameserver("fe80::1", "eth0"),
    )


def test_our_own_listen_address_is_not_asked(tmp_path: Path) -> None:
    config = load_gateway_config(write_gateway(tmp_path), {})
    config.resolv_conf.write_text("nameserver 127.0.0.1\nnameserver 10.0.0.2\n")
    selected = select_nameservers(config, frozenset({("127.0.0.1", 53)}))
    assert selected.nameservers == (Nameserver("10.0.0.2"),)
    assert [str(skipped) for skipped in selected.skipped] == ["127.0.0.1: our own listen address"]


def test_without_a_resolv_conf_the_machine_itself_is_asked(tmp_path: Path) -> None:
    config = load_gateway_config(write_gateway(tmp_path), {})
    config.resolv_conf.unlink()
    assert select_nameservers(config, frozenset()).nameservers == (Nameserver("127.0.0.1"),)
