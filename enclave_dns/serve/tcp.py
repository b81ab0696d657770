"""TCP: persistent, pipelined, answered out of order (RFC 7766), and bounded in every direction.

A connection is closed when it has been idle, counted from its last whole message, so that dripping
bytes keep nothing alive; it is not read while too many of its queries are in flight or its peer
does not take the replies.
"""

import asyncio
import socket
from collections import deque
from typing import Final, cast

from enclave_dns.serve.connections import Connections
from enclave_dns.serve.server import Address, Server
from enclave_dns.wire.framing import FrameReader, frame

IDLE: Final = 10.0
"""Seconds without a whole message, or with replies that the peer does not take: resolvers that keep
connections close them after about as long themselves (glibc and musl at once)."""

PIPELINE: Final = 100
"""Queries of one connection in flight, past which it is not read: fewer than a sender may have, so
that one connection cannot use up the places of its sender."""

UNREAD: Final = 1 << 20
"""Bytes of replies that one connection may leave with us: past them it is closed. No more queries
are taken long before that, but those in flight may have replies of 64 kB each."""

BATCH: Final = 64
"""Messages of one connection taken in one go before other work has its turn."""


class TcpListener:
    """Serves one bound TCP socket until closed; owns its connections.

    `admission` counts the connections of all listeners of a program. `idle` is the time (seconds)
    after which a silent connection is closed.
    """

    def __init__(
        self,
        server: Server,
        admission: "Connections[Connection] | None" = None,
        *,
        idle: float = IDLE,
    ) -> None:
        self.server = server
        self.idle = idle
        self.admission = Connections() if admission is None else admission
        self.connections: set[Connection] = set()
        self._accepting: asyncio.Server | None = None

    async def open(self, sock: socket.socket) -> None:
        """Start to listen on a bound socket."""
        loop = asyncio.get_running_loop()
        self._accepting = await loop.create_server(lambda: Connection(self), sock=sock, backlog=128)

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
    is_saturated = False
    """A connection is not read while it has much in flight."""

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._frames = FrameReader()
        self._packets: deque[bytes] = deque()
        self._in_flight = 0
        self._is_full = False
        self._is_at_end = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next_go: asyncio.Handle | None = None
        self.sender = ""
        self._address: Address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        stream = cast("asyncio.Transport", transport)
        peer = stream.get_extra_info("peername")
        reason = self._enter(peer[0]) if peer else "gone"
        if reason:
            self._count("closed_" + reason)
            stream.abort()
            return
        self._transport = stream
        self._address = peer
        self._listener.connections.add(self)
        self._restart_timer()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The connection is gone, whoever ended it."""
        self._transport = None
        self._listener.connections.discard(self)
        self._listener.admission.leave(self)
        self._packets.clear()
        for handle in (self._timer, self._next_go):
            if handle is not None:
                handle.cancel()

    def data_received(self, data: bytes) -> None:
        """Bytes of the stream: take every message that is now whole."""
        packets = self._frames.feed(data)
        if packets:
            self._packets.extend(packets)
            self._listener.admission.spoke(self)
            self._restart_timer()
            self._take()

    def eof_received(self) -> bool:
        """The peer will ask nothing more; it still gets the replies that it waits for."""
        self._is_at_end = True
        return self._is_busy()

    def send(self, packet: bytes, address: Address) -> None:  # noqa: ARG002 - a Channel
        """Write one reply, in whatever order they become ready."""
        self._in_flight -= 1
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame(packet))
            if self._transport.get_write_buffer_size() > UNREAD:
                self._expire()
                return
            self._restart_timer()
            self._regulate()
        else:
            self._count("unsent")

    def drop(self) -> None:
        """Close at once: silence would keep the connection for nothing."""
        if self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        """The peer does not take what we send: stop asking for more."""
        self._is_full = True
        self._regulate()

    def resume_writing(self) -> None:
        """The peer takes our replies again."""
        self._is_full = False
        self._regulate()

    @property
    def is_idle(self) -> bool:
        """Whether no query of it waits for a reply."""
        return not self._is_busy()

    def give_way(self) -> None:
        """Close at once, for another connection."""
        self._count("closed_gave_way")
        self.drop()

    def finish(self) -> None:
        """Close after what has been written is sent."""
        if self._transport is not None:
            self._transport.close()

    def _enter(self, source: str) -> str:
        """Why no more connection from this address is taken; empty where this one is."""
        sender = self._listener.server.sender_of(source)
        if sender is None:
            return "unknown_sender"
        self.sender = sender
        reason, ousted = self._listener.admission.enter(self)
        if ousted is not None:
            ousted.give_way()
        return reason

    def _take(self) -> None:
        """Take messages that have come, while their replies find their way."""
        self._next_go = None
        for _ in range(BATCH):
            if not self._packets or not self._may_take():
                break
            self._in_flight += 1
            packet = self._packets.popleft()
            reply = self._listener.server.receive(packet, self._address, self)
            if reply is not None:
                self.send(reply, self._address)
        self._regulate()

    def _may_take(self) -> bool:
        is_open = self._transport is not None and not self._transport.is_closing()
        return is_open and not self._is_full and self._in_flight < PIPELINE

    def _is_busy(self) -> bool:
        return self._in_flight > 0 or bool(self._packets)

    def _regulate(self) -> None:
        """Go on with what has come before reading more; end where nothing more can come."""
        stream = self._transport
        if stream is None or stream.is_closing():
            return
        if self._packets and self._may_take() and self._next_go is None:
            self._next_go = self._loop.call_soon(self._take)
        if self._is_at_end:
            if not self._is_busy():
                stream.close()
        elif self._packets or not self._may_take():
            stream.pause_reading()
        else:
            stream.resume_reading()

    def _restart_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._listener.idle, self._expire)

    def _expire(self) -> None:
        if self._transport is not None:
            self._count("closed_slow" if self._is_full else "closed_idle")
            self._transport.abort()

    def _count(self, reason: str) -> None:
        self._listener.server.counts[reason] += 1
