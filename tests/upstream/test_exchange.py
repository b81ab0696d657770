"""One question to a real server that behaves, and to servers that do not."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from dnslib import DNSRecord

from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.transport import Failure, Transport
from enclave_dns.wire.message import Message
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.nameserver import FakeNameserver, Respond, silence, zone

QUESTION = Question(from_text("database.corp.net"), RRType.A)
GOOD = zone("database.corp.net 60 A 10.0.0.30")
LONG = 10.0
SHORT = 0.15


async def ask(
    server: Nameserver,
    transport: Transport = Transport.UDP,
    *,
    seconds: float = LONG,
    exchange: Exchange | None = None,
    question: Question = QUESTION,
    do: bool = False,
) -> Message | Failure:
    deadline = asyncio.get_running_loop().time() + seconds
    exchange = exchange or Exchange()
    return await exchange.ask(server, question, transport=transport, deadline=deadline, do=do)


def altered(change: Callable[[bytearray], object]) -> Respond:
    """The good reply with some bytes of it changed."""

    def respond(query: bytes, transport: str) -> list[bytes]:
        packet = bytearray(GOOD(query, transport)[0])
        change(packet)
        return [bytes(packet)]

    return respond


def first(*packets: bytes) -> Respond:
    """These packets before the good reply."""
    return lambda query, transport: [*packets, *GOOD(query, transport)]


def set_byte(at: int, flip: int) -> Callable[[bytearray], object]:
    def change(packet: bytearray) -> None:
        packet[at] ^= flip

    return change


def cut(packet: bytearray) -> None:
    del packet[-2:]


@pytest.mark.parametrize("transport", list(Transport))
async def test_a_good_reply_is_brought_back(transport: Transport) -> None:
    async with FakeNameserver(GOOD) as fake:
        message = await ask(fake.server, transport)
    assert isinstance(message, Message)
    assert [record.rdata for record in message.answer] == [bytes([10, 0, 0, 30])]
    assert fake.questions == [(transport.value, "database.corp.net", "A")]


@pytest.mark.parametrize(
    ("respond", "udp", "tcp"),
    [
        (first(b"", b"short", b"elevenbytes"), None, Failure.GARBAGE),
        (first(b"twelve bytes"), Failure.MISMATCH, Failure.GARBAGE),
        (altered(set_byte(0, 1)), Failure.MISMATCH, Failure.GARBAGE),
        (altered(set_byte(2, 0x80)), Failure.MISMATCH, Failure.GARBAGE),
        (altered(set_byte(2, 0x08)), Failure.MISMATCH, Failure.GARBAGE),
        (altered(set_byte(5, 3)), Failure.MISMATCH, Failure.GARBAGE),
        (altered(set_byte(13, 0x20)), Failure.MISMATCH, None),
        (altered(set_byte(13, 0x01)), Failure.MISMATCH, Failure.GARBAGE),
        (altered(set_byte(32, 0x01)), Failure.MISMATCH, Failure.GARBAGE),
        (altered(set_byte(2, 0x02)), Failure.TRUNCATED, Failure.GARBAGE),
        (altered(cut), Failure.GARBAGE, Failure.GARBAGE),
    ],
    ids=["short", "noise", "id", "qr", "opcode", "count", "case", "name", "type", "tc", "cut"],
)
async def test_a_bad_reply_has_its_name(
    respond: Respond, udp: Failure | None, tcp: Failure | None
) -> None:
    async with FakeNameserver(respond) as fake:
        for transport, expected in ((Transport.UDP, udp), (Transport.TCP, tcp)):
            result = await ask(fake.server, transport)
            assert isinstance(result, Message) if expected is None else result is expected


@pytest.mark.parametrize("transport", list(Transport))
async def test_silence_ends_at_the_deadline(transport: Transport) -> None:
    async with FakeNameserver(silence) as fake:
        assert await ask(fake.server, transport, seconds=SHORT) is Failure.SILENCE


@pytest.mark.parametrize("transport", list(Transport))
async def test_nobody_there_is_known_long_before_the_deadline(transport: Transport) -> None:
    async with FakeNameserver(GOOD) as fake:
        server = fake.server
    async with asyncio.timeout(LONG / 2):
        assert await ask(server, transport) is Failure.UNREACHABLE


@asynccontextmanager
async def stream(*pieces: bytes, is_closed: bool) -> AsyncIterator[Nameserver]:
    """A TCP server that sends these bytes one by one, then closes or waits."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(cast("asyncio.Task[object]", asyncio.current_task()))
        query = (await reader.read(500))[2:]
        reply = GOOD(query, "tcp")[0]
        for piece in pieces or (len(reply).to_bytes(2) + reply,):
            for byte in piece:
                writer.write(bytes((byte,)))
                await writer.drain()
        if not is_closed:
            await reader.read()
        writer.close()

    served: set[asyncio.Task[object]] = set()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Nameserver("127.0.0.1", port=server.sockets[0].getsockname()[1])
        await asyncio.gather(*served)
        await asyncio.sleep(0)  # transports close in the next turn of the loop


async def test_a_reply_that_drips_byte_by_byte_is_put_together() -> None:
    async with stream(is_closed=False) as server:
        assert isinstance(await ask(server, Transport.TCP), Message)


async def test_a_connection_that_closes_early_is_nobody_there() -> None:
    async with stream(b"\x00\x50half", is_closed=True) as server:
        assert await ask(server, Transport.TCP) is Failure.UNREACHABLE


async def test_a_connection_that_stalls_ends_at_the_deadline() -> None:
    async with stream(b"\x00\x50half", is_closed=False) as server:
        assert await ask(server, Transport.TCP, seconds=SHORT) is Failure.SILENCE


async def test_no_two_queries_are_alike_to_a_stranger() -> None:
    async with FakeNameserver(GOOD) as fake:
        for _ in range(20):
            await ask(fake.server)
    queries = [DNSRecord.parse(packet) for _, packet in fake.seen]
    assert len({query.header.id for query in queries}) > 15
    assert len({bytes(packet[12:31]) for _, packet in fake.seen}) > 15


async def test_the_query_is_ours_alone() -> None:
    async with FakeNameserver(GOOD) as fake:
        await ask(fake.server, do=True)
    query = DNSRecord.parse(fake.seen[0][1])
    assert (query.header.rd, query.header.cd, query.header.ad) == (1, 0, 0)
    assert [(rr.edns_do, rr.edns_len) for rr in query.ar] == [(1, 1232)]


async def test_questions_leave_from_the_source_address() -> None:
    async with FakeNameserver(GOOD) as fake:
        for transport in Transport:
            assert isinstance(
                await ask(fake.server, transport, exchange=Exchange("127.0.0.9")), Message
            )
            wrong = await ask(fake.server, transport, exchange=Exchange("192.0.2.1"))
            assert wrong is Failure.UNREACHABLE


async def test_a_reply_from_another_address_never_reaches_us() -> None:
    class Stranger(FakeNameserver):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.2", 0))
                other.sendto(GOOD(data, "udp")[0], addr)

    async with Stranger(silence) as fake:
        assert await ask(fake.server, seconds=SHORT) is Failure.SILENCE


@pytest.mark.parametrize("scope", ["no-such-link", "999999999", "9" * 40, "a\0b"])
async def test_a_scope_that_is_no_link_is_unreachable(scope: str) -> None:
    for transport in Transport:
        assert await ask(Nameserver("fe80::1", scope), transport) is Failure.UNREACHABLE


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("transport", list(Transport))
async def test_no_socket_is_left_after_cancellation(transport: Transport) -> None:
    asked = asyncio.Event()

    def respond(query: bytes, transport: str) -> list[bytes]:
        asked.set()
        return []

    async with FakeNameserver(respond) as fake:
        await ask(fake.server, seconds=SHORT)
        before = open_descriptors()
        for _ in range(10):
            asked.clear()
            async with asyncio.TaskGroup() as group:
                task = group.create_task(ask(fake.server, transport))
                await asked.wait()
                task.cancel()
            assert task.cancelled()
        # What may be left is the fake's own half of the TCP connections.
        await fake.stop()
        assert open_descriptors() < before


async def test_our_own_lack_of_sockets_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*arguments: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    async with FakeNameserver(GOOD) as fake:
        monkeypatch.setattr("enclave_dns.upstream.exchange.socket.socket", none_left)
        assert await ask(fake.server) is Failure.NO_SOCKET
        monkeypatch.undo()
