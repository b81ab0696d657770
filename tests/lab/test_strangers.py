"""Who is no sender gets nothing, and the overlay's interface alone vouches for a sender."""

import socket
from collections.abc import Iterator

import pytest

from tests.lab.answer import SILENCE
from tests.lab.daemons import Daemon
from tests.lab.namespaces import Namespace
from tests.lab.office import UNBOUND
from tests.lab.packets import addresses, client, query
from tests.lab.programs import DEVELOPER, GATEWAY, STRANGER, Program

OFFICE_SIDE = "10.0.0.254"
PORT = 40_053
SPOOFED, GENUINE = "spoofed.dev.corp.net", "genuine.dev.corp.net"


def test_a_stranger_is_met_with_silence_over_udp(
    laptop: Namespace, shared_gateway: Program
) -> None:
    asked = laptop.dig(f"@{GATEWAY}", "-b", STRANGER, "dbserver1.corp.net", "A", "+time=1")
    assert asked.status == SILENCE
    assert "timed out" in asked.text
    for name in ("gone.corp.net", "_my.id.enclave"):
        with pytest.raises(TimeoutError):
            laptop.exchange(query(name), GATEWAY, sender=STRANGER, timeout=0.3)


def test_a_stranger_is_shown_the_door_over_tcp(laptop: Namespace, shared_gateway: Program) -> None:
    with (
        pytest.raises((EOFError, ConnectionResetError, BrokenPipeError)),
        client(laptop, "TCP", STRANGER) as gateway,
    ):
        gateway.ask(query("dbserver1.corp.net"))
    asked = laptop.dig(f"@{GATEWAY}", "-b", STRANGER, "dbserver1.corp.net", "A", "+tcp", "+time=1")
    assert asked.status == SILENCE


def test_a_stranger_gets_silence_for_malformed_packets_too(
    laptop: Namespace, shared_gateway: Program
) -> None:
    good = query("dbserver1.corp.net")
    for packet in (good[:4] + b"\0\2" + good[6:], good[:20], b"\0\7\x28\0" + good[4:]):
        with pytest.raises(TimeoutError):
            laptop.exchange(packet, GATEWAY, sender=STRANGER, timeout=0.3)


@pytest.mark.parametrize("port", [0, 7, 19, 53])
def test_a_port_that_is_no_clients_hears_nothing(
    laptop: Namespace, shared_gateway: Program, port: int
) -> None:
    """Port 0 is for raw sockets alone; the kernel gives them a copy of every reply."""
    with laptop.socket(socket.SOCK_RAW, timeout=2, protocol=socket.IPPROTO_UDP) as raw:
        raw.bind((DEVELOPER, 0))
        for source, number in ((port, 1), (PORT, 2)):
            packet = query("dbserver1.corp.net", number=number)
            sizes = (source, 53, 8 + len(packet), 0)
            raw.sendto(b"".join(size.to_bytes(2) for size in sizes) + packet, (GATEWAY, 0))
        heard = raw.recv(4096)[20:]
        assert (heard[2:4], heard[8:10]) == (PORT.to_bytes(2), b"\0\2")
        raw.settimeout(0.3)
        with pytest.raises(TimeoutError):
            raw.recv(4096)


@pytest.fixture
def spoofer(office: Namespace, gateway_host: Namespace) -> Iterator[Namespace]:
    """The office, with the developer's address and a way to the gateway's from behind.

    The kernel's own check of source addresses is off: what remains is ours.
    """
    address = ("address", "{}", f"{DEVELOPER}/32", "dev", "office0")
    route = ("route", "{}", f"{GATEWAY}/32", "via", OFFICE_SIDE, "dev", "office0")
    for interface in ("all", "office0"):
        succeed(gateway_host, "sysctl", "-qw", f"net.ipv4.conf.{interface}.rp_filter=0")
    for words in (address, route):
        succeed(office, "ip", *(word.format("add") for word in words))
    yield office
    for words in (route, address):
        succeed(office, "ip", *(word.format("del") for word in words))


def succeed(namespace: Namespace, *command: str) -> None:
    run = namespace.run(*command)
    assert run.returncode == 0, run.stderr


def test_a_sender_counts_only_where_it_comes_in_over_the_overlay(
    laptop: Namespace,
    gateway_host: Namespace,
    spoofer: Namespace,
    shared_gateway: Program,
    unbound: Daemon,
) -> None:
    with (
        laptop.socket(timeout=0.3) as genuine,
        spoofer.socket() as spoofed,
        gateway_host.socket() as anybody,
    ):
        genuine.bind((DEVELOPER, PORT))
        spoofed.bind((DEVELOPER, PORT))
        anybody.bind((GATEWAY, 5300))
        spoofed.sendto(b"the way is open", (GATEWAY, 5300))
        assert anybody.recvfrom(100) == (b"the way is open", (DEVELOPER, PORT))
        spoofed.sendto(query(SPOOFED, number=1), (GATEWAY, 53))
        genuine.sendto(query(GENUINE, number=2), (GATEWAY, 53))
        reply = genuine.recv(4096)
        assert (reply[:2], addresses(reply)) == (b"\0\2", ["10.0.0.40"])
        with pytest.raises(TimeoutError):
            genuine.recv(4096)
    unbound.wait_until(lambda: GENUINE in unbound.log.lower(), GENUINE, within=5)
    assert SPOOFED not in unbound.log.lower()


def test_no_connection_is_had_from_elsewhere(
    gateway_host: Namespace, spoofer: Namespace, shared_gateway: Program
) -> None:
    """Not even where the kernel would send the replies back to the office."""
    back = (f"{DEVELOPER}/32", "via", UNBOUND, "dev", "office0")
    succeed(gateway_host, "ip", "route", "add", *back)
    with gateway_host.socket(socket.SOCK_STREAM) as anybody:
        anybody.bind((GATEWAY, 5300))
        anybody.listen()
        with client(spoofer, "TCP", port=5300):
            pass  # so there is a way, there and back
    with (
        pytest.raises((ConnectionRefusedError, TimeoutError)),
        client(spoofer, "TCP", timeout=0.5) as spoofed,
    ):
        spoofed.ask(query("dbserver1.corp.net"))
    succeed(gateway_host, "ip", "route", "del", *back)
