"""A nameserver for measurements: quick, or faulty in one way. A process of its own.

    python -m tests.benchmarks.faulty ADDRESS [drop|reset|drip|garbage|huge|refused]

Every name has the address 10.0.0.30 and nothing else, but names below `absent`, which do not exist.
Says its port, then for every line of standard input how many questions have come; ends with it.
"""

import os
import select
import socket
import struct
import sys
import threading
import time

_SOA = b"\0\0\6\0\1\0\0\0\x3c\0\x16\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\x3c"
_ADDRESS = b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\x0a\0\0\x1e"


class Nameserver:
    """One UDP socket, one TCP socket, one fault."""

    def __init__(self, address: str, fault: str) -> None:
        self.fault = fault
        self.asked = 0
        self._udp, self._tcp = _pair(address)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._tcp.listen(128)
        self.port: int = self._udp.getsockname()[1]

    def serve(self) -> None:
        """Answer until standard input ends."""
        threading.Thread(target=self._accept, daemon=True).start()
        print(self.port, flush=True)
        while True:
            ready, _, _ = select.select([self._udp, sys.stdin], [], [])
            if sys.stdin in ready:
                if not sys.stdin.readline():
                    return
                print(self.asked, flush=True)
            if self._udp in ready:
                self._answer_what_is_there()

    def _answer_what_is_there(self) -> None:
        for _ in range(64):
            try:
                packet, asker = self._udp.recvfrom(4096, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            self.asked += 1
            for said in self._over_udp(packet):
                self._udp.sendto(said, asker)

    def _over_udp(self, packet: bytes) -> list[bytes]:
        question = _question(packet)
        truncated = packet[:2] + b"\x83\x80\0\1\0\0\0\0\0\0" + question
        match self.fault:
            case "drop":
                return []
            case "garbage":
                # Not ours, ours but broken, ours but of another name, and as much as fits.
                return [
                    os.urandom(40),
                    packet[:2] + b"\x81\x80\0\1\xff\xff\0\0\0\0" + question,
                    packet[:2] + b"\x81\x80\0\1\0\1\0\0\0\0\3www\0\0\1\0\1" + _ADDRESS,
                    packet[:2] + os.urandom(60_000),
                ]
            case "reset" | "drip" | "huge":
                return [truncated]
            case "refused":
                return [packet[:2] + b"\x81\x85\0\1\0\0\0\0\0\0" + question]
        return [reply(packet)]

    def _accept(self) -> None:
        while True:
            connection, _ = self._tcp.accept()
            threading.Thread(target=self._over_tcp, args=[connection], daemon=True).start()

    def _over_tcp(self, connection: socket.socket) -> None:
        with connection:
            try:
                if self.fault == "drop":
                    time.sleep(5)
                    return
                packet = connection.recv(4096)[2:]
                if self.fault == "reset":
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                elif self.fault == "garbage":
                    connection.sendall(os.urandom(1 << 16))
                elif self.fault == "huge":
                    said = huge(packet)
                    connection.sendall(len(said).to_bytes(2) + said)
                else:
                    said = reply(packet)
                    for byte in len(said).to_bytes(2) + said:
                        connection.sendall(bytes([byte]))
                        time.sleep(0.1 if self.fault == "drip" else 0)
            except OSError:
                return


def reply(packet: bytes) -> bytes:
    """What a sound nameserver says."""
    question = _question(packet)
    if question.startswith(b"\6absent") or b"\6absent" in question:
        return packet[:2] + b"\x81\x83\0\1\0\0\0\1\0\0" + question + _SOA
    if question[-4:-2] == b"\0\1":
        return packet[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question + _ADDRESS
    return packet[:2] + b"\x81\x80\0\1\0\0\0\1\0\0" + question + _SOA


def huge(packet: bytes) -> bytes:
    """64 kB of addresses."""
    question = _question(packet)
    count = (65_535 - 12 - len(question)) // 16
    data = b"".join(b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\x0a\0" + at.to_bytes(2) for at in range(count))
    return packet[:2] + b"\x81\x80\0\1" + count.to_bytes(2) + b"\0\0\0\0" + question + data


def _question(packet: bytes) -> bytes:
    return packet[12 : packet.index(b"\0", 12) + 5]


def _pair(address: str) -> tuple[socket.socket, socket.socket]:
    for _ in range(50):
        tcp = socket.create_server((address, 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            continue
        return udp, tcp
    raise RuntimeError("no port that is free over both UDP and TCP")


if __name__ == "__main__":
    Nameserver(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "").serve()
