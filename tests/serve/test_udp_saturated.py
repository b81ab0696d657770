"""The UDP listener when more comes in than can be answered at once: who waits, and for what."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from enclave_dns.endpoint import Endpoint
from enclave_dns.serve import pending, udp
from enclave_dns.serve.program import Audience
from enclave_dns.serve.server import Server
from enclave_dns.serve.shares import SUSTAINED, Shares
from enclave_dns.serve.sockets import bound
from enclave_dns.serve.udp import BATCH, UdpListener
from tests.fakes.scripted_program import ScriptedProgram, addresses, packet
from tests.fakes.waiting import eventually

FLOODER, NORMAL = "127.0.0.2", "127.0.0.1"
SOME = (SUSTAINED + 2) * BATCH
"""Queries at once that make saturation and still find room to wait."""


@pytest.fixture
async def server(program: ScriptedProgram, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that begins four queries at once under saturation; senders are their addresses."""
    monkeypatch.setattr(pending, "ROOM_UNDER_SATURATION", 4)
    monkeypatch.setattr(udp, "LATE", 1e9)
    monkeypatch.setattr(udp, "GIVEN_UP", 1e9)
    monkeypatch.setattr(program, "identify", lambda source: Audience(b"view 001", source))
    return Server(program, has_one_sender=True)


@pytest.fixture
async def listener(server: Server) -> AsyncIterator[UdpListener]:
    sock, tcp = bound(Endpoint("127.0.0.1", 0), "lo")
    tcp.close()
    opened = UdpListener(sock, server)
    yield opened
    opened.close()


@contextmanager
def sending(address: str, listener: UdpListener) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.setblocking(False)
        sock.bind((address, 0))
        sock.connect(listener._socket.getsockname())
        yield sock


def flood(sock: socket.socket, count: int) -> None:
    """So many different questions, which all have to wait for the program."""
    for number in range(count):
        sock.send(packet(f"slow{number}.net", id=number))


def gate_all(program: ScriptedProgram, count: int) -> asyncio.Event:
    """One gate for all of them."""
    gate = asyncio.Event()
    for number in range(count):
        program.gates[f"slow{number}.net"] = gate
    return gate


async def test_what_may_not_be_begun_yet_waits_and_is_served_once_it_may(
    listener: UdpListener, server: Server, program: ScriptedProgram
) -> None:
    gate = gate_all(program, SOME)
    with sending(FLOODER, listener) as flooder:
        flood(flooder, SOME)
        await eventually(lambda: listener._is_stuck)
        begun = server.in_flight
        assert 0 < begun < SOME
        gate.set()
        await eventually(lambda: server.traffic.replies == SOME)
        assert server.traffic.dropped == 0
        assert not listener.is_saturated


async def test_kept_replies_wait_for_nobody(
    listener: UdpListener, server: Server, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: (
        addresses("db.net", lifetime=30.0) if query.folded.name == b"\2db\3net\0" else None
    )
    gate = gate_all(program, SOME)
    with sending(FLOODER, listener) as flooder, sending(NORMAL, listener) as normal:
        for _ in range(2):
            normal.send(packet("db.net"))
        await eventually(lambda: server.traffic.replies == 2)
        flood(flooder, SOME)
        await eventually(lambda: listener._is_stuck)
        for number in range(5):
            normal.send(packet("DB.net", id=number))
        await eventually(lambda: sum(server.traffic.kept) == 6)
        assert listener.is_saturated
        gate.set()
        await eventually(lambda: server.in_flight == 0)


async def test_where_nobody_has_room_the_kernel_keeps_the_rest_until_there_is(
    listener: UdpListener, server: Server, program: ScriptedProgram
) -> None:
    listener._shares = Shares(8)
    gate = gate_all(program, SOME)
    with sending(FLOODER, listener) as flooder, sending(NORMAL, listener) as normal:
        for number in range(SOME):
            (flooder if number % 2 else normal).send(packet(f"slow{number}.net", id=number))
        await eventually(lambda: listener._is_deaf)
        assert len(listener._shares) <= 8
        taken = server.traffic.taken
        assert taken < SOME
        gate.set()
        await eventually(lambda: server.traffic.replies + server.traffic.dropped == SOME)
        await eventually(lambda: not listener.is_saturated)
        assert not listener._is_deaf


async def test_once_somebody_waits_too_long_the_newest_are_served_first_and_none_is_lost(
    listener: UdpListener,
    server: Server,
    program: ScriptedProgram,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = gate_all(program, SOME)
    with sending(FLOODER, listener) as flooder:
        flood(flooder, SOME)
        await eventually(lambda: listener._is_stuck)
        begun = len(program.asked)
        monkeypatch.setattr(udp, "LATE", -1.0)
        gate.set()
        await eventually(lambda: server.traffic.replies == SOME)
    oldest, *rest = [int(name.removeprefix("slow").split(".")[0]) for name in program.asked[begun:]]
    assert oldest == begun
    assert rest == sorted(rest, reverse=True)
    assert not listener._is_late


async def test_what_has_waited_for_longer_than_a_query_may_take_is_dropped_with_its_reason(
    listener: UdpListener,
    server: Server,
    program: ScriptedProgram,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = gate_all(program, SOME)
    with sending(FLOODER, listener) as flooder:
        flood(flooder, SOME)
        await eventually(lambda: listener._is_stuck)
        begun = server.in_flight
        monkeypatch.setattr(udp, "GIVEN_UP", -1.0)
        gate.set()
        await eventually(lambda: server.traffic.replies + server.traffic.dropped == SOME)
    assert server.counts["dropped_given_up"] == SOME - begun


async def test_closing_in_the_middle_of_a_pause_leaves_nothing_behind(
    server: Server, program: ScriptedProgram
) -> None:
    sock, tcp = bound(Endpoint("127.0.0.1", 0), "lo")
    tcp.close()
    opened = UdpListener(sock, server)
    opened._shares = Shares(8)
    gate = gate_all(program, SOME)
    with sending(FLOODER, opened) as flooder:
        flood(flooder, SOME)
        await eventually(lambda: opened._is_stuck)
    opened.close()
    gate.set()
    await eventually(lambda: server.in_flight == 0)
    assert opened._next_go is None or opened._next_go.cancelled()
