"""A nameserver for measurements: a process of its own that takes as long as it is told.

    python -m tests.benchmarks.upstream LOW HIGH

Every reply leaves after a delay drawn evenly from LOW to HIGH milliseconds. Names that start with
`hidden` have one address, HIDDEN, and no data of any other type; all others do not exist. Says on
which port of 127.0.0.1 it listens, and ends with its standard input.
"""

import asyncio
import secrets
import sys
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

HIDDEN = "192.168.0.30"
"""The address of every hidden name."""

SOA = "ns.corp.net. hostmaster.corp.net. 1 3600 600 86400 60"


class Upstream(asyncio.DatagramProtocol):
    """Answers over UDP after a delay from `low` to `high` seconds."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = answer(data)
        share = secrets.randbelow(1 << 20) / (1 << 20)
        delay = self._low + share * (self._high - self._low)
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self._transport.sendto, reply, addr)
        else:
            self._transport.sendto(reply, addr)


def answer(packet: bytes) -> bytes:
    """The reply to one query."""
    query = dns.message.from_wire(packet)
    [asked] = query.question
    reply = dns.message.make_response(query, recursion_available=True)
    exists = asked.name.labels[0].lower().startswith(b"hidden")
    if exists and asked.rdtype == dns.rdatatype.A:
        reply.answer.append(dns.rrset.from_text(asked.name, 300, "IN", "A", HIDDEN))
    else:
        reply.set_rcode(dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN)
        reply.authority.append(dns.rrset.from_text("corp.net.", 300, "IN", "SOA", SOA))
    return reply.to_wire()


async def serve(low: float, high: float) -> None:
    """Answer until standard input ends; delays in seconds."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: Upstream(low, high), local_addr=("127.0.0.1", 0)
    )
    print(transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    transport.close()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) / 1000, float(sys.argv[2]) / 1000))
