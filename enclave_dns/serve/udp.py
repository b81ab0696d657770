"""UDP: a plain non-blocking socket on the event loop, read in batches.

Not asyncio's datagram transport, which costs three to four times as much per packet and buffers
without a bound: here a reply that the kernel does not take at once is dropped and counted.
"""

import asyncio
import socket
from typing import Final

from enclave_dns.serve.server import Address, Server

BATCH: Final = 64
"""Datagrams read in one go before other work has its turn."""

RECEIVE_BUFFER: Final = 4 << 20
_LARGEST: Final = 65535


class UdpListener:
    """Serves one bound UDP socket until closed."""

    is_tcp = False

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self._socket = sock
        self._server = server
        self._loop = asyncio.get_running_loop()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._loop.add_reader(sock.fileno(), self._read)

    def _read(self) -> None:
        receive, send = self._socket.recvfrom, self._socket.sendto
        for _ in range(BATCH):
            try:
                packet, address = receive(_LARGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # The error of an earlier reply (ICMP) is not about the next packet.
                continue
            reply = self._server.receive(packet, address, self)
            if reply is not None:
                try:
                    send(reply, address)
                except OSError:
                    self._server.counts["unsent"] += 1

    def send(self, packet: bytes, address: Address) -> None:
        """Send a reply that took its time."""
        if self._socket.fileno() < 0:
            return
        try:
            self._socket.sendto(packet, address)
        except OSError:
            self._server.counts["unsent"] += 1

    def drop(self) -> None:
        """Silence."""

    def close(self) -> None:
        """Stop reading and give the port back."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
