"""A small real nameserver on loopback whose every reply a test can script.

`respond(query, transport)` gets the raw query and "udp" or "tcp" and returns the packets to send,
in order; none means silence. `zone(text)` is such a function for records in zone file format.
Replies are made with dnslib, not with the code under test.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from dnslib import QTYPE, RCODE, RR, SOA, DNSRecord

from enclave_dns.sources.nameserver import Nameserver

Respond = Callable[[bytes, str], Sequence[bytes]]


class FakeNameserver(asyncio.DatagramProtocol):
    """Listens on one port of an address over UDP and, unless told otherwise, TCP.

    `seen` holds (transport, query) in the order of arrival; `respond` may be replaced at any time.
    """

    def __init__(
        self,
        respond: Respond,
        *,
        has_tcp: bool = True,
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.respond = respond
        self.seen: list[tuple[str, bytes]] = []
        self._has_tcp = has_tcp
        self.transport: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[object], asyncio.StreamWriter] = {}
        self.address = address
        self.port = port

    @property
    def server(self) -> Nameserver:
        return Nameserver(self.address, port=self.port)

    @property
    def questions(self) -> list[tuple[str, str, str]]:
        """(transport, name in lower case without final dot, type) of all that was asked."""
        asked = []
        for transport, packet in self.seen:
            q = DNSRecord.parse(packet).q
            asked.append((transport, str(q.qname).rstrip(".").lower(), QTYPE[q.qtype]))
        return asked

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for _ in range(50):
            self.transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(self.address, self.port)
            )
            self.port = self.transport.get_extra_info("sockname")[1]
            if not self._has_tcp:
                return self
            with contextlib.suppress(OSError):  # the port may be taken over TCP: another one then
                self._tcp = await asyncio.start_server(self._connection, self.address, self.port)
                return self
            self.transport.close()
            self.port = 0
        raise RuntimeError("no port that is free over both UDP and TCP")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop listening; `async with` on the same object starts again on the same port."""
        if self.transport is not None:
            self.transport.close()
        if self._tcp is not None:
            self._tcp.close()
        self.transport = self._tcp = None
        await asyncio.sleep(0)  # a connection that was just accepted gets its task
        for writer in self._connections.values():
            writer.close()
        await asyncio.gather(*self._connections)
        await asyncio.sleep(0)  # transports close in the next turn of the loop

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.seen.append(("udp", data))
        for packet in self.respond(data, "udp"):
            assert self.transport is not None
            self.transport.sendto(packet, addr)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2))
                query = await reader.readexactly(size)
                self.seen.append(("tcp", query))
                for packet in self.respond(query, "tcp"):
                    writer.write(len(packet).to_bytes(2) + packet)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            del self._connections[task]
            writer.close()


class HeldNameserver(FakeNameserver):
    """Keeps its replies back until `release`."""

    def __init__(self, respond: Respond) -> None:
        super().__init__(respond)
        self.held: list[tuple[bytes, tuple[str, int]]] = []
        self.has_come = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.held.append((data, addr))
        self.has_come.set()

    def release(self) -> None:
        for data, addr in self.held:
            super().datagram_received(data, addr)


def silence(query: bytes, transport: str) -> list[bytes]:
    """Never answers."""
    return []


def rcode(name: str) -> Respond:
    """Answers everything with this rcode (`SERVFAIL`, `REFUSED`, ...)."""

    def respond(query: bytes, transport: str) -> list[bytes]:
        reply = DNSRecord.parse(query).reply()
        reply.header.rcode = getattr(RCODE, name)
        return [reply.pack()]

    return respond


def zone(text: str, *, apex: str = "corp.net", udp_size: int = 1232) -> Respond:
    """Answers from records in zone file format, CNAMEs followed, SOA on negative replies."""
    records = RR.fromZone(text)
    soa = RR(apex, QTYPE.SOA, ttl=300, rdata=SOA(apex, "hostmaster." + apex, (1, 60, 60, 60, 30)))

    def respond(query: bytes, transport: str) -> list[bytes]:
        request = DNSRecord.parse(query)
        reply = request.reply()
        reply.header.aa = 0
        name, exists = request.q.qname, False
        for _ in range(20):
            here = [rr for rr in records if rr.rname == name]
            exists = bool(here)
            alias = [rr for rr in here if rr.rtype == QTYPE.CNAME]
            if not alias or request.q.qtype == QTYPE.CNAME:
                break
            reply.add_answer(alias[0])
            name = alias[0].rdata.label
        ends = [rr for rr in records if rr.rname == name and rr.rtype == request.q.qtype]
        reply.add_answer(*ends)
        if not ends:
            reply.header.rcode = RCODE.NOERROR if exists else RCODE.NXDOMAIN
            reply.add_auth(soa)
        packet = reply.pack()
        if transport == "udp" and len(packet) > udp_size:
            cut = reply.truncate()
            cut.questions = reply.questions
            packet = cut.pack()
        return [packet]

    return respond
