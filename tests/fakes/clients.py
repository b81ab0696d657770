"""A client with an address of its own on loopback, which asks a running program over real sockets.

Any address in 127.0.0.0/8 may be bound without root. Replies are read with dnspython.
"""

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import Any

import dns.edns
import dns.message

from tests.fakes.front import said

PATIENCE = 20.0
"""Seconds after which a test gives up; nothing is measured by it."""

PAUSE = 0.02
TRIES = 1000
"""How often something is looked at again, and the seconds in between."""


@dataclass(frozen=True, slots=True)
class Client:
    """Asks `server` from `address`."""

    address: str
    server: tuple[str, int]

    async def send(self, packet: bytes, *, tcp: bool = False) -> bytes | None:
        """The reply packet; None where the connection is closed without one."""
        async with asyncio.timeout(PATIENCE):
            return await (self._over_tcp(packet) if tcp else self._over_udp(packet))

    async def ask(
        self, name: str, rtype: str = "A", *, tcp: bool = False, **options: Any
    ) -> dns.message.Message:
        """One question as `dns.message.make_query` makes it with these options."""
        query = dns.message.make_query(name, rtype, **options)
        packet = await self.send(query.to_wire(), tcp=tcp)
        assert packet is not None, "the connection was closed without a reply"
        reply = dns.message.from_wire(packet)
        assert query.is_response(reply)
        return reply

    async def hears(self, name: str, rtype: str = "A", *, tcp: bool = False) -> str:
        """The rcode and each record's data."""
        return said((await self.ask(name, rtype, tcp=tcp)).to_wire())

    async def until_hears(self, expected: str, name: str, rtype: str = "A") -> None:
        """Ask again and again until that is what comes."""
        heard = ""
        for _ in range(TRIES):
            heard = await self.hears(name, rtype)
            if heard == expected:
                return
            await asyncio.sleep(PAUSE)
        assert heard == expected

    async def is_turned_away(self) -> bool:
        """Whether nobody listens there: the kernel says so, or else somebody answers."""
        try:
            await self.hears("localhost")
        except ConnectionRefusedError:
            return True
        return False

    def socket(self) -> socket.socket:
        """A UDP socket to the server, which does not block."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind((self.address, 0))
        sock.connect(self.server)
        return sock

    async def _over_udp(self, packet: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        with self.socket() as sock:
            sock.send(packet)
            return await loop.sock_recv(sock, 65535)

    async def _over_tcp(self, packet: bytes) -> bytes | None:
        try:
            reader, writer = await asyncio.open_connection(
                *self.server, local_addr=(self.address, 0)
            )
        except ConnectionError:
            return None
        try:
            writer.write(len(packet).to_bytes(2) + packet)
            size = int.from_bytes(await reader.readexactly(2))
            return await reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def ede_of(reply: dns.message.Message) -> list[int]:
    """The codes of the extended errors in a reply (RFC 8914)."""
    return [int(o.code) for o in reply.options if isinstance(o, dns.edns.EDEOption)]
