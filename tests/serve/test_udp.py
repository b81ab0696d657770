"""The UDP listener on a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import dns.flags
import dns.message
import pytest

from enclave_dns.endpoint import Endpoint
from enclave_dns.serve.server import Server
from enclave_dns.serve.sockets import bound
from enclave_dns.serve.udp import BATCH, UdpListener
from tests.fakes.scripted_program import ScriptedProgram, addresses, large, packet
from tests.fakes.waiting import ENOUGH, eventually


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
    assert server.counts["dropped_no_query"] == 3


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
    await eventually(lambda: server.counts["answer"] == 1)
    assert server.counts["unsent"] == 0
