"""Questions out of a pool of sockets, to a real server that behaves, and to some that do not."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream import pool as module
from enclave_dns.upstream.echoes import Echoes
from enclave_dns.upstream.pool import Asked, Pool
from enclave_dns.upstream.transport import Failure
from enclave_dns.wire.message import read_message
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.nameserver import FakeNameserver, HeldNameserver, Respond, silence, zone
from tests.fakes.waiting import eventually

QUESTION = Question(from_text("database.corp.net"), RRType.A)
OTHER = Question(from_text("elsewhere.corp.net"), RRType.A)
GOOD = zone("database.corp.net 60 A 10.0.0.30\nelsewhere.corp.net 60 A 10.0.0.31")


@pytest.fixture
def _one_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SOCKETS", 1)


@asynccontextmanager
async def pool_of(server: Nameserver, echoes: Echoes | None = None) -> AsyncIterator[Pool]:
    pool = Pool(server, echoes or Echoes())
    try:
        yield pool
    finally:
        pool.close()


def ask(pool: Pool, question: Question = QUESTION) -> Asked:
    asked = pool.ask(question, do=False)
    assert isinstance(asked, Asked)
    return asked


async def result(asked: Asked) -> bytes | Failure:
    return await asked.heard(asyncio.get_running_loop().time() + 20)


def altered(at: int, flip: int) -> Respond:
    def respond(query: bytes, transport: str) -> list[bytes]:
        packet = bytearray(GOOD(query, transport)[0])
        packet[at] ^= flip
        return [bytes(packet)]

    return respond


def before(*packets: bytes) -> Respond:
    return lambda query, transport: [*packets, *GOOD(query, transport)]


async def test_a_reply_comes_back_with_the_name_as_it_was_asked_for() -> None:
    async with FakeNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        packet = await result(ask(pool))
        assert isinstance(packet, bytes)
        message = read_message(packet)
        assert message.question[0].name == QUESTION.name
        assert [record.rdata for record in message.answer] == [bytes([10, 0, 0, 30])]


@pytest.mark.parametrize(
    ("respond", "expected"),
    [
        (before(b"", b"short", b"elevenbytes"), None),
        (before(b"twelve bytes"), Failure.MISMATCH),
        (altered(0, 1), Failure.MISMATCH),
        (altered(2, 0x80), Failure.MISMATCH),
        (altered(2, 0x08), Failure.MISMATCH),
        (altered(5, 3), Failure.MISMATCH),
        (altered(13, 0x20), Failure.MISMATCH),
        (altered(13, 0x01), Failure.MISMATCH),
        (altered(32, 0x01), Failure.MISMATCH),
        (altered(2, 0x02), Failure.TRUNCATED),
    ],
    ids=["short", "noise", "id", "qr", "opcode", "count", "case", "name", "type", "tc"],
)
async def test_a_bad_reply_has_its_name(respond: Respond, expected: Failure | None) -> None:
    async with FakeNameserver(respond) as fake, pool_of(fake.server) as pool:
        found = await result(ask(pool))
        assert isinstance(found, bytes) if expected is None else found is expected


async def test_no_two_queries_are_alike_to_a_stranger() -> None:
    async with FakeNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        for _ in range(200):
            assert isinstance(await result(ask(pool)), bytes)
        packets = [packet for _, packet in fake.seen]
        assert len({packet[:2] for packet in packets}) > 190
        assert len({packet[12:] for packet in packets}) > 190


@pytest.mark.usefixtures("_one_socket")
async def test_a_forged_packet_ends_the_trust_for_all_that_wait_at_its_port() -> None:
    async with HeldNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        both = [ask(pool), ask(pool, OTHER)]
        await eventually(lambda: len(fake.held) == 2)
        [query, at], _ = fake.held
        forged = bytes((query[0] ^ 1,)) + query[1:2] + b"\x81\x80" + query[4:]
        assert fake.transport is not None
        fake.transport.sendto(forged, at)
        assert [await result(asked) for asked in both] == [Failure.MISMATCH] * 2
        later = ask(pool)
        await eventually(lambda: len(fake.held) == 3)
        assert fake.held[2][1] != at
        fake.release()
        assert isinstance(await result(later), bytes)


@pytest.mark.usefixtures("_one_socket")
async def test_a_reply_to_one_question_that_is_spelled_otherwise_is_that_questions_alone() -> None:
    async with HeldNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        both = [ask(pool), ask(pool, OTHER)]
        await eventually(lambda: len(fake.held) == 2)
        [query, at], _ = fake.held
        assert fake.transport is not None
        fake.transport.sendto(query[:2] + b"\x80\x01" + bytes(8), at)
        assert await result(both[0]) is Failure.MISMATCH
        fake.release()
        assert isinstance(await result(both[1]), bytes)


class FullSocket:
    """A socket whose buffer is full."""

    def send(self, packet: bytes) -> int:
        raise OSError(errno.ENOBUFS, "no buffer space available")


@pytest.mark.usefixtures("_one_socket")
async def test_a_full_buffer_is_the_matter_of_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    async with HeldNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        waiting = ask(pool)
        await eventually(lambda: len(fake.held) == 1)

        [at] = pool._all
        with monkeypatch.context() as patch:
            patch.setattr(at, "_sock", FullSocket())
            assert pool.ask(OTHER, do=False) is Failure.NO_SOCKET
        fake.release()
        assert isinstance(await result(waiting), bytes)


@pytest.mark.usefixtures("_one_socket")
async def test_a_late_reply_is_no_forgery() -> None:
    async with HeldNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        late = ask(pool)
        await eventually(lambda: len(fake.held) == 1)
        late.give_up()
        waiting = ask(pool, OTHER)
        await eventually(lambda: len(fake.held) == 2)
        fake.release()
        assert isinstance(await result(waiting), bytes)
        assert late.result is Failure.SILENCE


@pytest.mark.usefixtures("_one_socket")
async def test_a_port_carries_no_more_than_so_many_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "QUESTIONS", 3)
    async with HeldNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        asked = [ask(pool) for _ in range(7)]
        await eventually(lambda: len(fake.held) == 7)
        ports = [at[1] for _, at in fake.held]
        assert [ports.count(port) for port in dict.fromkeys(ports)] == [3, 3, 1]
        fake.release()
        for one in asked:
            assert isinstance(await result(one), bytes)


@pytest.mark.usefixtures("_one_socket")
async def test_a_port_is_given_up_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIFETIME", 0.01)
    before_it = open_sockets()
    async with HeldNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        with_server = open_sockets() - before_it
        first = ask(pool)
        await eventually(lambda: len(fake.held) == 1)
        await asyncio.sleep(0.02)
        second = ask(pool)
        await eventually(lambda: len(fake.held) == 2)
        assert fake.held[0][1] != fake.held[1][1]
        fake.release()
        assert isinstance(await result(first), bytes)
        assert isinstance(await result(second), bytes)
        await eventually(lambda: open_sockets() - before_it == with_server)


def open_sockets() -> int:
    """The sockets that this process has open."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder's own descriptor is among them
            count += str(entry.readlink()).startswith("socket:")
    return count


@pytest.mark.usefixtures("_one_socket")
async def test_nobody_there_is_told_to_all_that_wait_and_counts_once() -> None:
    async with HeldNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        waiting = [ask(pool) for _ in range(3)]
        await eventually(lambda: len(fake.held) == 3)
        await fake.stop()
        last = pool.ask(OTHER, do=False)
        results = [await result(asked) for asked in waiting]
        assert results.count(Failure.UNREACHABLE) == 1
        assert results.count(Failure.NO_SOCKET) == 2
        assert isinstance(last, Asked)


async def test_a_question_that_came_back_to_us_is_a_loop() -> None:
    echoes = Echoes()
    question = Question(from_text("a-name-of-many-letters.corp.net"), RRType.A)

    def back_to_us(query: bytes, transport: str) -> list[bytes]:
        assert echoes.came_in(query[12 : 12 + len(question.name)])
        return GOOD(query, transport)

    async with FakeNameserver(back_to_us) as fake, pool_of(fake.server, echoes) as pool:
        assert await result(ask(pool, question)) is Failure.LOOP


async def test_our_own_lack_of_sockets_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> socket.socket:
        raise OSError(24, "too many open files")

    async with FakeNameserver(GOOD) as fake, pool_of(fake.server) as pool:
        monkeypatch.setattr(socket, "socket", none_left)
        assert pool.ask(QUESTION, do=False) is Failure.NO_SOCKET


async def test_silence_ends_at_the_deadline_and_frees_the_question() -> None:
    async with FakeNameserver(silence) as fake, pool_of(fake.server) as pool:
        asked = ask(pool)
        now = asyncio.get_running_loop().time()
        assert await asked.heard(now + 0.05) is Failure.SILENCE


async def test_whoever_is_told_is_told_once() -> None:
    told: list[bytes | Failure] = []
    async with (
        FakeNameserver(lambda query, transport: GOOD(query, transport) * 2) as fake,
        pool_of(fake.server) as pool,
    ):
        asked = ask(pool)
        asked.then = told.append
        await eventually(lambda: told)
        other = ask(pool)
        assert isinstance(await result(other), bytes)
        assert len(told) == 1
