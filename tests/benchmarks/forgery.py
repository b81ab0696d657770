"""Forged answers to one query of ours: one field after the other is not what it has to be.

    python -m tests.benchmarks.forgery [--count 1000000]

The query is what `Exchange` sends to a real socket. Source address and port are not among the
fields: the kernel compares them, since our sockets are connected (test_forgery.py shows it). Exits
with 1 where any forgery is accepted.
"""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass

from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.match import Verdict, judge
from enclave_dns.upstream.transport import Transport
from enclave_dns.wire.names import from_text
from tests.fakes.nameserver import FakeNameserver, zone

QUESTION = Question(from_text("mail7.dept.example.net"), 1)
ZONE = "mail7.dept.example.net. 60 IN A 10.0.0.30"
HEADER = 12
COUNT = 1_000_000


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A query as it was sent, and the honest answer to it."""

    query: bytes
    answer: bytes

    @property
    def message_id(self) -> int:
        return int.from_bytes(self.query[:2])

    @property
    def asked(self) -> bytes:
        """The question section."""
        return self.query[HEADER : HEADER + len(QUESTION.name) + 4]

    def is_taken(self, packet: bytes) -> bool:
        """Whether a packet would be believed."""
        return judge(packet, self.message_id, self.asked) is Verdict.ACCEPTED


def main() -> int:
    """Forge, print how many were accepted; 1 where that is any."""
    parser = argparse.ArgumentParser(description="Forged answers.")
    parser.add_argument("--count", type=int, default=COUNT)
    options = parser.parse_args()
    exchanged = asyncio.run(one_exchange())
    if not exchanged.is_taken(exchanged.answer):
        print("the honest answer is not accepted", file=sys.stderr)
        return 1
    accepted = forged(exchanged, options.count)
    for field, number in accepted.items():
        print(f"  {field:20} {number} accepted")
    total = sum(accepted.values())
    print(f"forged answers: {total} of {options.count:,} accepted   bar 0")
    return int(total > 0)


async def one_exchange() -> Exchanged:
    """Ask a nameserver on loopback, and keep what went over the wire."""
    exchanges = []
    honest = zone(ZONE, apex="example.net")

    def respond(query: bytes, transport: str) -> list[bytes]:
        [answer] = honest(query, transport)
        exchanges.append(Exchanged(query, answer))
        return [answer]

    async with FakeNameserver(respond, has_tcp=False) as nameserver:
        server = Nameserver(nameserver.address, port=nameserver.port)
        deadline = asyncio.get_running_loop().time() + 10
        await Exchange().ask(server, QUESTION, transport=Transport.UDP, deadline=deadline)
    return exchanges[0]


def forged(exchanged: Exchanged, count: int) -> dict[str, int]:
    """How many of so many forgeries would be accepted, by the field that is wrong."""
    accepted = dict.fromkeys(FIELDS, 0)
    forgers = list(FIELDS.items())
    for number in range(count):
        field, forge = forgers[number % len(forgers)]
        packet = forge(exchanged.answer, len(exchanged.asked))
        assert packet != exchanged.answer, f"{field}: not forged"
        accepted[field] += exchanged.is_taken(packet)
    return accepted


def _other(packet: bytes, at: int, size: int, mask: int = -1) -> bytes:
    """The packet with other bits in the number at an offset, only among those of the mask."""
    bits = 0
    while not bits:
        bits = secrets.randbits(8 * size) & mask
    number = int.from_bytes(packet[at : at + size]) ^ bits
    return packet[:at] + number.to_bytes(size) + packet[at + size :]


def _other_case(packet: bytes, asked: int) -> bytes:
    """Some letters of the name in the other case."""
    name = packet[HEADER : HEADER + asked - 4]
    letters = int.from_bytes(bytes(0x20 if chr(b).isalpha() and b < 128 else 0 for b in name))
    return _other(packet, HEADER, len(name), letters)


def _other_byte(packet: bytes, asked: int) -> bytes:
    """One byte of the name is another one."""
    return _other(packet, HEADER + secrets.randbelow(asked - 4), 1)


def _other_length(packet: bytes, asked: int) -> bytes:
    """A byte of the question is missing, or there is one too many."""
    at = HEADER + secrets.randbelow(asked)
    while True:
        piece = secrets.token_bytes(1) if secrets.randbits(1) else b""
        other = packet[:at] + piece + packet[at + (not piece) :]
        if other[HEADER : HEADER + asked] != packet[HEADER : HEADER + asked]:
            return other


def _shorter(packet: bytes, asked: int) -> bytes:
    """The packet ends within its header or question."""
    return packet[: secrets.randbelow(HEADER + asked)]


def _several(packet: bytes, asked: int) -> bytes:
    """Two fields at once."""
    while True:
        other = _other(_other_byte(packet, asked), 0, 2)
        if other != packet:
            return other


FIELDS: dict[str, Callable[[bytes, int], bytes]] = {
    "id": lambda packet, asked: _other(packet, 0, 2),
    "QR": lambda packet, asked: _other(packet, 2, 1, 0x80),
    "opcode": lambda packet, asked: _other(packet, 2, 1, 0x78),
    "question count": lambda packet, asked: _other(packet, 4, 2),
    "case of the name": _other_case,
    "byte of the name": _other_byte,
    "length of the name": _other_length,
    "type": lambda packet, asked: _other(packet, HEADER + asked - 4, 2),
    "class": lambda packet, asked: _other(packet, HEADER + asked - 2, 2),
    "size of the packet": _shorter,
    "id and name": _several,
}


if __name__ == "__main__":
    sys.exit(main())
