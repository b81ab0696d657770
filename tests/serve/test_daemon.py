"""The life of a daemon: ready, signals, drain, and sockets that are given back."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from functools import partial

import dns.message
import dns.rcode
import pytest

from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.serve import daemon as daemon_module
from enclave_dns.serve.daemon import Listeners, serve_until_stopped
from enclave_dns.serve.server import Server
from enclave_dns.serve.sockets import bound, shared
from enclave_dns.wire.framing import frame
from tests.fakes.scripted_program import ScriptedProgram, packet
from tests.fakes.waiting import ENOUGH, eventually

V4, V6 = Endpoint("127.0.0.1", 0), Endpoint("::1", 0)
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture
async def listeners(server: Server) -> AsyncIterator[Listeners]:
    made = Listeners(server)
    yield made
    await made.close()


class Daemon:
    """One run of `serve_until_stopped`, and what it called."""

    def __init__(self, server: Server, listeners: Listeners) -> None:
        self.server = server
        self.listeners = listeners
        self.notes: list[str] = []

    async def work(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.notes.append("work ended")

    async def run(self) -> None:
        await serve_until_stopped(
            self.server,
            self.listeners,
            (self.work,),
            on_ready=lambda: self.notes.append("ready"),
            on_reload=lambda: self.notes.append("reload"),
        )


def client(endpoint: Endpoint) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.connect((endpoint.address, endpoint.port))
    return sock


async def received(sock: socket.socket) -> dns.message.Message:
    async with asyncio.timeout(ENOUGH):
        return dns.message.from_wire(await asyncio.get_running_loop().sock_recv(sock, 65535))


def can_be_bound(endpoint: Endpoint) -> bool:
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(family, kind) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
            sock.bind((endpoint.address, endpoint.port))
    return True


async def test_every_address_is_served_over_udp_and_tcp(listeners: Listeners) -> None:
    await listeners.open((V4, V6), "")
    assert [endpoint.address for endpoint in listeners.endpoints] == ["127.0.0.1", "::1"]
    with client(listeners.endpoints[0]) as sock:
        sock.send(packet("db.corp.net", id=1))
        assert (await received(sock)).id == 1
    for endpoint in listeners.endpoints:
        reader, writer = await asyncio.open_connection(endpoint.address, endpoint.port)
        writer.write(frame(packet("db.corp.net", id=2)))
        assert (await reader.readexactly(4))[2:] == b"\0\2"
        writer.close()
        await writer.wait_closed()


async def test_sockets_that_somebody_else_has_bound_are_served(listeners: Listeners) -> None:
    await listeners.adopt([bound(V4, "lo"), *shared(V6, "lo", 1)])
    assert [endpoint.address for endpoint in listeners.endpoints] == ["127.0.0.1", "::1"]
    with client(listeners.endpoints[0]) as sock:
        sock.send(packet("db.corp.net", id=1))
        assert (await received(sock)).id == 1
    reader, writer = await asyncio.open_connection("::1", listeners.endpoints[1].port)
    writer.write(frame(packet("db.corp.net", id=2)))
    assert (await reader.readexactly(4))[2:] == b"\0\2"
    writer.close()
    await writer.wait_closed()


async def test_all_addresses_are_opened_or_none(listeners: Listeners) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = Endpoint("127.0.0.1", other.getsockname()[1])
        free = socket.socket()
        free.bind(("127.0.0.1", 0))
        first = Endpoint("127.0.0.1", free.getsockname()[1])
        free.close()
        with pytest.raises(EnvironmentFault, match="the port is in use"):
            await listeners.open((first, taken), "lo")
    assert listeners.endpoints == ()
    assert can_be_bound(first)


async def test_sockets_stay_where_their_interface_stayed(listeners: Listeners) -> None:
    """One that came back as another interface takes root: tests/lab/test_roaming.py has it."""
    await listeners.open((V4, V6), "")
    before = listeners.endpoints
    assert await listeners.rebind() == ()
    assert listeners.endpoints == before
    with client(before[0]) as sock:
        sock.send(packet("db.corp.net", id=3))
        assert (await received(sock)).id == 3


async def test_one_address_that_cannot_be_moved_does_not_keep_the_others(
    listeners: Listeners, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listeners.open((V4, Endpoint("127.0.0.2", 0)), "")
    before = listeners.endpoints

    def bound_anew(endpoint: Endpoint, device: str) -> tuple[socket.socket, socket.socket]:
        if endpoint.address == V4.address:
            raise EnvironmentFault("no socket left")
        return bound(Endpoint(endpoint.address, 0), device)

    monkeypatch.setattr(daemon_module, "_index", lambda _: 99)
    monkeypatch.setattr(daemon_module, "bound", bound_anew)
    with pytest.raises(EnvironmentFault, match="no socket left"):
        await listeners.rebind()
    assert listeners.endpoints[0] == before[0]
    assert listeners.endpoints[1] != before[1]
    for endpoint in listeners.endpoints:
        with client(endpoint) as sock:
            sock.send(packet("db.corp.net", id=4))
            assert (await received(sock)).id == 4


async def test_an_address_that_is_not_ours_is_told_with_its_remedy(listeners: Listeners) -> None:
    with pytest.raises(EnvironmentFault, match="connect the overlay first"):
        await listeners.open((Endpoint("203.0.113.9", 0),), "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_stop_drains_and_gives_everything_back(
    server: Server,
    listeners: Listeners,
    program: ScriptedProgram,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However busy the machine is, the query in flight has time to finish.
    monkeypatch.setattr(server, "drain", partial(server.drain, ENOUGH))
    await listeners.open((V4,), "lo")
    (endpoint,) = listeners.endpoints
    daemon = Daemon(server, listeners)
    program.gate("slow.net")
    with client(endpoint) as sock:
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run())
            await eventually(lambda: daemon.notes == ["ready"])
            sock.send(packet("slow.net", id=1))
            await eventually(lambda: program.asked)
            os.kill(os.getpid(), number)
            await eventually(lambda: server.is_draining)
            sock.send(packet("new.net", id=2))
            refused = await received(sock)
            program.gate("slow.net").set()
            finished = await received(sock)
    assert (refused.id, refused.rcode()) == (2, dns.rcode.SERVFAIL)
    assert (finished.id, finished.rcode()) == (1, dns.rcode.NOERROR)
    assert daemon.notes == ["ready", "work ended"]
    assert can_be_bound(endpoint)
    loop = asyncio.get_running_loop()
    assert [loop.remove_signal_handler(number) for number in SIGNALS] == [False] * 3


async def test_sighup_reloads_each_time_and_serving_goes_on(
    server: Server, listeners: Listeners
) -> None:
    await listeners.open((V4,), "lo")
    daemon = Daemon(server, listeners)
    with client(listeners.endpoints[0]) as sock:
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run())
            await eventually(lambda: daemon.notes == ["ready"])
            for count in (1, 2):
                os.kill(os.getpid(), signal.SIGHUP)
                await eventually(lambda count=count: daemon.notes.count("reload") == count)
                sock.send(packet("db.corp.net", id=count))
                assert (await received(sock)).id == count
            os.kill(os.getpid(), signal.SIGTERM)
    assert daemon.notes == ["ready", "reload", "reload", "work ended"]


async def test_work_that_fails_ends_the_daemon_and_gives_everything_back(
    server: Server, listeners: Listeners
) -> None:
    await listeners.open((V4,), "lo")
    (endpoint,) = listeners.endpoints

    async def fail() -> None:
        raise RuntimeError("a fault of ours")

    with pytest.raises(ExceptionGroup, match="unhandled errors"):
        await serve_until_stopped(
            server, listeners, (fail,), on_ready=lambda: None, on_reload=lambda: None
        )
    assert can_be_bound(endpoint)


async def test_a_daemon_that_is_cancelled_gives_everything_back(
    server: Server, listeners: Listeners
) -> None:
    await listeners.open((V4,), "lo")
    (endpoint,) = listeners.endpoints
    daemon = Daemon(server, listeners)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(daemon.run())
        await eventually(lambda: daemon.notes == ["ready"])
        running.cancel()
    assert daemon.notes == ["ready", "work ended"]
    assert can_be_bound(endpoint)
