"""Networks of the gateway's machine that `public_names` would disclose."""

import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from enclave_dns.cli import check_gateway, main
from enclave_dns.cli.check_gateway import (
    InterfacePrefix,
    gateway_warnings,
    interface_prefixes,
    prefix_of,
    public_interfaces,
)
from enclave_dns.errors import EnvironmentFault
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.reading import parse_organisation
from tests.fakes.explained import ORGANISATION, write_gateway

PUBLIC = ORGANISATION.replace(
    'hostname = "ubuntu-dev"',
    'hostname = "ubuntu-dev"\npublic_names = true\nnot_public = ["93.184.215.0/24"]',
).replace(
    '{ subnet = "172.16.1.0/24" },', '{ subnet = "172.16.1.0/24" }, { subnet = "185.7.0.0/16" },'
)


def gateway_of(text: str) -> tuple[Organisation, System]:
    organisation = parse_organisation(text.encode(), "organisation.toml")
    system = organisation.system("WZL94")
    assert system is not None
    return organisation, system


def at(interface: str, *prefixes: str) -> list[InterfacePrefix]:
    return [
        InterfacePrefix(interface, prefix_of(address, int(length)))
        for address, _, length in (prefix.partition("/") for prefix in prefixes)
    ]


@pytest.mark.parametrize(
    ("prefix", "is_told"),
    [
        ("93.184.216.34/24", True),
        ("93.184.215.7/24", False),  # in not_public
        ("93.184.214.7/23", True),  # half of it in not_public
        ("185.7.3.1/24", False),  # in a route
        ("10.0.0.1/24", False),
        ("127.0.0.1/8", False),
        ("169.254.3.4/16", False),
        ("100.64.0.70/10", False),
        ("2a00:1450::1/64", True),
        ("fd00::1/64", False),
        ("fe80::1/64", False),
        ("::1/128", False),
    ],
)
def test_a_public_prefix_that_nothing_names_is_told(prefix: str, is_told: bool) -> None:
    found = public_interfaces(*gateway_of(PUBLIC), at("eth0", prefix))
    assert bool(found) == is_told


def test_one_line_names_place_prefix_interface_and_remedy() -> None:
    [problem] = public_interfaces(*gateway_of(PUBLIC), at("eth0", "93.184.216.34/24"))
    assert str(problem) == (
        "organisation.toml: systems[0].not_public: lacks 93.184.216.0/24, where this machine is by "
        "its interface eth0: with `public_names` its addresses are disclosed to every sender of "
        'this gateway (add "93.184.216.0/24", or offer it as a route)'
    )


def test_a_prefix_is_told_once_and_not_again_for_its_parts() -> None:
    prefixes = at("eth0", "93.184.216.34/24", "93.184.216.35/24", "93.184.216.36/32")
    prefixes += at("eth1", "93.184.216.37/24", "93.184.217.1/24")
    found = public_interfaces(*gateway_of(PUBLIC), prefixes)
    assert [problem.reason.split(",")[0] for problem in found] == [
        "lacks 93.184.216.0/24",
        "lacks 93.184.217.0/24",
    ]


def test_without_public_names_nothing_is_told_and_no_interface_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check_gateway, "interface_prefixes", lambda: pytest.fail("was read"))
    assert gateway_warnings(*gateway_of(ORGANISATION)) == ()
    assert public_interfaces(*gateway_of(ORGANISATION), at("eth0", "93.184.216.34/24")) == ()


def test_interfaces_that_cannot_be_read_are_a_warning_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def denied() -> None:
        raise EnvironmentFault("cannot list this machine's interfaces: Operation not permitted")

    monkeypatch.setattr(check_gateway, "interface_prefixes", denied)
    [problem] = gateway_warnings(*gateway_of(PUBLIC))
    assert problem.key == "systems[0].not_public"
    assert problem.reason.endswith("interfaces: Operation not permitted")


def test_the_machines_own_prefixes_are_read() -> None:
    prefixes = list(interface_prefixes())
    loopback = [entry for entry in prefixes if ip_address("127.0.0.1").packed in entry.span]
    assert [entry.interface for entry in loopback] == ["lo"]
    names = {name for _, name in socket.if_nameindex()}
    assert {entry.interface for entry in prefixes} <= names


def test_check_shows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = str(write_gateway(tmp_path, "127.0.0.1:5300"))
    tmp_path.joinpath("organisation.toml").write_text(PUBLIC)
    here = at("eth0", "93.184.216.34/24", "10.0.0.1/24")
    monkeypatch.setattr(check_gateway, "interface_prefixes", lambda: here)
    assert main(["check", gateway]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "not_public" in line]
    assert len(told) == 1
    assert told[0].startswith(f"warning: {tmp_path}/organisation.toml: systems[0].not_public: ")
    tmp_path.joinpath("organisation.toml").write_text(ORGANISATION)
    assert main(["check", gateway]) == 0
    assert "not_public" not in capsys.readouterr().out
