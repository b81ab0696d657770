"""The stub where real systemd-resolved rules: a link of its own, there and gone again.

    cafe  lan0 -- lan0  desk  overlay0 -- overlay0  far

The desk has a resolved of its own, whose LAN server is in the cafe; the gateway is far away.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.lab.daemons import Daemon, Daemons
from tests.lab.namespaces import Namespace, Network
from tests.lab.office import MANY, UNBOUND, start_dnsmasq, start_unbound
from tests.lab.programs import (
    CONTRACTOR,
    DEVELOPER,
    GATEWAY,
    ORGANISATION,
    Program,
    environment,
    start_gateway,
    start_stub,
)
from tests.lab.system_bus import RESOLV_CONF, Desktop

LAN_SERVER = "192.168.7.1"
PUBLIC = "198.51.100.7"
LAN_ONLY = "only-here.corp.net"
"""A name below a suffix of ours that only the LAN's server knows."""

LINK = "enclave-dns0"

LAN_CONF = "local=/example/\nlocal=/net/\nlocal=/enclave/\n"
"""The LAN's server knows these as a whole: what it does not list does not exist."""

StartStub = Callable[..., Program]


@pytest.fixture(scope="module")
def desk(network: Network, shared_daemons: Daemons) -> Namespace:
    """The machine that the stub runs on, with a gateway and a LAN's server in its reach."""
    desk, far, cafe = map(network.namespace, ("desk", "far", "cafe"))
    network.link("overlay0", desk, [f"{DEVELOPER}/24"], far, [f"{GATEWAY}/24"])
    network.link("lan0", desk, ["192.168.7.2/24"], cafe, [f"{LAN_SERVER}/24"])
    far.add_address("lo", f"{UNBOUND}/32")
    start_unbound(shared_daemons, far, UNBOUND)
    start_gateway(shared_daemons, far)
    start_dnsmasq(
        shared_daemons, cafe, LAN_SERVER, LAN_CONF, f"{PUBLIC} public.example {LAN_ONLY}\n"
    )
    return desk


@pytest.fixture(scope="module")
def desktop(shared_daemons: Daemons, desk: Namespace) -> Desktop:
    """What its programs see: a bus, and a /run and a resolv.conf of their own."""
    desktop = Desktop(shared_daemons, desk, RESOLV_CONF)
    desktop.start_bus()
    return desktop


@pytest.fixture
def resolved(desktop: Desktop, daemons: Daemons) -> Iterator[Daemon]:
    """systemd-resolved, which asks the LAN's server by the LAN's link."""
    resolved = desktop.start_resolved()
    desktop.resolvectl("dns", "lan0", LAN_SERVER)
    desktop.resolvectl("default-route", "lan0", "yes")
    yield resolved
    desktop.resolvectl("revert", "lan0")
    if resolved.is_running:
        assert resolved.stop() == 0


@pytest.fixture
def stub(desktop: Desktop, daemons: Daemons, resolved: Daemon) -> StartStub:
    """Start a stub that manages the desk's DNS; it is in use when this returns."""

    def start(organisation: str = ORGANISATION, **settings: object) -> Program:
        program = start_stub(
            daemons,
            desktop.machine,
            organisation,
            before=desktop.before,
            manage_dns=True,
            state_dir="state",
            **settings,
        )
        program.daemon.wait_for_log("the machine's DNS asks us")
        return program

    return start


def status(desktop: Desktop) -> list[str]:
    """What resolved has set, without what it has found out."""
    lines = desktop.resolvectl("status").splitlines()
    return [" ".join(line.split()) for line in lines if line and "Current" not in line]


def has_link(desktop: Desktop) -> bool:
    return desktop.machine.run("ip", "link", "show", LINK).returncode == 0


def assert_all_names_resolve(desktop: Desktop) -> None:
    """Ours by us, the LAN's by the LAN, and what nobody has does not exist."""
    assert desktop.dig("dbserver1.corp.net", "A").addresses == ["10.0.0.30"]
    assert desktop.dig("_my.id.enclave", "A").addresses == [DEVELOPER]
    assert desktop.dig("public.example", "A").addresses == [PUBLIC]
    assert desktop.dig("nobody.example", "A").status == "NXDOMAIN"
    assert desktop.dig("nobody.id.enclave", "A").status == "NXDOMAIN"


def test_every_name_finds_its_answer_and_in_the_end_nothing_is_left(
    desktop: Desktop, stub: StartStub
) -> None:
    before = status(desktop)
    program = stub()
    assert_all_names_resolve(desktop)
    assert desktop.query("dbserver1.corp.net") == ["10.0.0.30"]
    assert desktop.query("public.example") == [PUBLIC]
    assert desktop.query("nobody.example") == []
    assert desktop.dig("dbserver1.corp.net", "AAAA").status == "NOERROR"
    assert desktop.dig("public.example", "AAAA").status == "NOERROR"
    assert program.stop() == 0
    assert not has_link(desktop)
    assert status(desktop) == before
    assert desktop.dig("public.example", "A").addresses == [PUBLIC]
    assert desktop.dig("_my.id.enclave", "A").status == "NXDOMAIN"


def test_another_port_will_do(desktop: Desktop, stub: StartStub) -> None:
    stub(listen="127.0.0.1:5300")
    assert_all_names_resolve(desktop)


def test_what_does_not_fit_comes_over_tcp(desktop: Desktop, stub: StartStub) -> None:
    stub()
    assert sorted(desktop.dig("many.corp.net", "A", "+tcp").addresses) == MANY


def test_suffixes_are_handed_on(desktop: Desktop, stub: StartStub) -> None:
    suffixed = 'tags = ["gateways"]\nsearch_suffixes = ["corp.net"]'
    stub(ORGANISATION.replace('tags = ["gateways"]', suffixed))
    assert desktop.query("dbserver1") == ["10.0.0.30"]
    assert desktop.resolvectl("domain", LINK).split(":")[1].split() == ["corp.net", "~enclave"]
    assert desktop.dig(LAN_ONLY, "A").status == "NXDOMAIN"


def test_without_suffixes_another_networks_names_are_found_beside_ours(
    desktop: Desktop, stub: StartStub
) -> None:
    stub()
    assert desktop.dig(LAN_ONLY, "A").addresses == [PUBLIC]


def test_a_stub_that_is_killed_takes_its_link_with_it(desktop: Desktop, stub: StartStub) -> None:
    before = status(desktop)
    killed = stub()
    killed.daemon.signal(signal.SIGKILL)
    killed.daemon.wait()
    assert desktop.dig("public.example", "A").addresses == [PUBLIC]
    assert not has_link(desktop)
    assert status(desktop) == before
    again = stub()
    assert "an earlier run has left its changes" in again.log
    assert_all_names_resolve(desktop)


def test_a_second_stub_leaves_the_first_ones_link_alone(
    desktop: Desktop, stub: StartStub, daemons: Daemons
) -> None:
    stub()
    second = start_stub(
        daemons,
        desktop.machine,
        system_id="C4X8M",
        before=desktop.before,
        listen="127.0.0.1:5301",
        manage_dns=True,
        state_dir="state",
    )
    second.daemon.wait_for_log("another stub holds it; stop that one first")
    assert_all_names_resolve(desktop)
    assert second.stop() == 0
    assert has_link(desktop)
    assert_all_names_resolve(desktop)


def test_it_is_restored_from_the_journal_of_the_dead(desktop: Desktop, stub: StartStub) -> None:
    before = status(desktop)
    killed = stub()
    killed.daemon.signal(signal.SIGKILL)
    killed.daemon.wait()
    journal = killed.folder / "state" / "os-journal.json"
    assert journal.exists()
    command = [sys.executable, "-m", "enclave_dns", "os", "restore"]
    restored = subprocess.run(
        desktop.machine.command(*desktop.before, *command, "-c", f"{killed.folder}/stub.toml"),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert restored.returncode == 0, restored.stderr
    assert not journal.exists()
    assert status(desktop) == before


def test_a_resolved_that_is_restarted_knows_us_still(
    desktop: Desktop, stub: StartStub, resolved: Daemon
) -> None:
    stub()
    resolved.stop()
    again = desktop.start_resolved()
    assert_all_names_resolve(desktop)
    again.stop()
    desktop.start_resolved()
    assert_all_names_resolve(desktop)


@pytest.mark.parametrize(
    "change",
    [
        ("dns", LINK, LAN_SERVER),
        ("domain", LINK, "~elsewhere.example"),
        ("default-route", LINK, "no"),
        ("revert", LINK),
    ],
)
def test_what_others_change_is_put_back(
    desktop: Desktop, stub: StartStub, change: tuple[str, ...]
) -> None:
    program = stub()
    desktop.resolvectl(*change)
    desktop.machine.add_address("lo", "192.0.2.77/32")  # news, for it to look around
    try:
        program.daemon.wait_for_log("the machine's DNS is not as we left it")
        desktop.dig_until("dbserver1.corp.net", ["10.0.0.30"])
        assert_all_names_resolve(desktop)
    finally:
        desktop.machine.succeed("ip", "address", "del", "192.0.2.77/32", "dev", "lo")


def test_a_link_that_somebody_removes_comes_back(desktop: Desktop, stub: StartStub) -> None:
    stub()
    desktop.machine.succeed("ip", "link", "delete", LINK)
    desktop.machine.add_address("lo", "192.0.2.78/32")  # news, for it to look around
    desktop.dig_until("dbserver1.corp.net", ["10.0.0.30"])


def test_other_systems_names_stay_theirs(desktop: Desktop, stub: StartStub) -> None:
    """The same machine as the contractor's: another view by the same link."""
    desktop.machine.add_address("overlay0", f"{CONTRACTOR}/24")
    stub(system_id="C4X8M")
    assert desktop.dig("controller.corp.net", "A").addresses == ["172.16.1.10"]
    assert desktop.dig("dbserver1.corp.net", "A").status == "NXDOMAIN"
    assert desktop.dig("public.example", "A").addresses == [PUBLIC]
