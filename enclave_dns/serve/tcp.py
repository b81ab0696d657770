"""TCP: persistent, pipelined, answered out of order (RFC 7766), and bounded in every direction.

A connection is closed when it has been idle, counted from its last whole message, so that dripping
bytes keep nothing alive; it is not read while too many of its queries are in flight or its peer
does not take the replies.
"""

import asyncio
import socket
from typing import Final, cast

from enclave_dns.serve.server import Address, Server
from enclave_dns.wire.framing import FrameReader, frame

MAX_CONNECTIONS: Final = 150
MAX_PER_SENDER: Final = 20
IDLE: Final = 10.0
"""Seconds without a whole message, or with replies that the peer does not take."""

PIPELINE: Final = 100
"""Queries of one connection in flight, past which it is not read."""


class TcpListener:
    """Serves one bound TCP socket until closed; owns its connections."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connections: set[Connection] = set()
        self._accepting: asyncio.Server | None = None

    async def open(self, sock: socket.socket) -> None:
        """Start to listen on a bound socket."""
        loop = asyncio.get_running_loop()
        self._accepting = await loop.create_server(lambda: Connection(self), sock=sock, backlog=128)

    def may_enter(self, source: str) -> bool:
        """Whether one more connection from this address is taken."""
        from_there = sum(connection.source == source for connection in self.connections)
        return (
            len(self.connections) < MAX_CONNECTIONS
            and from_there < MAX_PER_SENDER
            and self.server.is_known(source)
        )

    async def close(self) -> None:
        """Stop listening and close every connection once its replies are written."""
        if self._accepting is not None:
            self._accepting.close()
        for connection in tuple(self.connections):
            connection.finish()
        if self._accepting is not None:
            await self._accepting.wait_closed()


class Connection(asyncio.Protocol):
    """One TCP connection of a client."""

    is_tcp = True

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._frames = FrameReader()
        self._in_flight = 0
        self._is_full = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.source = ""
        self._address: Address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        stream = cast("asyncio.Transport", transport)
        peer = stream.get_extra_info("peername")
        if not peer or not self._listener.may_enter(peer[0]):
            self._listener.server.counts["dropped_connection"] += 1
            stream.abort()
            return
        self._transport = stream
        self._address = peer
        self.source = peer[0]
        self._listener.connections.add(self)
        self._restart_timer()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The connection is gone, whoever ended it."""
        self._transport = None
        self._listener.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Bytes of the stream: answer every message that is now whole."""
        if self._transport is None:
            return
        for packet in self._frames.feed(data):
            self._restart_timer()
            self._in_flight += 1
            reply = self._listener.server.receive(packet, self._address, self)
            if reply is not None:
                self.send(reply, self._address)
            elif len(packet) < 12 or packet[2] & 0x80:
                # Not a query: over TCP silence would keep the connection for nothing.
                self._transport.abort()
                return
        self._regulate()

    def send(self, packet: bytes, address: Address) -> None:  # noqa: ARG002 - a Channel
        """Write one reply, in whatever order they become ready."""
        self._in_flight -= 1
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame(packet))
            self._restart_timer()
            self._regulate()

    def pause_writing(self) -> None:
        """The peer does not take what we send: stop asking for more."""
        self._is_full = True
        self._regulate()

    def resume_writing(self) -> None:
        """The peer takes our replies again."""
        self._is_full = False
        self._regulate()

    def finish(self) -> None:
        """Close after what has been written is sent."""
        if self._transport is not None:
            self._transport.close()

    def _regulate(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._is_full or self._in_flight >= PIPELINE:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _restart_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(IDLE, self._expire)

    def _expire(self) -> None:
        if self._transport is not None:
            self._transport.abort()
