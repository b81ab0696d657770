"""Answers that are looked at, beside a load that is only counted.

A thread asks fifty times a second, from the sender's address, and reads each reply whole: the right
address there, the hidden one absent, NOERROR. What is wrong is kept as text.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle

import dns.exception
import dns.message
import dns.rcode

from tests.benchmarks.rig import Place, query

PAUSE = 0.02
PATIENCE = 2.0
KEPT = 5


def addresses(packet: bytes) -> list[str]:
    """Every address in the answer section, as text; raises RuntimeError for a broken reply."""
    try:
        reply = dns.message.from_wire(packet)
    except dns.exception.DNSException as error:
        raise RuntimeError(f"a reply that cannot be read: {error!r}") from error
    return [str(getattr(rdata, "address", "")) for rrset in reply.answer for rdata in rrset]


def verdict(packet: bytes, name: str, right: str) -> str:
    """What is wrong with a reply that has to hold this address and no other; nothing, mostly."""
    rcode = packet[3] & 0xF
    if rcode:
        return f"{name}: {dns.rcode.to_text(dns.rcode.Rcode(rcode))}"
    found = addresses(packet)
    return "" if found == [right] else f"{name}: {', '.join(found) or 'nothing'}, not {right}"


class Samples:
    """What the thread has seen."""

    def __init__(self) -> None:
        self.answered = 0
        self.faults: list[str] = []
        self.is_over = threading.Event()

    def ask(self, to: Place, source: str, name: str, right: str) -> None:
        """Ask once and judge the reply."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(PATIENCE)
            sock.bind((source, 0))
            sock.connect(to)
            try:
                sock.send(query(name))
                packet = sock.recv(4096)
            except OSError as error:
                self._note(f"{name}: {error}")
                return
        self.answered += 1
        self._note(verdict(packet, name, right))

    def _note(self, fault: str) -> None:
        if fault and len(self.faults) < KEPT:
            self.faults.append(fault)


@contextmanager
def sampled(
    to: Place, source: str, names: Iterator[str], right: Callable[[str], str]
) -> Iterator[Samples]:
    """Take samples during the block, at least one."""
    samples = Samples()

    def take() -> None:
        for name in names:
            samples.ask(to, source, name, right(name))
            if samples.is_over.wait(PAUSE):
                return

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        samples.is_over.set()
        thread.join(PATIENCE + 1)


def forever(names: list[str]) -> Iterator[str]:
    """The same names again and again."""
    return cycle(names)
