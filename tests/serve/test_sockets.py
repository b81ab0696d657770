"""Sockets for listen addresses: whose interface it is, and what is said where none can be had."""

import asyncio
import errno
import os
import resource
import socket

import pyroute2
import pytest

from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.serve import sockets
from enclave_dns.serve.sockets import (
    DESCRIPTORS,
    allow_descriptors,
    bound,
    interface_of,
    own_addresses,
    shared,
)

NOBODYS = "203.0.113.9"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "127.255.255.254", "::1"])
def test_loopback_addresses_belong_to_lo(address: str) -> None:
    assert interface_of(address) == "lo"


@pytest.mark.parametrize("address", [NOBODYS, "2001:db8::9"])
def test_an_address_of_no_interface_is_a_fault_of_the_machine(address: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"no interface has this address; connect the over"):
        interface_of(address)


async def test_the_interface_can_be_had_while_a_loop_is_running() -> None:
    assert await asyncio.to_thread(interface_of, "127.0.0.1") == "lo"


def test_own_addresses_are_written_as_the_kernel_writes_sources() -> None:
    mine = own_addresses()
    assert {"127.0.0.1", "::1"} <= mine
    assert NOBODYS not in mine


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1"])
def test_port_0_picks_one_port_for_udp_and_tcp(address: str) -> None:
    udp, tcp = bound(Endpoint(address, 0), "lo")
    with udp, tcp:
        assert udp.getsockname()[:2] == tcp.getsockname()[:2]
        assert udp.getsockname()[0] == address
        assert udp.getsockname()[1] > 0
        assert (udp.type, tcp.type) == (socket.SOCK_DGRAM, socket.SOCK_STREAM)
        assert not udp.getblocking()
        assert not tcp.getblocking()


def test_port_0_passes_over_ports_that_are_taken_for_udp(monkeypatch: pytest.MonkeyPatch) -> None:
    make, refused = sockets._socket, 0

    def busy(address: str, port: int, kind: int, device: str) -> socket.socket:
        nonlocal refused
        if kind == socket.SOCK_DGRAM and refused < 3:
            refused += 1
            raise EnvironmentFault("the port is in use")
        return make(address, port, kind, device)

    monkeypatch.setattr(sockets, "_socket", busy)
    udp, tcp = bound(Endpoint("127.0.0.1", 0), "lo")
    with udp, tcp:
        assert udp.getsockname() == tcp.getsockname()
    refused = -1_000
    with pytest.raises(EnvironmentFault, match="no port is free for both UDP and TCP"):
        bound(Endpoint("127.0.0.1", 0), "lo")


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
@pytest.mark.parametrize(("address", "place"), [("127.0.0.1", "127.0.0.1:"), ("::1", "[::1]:")])
def test_a_port_in_use_is_named_with_its_remedy(kind: int, address: str, place: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as other:
        other.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        with pytest.raises(EnvironmentFault) as caught:
            bound(Endpoint(address, port), "lo")
    assert str(caught.value) == (
        f"cannot listen on {place}{port}: the port is in use; "
        "`ss -lnp` shows by whom: stop it, or change `listen`"
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_shared_sockets_have_one_place_and_packets_are_spread(address: str) -> None:
    pairs = shared(Endpoint(address, 0), "lo", 3)
    places = {sock.getsockname()[:2] for pair in pairs for sock in pair}
    assert len(places) == 1
    [place] = places
    for _ in range(100):
        with socket.socket(pairs[0][0].family, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", place)
    found = [udp.recv(1) for udp, _ in pairs]
    for pair in pairs:
        for sock in pair:
            sock.close()
    assert found == [b"x"] * 3


def test_nobody_shares_with_who_was_there_before() -> None:
    pairs = shared(Endpoint("127.0.0.1", 0), "lo", 2)
    place = Endpoint("127.0.0.1", pairs[0][0].getsockname()[1])
    with pytest.raises(EnvironmentFault, match="the port is in use"):
        shared(place, "lo", 2)
    for pair in pairs:
        for sock in pair:
            sock.close()
    for pair in shared(place, "lo", 1):
        for sock in pair:
            sock.close()


def test_an_address_that_is_not_ours_cannot_be_listened_on() -> None:
    with pytest.raises(EnvironmentFault, match="no interface has this address; connect the over"):
        bound(Endpoint(NOBODYS, 0), "lo")


def test_an_interface_that_is_not_there_is_named() -> None:
    with pytest.raises(EnvironmentFault, match="nosuch0"):
        bound(Endpoint("127.0.0.1", 0), "nosuch0")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "no permission for this port; run as root, or with CAP_NET_BIND_SERVICE"),
        (errno.EPERM, "no permission to bind to wg0; run as root, or with CAP_NET_RAW"),
        (errno.ENODEV, "there is no interface wg0; correct `interface`"),
        (errno.ENOBUFS, os.strerror(errno.ENOBUFS)),
    ],
)
def test_other_faults_of_the_machine_are_one_line_with_the_remedy(number: int, reason: str) -> None:
    error = OSError(number, os.strerror(number))
    said = sockets._explained(error, "100.64.0.70", 53, "wg0")
    assert said == f"cannot listen on 100.64.0.70:53: {reason}"
    assert "\n" not in said


def test_without_permission_to_bind_to_an_interface_only_loopback_is_served() -> None:
    class Unprivileged(socket.socket):
        def setsockopt(self, *arguments: object) -> None:
            raise PermissionError(errno.EPERM, "no")

    with Unprivileged() as sock:
        sockets._bind_to_device(sock, "lo")
        with pytest.raises(PermissionError):
            sockets._bind_to_device(sock, "wg0")


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [
        (1_024, 524_288, DESCRIPTORS),
        (1_024, 4_096, 4_096),
        (1_024, resource.RLIM_INFINITY, DESCRIPTORS),
        (20_000, 524_288, 20_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, DESCRIPTORS),
    ],
)
def test_as_many_open_files_are_asked_for_as_may_be_needed(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, expected: int
) -> None:
    made = {resource.RLIMIT_NOFILE: (soft, hard)}
    monkeypatch.setattr(resource, "getrlimit", made.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", made.__setitem__)
    assert allow_descriptors() == expected
    now, most = made[resource.RLIMIT_NOFILE]
    assert most == hard
    assert now == resource.RLIM_INFINITY or now >= expected


def test_an_interface_that_goes_between_two_lists_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyroute2.IPRoute, "get_links", lambda _: (), raising=False)
    with pytest.raises(EnvironmentFault, match="no interface has this address"):
        interface_of("127.0.0.1")


def test_no_descriptor_for_a_socket_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(sockets.socket, "socket", none_left)
    with pytest.raises(EnvironmentFault, match=r"^cannot listen on .*: Too many open files$"):
        bound(Endpoint("127.0.0.1", 0), "lo")
