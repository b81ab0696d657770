"""Datagrams in batches, by one call and one by one: both ways do the same."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from enclave_dns.serve import batches as module
from enclave_dns.serve.batches import BATCH, LARGEST, Batches, Many, OneByOne, batches

Way = Callable[[socket.socket], Batches]


def many(sock: socket.socket) -> Many:
    found = batches(sock)
    assert isinstance(found, Many), "Linux has these calls"
    return found


@pytest.fixture(params=["127.0.0.1", "::1"])
def server(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((request.param, 0))
        yield sock


@pytest.fixture(params=[many, OneByOne])
def way(request: pytest.FixtureRequest, server: socket.socket) -> Batches:
    made: Batches = request.param(server)
    return made


@pytest.fixture
def client(server: socket.socket) -> Iterator[socket.socket]:
    with connected(server) as sock:
        yield sock


def connected(server: socket.socket) -> socket.socket:
    sock = socket.socket(server.family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.connect(server.getsockname())
    return sock


def all_of(client: socket.socket) -> list[bytes]:
    """Everything that has come; on loopback it is there when the call that sent it returns."""
    found = []
    while True:
        try:
            found.append(client.recv(LARGEST + 1))
        except BlockingIOError:
            return found


def test_each_datagram_has_its_peer_and_gets_its_own_reply(
    server: socket.socket, way: Batches
) -> None:
    clients = [connected(server) for _ in range(3)]
    for number in range(12):
        clients[number % 3].send(b"packet %d" % number)
    for place, (at, packet, host, port) in enumerate(way.receive()):
        peer = clients[place % 3].getsockname()
        assert (at, packet) == (place, b"packet %d" % place)
        assert way.address(at) == peer
        assert (host, port) == peer[:2]
        if place % 2:
            way.reply(at, packet.replace(b"packet", b"reply" * place))
    assert way.flush() == 0
    assert way.is_empty
    for number, client in enumerate(clients):
        mine = [place for place in range(12) if place % 2 and place % 3 == number]
        assert all_of(client) == [b"reply" * place + b" %d" % place for place in mine]
        client.close()


def test_a_batch_is_bounded_and_says_whether_more_is_there(
    client: socket.socket, way: Batches
) -> None:
    for number in range(BATCH + 3):
        client.send(b"%d" % number)
    first = [packet for _, packet, _, _ in way.receive()]
    assert not way.is_empty
    second = [packet for _, packet, _, _ in way.receive()]
    assert way.is_empty
    assert first + second == [b"%d" % number for number in range(BATCH + 3)]
    assert len(first) == BATCH
    assert list(way.receive()) == []


def test_sizes_from_nothing_to_more_than_is_read(client: socket.socket, way: Batches) -> None:
    sizes = [0, 1, 11, 12, 1232, LARGEST - 1, LARGEST, LARGEST + 1, 60_000, 3]
    for size in sizes:
        client.send(b"x" * size)
    assert [len(packet) for _, packet, _, _ in way.receive()] == [min(n, LARGEST) for n in sizes]


def test_peers_that_are_gone_disturb_nobody(
    server: socket.socket, client: socket.socket, way: Batches
) -> None:
    for _ in range(2):
        with connected(server) as gone:
            gone.send(b"gone")
        client.send(b"here")
        for place, packet, _, _ in way.receive():
            way.reply(place, packet)
        assert way.flush() == 0
        assert all_of(client) == [b"here"]


def test_a_closed_socket_has_nothing_and_takes_nothing(
    server: socket.socket, client: socket.socket, way: Batches
) -> None:
    client.send(b"one")
    client.send(b"two")
    for place, packet, _, _ in way.receive():
        if place == 0:
            server.close()
        way.reply(place, packet)
        if isinstance(way, OneByOne):
            break  # it asks the socket for each
    assert way.flush() == (1 if isinstance(way, OneByOne) else 2)
    assert way.flush() == 0
    assert list(way.receive()) == []


def test_what_the_kernel_refuses_is_counted_and_costs_the_others_nothing(
    server: socket.socket, client: socket.socket
) -> None:
    way = many(server)
    real, calls = way._send, []

    def send(descriptor: int, at: Any, count: int, flags: int) -> int:
        # Two at a time; the third and the eighth are not taken.
        calls.append(count)
        done = 10 - count
        if done in (2, 7):
            return -1
        return int(real(descriptor, at, min(2, 2 - (done in (1, 6)), count), flags))

    way._send = send
    for number in range(10):
        client.send(b"%d" % number)
    for place, packet, _, _ in way.receive():
        way.reply(place, packet)
    assert way.flush() == 2
    assert all_of(client) == [b"%d" % number for number in range(10) if number not in (2, 7)]
    assert calls[0] == 10
    assert calls[-1] < 3


def test_a_peer_of_one_link_keeps_its_flow_and_scope() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server:
        server.setblocking(False)
        server.bind(("::1", 0))
        way = many(server)
        with connected(server) as client:
            client.send(b"x")
        assert len(list(way.receive())) == 1
        raw = bytearray(way._in.names[:28])
        raw[4:8] = (0x12345).to_bytes(4)
        raw[8:24] = socket.inet_pton(socket.AF_INET6, "fe80::7")
        memoryview(raw).cast("I")[6] = 3
        way._in.names[:28] = bytes(raw)
        assert way.address(0) == ("fe80::7", client_port(raw), 0x12345, 3)


def client_port(raw: bytearray) -> int:
    return int.from_bytes(raw[2:4])


def test_hosts_are_remembered_within_bounds(
    monkeypatch: pytest.MonkeyPatch, server: socket.socket
) -> None:
    monkeypatch.setattr(module, "_KNOWN_HOSTS", 2)
    way = many(server)
    size = 16 if server.family == socket.AF_INET6 else 4
    hosts = [way._host(bytes(size - 1) + bytes((number,))) for number in range(2, 9)]
    assert len(set(hosts)) == 7
    assert len(way._hosts) <= 2


@pytest.mark.parametrize("missing", ["recvmmsg", "sendmmsg"])
def test_without_the_calls_of_the_c_library_it_is_done_one_by_one(
    monkeypatch: pytest.MonkeyPatch, server: socket.socket, missing: str
) -> None:
    class Library:
        def __init__(self, *args: object, **kwargs: object) -> None:
            pass

        def __getattr__(self, name: str) -> object:
            if name == missing:
                raise AttributeError(name)
            return lambda: None

    monkeypatch.setattr(module.ctypes, "CDLL", Library)
    assert isinstance(batches(server), OneByOne)
