"""A long and uneven way to a server: a proxy that holds every datagram for a time of its own.

    python -m tests.lab.jitter 127.0.0.70 100.64.0.70 --source 100.64.0.12 --high 80

listens on port 53 of the first address, over UDP and TCP, and passes what comes on to port 53 of
the second, each datagram (or piece of a stream) after a delay between `--low` and `--high`
milliseconds, in both directions; so datagrams overtake each other. Delays come from a seed, which
is printed. Clients and datagrams on the way are bounded: the client that was silent longest is
forgotten, and a datagram too many is dropped.
"""

import argparse
import asyncio
import hashlib
import itertools
import os
import signal
import socket
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from tests.lab.daemons import STARTS_WITHIN, Daemon, Daemons
from tests.lab.namespaces import Namespace
from tests.lab.programs import environment

CLIENTS = 400
ON_THE_WAY = 4_096
PORT = 53

Place = tuple[str, int]


class Delays:
    """Seconds to wait, one after the other, evenly spread; the same ones for the same seed."""

    def __init__(self, seed: int, low: float, high: float) -> None:
        self._seed = seed
        self._low, self._high = low, high
        self._numbers = itertools.count()

    def __call__(self) -> float:
        text = f"{self._seed}/{next(self._numbers)}".encode()
        share = int.from_bytes(hashlib.blake2b(text, digest_size=4).digest()) / 2**32
        return self._low + (self._high - self._low) * share


class Datagrams(asyncio.DatagramProtocol):
    """The UDP side: one socket to the server for each client."""

    def __init__(self, server: Place, source: str, delays: Delays) -> None:
        self._server, self._source, self._delays = server, source, delays
        self._loop = asyncio.get_running_loop()
        self._clients: OrderedDict[Place, socket.socket] = OrderedDict()
        self._on_the_way = 0
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, client: Place) -> None:
        out = self._clients.get(client) or self._open(client)
        self._clients.move_to_end(client)
        self._later(partial(_send, out, data))

    def _open(self, client: Place) -> socket.socket:
        if len(self._clients) >= CLIENTS:
            _, oldest = self._clients.popitem(last=False)
            self._loop.remove_reader(oldest)
            oldest.close()
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        out.setblocking(False)
        out.bind((self._source, 0))
        out.connect(self._server)
        self._clients[client] = out
        self._loop.add_reader(out, self._replied, out, client)
        return out

    def _replied(self, out: socket.socket, client: Place) -> None:
        try:
            data = out.recv(65_535)
        except OSError:
            return  # the server's machine says that nobody is there: silence, to the client
        self._later(partial(self._transport.sendto, data, client))

    def _later(self, send: Callable[[], None]) -> None:
        if self._on_the_way >= ON_THE_WAY:
            return
        self._on_the_way += 1
        self._loop.call_later(self._delays(), self._arrive, send)

    def _arrive(self, send: Callable[[], None]) -> None:
        self._on_the_way -= 1
        send()


def _send(out: socket.socket, data: bytes) -> None:
    try:
        out.send(data)
    except OSError:
        return  # the client was forgotten meanwhile, or the server is gone: lost


async def _pass_on(
    server: Place,
    source: str,
    delays: Delays,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """The TCP side: one connection to the server for each client."""
    try:
        there, back = await asyncio.open_connection(*server, local_addr=(source, 0))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_stream(reader, back, delays))
            tasks.create_task(_stream(there, writer, delays))
        back.close()
    except* OSError:
        pass  # either side is gone
    finally:
        writer.close()


async def _stream(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delays: Delays
) -> None:
    while data := await reader.read(65_535):
        await asyncio.sleep(delays())
        writer.write(data)
        await writer.drain()
    writer.write_eof()


def start_jitter(
    daemons: Daemons,
    namespace: Namespace,
    listen: str,
    server: str,
    *,
    source: str,
    milliseconds: tuple[int, int],
) -> Daemon:
    """Run the proxy in a namespace, which has the addresses `listen` and `source`."""
    low, high = map(str, milliseconds)
    command = [sys.executable, "-m", "tests.lab.jitter", listen, server]
    command += ["--source", source, "--low", low, "--high", high]
    daemon = daemons.start(namespace, "jitter", command, environment())
    daemon.wait_until(lambda: "\n" in daemon.said, "that it is ready", STARTS_WITHIN)
    return daemon


async def _serve(given: argparse.Namespace) -> None:
    delays = Delays(given.seed, given.low / 1000, given.high / 1000)
    server = (given.server, PORT)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(
        lambda: Datagrams(server, given.source, delays), local_addr=(given.listen, PORT)
    )
    pass_on = partial(_pass_on, server, given.source, delays)
    is_over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, is_over.set)
    async with await asyncio.start_server(pass_on, given.listen, PORT):
        print(f"ready jitter {given.listen}, seed {given.seed}", flush=True)
        await is_over.wait()


def main(arguments: Sequence[str]) -> int:
    """Run until stopped."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.jitter")
    parser.add_argument("listen")
    parser.add_argument("server")
    parser.add_argument("--source", required=True, help="the address that the server is to see")
    parser.add_argument("--low", type=float, default=0)
    parser.add_argument("--high", type=float, default=50)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    asyncio.run(_serve(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
