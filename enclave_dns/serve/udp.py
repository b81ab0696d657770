"""UDP: a plain non-blocking socket on the event loop, read in batches.

Not asyncio's datagram transport, which costs three to four times as much per packet and buffers
without a bound: here a reply that the kernel does not take at once is dropped and counted. Of each
batch, what has a kept reply is answered first. Under saturation the socket is read ahead of what is
served, so that what must be lost is lost by `Shares` and not by chance in the kernel.
"""

import asyncio
import socket
from typing import Final

from enclave_dns.serve.batches import BATCH, batches
from enclave_dns.serve.server import Address, Server
from enclave_dns.serve.shares import ROOM, Shares

GO: Final = BATCH
"""Datagrams served in one go before other work has its turn."""

READ_AHEAD: Final = 4 * GO
"""Datagrams read in one go under saturation, where that makes shares fair: up to four times what
can be served. Where all senders want too much alike, what is too much is left to the kernel, which
drops it for nothing."""

SLACK: Final = 2
"""Times an even part of a batch that one source has of it at once under saturation: what a sender
with an even part sends comes unevenly too. The rest waits with what has no kept reply."""

LATE: Final = 0.25
"""Seconds of waiting from which on, until saturation ends, the newest queries are served first and
the socket is read to its end in every go: what waits longer than its client does is served in vain,
and how long it has waited in the kernel nobody tells us. Only slow work makes anybody wait so long,
and reading is cheap beside that."""

GIVEN_UP: Final = 1.0
"""Seconds of waiting from which on a query is dropped: longer than it may take in all."""

STARTS: Final = 8
"""Queries of a go that are begun and have to wait for something, under saturation. Between two goes
those that have what they waited for are finished: so no more are under way than keep us busy, and
what is under way does not become slow by its number."""

RECEIVE_BUFFER: Final = 1 << 20
"""The kernel doubles it, and a small datagram takes 768 bytes: some 2,700 of them. That bridges a
pause of 0.1 s at full speed, and keeps nobody waiting longer than that when more comes in."""

PAUSE: Final = 0.002
"""Seconds until we look again, where nobody's next query may be begun: as long as the fastest
look-ups take, so that places in flight do not stay empty."""


class UdpListener:
    """Serves one bound UDP socket until closed."""

    is_tcp = False

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self._socket = sock
        self._server = server
        self._batches = batches(sock)
        self._shares: Shares[tuple[bytes, Address, float]] = Shares()
        self._is_late = self._is_stuck = self._is_deaf = False
        self._sources = 1
        self._next_go: asyncio.Handle | None = None
        self._loop = asyncio.get_running_loop()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._loop.add_reader(sock.fileno(), self._read)

    def _read(self) -> None:
        """Serve what has come, a batch or a little more."""
        shares, batches = self._shares, self._batches
        if shares.is_saturated:
            if self._next_go is None or self._is_stuck:
                self._read_ahead()
            return
        left = GO
        while left > 0:
            count, others = self._answer(BATCH)
            for packet, address in others:
                self._serve(packet, address)
            left -= count
            if not count:
                if batches.is_empty:
                    shares.emptied()
                return
        shares.filled()

    def _answer(self, part: int) -> tuple[int, list[tuple[bytes, Address]]]:
        """Read a batch and answer what has a kept reply, at most `part` packets of each source.

        Returns how many packets there were, and those that are not answered.
        """
        batches, hot = self._batches, self._server.hot
        others: list[tuple[bytes, Address]] = []
        taken: dict[str, int] = {}
        count = hits = 0
        began = self._loop.time()
        for place, packet, source, port in batches.receive():
            count += 1
            number = taken.get(source, 0)
            reply = hot.reply(packet, source, port, began) if number < part else None
            if reply is None:
                others.append((packet, batches.address(place)))
            else:
                taken[source] = number + 1
                batches.reply(place, reply)
                hits += 1
        if hits:
            self._server.counts["unsent"] += batches.flush()
            hot.took(self._loop.time() - began, hits)
        self._sources = max(1, len(taken))
        return count, others

    def _read_ahead(self) -> None:
        """Take in more than is served; of what has no kept reply, serve some in turns."""
        now = self._loop.time()
        limit = self._read_limit()
        is_empty = self._take_in(now, limit)
        self._serve_waiting(now)
        if is_empty:
            self._shares.emptied()
            self._is_late = self._is_late and self._shares.is_saturated
        self._plan(is_deaf=limit <= 0)

    def _serve_waiting(self, now: float) -> None:
        """Serve what waits, each sender in its turn, as much as one go may take."""
        shares, server = self._shares, self._server
        enough = server.in_flight + STARTS
        self._is_stuck = False
        for _ in range(GO):
            if server.in_flight >= enough:
                return
            waiting = shares.take(server.has_room, newest=self._is_late)
            if waiting is None:
                self._is_stuck = len(shares) > 0
                return
            packet, address, came = waiting
            self._is_late = self._is_late or now - came > LATE
            if now - came > GIVEN_UP:
                server.turn_away(address[0], "given_up")
            else:
                self._serve(packet, address)

    def _plan(self, *, is_deaf: bool) -> None:
        """Come back to what waits: the loop calls only while the socket has something."""
        if self._next_go is not None or not len(self._shares):
            return
        if not self._is_stuck:
            self._next_go = self._loop.call_soon(self._go_on)
            return
        self._next_go = self._loop.call_later(PAUSE, self._go_on)
        if is_deaf:
            # There is no room for more: what the kernel drops meanwhile costs us nothing.
            self._loop.remove_reader(self._socket.fileno())
            self._is_deaf = True

    def _take_in(self, now: float, limit: int) -> bool:
        """Answer or let wait what has come; whether the socket was left empty."""
        server, shares = self._server, self._shares
        while limit > 0:
            count, others = self._answer(max(1, SLACK * BATCH // self._sources))
            limit -= count
            for packet, address in others:
                sender = server.sender_of(address[0])
                if sender is None:
                    # Strangers have no share in anything: they are counted, and that is all.
                    self._serve(packet, address)
                elif shares.add(sender, (packet, address, now)):
                    server.turn_away(address[0], "over_share")
            if not count:
                return self._batches.is_empty
        return False

    def _read_limit(self) -> int:
        """How many datagrams to read now, at the cost of those that wait."""
        if self._is_late:
            return 2 * ROOM
        shares = self._shares
        return READ_AHEAD if shares.is_uneven else min(READ_AHEAD, shares.room)

    def _go_on(self) -> None:
        self._next_go = None
        if self._socket.fileno() < 0:
            return
        if self._is_deaf:
            self._is_deaf = False
            self._loop.add_reader(self._socket.fileno(), self._read)
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
