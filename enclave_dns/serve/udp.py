"""UDP: a plain non-blocking socket on the event loop, read in batches.

Not asyncio's datagram transport, which costs three to four times as much per packet and buffers
without a bound: here a reply that the kernel does not take at once is dropped and counted. Under
saturation the socket is read ahead of what is served, so that what must be lost is lost by
`Shares` and not by chance in the kernel.
"""

import asyncio
import socket
from typing import Final

from enclave_dns.serve.server import Address, Server
from enclave_dns.serve.shares import ROOM, Shares

BATCH: Final = 64
"""Datagrams served in one go before other work has its turn."""

READ_AHEAD: Final = 4 * BATCH
"""Datagrams read in one go under saturation, where that makes shares fair: up to four times what
can be served. Where all senders want too much alike, what is too much is left to the kernel, which
drops it for nothing."""

LATE: Final = 0.25
"""Seconds of waiting from which on the socket is read to its end in every go, and the oldest gives
way: what waits longer than its client does is served in vain. Only slow work makes anybody wait so
long, and reading is cheap beside that."""

RECEIVE_BUFFER: Final = 1 << 20
"""The kernel doubles it, and a small datagram takes 768 bytes: some 2,700 of them. That bridges a
pause of 0.1 s at full speed, and keeps nobody waiting longer than that when more comes in."""

_LARGEST: Final = 65535

_OVER_SHARE: Final = "over_share"


class UdpListener:
    """Serves one bound UDP socket until closed."""

    is_tcp = False

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self._socket = sock
        self._server = server
        self._shares: Shares[tuple[bytes, Address, float]] = Shares()
        self._is_late = False
        self._next_go: asyncio.Handle | None = None
        self._loop = asyncio.get_running_loop()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._loop.add_reader(sock.fileno(), self._read)

    def _read(self) -> None:
        """Serve one batch of what has come."""
        if self._shares.is_saturated:
            if self._next_go is None:
                self._read_ahead()
            return
        receive = self._socket.recvfrom
        for _ in range(BATCH):
            try:
                packet, address = receive(_LARGEST)
            except (BlockingIOError, InterruptedError):
                self._shares.emptied()
                return
            except OSError:
                # The error of an earlier reply (ICMP) is not about the next packet.
                continue
            self._serve(packet, address)
        self._shares.filled()

    def _read_ahead(self) -> None:
        """Take in more than is served, and serve one batch of it in turns."""
        now = self._loop.time()
        is_empty = self._take_in(now)
        shares = self._shares
        for _ in range(BATCH):
            waiting = shares.take()
            if waiting is None:
                break
            packet, address, came = waiting
            self._is_late = now - came > LATE
            self._serve(packet, address)
        if is_empty:
            shares.emptied()
        if len(shares) and self._next_go is None:
            # The loop calls only while the socket has something.
            self._next_go = self._loop.call_soon(self._go_on)

    def _take_in(self, now: float) -> bool:
        """Let packets of known senders wait for their turn; whether the socket was left empty."""
        receive, server, shares = self._socket.recvfrom, self._server, self._shares
        for _ in range(self._read_limit()):
            try:
                packet, address = receive(_LARGEST)
            except (BlockingIOError, InterruptedError):
                return True
            except OSError:
                continue
            sender = server.sender_of(address[0])
            if sender is None:
                # Strangers have no share in anything: they are counted, and that is all.
                self._serve(packet, address)
            elif shares.add(sender, (packet, address, now)):
                server.turn_away(address[0], _OVER_SHARE)
        return False

    def _read_limit(self) -> int:
        """How many datagrams to read now, at the cost of those that wait."""
        if self._is_late:
            return 2 * ROOM
        shares = self._shares
        return READ_AHEAD if shares.is_uneven else min(READ_AHEAD, shares.room)

    def _go_on(self) -> None:
        self._next_go = None
        if self._socket.fileno() >= 0:
            self._read_ahead()

    def _serve(self, packet: bytes, address: Address) -> None:
        reply = self._server.receive(packet, address, self)
        if reply is not None:
            self.send(reply, address)

    @property
    def is_saturated(self) -> bool:
        """Whether more has been coming in here for long than can be answered."""
        return self._shares.is_saturated

    def send(self, packet: bytes, address: Address) -> None:
        """Send a reply, now or not at all."""
        try:
            # A closed socket raises OSError too.
            self._socket.sendto(packet, address)
        except OSError:
            self._server.counts["unsent"] += 1

    def drop(self) -> None:
        """Silence."""

    def close(self) -> None:
        """Stop reading and give the port back."""
        if self._next_go is not None:
            self._next_go.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
