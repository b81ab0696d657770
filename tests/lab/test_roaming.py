"""A laptop that changes its network: addresses and links that come and go under a running stub."""

from collections.abc import Iterator

import pytest

from tests.lab.daemons import Daemons
from tests.lab.namespaces import Namespace, Network
from tests.lab.programs import DEVELOPER, Program, start_stub

OVERLAY = f"{DEVELOPER}/24"


@pytest.fixture(scope="module")
def machines(network: Network) -> tuple[Namespace, Namespace]:
    """A laptop of our own, and whom its links lead to."""
    return network.namespace("nomad"), network.namespace("camp")


@pytest.fixture
def nomad(network: Network, machines: tuple[Namespace, Namespace]) -> Iterator[Namespace]:
    """The laptop with its overlay, and a radio that leads to the world."""
    nomad, camp = machines
    network.link("overlay0", nomad, [OVERLAY], camp, [])
    network.link("wlan0", nomad, ["192.168.9.2/24"], camp, [])
    leads_out(nomad)
    yield nomad
    for name in ("overlay0", "wlan0"):
        nomad.run("ip", "link", "delete", name)


@pytest.fixture
def stub(daemons: Daemons, nomad: Namespace) -> Program:
    """A stub at the overlay's own address."""
    return start_stub(daemons, nomad, listen=f"{DEVELOPER}:53")


def leads_out(nomad: Namespace) -> None:
    """Give the laptop a default route by its radio."""
    nomad.succeed("ip", "route", "add", "default", "via", "192.168.9.1", "dev", "wlan0")


def moved(stub: Program, reason: str) -> None:
    """Wait until it has noticed."""
    stub.daemon.wait_until(lambda: reason in stub.log, reason, within=15)


def test_addresses_that_come_and_go_are_noticed(stub: Program, nomad: Namespace) -> None:
    nomad.add_address("wlan0", "192.168.9.3/24")
    moved(stub, "wlan0 has 192.168.9.3")
    nomad.succeed("ip", "address", "del", "192.168.9.3/24", "dev", "wlan0")
    moved(stub, "wlan0 lost 192.168.9.3")
    nomad.add_address("wlan0", "2001:db8::7/64")
    moved(stub, "wlan0 has 2001:db8::7")


def test_links_and_routes_are_noticed(stub: Program, nomad: Namespace) -> None:
    nomad.succeed("ip", "link", "set", "wlan0", "down")
    moved(stub, "wlan0 is down")
    moved(stub, "no default route")
    nomad.succeed("ip", "link", "set", "wlan0", "up")
    leads_out(nomad)
    moved(stub, "another default route")
    nomad.succeed("ip", "link", "delete", "wlan0")
    moved(stub, "wlan0 is gone")


def test_a_vpn_that_takes_everything_is_noticed(
    stub: Program, network: Network, machines: tuple[Namespace, Namespace], nomad: Namespace
) -> None:
    network.link("vpn0", nomad, ["10.8.0.2/24"], machines[1], [])
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        nomad.succeed("ip", "route", "add", half, "via", "10.8.0.1", "dev", "vpn0")
    moved(stub, "vpn0 is new")
    nomad.succeed("ip", "link", "delete", "vpn0")
    moved(stub, "vpn0 is gone")


def test_a_link_that_was_down_for_an_instant_is_noticed(stub: Program, nomad: Namespace) -> None:
    script = "ip link set wlan0 down && ip link set wlan0 up"
    nomad.succeed("sh", "-c", script)
    moved(stub, "wlan0 was down")


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_an_overlay_that_is_made_anew_is_listened_on_again(
    stub: Program, network: Network, machines: tuple[Namespace, Namespace], transport: str
) -> None:
    nomad, camp = machines
    question = (f"@{DEVELOPER}", "_my.id.enclave", "A", transport)
    assert nomad.dig(*question).addresses == [DEVELOPER]
    nomad.succeed("ip", "link", "delete", "overlay0")
    moved(stub, "overlay0 is gone")
    network.link("overlay0", nomad, [OVERLAY], camp, [])
    stub.daemon.wait_for_log("listening anew")
    assert nomad.dig(*question).addresses == [DEVELOPER]
    assert stub.daemon.is_running


def test_what_is_not_ours_to_notice_is_left_out(
    stub: Program, network: Network, machines: tuple[Namespace, Namespace], nomad: Namespace
) -> None:
    """Neither our own link nor a container's wakes us."""
    nomad.succeed("ip", "tuntap", "add", "enclave-dns0", "mode", "tun")
    nomad.succeed("ip", "link", "set", "enclave-dns0", "up")
    nomad.succeed("ip", "link", "delete", "enclave-dns0")
    network.link("veth7", nomad, ["172.17.0.1/16"], machines[1], [])
    nomad.succeed("ip", "link", "set", "veth7", "down")
    nomad.add_address("wlan0", "192.168.9.4/24")
    moved(stub, "wlan0 has 192.168.9.4")
    nomad.succeed("ip", "link", "delete", "veth7")
    nomad.succeed("ip", "address", "del", "192.168.9.4/24", "dev", "wlan0")
    moved(stub, "wlan0 lost 192.168.9.4")
    assert "enclave-dns0" not in stub.log
    assert "veth7" not in stub.log
