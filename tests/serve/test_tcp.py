"""The TCP listener on a real socket: many queries per connection, and who loses theirs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import dns.flags
import dns.message
import dns.rcode
import pytest

from enclave_dns.disclosure.reply import Reply
from enclave_dns.endpoint import Endpoint
from enclave_dns.serve.connections import MAX_PER_SENDER, Connections
from enclave_dns.serve.query import Query
from enclave_dns.serve.server import Server
from enclave_dns.serve.sockets import bound
from enclave_dns.serve.tcp import PIPELINE, TcpListener
from enclave_dns.wire.framing import frame
from tests.fakes.scripted_program import AUDIENCE, ScriptedProgram, addresses, large, packet
from tests.fakes.waiting import ENOUGH, eventually

SOON = 0.05
"""Seconds of idleness after which tests have a connection closed."""


class Client:
    """One connection to a listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def ask(self, *packets: bytes) -> None:
        """Send messages, all in one go."""
        self.writer.write(b"".join(map(frame, packets)))

    async def reply(self) -> dns.message.Message:
        async with asyncio.timeout(ENOUGH):
            size = int.from_bytes(await self.reader.readexactly(2))
            return dns.message.from_wire(await self.reader.readexactly(size))

    async def is_closed(self) -> bool:
        """Wait for the server's end of the connection; whether nothing more came before it."""
        async with asyncio.timeout(ENOUGH):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True

    async def close(self) -> None:
        self.writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


class Place:
    """A listener, where it listens, and the clients that a test has connected to it."""

    def __init__(self, listener: TcpListener, address: tuple[str, int]) -> None:
        self.listener = listener
        self.address = address
        self.clients: list[Client] = []

    async def connect(self) -> Client:
        client = Client(*await asyncio.open_connection(*self.address))
        self.clients.append(client)
        return client


@pytest.fixture
async def places(server: Server) -> AsyncIterator[list[Place]]:
    opened: list[Place] = []
    yield opened
    for place in opened:
        for client in place.clients:
            await client.close()
        await place.listener.close()
        await eventually(lambda place=place: not place.listener.connections)


async def listen(
    server: Server, places: list[Place], *, idle: float = ENOUGH, address: str = "127.0.0.1"
) -> Place:
    udp, tcp = bound(Endpoint(address, 0), "lo")
    udp.close()
    listener = TcpListener(server, idle=idle)
    place = Place(listener, tcp.getsockname()[:2])
    await listener.open(tcp)
    places.append(place)
    return place


@pytest.fixture
async def place(server: Server, places: list[Place]) -> Place:
    return await listen(server, places)


@pytest.fixture
async def hasty(server: Server, places: list[Place]) -> Place:
    """A listener that closes idle connections soon."""
    return await listen(server, places, idle=SOON)


@pytest.fixture
async def client(place: Place) -> Client:
    return await place.connect()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_connection_takes_one_query_after_the_other(
    server: Server, places: list[Place], program: ScriptedProgram, address: str
) -> None:
    client = await (await listen(server, places, address=address)).connect()
    program.at_once = lambda query: addresses(query.folded.name) if query.id % 2 else None
    for number in range(6):
        client.ask(packet("db.corp.net", id=number))
        assert (await client.reply()).id == number


async def test_pipelined_queries_are_answered_as_they_become_ready(
    client: Client, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: addresses(query.folded.name) if query.id == 3 else None
    program.gate("slow.net")
    client.ask(packet("slow.net", id=1), packet("quick.net", id=2), packet("kept.net", id=3))
    assert [(await client.reply()).id for _ in range(2)] == [3, 2]
    program.gate("slow.net").set()
    assert (await client.reply()).id == 1


async def test_a_message_may_come_byte_by_byte(client: Client) -> None:
    for byte in frame(packet("db.corp.net", id=1)):
        client.writer.write(bytes((byte,)))
        await asyncio.sleep(0)
    assert (await client.reply()).id == 1


async def test_a_reply_may_have_64_kilobytes(client: Client, program: ScriptedProgram) -> None:
    program.at_once = lambda query: large(query.folded.name, 300)
    client.ask(packet("db.corp.net", "TXT"))
    reply = await client.reply()
    assert len(reply.answer[0]) == 300
    assert not reply.flags & dns.flags.TC


async def test_errors_keep_the_connection(client: Client) -> None:
    client.ask(packet("db.corp.net", "AXFR", id=1), packet("db.corp.net", id=2)[:-1])
    assert [(await client.reply()).rcode() for _ in range(2)] == [
        dns.rcode.REFUSED,
        dns.rcode.FORMERR,
    ]
    client.ask(packet("db.corp.net", id=3))
    assert (await client.reply()).id == 3


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(packet("db.corp.net", flags=0x8100), id="a reply"),
        pytest.param(b"", id="an empty message"),
        pytest.param(b"\0" * 11, id="shorter than a header"),
    ],
)
async def test_what_is_no_query_closes_the_connection(client: Client, noise: bytes) -> None:
    client.ask(noise, packet("db.corp.net"))
    assert await client.is_closed()


async def test_a_stranger_is_closed_before_it_says_anything(
    place: Place, program: ScriptedProgram, server: Server
) -> None:
    program.audience = None
    assert await (await place.connect()).is_closed()
    assert server.counts["closed_unknown_sender"] == 1
    assert not place.listener.connections


async def test_who_is_no_longer_known_is_closed_at_its_next_query(
    client: Client, program: ScriptedProgram
) -> None:
    client.ask(packet("db.corp.net"))
    await client.reply()
    program.audience = None
    client.ask(packet("db.corp.net"))
    assert await client.is_closed()


async def test_a_revocation_during_the_wait_closes_without_a_reply(
    client: Client, program: ScriptedProgram
) -> None:
    program.gate("db.corp.net")
    client.ask(packet("db.corp.net"))
    await eventually(lambda: program.asked)
    program.audience = None
    program.gate("db.corp.net").set()
    assert await client.is_closed()


async def test_a_silent_connection_is_closed(hasty: Place) -> None:
    assert await (await hasty.connect()).is_closed()


async def test_a_connection_that_was_used_is_closed_when_it_falls_silent(
    place: Place, client: Client, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: addresses(query.folded.name)
    for number in (1, 2):
        client.ask(packet("db.corp.net", id=number))
        assert (await client.reply()).id == number
        place.listener.idle = SOON
    assert await client.is_closed()


async def test_dripping_bytes_keep_nothing_alive(hasty: Place) -> None:
    client = await hasty.connect()
    client.writer.write(b"\xff\xff")
    async with asyncio.timeout(ENOUGH):
        while not client.reader.at_eof():
            client.writer.write(b"\0")
            with contextlib.suppress(TimeoutError, ConnectionError):
                await asyncio.wait_for(client.reader.read(), SOON / 10)
            if client.reader.exception() is not None:
                return


async def test_a_peer_that_does_not_take_its_replies_is_not_read_and_then_closed(
    place: Place, client: Client, program: ScriptedProgram, server: Server
) -> None:
    asked: list[int] = []

    def answer(query: Query) -> Reply:
        asked.append(1)
        return large(query.folded.name, 300)

    program.at_once = answer
    place.listener.idle = SOON
    client.reader._transport.pause_reading()  # type: ignore[attr-defined]
    count = 2_000
    client.ask(*(packet("db.corp.net", "TXT", id=number) for number in range(count)))
    await eventually(lambda: asked)
    await eventually(lambda: not place.listener.connections)
    # 60 kB each: what the kernel's buffers hold, and not 120 MB.
    assert len(asked) < count / 4
    assert server.counts == {"closed_slow": 1}


async def test_many_queries_in_one_go_wait_for_their_turn_and_none_is_lost(
    client: Client, program: ScriptedProgram
) -> None:
    count = 6 * PIPELINE
    program.gate("slow.net")
    client.ask(*(packet("slow.net", id=number) for number in range(count)))
    await eventually(lambda: len(program.asked) == PIPELINE)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(program.asked) == PIPELINE
    program.gate("slow.net").set()
    replies = [await client.reply() for _ in range(count)]
    assert {reply.id for reply in replies} == set(range(count))
    assert {reply.rcode() for reply in replies} == {dns.rcode.NOERROR}


async def test_one_busy_connection_leaves_others_their_turn(
    place: Place, program: ScriptedProgram
) -> None:
    order: list[str] = []

    def answer(query: Query) -> Reply:
        name = query.folded.name
        order.append(name)
        return addresses(name)

    program.at_once = answer
    busy, other = await place.connect(), await place.connect()
    await eventually(lambda: len(place.listener.connections) == 2)
    count = 3_000
    busy.ask(*(packet("busy.net", id=number) for number in range(count)))
    other.ask(packet("other.net"))
    await other.reply()
    for _ in range(count):
        await busy.reply()
    assert b"\5other\3net\0" in order[: count // 2]


async def test_a_peer_that_has_said_all_still_gets_its_replies(
    client: Client, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: addresses(query.folded.name) if query.id == 1 else None
    program.gate("slow.net")
    client.ask(packet("slow.net", id=1), packet("slow.net", id=2), packet("slow.net", id=3))
    client.writer.write_eof()
    assert (await client.reply()).id == 1
    await eventually(lambda: len(program.asked) == 2)
    program.gate("slow.net").set()
    assert {(await client.reply()).id, (await client.reply()).id} == {2, 3}
    assert await client.is_closed()


async def test_a_peer_that_has_nothing_to_say_is_closed(client: Client) -> None:
    client.writer.write_eof()
    assert await client.is_closed()


async def test_replies_for_a_peer_that_is_gone_go_nowhere(
    place: Place, client: Client, program: ScriptedProgram, server: Server
) -> None:
    program.gate("slow.net")
    client.ask(packet("slow.net"), packet("slow.net"))
    await eventually(lambda: len(program.asked) == 2)
    await client.close()
    program.gate("slow.net").set()
    await eventually(lambda: server.traffic.replies == 2)
    await eventually(lambda: not place.listener.connections)


async def test_a_sender_has_20_connections_and_a_new_one_when_one_is_closed(
    place: Place, server: Server
) -> None:
    assert MAX_PER_SENDER == 20
    clients = [await place.connect() for _ in range(MAX_PER_SENDER)]
    await eventually(lambda: len(place.listener.connections) == MAX_PER_SENDER)
    assert await (await place.connect()).is_closed()
    assert server.counts["closed_connections_of_sender"] == 1
    await clients[7].close()
    await eventually(lambda: len(place.listener.connections) == MAX_PER_SENDER - 1)
    late = await place.connect()
    late.ask(packet("db.corp.net", id=1))
    assert (await late.reply()).id == 1


async def test_connections_are_bounded_over_all_listeners_and_a_silent_one_gives_way(
    server: Server, places: list[Place], program: ScriptedProgram
) -> None:
    one, other = await listen(server, places), await listen(server, places)
    one.listener.admission = other.listener.admission = Connections(limit=3, per_sender=3)
    silent, busy = await one.connect(), await other.connect()
    program.gate("slow.net")
    busy.ask(packet("slow.net", id=1))
    await eventually(lambda: program.asked)
    program.audience = replace(AUDIENCE, sender="C4X8M")
    newcomer = await one.connect()
    newcomer.ask(packet("db.corp.net", id=2))
    assert (await newcomer.reply()).id == 2
    late = await other.connect()
    late.ask(packet("db.corp.net", id=3))
    assert (await late.reply()).id == 3
    assert await silent.is_closed()
    assert server.counts["closed_gave_way"] == 1
    program.gate("slow.net").set()
    assert (await busy.reply()).id == 1


async def test_a_peer_that_leaves_too_many_long_replies_unread_is_closed(
    place: Place, client: Client, program: ScriptedProgram, server: Server
) -> None:
    program.gate("slow.net")
    program.later = lambda query: large(query.folded.name, 300)
    client.reader._transport.pause_reading()  # type: ignore[attr-defined]
    client.ask(*(packet("slow.net", "TXT", id=number) for number in range(PIPELINE)))
    await eventually(lambda: len(program.asked) == PIPELINE)
    # 60 kB each, and the kernel holds 4 MB of them at most.
    program.gate("slow.net").set()
    await eventually(lambda: not place.listener.connections)
    assert server.counts["closed_slow"] == 1


async def test_close_writes_what_is_there_and_ends_every_connection(
    place: Place, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: addresses(query.folded.name)
    asking, silent = await place.connect(), await place.connect()
    asking.ask(packet("db.corp.net", id=1))
    await eventually(lambda: len(place.listener.connections) == 2)
    assert (await asking.reply()).id == 1
    await place.listener.close()
    assert await asking.is_closed()
    assert await silent.is_closed()
    with pytest.raises(ConnectionError):
        await place.connect()


async def test_a_listener_that_was_never_opened_can_be_closed(server: Server) -> None:
    await TcpListener(server).close()
