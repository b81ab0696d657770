"""Open-loop load: questions leave when they are due, whatever became of the earlier ones."""

import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.rig import Place, connected, query

PATIENCE = 1.0
"""Seconds after which a reply is of no use to whoever asked."""

_BURST = 32
_IDS = 1 << 16


@dataclass
class Flow:
    """Questions of one sender at `rate` a second; `name(n)` is what the n-th asks for.

    `answered` holds when a useful reply came (seconds from the start) and how long it took.
    """

    address: str
    rate: float
    name: Callable[[int], str]
    sent: int = 0
    answered: list[tuple[float, float]] = field(default_factory=list)
    failed: int = 0

    @property
    def share(self) -> float:
        """The part of its questions that was answered."""
        return len(self.answered) / max(1, self.sent)

    def percentile(self, part: float) -> float:
        """Seconds within which this part of the replies came."""
        return percentile([took for _, took in self.answered], part)


def percentile(times: Sequence[float], part: float) -> float:
    """The time that this part of them does not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("inf")


def hot(n: int) -> str:
    """One of a hundred names that are always asked for."""
    return f"hot{n % 100}.corp.net"


def unique(start: str) -> Callable[[int], str]:
    """Names that are each asked for once."""
    return lambda n: f"{start}{n}.corp.net"


def offer(to: Place, flows: Sequence[Flow], seconds: float, patience: float = PATIENCE) -> float:
    """Offer the load of all flows; returns the questions a second that really left.

    Replies count that come within `patience` seconds.
    """
    lines = {}
    poll = select.epoll()
    for flow in flows:
        line = _Line(flow, connected(flow.address, to), patience)
        lines[line.sock.fileno()] = line
        poll.register(line.sock, select.EPOLLIN)
    start = time.perf_counter()
    try:
        while (now := time.perf_counter() - start) < seconds:
            is_behind = [line.send_due(now, start) for line in lines.values()]
            for number, _ in poll.poll(0 if any(is_behind) else 0.0005):
                lines[number].receive(start)
        took = time.perf_counter() - start
        while time.perf_counter() - start < took + patience:
            for number, _ in poll.poll(0.01):
                lines[number].receive(start)
    finally:
        poll.close()
        for line in lines.values():
            line.sock.close()
    return sum(flow.sent for flow in flows) / took


class _Line:
    """The socket of one flow and what is under way on it."""

    def __init__(self, flow: Flow, sock: socket.socket, patience: float) -> None:
        self.flow = flow
        self._patience = patience
        self.sock = sock
        self._left = [0.0] * _IDS
        self._known: dict[str, bytes] = {}

    def send_due(self, now: float, start: float) -> bool:
        """Send what is due; whether more is."""
        flow, left = self.flow, self._left
        due = int(now * flow.rate) - flow.sent
        for _ in range(min(due, _BURST)):
            number = flow.sent % _IDS
            packet = number.to_bytes(2) + self._rest(flow.name(flow.sent))
            flow.sent += 1
            left[number] = time.perf_counter() - start
            try:
                self.sock.send(packet)
            except OSError:
                left[number] = 0.0
        return due > _BURST

    def receive(self, start: float) -> None:
        """Take the replies that have come."""
        flow, left = self.flow, self._left
        while True:
            try:
                packet = self.sock.recv(4096)
            except (BlockingIOError, ConnectionError):
                return
            now = time.perf_counter() - start
            number = int.from_bytes(packet[:2])
            sent_at, left[number] = left[number], 0.0
            is_good = packet[3] & 0xF == 0 and packet[7] > 0
            if not sent_at or now - sent_at > self._patience or not is_good:
                flow.failed += 1
            else:
                flow.answered.append((now, now - sent_at))

    def _rest(self, name: str) -> bytes:
        known = self._known.get(name)
        if known is None:
            known = query(name)[2:]
            if len(self._known) < 1000:
                self._known[name] = known
        return known


def capacity(
    to: Place, addresses: Sequence[str], seconds: float, name: Callable[[int], str]
) -> float:
    """Questions a second that are answered with 16 of each sender under way (closed loop)."""
    lines = {}
    poll = select.epoll()
    for address in addresses:
        sock = connected(address, to)
        lines[sock.fileno()] = sock
        poll.register(sock, select.EPOLLIN)
    asked = answered = 0
    try:
        for sock in lines.values():
            for _ in range(16):
                sock.send(query(name(asked)))
                asked += 1
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for number, _ in poll.poll(0.1):
                sock = lines[number]
                sock.recv(4096)
                answered += 1
                sock.send(query(name(asked)))
                asked += 1
    finally:
        poll.close()
        for sock in lines.values():
            sock.close()
    return answered / seconds
