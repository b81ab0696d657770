"""The UDP listener on a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import pytest

from enclave_dns.disclosure.reply import Reply
from enclave_dns.endpoint import Endpoint
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import Query
from enclave_dns.serve.server import Server
from enclave_dns.serve.shares import SUSTAINED
from enclave_dns.serve.sockets import bound
from enclave_dns.serve.udp import BATCH, UdpListener
from tests.fakes.scripted_program import ScriptedProgram, addresses, large, packet
from tests.fakes.waiting import ENOUGH, eventually

HERE = "127.0.0.1"


@pytest.fixture(params=["127.0.0.1", "::1"])
async def listener(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[socket.socket]:
    """The bound socket of a listener, for its address."""
    udp, tcp = bound(Endpoint(request.param, 0), "lo")
    tcp.close()
    opened = UdpListener(udp, server)
    yield udp
    if udp.fileno() >= 0:
        opened.close()


@pytest.fixture
def client(listener: socket.socket) -> Iterator[socket.socket]:
    with connected(listener) as sock:
        yield sock


def connected(listener: socket.socket) -> socket.socket:
    sock = socket.socket(listener.family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.connect(listener.getsockname())
    return sock


async def received(client: socket.socket) -> dns.message.Message:
    async with asyncio.timeout(ENOUGH):
        packet = await asyncio.get_running_loop().sock_recv(client, 65535)
    return dns.message.from_wire(packet)


async def test_replies_come_at_once_or_later(
    client: socket.socket, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: addresses(query.folded.name) if query.id == 1 else None
    program.gate("slow.net")
    client.send(packet("slow.net", id=2))
    client.send(packet("fast.net", id=1))
    assert (await received(client)).id == 1
    program.gate("slow.net").set()
    reply = await received(client)
    assert (reply.id, str(reply.question[0].name), len(reply.answer)) == (2, "slow.net.", 1)


async def test_strangers_and_noise_get_silence(
    client: socket.socket, program: ScriptedProgram, server: Server
) -> None:
    program.audience, audience = None, program.audience
    client.send(packet("db.corp.net", id=1))
    await eventually(lambda: server.counts["dropped_unknown_sender"] == 1)
    program.audience = audience
    client.send(b"")
    client.send(b"\0" * 11)
    client.send(packet("db.corp.net", id=2, flags=0x8100))
    client.send(packet("db.corp.net", id=3))
    assert (await received(client)).id == 3
    assert server.traffic.dropped == 4


async def test_a_revocation_during_the_wait_sends_nothing(
    client: socket.socket, program: ScriptedProgram, server: Server
) -> None:
    program.gate("db.corp.net")
    client.send(packet("db.corp.net", id=1))
    await eventually(lambda: program.asked)
    program.audience, audience = None, program.audience
    program.gate("db.corp.net").set()
    await eventually(lambda: server.counts["dropped_unknown_sender"] == 1)
    program.audience = audience
    client.send(packet("db.corp.net", id=2))
    assert (await received(client)).id == 2


async def test_more_datagrams_than_one_batch_are_all_answered(
    client: socket.socket, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: addresses(query.folded.name) if query.id % 2 else None
    count = 3 * BATCH
    for number in range(count):
        client.send(packet("db.corp.net", id=number))
    assert {(await received(client)).id for _ in range(count)} == set(range(count))


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_client_that_is_gone_does_not_stop_the_listener(
    listener: socket.socket, client: socket.socket, program: ScriptedProgram, is_late: bool
) -> None:
    program.at_once = lambda query: None if is_late else addresses(query.folded.name)
    for _ in range(5):
        # The kernel answers the replies to these with ICMP: port unreachable.
        with connected(listener) as gone:
            gone.send(packet("gone.net"))
    client.send(packet("here.net", id=1))
    assert (await received(client)).id == 1
    await eventually(lambda: not is_late or program.ended.count("gone.net") == 5)
    client.send(packet("here.net", id=2))
    assert (await received(client)).id == 2


async def test_large_replies_are_cut_to_what_the_client_takes(
    client: socket.socket, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: large(query.folded.name, 5)
    client.send(packet("db.corp.net", "TXT"))
    assert (await received(client)).flags & dns.flags.TC
    client.send(packet("db.corp.net", "TXT", use_edns=0, payload=4096))
    reply = await received(client)
    assert not reply.flags & dns.flags.TC
    assert len(reply.answer[0]) == 5


async def test_what_the_kernel_does_not_take_is_dropped_and_counted(server: Server) -> None:
    udp, tcp = bound(Endpoint("127.0.0.1", 0), "lo")
    tcp.close()
    listener = UdpListener(udp, server)
    listener.send(b"x" * 70_000, udp.getsockname())
    assert server.counts == {"unsent": 1}
    listener.close()


async def test_after_close_the_port_is_free_and_late_replies_go_nowhere(
    server: Server, program: ScriptedProgram
) -> None:
    udp, tcp = bound(Endpoint("127.0.0.1", 0), "lo")
    tcp.close()
    place = udp.getsockname()
    listener = UdpListener(udp, server)
    program.gate("slow.net")
    with connected(udp) as client:
        client.send(packet("slow.net"))
        await eventually(lambda: program.asked)
    listener.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(place)
    program.gate("slow.net").set()
    await eventually(lambda: server.traffic.replies == 1)
    assert server.counts["unsent"] == 1


async def test_under_saturation_a_flood_costs_nobody_else_a_packet(
    server: Server, program: ScriptedProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "identify", lambda source: Audience(b"view 001", source))
    count = 50
    served = 0
    with listening(server) as at, sending("127.0.0.2", at) as flooder, sending(HERE, at) as normal:

        def answer(query: Query) -> Reply:
            # Two packets come for each that is served, so that the socket is never empty.
            nonlocal served
            served += 1
            if served < 4_000:
                flooder.send(packet("flood.net"))
                flooder.send(packet("flood.net"))
            if served % 50 == 0 and served // 50 <= count:
                normal.send(packet("normal.net", id=served // 50))
            return addresses(query.folded.name)

        program.at_once = answer
        for _ in range(3 * BATCH):
            flooder.send(packet("flood.net"))
        heard = {(await received(normal)).id for _ in range(count)}
        assert heard == set(range(1, count + 1))
        await eventually(lambda: served >= 4_000)
        assert server.counts["dropped_over_share"] > 1_000
    assert server.traffic.taken == server.traffic.replies + server.traffic.dropped


async def test_one_sender_alone_loses_nothing_below_saturation(
    server: Server, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: addresses(query.folded.name)
    count = SUSTAINED * BATCH
    with listening(server) as at, sending(HERE, at) as client:
        for number in range(count):
            client.send(packet("db.corp.net", id=number))
        assert {(await received(client)).id for _ in range(count)} == set(range(count))
    assert server.traffic.dropped == 0


async def test_what_waits_under_saturation_is_served_though_nothing_more_comes(
    server: Server, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: addresses(query.folded.name)
    count = (SUSTAINED + 3) * BATCH
    with listening(server) as at, sending(HERE, at) as client:
        for number in range(count):
            client.send(packet("db.corp.net", id=number))
        assert {(await received(client)).id for _ in range(count)} == set(range(count))


@contextmanager
def listening(server: Server) -> Iterator[tuple[str, int]]:
    """A listener of the block; where it is."""
    udp, tcp = bound(Endpoint(HERE, 0), "lo")
    tcp.close()
    listener = UdpListener(udp, server)
    try:
        yield udp.getsockname()
    finally:
        listener.close()


@contextmanager
def sending(address: str, to: tuple[str, int]) -> Iterator[socket.socket]:
    """A client's socket at an address of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((address, 0))
        sock.connect(to)
        yield sock
