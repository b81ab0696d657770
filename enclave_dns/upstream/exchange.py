"""One question to one server, and what came of it as a value.

Each query has a fresh, connected, non-blocking socket: the kernel picks an unpredictable source
port and lets through only what comes from the server's address; id and 0x20 bits are from
`os.urandom`. The socket is closed before `ask` returns or is cancelled, whatever happens.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from typing import Final

from enclave_dns.errors import MessageError
from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.echoes import Echoes
from enclave_dns.upstream.match import (
    Verdict,
    is_truncated,
    judge,
    with_plain_case,
    with_random_case,
)
from enclave_dns.upstream.pool import Asked
from enclave_dns.upstream.sockets import Destination, connected, destination, failure_of, opened
from enclave_dns.upstream.transport import Failure, Transport, Transports
from enclave_dns.wire.framing import FrameReader, frame
from enclave_dns.wire.message import Message, read_message
from enclave_dns.wire.names import Name
from enclave_dns.wire.render import render_query

_RECEIVE: Final = 65535
_HEADER: Final = 12


class Exchange:
    """Asks servers.

    `source_address`: the local address to send from, of the servers' family; empty: the kernel's
    choice. `echoes` knows the questions under way, for whoever takes questions in.
    """

    __slots__ = ("_source", "echoes")

    def __init__(self, source_address: str = "", echoes: Echoes | None = None) -> None:
        self._source = source_address
        self.echoes = echoes or Echoes()

    async def ask(
        self,
        server: Nameserver,
        question: Question,
        *,
        transport: Transport,
        deadline: float,
        do: bool = False,
    ) -> Message | Failure:
        """Ask until `deadline` (the event loop's clock). Never raises for what the network does."""
        name = with_random_case(question.name, os.urandom(len(question.name)))
        self.echoes.sent(name, server)
        has_looped = False
        try:
            async with asyncio.timeout_at(deadline):
                result = await self._over(transport, server, question, name, do)
        except TimeoutError:
            result = Failure.SILENCE
        except OSError as error:
            result = failure_of(error)
        finally:
            has_looped = self.echoes.settled(name)
        return Failure.LOOP if has_looped else result

    async def converse(
        self,
        server: Nameserver,
        question: Question,
        *,
        deadline: float,
        transports: Transports | None = None,
        do: bool = False,
        begun: Asked | None = None,
    ) -> Message | Failure:
        """Ask one server over whatever transports it takes, until `deadline`.

        `transports` are those of the question, where several servers are asked. `begun` is what it
        was asked over UDP already.
        """
        transports = transports or Transports()
        transport: Transport | None = transports.first()
        result: Message | Failure = Failure.SILENCE
        while transport is not None:
            if begun is not None:
                heard = await begun.heard(deadline)
                result = heard if isinstance(heard, Failure) else read_reply(heard)
                begun = None
            else:
                result = await self.ask(
                    server, question, transport=transport, deadline=deadline, do=do
                )
            if isinstance(result, Message):
                break
            transport = transports.after(transport, result)
        return result

    async def _over(
        self, transport: Transport, server: Nameserver, question: Question, name: Name, do: bool
    ) -> Message | Failure:
        """Ask with the name spelled as in `name`. Raises OSError."""
        message_id = int.from_bytes(os.urandom(2))
        query = render_query(message_id, name, question.rtype, do=do)
        asked = query[_HEADER : _HEADER + len(name) + 4]
        if transport is Transport.UDP:
            return await self._over_udp(server, question, message_id, query, asked)
        return await self._over_tcp(server, question, message_id, query, asked)

    async def _over_udp(
        self, server: Nameserver, question: Question, message_id: int, query: bytes, asked: bytes
    ) -> Message | Failure:
        with connected(server, self._source) as sock:
            sock.send(query)
            while True:
                packet = await _received(sock)
                verdict = judge(packet, message_id, asked)
                if verdict is Verdict.ACCEPTED:
                    if is_truncated(packet):
                        return Failure.TRUNCATED
                    return read_reply(with_plain_case(packet, question.name))
                if verdict is Verdict.MISMATCH:
                    return Failure.MISMATCH

    async def _over_tcp(
        self, server: Nameserver, question: Question, message_id: int, query: bytes, asked: bytes
    ) -> Message | Failure:
        with opened(server, socket.SOCK_STREAM, self._source) as sock:
            await _connected(sock, destination(server))
            # A new connection's buffer holds many queries: it is taken whole.
            sock.send(frame(query))
            frames = FrameReader()
            while data := await _received(sock):
                packets = frames.feed(data)
                if packets:
                    # One query was sent: what comes first is its reply, or nothing ever is.
                    verdict = judge(packets[0], message_id, asked, is_exact=False)
                    is_ours = verdict is Verdict.ACCEPTED and not is_truncated(packets[0])
                    if not is_ours:
                        return Failure.GARBAGE
                    return read_reply(with_plain_case(packets[0], question.name))
        return Failure.UNREACHABLE


def read_reply(packet: bytes) -> Message | Failure:
    """A reply that was judged to be ours; GARBAGE where it cannot be read."""
    try:
        return read_message(packet)
    except MessageError:
        return Failure.GARBAGE


async def _received(sock: socket.socket) -> bytes:
    """The next datagram, or the next bytes of a stream (none at its end). Raises OSError."""
    loop = asyncio.get_running_loop()
    while True:
        await _ready(sock, loop.add_reader, loop.remove_reader)
        try:
            return sock.recv(_RECEIVE)
        except (BlockingIOError, InterruptedError):
            # A datagram with a bad checksum wakes us and is gone.
            continue


async def _connected(sock: socket.socket, to: Destination) -> None:
    """Connect a stream socket. Raises OSError where that fails."""
    code = sock.connect_ex(to)
    if code == errno.EINPROGRESS:
        loop = asyncio.get_running_loop()
        await _ready(sock, loop.add_writer, loop.remove_writer)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


async def _ready(
    sock: socket.socket, add: Callable[..., object], remove: Callable[[socket.socket], bool]
) -> None:
    """Wait until the loop reports the socket; it is taken out of the loop again in any case."""
    waiter = asyncio.get_running_loop().create_future()
    add(sock, _wake, waiter)
    try:
        await waiter
    finally:
        remove(sock)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
