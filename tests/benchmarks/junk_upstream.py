"""A nameserver that is being shouted down: a process of its own, for measurements.

    python -m tests.benchmarks.junk_upstream

Every query over UDP gets JUNK packets that are not its answer, and then its answer; over TCP the
answer alone. `host<number>.<zone>` has the address that `address_of` gives. Says on which port of
127.0.0.1 it listens, and ends with its standard input.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import cast

JUNK = 50
WRONG = bytes((192, 0, 2, 66))
HEADER = 12


class Shouted(asyncio.DatagramProtocol):
    """UDP: junk, then the answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for packet in junk(data):
            self._transport.sendto(packet, addr)
        self._transport.sendto(answer(data, right(data)), addr)


def address_of(number: int) -> bytes:
    """The one address of `host<number>`."""
    return b"\x0a" + number.to_bytes(3)


def right(query: bytes) -> bytes:
    """The address that was asked for; none where the name is another one."""
    label = query[HEADER + 1 : HEADER + 1 + query[HEADER]].lower()
    digits = label.removeprefix(b"host")
    return address_of(int(digits)) if digits.isdigit() else b""


def answer(query: bytes, address: bytes) -> bytes:
    """A reply to a query with this address, or with no record."""
    end = query.index(b"\0", HEADER) + 5
    head = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if address else b"\0\0") + bytes(4)
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\x04" + address if address else b""
    return head + query[HEADER:end] + record


def junk(query: bytes) -> Iterator[bytes]:
    """What is not the answer to a query, in the order in which it is sent."""
    good = answer(query, WRONG)
    end = query.index(b"\0", HEADER)
    swapped = good[:HEADER] + good[HEADER:end].swapcase() + good[end:]
    kinds = (
        lambda at: good[: at % HEADER],
        lambda at: bytes((good[0] ^ at, good[1] ^ 0x55)) + good[2:],
        lambda at: good[:2] + b"\x01\x00" + good[4:],
        lambda at: good[:2] + b"\xa1\x80" + good[4:],
        lambda at: good[:4] + b"\0\2" + good[6:],
        lambda at: swapped,
        lambda at: good[: end + 1] + b"\0\x1c" + good[end + 3 :],
        lambda at: good[:end],
        lambda at: os.urandom(40),
        lambda at: query,
    )
    start = query[0] % len(kinds)
    for at in range(JUNK):
        yield kinds[(start + at) % len(kinds)](at + 1)


async def _connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            reply = answer(query, right(query))
            writer.write(len(reply).to_bytes(2) + reply)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve() -> None:
    """Answer until standard input ends."""
    loop = asyncio.get_running_loop()
    tcp = await asyncio.start_server(_connection, "127.0.0.1", 0, backlog=1024)
    port = tcp.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(Shouted, local_addr=("127.0.0.1", port))
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    transport.close()
    tcp.close()


if __name__ == "__main__":
    asyncio.run(serve())
