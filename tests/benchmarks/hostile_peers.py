"""Peers that do not behave: faulty nameservers and gateways, connections, strangers, reflection."""

import asyncio
import contextlib
import select
import socket
import time
from collections.abc import Iterator

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig import (
    GATEWAY,
    SENDERS,
    STRANGER,
    Place,
    allow_descriptors,
    connected,
    gateway,
    nameserver,
    query,
    stub,
)

FAULTS = ("drop", "reset", "drip", "garbage", "huge", "refused")
"""How a nameserver can be faulty."""


def at_once() -> Iterator[Figure]:
    """1,000 identical questions at once."""
    with nameserver() as upstream, gateway(upstream.port) as (to, _):
        socks = [connected(at, to) for at in SENDERS[:10]]
        for number in range(100):
            for sock in socks:
                sock.send(query("identical.corp.net", message_id=number))
        heard = sum(answered_within(sock, 100, 2.0)[0] for sock in socks)
        for sock in socks:
            sock.close()
        asked = upstream.asked
    yield Figure(
        "1,000 identical questions from 10 senders",
        f"{asked} to the nameserver, {heard:,} answered",
        "1, all answered",
        (asked, heard) == (1, 1000),
    )


def answered_within(sock: socket.socket, count: int, seconds: float) -> tuple[int, float]:
    """How many of so many replies came, and when the last one did (seconds)."""
    start = time.perf_counter()
    last = 0.0
    heard = 0
    while heard < count and (left := start + seconds - time.perf_counter()) > 0:
        if select.select([sock], [], [], left)[0]:
            with contextlib.suppress(ConnectionError):
                sock.recv(65535)
                heard += 1
                last = time.perf_counter() - start
    return heard, last


def faulty(count: int) -> Iterator[Figure]:
    """Nameservers behind a gateway, and gateways behind a stub, that do not behave."""
    for fault in FAULTS:
        with nameserver(fault) as upstream, gateway(upstream.port) as (to, _):
            yield slowest(f"nameserver: {fault}", SENDERS[0], to, count, 0.8)
    for fault in FAULTS:
        with nameserver(fault, GATEWAY) as upstream, stub(upstream.port) as to:
            yield slowest(f"gateway of a stub: {fault}", "127.0.0.1", to, count, 1.0)


def slowest(name: str, address: str, to: Place, count: int, limit: float) -> Figure:
    """Ask so many names, ten every 100 ms, and wait for the last reply."""
    left: dict[int, float] = {}
    took: list[float] = []
    with connected(address, to) as sock:
        start = time.perf_counter()
        sent = 0
        while len(took) < count and time.perf_counter() - start < count / 100 + 3:
            while sent < min(count, int((time.perf_counter() - start) * 100) + 1):
                left[sent] = time.perf_counter()
                sock.send(query(f"name{sent}.corp.net", message_id=sent))
                sent += 1
            if select.select([sock], [], [], 0.01)[0]:
                number = int.from_bytes(sock.recv(65535)[:2])
                took.append(time.perf_counter() - left[number])
    worst = max(took, default=float("inf"))
    return Figure(
        name,
        f"{len(took)} of {count} answered, the last after {worst * 1000:.0f} ms",
        f"all within {limit * 1000:.0f} ms",
        len(took) == count and worst <= limit,
    )


def connections(silent: int, dripping: int, pipelined: int) -> Iterator[Figure]:
    """Silent connections, dripping ones, and unread replies; everybody else asks meanwhile."""
    if allow_descriptors() < silent + dripping + 500:
        raise RuntimeError("too few open files are allowed: raise `ulimit -n`")
    with nameserver() as upstream, gateway(upstream.port) as (to, _):
        answered, asked = asyncio.run(_besieged(to, silent, dripping, pipelined))
    yield Figure(
        f"{silent:,} silent connections, {dripping} that drip, {pipelined:,} unread replies",
        f"{answered} of {asked} others answered, over UDP and TCP",
        "all",
        answered == asked,
    )


async def _besieged(to: Place, silent: int, dripping: int, pipelined: int) -> tuple[int, int]:
    crowd: list[socket.socket] = []
    try:
        # From one sender, then from six others: a few each is all that any of them may have.
        for number in range(silent + dripping):
            at = SENDERS[number % 7 if number % 2 else 0]
            crowd.append(_connecting(at, to))
            if number % 50 == 0:
                await asyncio.sleep(0.01)
        greedy = _connecting(SENDERS[7], to)
        crowd.append(greedy)
        await asyncio.sleep(0.2)
        unread = b"".join(_framed(f"unread{number}") for number in range(pipelined))
        answered = asked = 0
        for turn in range(100):
            with contextlib.suppress(OSError):
                unread = unread[greedy.send(unread) :]
            for sock in crowd[silent : silent + dripping]:
                with contextlib.suppress(OSError):
                    sock.send(b"\0")
            for at in SENDERS[20:24]:
                asked += 2
                answered += await _hears(at, to, f"turn{turn}.corp.net", is_tcp=False)
                answered += await _hears(at, to, f"turn{turn}.corp.net", is_tcp=True)
        return answered, asked
    finally:
        for sock in crowd:
            sock.close()


def _connecting(address: str, to: Place) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind((address, 0))
    sock.setblocking(False)
    sock.connect_ex(to)
    return sock


def _framed(label: str) -> bytes:
    packet = query(f"{label}.corp.net")
    return len(packet).to_bytes(2) + packet


async def _hears(address: str, to: Place, name: str, *, is_tcp: bool) -> bool:
    """Whether a question is answered within two seconds."""
    packet = query(name)
    try:
        async with asyncio.timeout(2):
            if not is_tcp:
                with connected(address, to) as sock:
                    sock.send(packet)
                    return bool(await asyncio.get_running_loop().sock_recv(sock, 4096))
            reader, writer = await asyncio.open_connection(*to, local_addr=(address, 0))
            writer.write(len(packet).to_bytes(2) + packet)
            size = int.from_bytes(await reader.readexactly(2))
            reply = await reader.readexactly(size)
            writer.close()
            return reply[:2] == packet[:2]
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return False


def silence() -> Iterator[Figure]:
    """Packets that may not be answered, and that a good one still is."""
    sources = [(STRANGER, 0, 0x0100), (SENDERS[0], 0, 0x8100), (SENDERS[0], 0, 0x8180)]
    sources += [(SENDERS[0], port, 0x0100) for port in (7, 19, 53)]
    heard = sent = 0
    without_root: list[int] = []
    with nameserver() as upstream, gateway(upstream.port) as (to, _):
        for address, port, flags in sources:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                try:
                    sock.bind((address, port))
                except PermissionError:
                    without_root.append(port)
                    continue
                sock.connect(to)
                for number in range(100):
                    sock.send(query("db.corp.net", flags=flags, message_id=number))
                sent += 100
                heard += answered_within(sock, 1, 1.0)[0]
        with connected(SENDERS[0], to) as sock:
            sock.send(query("db.corp.net"))
            is_alive, _ = answered_within(sock, 1, 2.0)
    note = f"; not tried without root: ports {without_root}" if without_root else ""
    yield Figure(
        "unknown sources, QR set, ports 7, 19 and 53",
        f"{heard} replies to {sent} packets{note}",
        "0",
        heard == 0 and is_alive == 1,
    )


def sizes() -> Iterator[Figure]:
    """Replies without any answer to small questions, by bytes; NODATA has its SOA, and is apart."""
    names = ("a", "absent.net", "a.absent.corp.net", "hidden.corp.net", "db.corp.net", "x.enclave")
    types = (1, 2, 6, 12, 15, 16, 28, 33, 65, 99, 252, 250, 0)
    worst = {"no answer": (0.0, ""), "NODATA": (0.0, "")}
    with (
        nameserver() as upstream,
        gateway(upstream.port) as (to, _),
        connected(SENDERS[0], to) as sock,
    ):
        for name in (*names, "localhost", "_my.id.enclave", "1.0.0.127.in-addr.arpa"):
            for rtype in types:
                packet = query(name, rtype)
                sock.send(packet)
                select.select([sock], [], [], 5.0)
                reply = sock.recv(65535)
                kind = "NODATA" if reply[3] & 0xF == 0 else "no answer"
                ratio = len(reply) / len(packet)
                if reply[6:8] == b"\0\0" and ratio > worst[kind][0]:
                    worst[kind] = ratio, f"{name} type {rtype}"
    for kind, (ratio, what) in worst.items():
        is_bounded = ratio <= 1.5
        yield Figure(
            f"reply sizes, {kind}",
            f"{ratio:.2f} x the question at most ({what})",
            "at most 1.5 x" if kind != "NODATA" else "no bar: the SOA alone is larger",
            is_bounded or kind == "NODATA",
        )
