"""The stub where real NetworkManager writes resolv.conf: first in its list, and out of it again."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.lab.daemons import LOOKS_EVERY, Daemons
from tests.lab.namespaces import Namespace, Network
from tests.lab.programs import DEVELOPER, Program, environment, start_stub
from tests.lab.system_bus import Desktop

HERE = "127.0.0.1"
LAN = ["192.168.8.1", "192.168.8.9"]
LINK = "enclave-dns0"

PROFILE = f"""[connection]
id=lan
type=ethernet
interface-name=lan0
[ipv4]
method=manual
address1=192.168.8.2/24,{LAN[0]}
dns={";".join(LAN)};
[ipv6]
method=ignore
"""

SHUTS_OUT = "0aa3c02c-0000-4000-8000-00000000000a"
VPN = f"""[connection]
id=vpn
uuid={SHUTS_OUT}
type=bridge
interface-name=vpn0
autoconnect=false
[bridge]
stp=false
[ipv4]
method=manual
address1=192.0.2.5/32
dns=192.0.2.6;
dns-priority=-50
[ipv6]
method=ignore
"""

StartStub = Callable[[], Program]


@pytest.fixture(scope="module")
def desktop(network: Network, shared_daemons: Daemons) -> Desktop:
    """A machine that NetworkManager manages, with one connection to a LAN."""
    office, den = map(network.namespace, ("bureau", "den"))
    network.link("lan0", office, [], den, [f"{LAN[0]}/24"])
    desktop = Desktop(shared_daemons, office)
    desktop.start_bus()
    desktop.start_network_manager(PROFILE, VPN)
    until_listed(desktop, LAN)
    return desktop


@pytest.fixture
def stub(desktop: Desktop, daemons: Daemons) -> StartStub:
    """Start a stub that manages its DNS; it is in use when this returns."""

    def start() -> Program:
        program = start_stub(
            daemons, desktop.machine, before=desktop.before, manage_dns=True, state_dir="state"
        )
        program.daemon.wait_for_log("the machine's DNS asks us")
        return program

    return start


def listed(desktop: Desktop) -> list[str]:
    lines = (line.split() for line in desktop.resolv_conf.splitlines())
    return [words[1] for words in lines if words[:1] == ["nameserver"]]


def until_listed(desktop: Desktop, servers: list[str]) -> None:
    deadline = time.monotonic() + 15
    while listed(desktop) != servers:
        assert time.monotonic() < deadline, desktop.resolv_conf
        time.sleep(LOOKS_EVERY)


def has_link(machine: Namespace) -> bool:
    return machine.run("ip", "link", "show", LINK).returncode == 0


def test_it_stands_first_while_it_runs_and_the_lans_servers_behind_it(
    desktop: Desktop, stub: StartStub
) -> None:
    before = desktop.resolv_conf
    program = stub()
    until_listed(desktop, [HERE, *LAN])
    run = desktop.run("getent", "ahostsv4", "_my.id.enclave")
    assert run.stdout.split()[0] == DEVELOPER
    assert program.stop() == 0
    until_listed(desktop, LAN)
    assert desktop.resolv_conf == before
    assert not has_link(desktop.machine)


def test_a_stub_that_is_killed_is_taken_out_by_networkmanager(
    desktop: Desktop, stub: StartStub
) -> None:
    before = desktop.resolv_conf
    killed = stub()
    killed.daemon.signal(signal.SIGKILL)
    killed.daemon.wait()
    until_listed(desktop, LAN)
    assert desktop.resolv_conf == before
    assert not has_link(desktop.machine)
    command = [sys.executable, "-m", "enclave_dns", "os", "restore"]
    subprocess.run(
        desktop.machine.command(*desktop.before, *command, "-c", f"{killed.folder}/stub.toml"),
        env=environment(),
        timeout=30,
        check=True,
    )
    assert desktop.resolv_conf == before


def test_a_link_that_somebody_removes_comes_back(desktop: Desktop, stub: StartStub) -> None:
    program = stub()
    desktop.machine.succeed("ip", "link", "delete", LINK)
    desktop.machine.add_address("lo", "192.0.2.77/32")  # news, for it to look around
    program.daemon.wait_for_log("the machine's DNS is not as we left it")
    until_listed(desktop, [HERE, *LAN])


def test_a_connection_that_shuts_it_out_is_told(desktop: Desktop, stub: StartStub) -> None:
    program = stub()
    until_listed(desktop, [HERE, *LAN])
    profile = ask(desktop, "/Settings", "Settings.GetConnectionByUuid", f"string:{SHUTS_OUT}")
    others = ("objpath:/", "objpath:/")
    active = ask(desktop, "", "ActivateConnection", f"objpath:{profile}", *others)
    try:
        program.daemon.wait_for_log("has a dns-priority below zero")
        until_listed(desktop, ["192.0.2.6"])
    finally:
        ask(desktop, "", "DeactivateConnection", f"objpath:{active}")
    until_listed(desktop, [HERE, *LAN])


def ask(desktop: Desktop, path: str, method: str, *arguments: str) -> str:
    """Call a method of NetworkManager's; returns what it returns, an object's path."""
    service = "org.freedesktop.NetworkManager"
    to = (f"--dest={service}", f"/org/freedesktop/NetworkManager{path}", f"{service}.{method}")
    run = desktop.run("dbus-send", "--system", "--print-reply=literal", *to, *arguments)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()
