"""The machine's nameservers, from real files."""

from pathlib import Path

import pytest

from enclave_dns.endpoint import Endpoint
from enclave_dns.sources import resolv_files
from enclave_dns.sources.nameserver import Nameserver, Origin
from enclave_dns.sources.resolv_files import MAX_RESOLV_CONF, select_nameservers

NOBODY: frozenset[tuple[str, int]] = frozenset()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where systemd would list its nameservers; there is nothing yet."""
    path = tmp_path / "systemd.conf"
    monkeypatch.setattr(resolv_files, "SYSTEMD", path)
    return path


@pytest.fixture
def resolv_conf(tmp_path: Path, systemd: Path) -> Path:
    return tmp_path / "resolv.conf"


def test_the_file_says_whom_to_ask(resolv_conf: Path) -> None:
    resolv_conf.write_text("nameserver 10.0.0.2\nnameserver fe80::1%eth0\noptions timeout:2\n")
    selected = select_nameservers(resolv_conf, (), NOBODY)
    assert selected.nameservers == (Nameserver("10.0.0.2"), Nameserver("fe80::1", "eth0"))
    assert selected.timeout == 2


def test_behind_the_stub_of_systemd_its_own_list_counts(resolv_conf: Path, systemd: Path) -> None:
    resolv_conf.write_text("nameserver 127.0.0.53\n")
    assert select_nameservers(resolv_conf, (), NOBODY).nameservers == (Nameserver("127.0.0.53"),)
    systemd.write_text("nameserver 10.0.0.9\n")
    assert select_nameservers(resolv_conf, (), NOBODY).nameservers == (Nameserver("10.0.0.9"),)


def test_a_stub_of_systemd_that_asks_us_is_left_out(resolv_conf: Path, systemd: Path) -> None:
    resolv_conf.write_text("nameserver 127.0.0.53\n")
    systemd.write_text("# nobody\n")
    selected = select_nameservers(resolv_conf, (), NOBODY, is_behind_systemd=True)
    assert selected.nameservers == ()


def test_configured_ones_go_before_the_files(resolv_conf: Path) -> None:
    resolv_conf.write_text("nameserver 10.0.0.2\n")
    configured = (Endpoint("10.0.0.3", 5300), Endpoint("fe80::1", 53, "eth0"))
    selected = select_nameservers(resolv_conf, configured, NOBODY)
    assert selected.origin is Origin.CONFIGURED
    expected = (Nameserver("10.0.0.3", port=5300), Nameserver("fe80::1", "eth0"))
    assert selected.nameservers == expected


def test_we_never_ask_ourselves(resolv_conf: Path) -> None:
    resolv_conf.write_text("nameserver 127.0.0.1\nnameserver 10.0.0.2\n")
    selected = select_nameservers(resolv_conf, (), frozenset({("127.0.0.1", 53)}))
    assert selected.nameservers == (Nameserver("10.0.0.2"),)


@pytest.mark.parametrize("content", [None, "", "# nothing\n"])
def test_a_missing_or_empty_file_means_the_machine_itself(
    content: str | None, resolv_conf: Path
) -> None:
    if content is not None:
        resolv_conf.write_text(content)
    assert select_nameservers(resolv_conf, (), NOBODY).nameservers == (Nameserver("127.0.0.1"),)


def test_nothing_past_the_bound_is_read(resolv_conf: Path) -> None:
    filler = "#" * (MAX_RESOLV_CONF - 21) + "\n"
    resolv_conf.write_text(f"nameserver 10.0.0.2\n{filler}nameserver 10.0.0.3\n")
    assert select_nameservers(resolv_conf, (), NOBODY).nameservers == (Nameserver("10.0.0.2"),)
