"""Does a packet answer the query that we sent?

Whoever cannot see our query must guess the id, the source port and the case of the name
(draft-vixie-dnsext-dns0x20); so the question has to come back byte for byte (RFC 5452, section 9).
"""

from enum import Enum
from typing import Final

from enclave_dns.wire.names import Name

HEADER: Final = 12
_QR: Final = 0x80
_OPCODE: Final = 0x78

_LETTERS: Final = bytes(0x20 if chr(byte).isalpha() else 0 for byte in range(128)) + bytes(128)


class Verdict(Enum):
    """What a packet is to one query."""

    ACCEPTED = "accepted"
    """Its answer."""
    MISMATCH = "mismatch"
    """Something else in the shape of a DNS message: perhaps somebody is guessing."""
    IGNORE = "ignore"
    """Shorter than a header: noise, and no sign of an attack."""


def judge(packet: bytes, message_id: int, question: bytes, *, is_exact: bool = True) -> Verdict:
    """Compare a packet with the query's id and question section, as sent.

    `is_exact`: the case of the name must be ours. Over TCP the connection itself proves who
    answers, and a server that changes the case is forgiven.
    """
    if len(packet) < HEADER:
        return Verdict.IGNORE
    head = packet[2]
    if (
        int.from_bytes(packet[:2]) != message_id
        or not head & _QR
        or head & _OPCODE
        or packet[4:6] != b"\0\1"
    ):
        return Verdict.MISMATCH
    echoed = packet[HEADER : HEADER + len(question)]
    if echoed == question:
        return Verdict.ACCEPTED
    # The last four bytes are type and class: numbers, which have no case.
    is_same = echoed[:-4].lower() == question[:-4].lower() and echoed[-4:] == question[-4:]
    return Verdict.ACCEPTED if is_same and not is_exact else Verdict.MISMATCH


def is_truncated(packet: bytes) -> bool:
    """The TC bit of a packet that has a header (RFC 1035, 4.1.1)."""
    return bool(packet[2] & 0x02)


def with_random_case(name: Name, bits: bytes) -> Name:
    """The name, every letter in the case that a bit of `bits` chooses; as many bytes as the name.

    Length bytes are below 64 and so never letters: the name needs no taking apart.
    """
    letters = int.from_bytes(name.translate(_LETTERS))
    flips = letters & int.from_bytes(bits[: len(name)])
    return (int.from_bytes(name) ^ flips).to_bytes(len(name))


def with_plain_case(packet: bytes, name: Name) -> bytes:
    """An accepted answer with the question's name as it was before `with_random_case`.

    Names in the answer are often pointers onto the question; read with our random case they would
    differ from one look-up to the next, and so would the replies made of them.
    """
    return packet[:HEADER] + name + packet[HEADER + len(name) :]
