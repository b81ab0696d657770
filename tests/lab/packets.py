"""Queries as bytes, for what dig cannot say, and a client whose connection stays open."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rdatatype

from tests.lab.namespaces import Namespace
from tests.lab.programs import DEVELOPER, GATEWAY

HEADER = 12
PLAIN = 0
DO = dns.flags.DO
"""EDNS flags of a query; None is a query without EDNS."""


def query(
    name: str,
    rtype: str = "A",
    *,
    flags: int = dns.flags.RD,
    edns: int | None = PLAIN,
    number: int = 7,
) -> bytes:
    """One query as its client would send it: its id, header flags and EDNS flags are as given."""
    message = dns.message.make_query(name, rtype, id=number)
    message.flags = dns.flags.Flag(flags)
    if edns is None:
        message.use_edns(False)
    else:
        message.use_edns(0, edns, payload=1232)
    return message.to_wire()


def read(packet: bytes) -> dns.message.Message:
    """A reply, read by dnspython. Raises its errors where it is malformed."""
    return dns.message.from_wire(packet)


def addresses(packet: bytes) -> list[str]:
    """The addresses in the answer section, in their order."""
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    rrsets = [rrset for rrset in read(packet).answer if rrset.rdtype in kinds]
    return [row.to_text() for rrset in rrsets for row in rrset]


def without_question(reply: bytes, asked: bytes) -> bytes:
    """A reply without its id and without the question, which must be the query's, to the letter."""
    end = asked.index(b"\0", HEADER) + 5
    assert reply[:2] == asked[:2]
    assert reply[HEADER:end] == asked[HEADER:end]
    return reply[2:HEADER] + reply[end:]


class Client:
    """A socket that is connected to a server, over UDP or TCP."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._is_tcp = connected.type == socket.SOCK_STREAM

    def ask(self, message: bytes) -> bytes:
        """Send a message and return the next reply's bytes.

        Raises EOFError or OSError where the server has closed the connection, TimeoutError on
        silence.
        """
        self.send(message)
        return self.receive()

    def send(self, message: bytes) -> None:
        """Send without waiting for the reply."""
        prefix = len(message).to_bytes(2) if self._is_tcp else b""
        self._socket.sendall(prefix + message)

    def receive(self) -> bytes:
        """The next reply."""
        if not self._is_tcp:
            return self._socket.recv(65_535)
        return self._exactly(int.from_bytes(self._exactly(2)))

    def _exactly(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            more = self._socket.recv(size - len(received))
            if not more:
                raise EOFError
            received += more
        return received


KINDS = {"UDP": socket.SOCK_DGRAM, "TCP": socket.SOCK_STREAM}


@contextmanager
def client(
    namespace: Namespace,
    transport: str,
    sender: str = DEVELOPER,
    *,
    server: str = GATEWAY,
    port: int = 53,
    timeout: float = 5,
) -> Iterator[Client]:
    """A client in a namespace, with `transport` "UDP" or "TCP"; closed at the end.

    Raises OSError where no connection is to be had.
    """
    with namespace.socket(KINDS[transport], timeout=timeout) as connected:
        connected.bind((sender, 0))
        connected.connect((server, port))
        yield Client(connected)
