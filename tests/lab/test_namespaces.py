"""The lab's machines: links, senders, sockets of their own."""

import socket
import subprocess
from pathlib import Path

import pytest

from tests.lab.daemons import Daemon, Daemons
from tests.lab.namespaces import RUN, Namespace, Network
from tests.lab.office import UNBOUND
from tests.lab.programs import CONTRACTOR, DEVELOPER, GATEWAY

QUERY = bytes.fromhex("002a01000001000000000000") + b"\x09dbserver1\x04corp\x03net\0\0\x01\0\x01"


def listener(host: Namespace) -> socket.socket:
    server = host.socket()
    server.bind((GATEWAY, 5300))
    return server


def test_a_datagram_crosses_the_link_and_shows_its_sender(
    laptop: Namespace, gateway_host: Namespace
) -> None:
    with listener(gateway_host) as server, laptop.socket() as client:
        client.bind((CONTRACTOR, 0))
        client.sendto(b"hello", (GATEWAY, 5300))
        data, (sender, _) = server.recvfrom(100)
    assert (data, sender) == (b"hello", CONTRACTOR)


@pytest.mark.parametrize("sender", [DEVELOPER, CONTRACTOR])
def test_dig_picks_the_sender(laptop: Namespace, gateway_host: Namespace, sender: str) -> None:
    with listener(gateway_host) as server:
        laptop.dig(f"@{GATEWAY}", "-p", "5300", "-b", sender, "x.corp.net", "A", "+time=1")
        _, (seen, _) = server.recvfrom(1000)
    assert seen == sender


def test_the_developer_asks_unless_told_otherwise(
    laptop: Namespace, gateway_host: Namespace
) -> None:
    with listener(gateway_host) as server:
        laptop.dig(f"@{GATEWAY}", "-p", "5300", "x.corp.net", "A", "+time=1")
        _, (seen, _) = server.recvfrom(1000)
    assert seen == DEVELOPER


def test_raw_bytes_can_be_exchanged(gateway_host: Namespace, unbound: Daemon) -> None:
    reply = gateway_host.exchange(QUERY, UNBOUND, sender="10.0.0.254")
    assert reply[:2] == QUERY[:2]
    assert reply.endswith(bytes([10, 0, 0, 30]))
    with pytest.raises(TimeoutError):
        gateway_host.exchange(b"too short", UNBOUND, timeout=0.5)


def test_nothing_of_a_machine_is_seen_outside_it(network: Network, laptop: Namespace) -> None:
    shown = subprocess.run(["ip", "address"], capture_output=True, text=True, check=True).stdout
    assert DEVELOPER not in shown
    assert DEVELOPER in laptop.run("ip", "address").stdout


def test_machines_are_removed_and_so_are_those_of_a_killed_run(network: Network) -> None:
    left_behind = "enclave-lab-4194305-laptop"  # no process has this id: the kernel's limit is 2^22
    subprocess.run(["ip", "netns", "add", left_behind], check=True)
    with Network() as second:
        assert not RUN.joinpath(left_behind).exists()
        made = second.namespace("short-lived")
        assert RUN.joinpath(made.path).exists()
    assert not RUN.joinpath(made.path).exists()
    assert all(RUN.joinpath(network[name].path).exists() for name in ("laptop", "gateway"))


def test_a_program_is_ended_by_its_own_id(office: Namespace, daemons: Daemons) -> None:
    daemon = daemons.start(office, "sleep", ["sleep", "1000"])
    daemon.wait_until(lambda: _name(daemon.pid) == "sleep", "sleep runs", within=5)
    assert daemon.stop() == -15


def test_a_program_that_ends_badly_fails_the_test_that_started_it(
    office: Namespace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = "echo it broke >&2; exit 3"
    with (
        pytest.raises(AssertionError, match="sh ended with status 3\nit broke"),
        Daemons(tmp_path_factory.mktemp("bad")) as daemons,
    ):
        daemons.start(office, "sh", ["sh", "-c", script])._process.wait()


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()
