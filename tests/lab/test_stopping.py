"""SIGTERM while queries are in flight: they are answered, new ones sent elsewhere, then the end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rrset

from tests.lab.conftest import SPARE, Start
from tests.lab.namespaces import Namespace
from tests.lab.packets import addresses, client, query, read


class Held:
    """A nameserver that says nothing until it is released, and then answers all that comes."""

    def __init__(self, office: Namespace) -> None:
        self._socket = office.socket(timeout=0.05)
        self._socket.bind((SPARE, 53))
        self._released = threading.Event()
        self._over = threading.Event()
        self.has_been_asked = threading.Event()

    def release(self) -> None:
        self._released.set()

    def stop(self) -> None:
        self._over.set()

    def run(self) -> None:
        held: list[tuple[bytes, object]] = []
        with self._socket:
            while not self._over.is_set():
                try:
                    held.append(self._socket.recvfrom(4096))
                    self.has_been_asked.set()
                except TimeoutError:
                    pass
                while held and self._released.is_set():
                    packet, address = held.pop()
                    self._socket.sendto(self._answer(packet), address)

    @staticmethod
    def _answer(packet: bytes) -> bytes:
        asked = dns.message.from_wire(packet)
        reply = dns.message.make_response(asked)
        name = asked.question[0].name
        reply.answer.append(dns.rrset.from_text(name, 300, "IN", "A", "10.0.0.30"))
        return reply.to_wire()


@contextmanager
def held_nameserver(office: Namespace) -> Iterator[Held]:
    held = Held(office)
    thread = threading.Thread(target=held.run)
    thread.start()
    try:
        yield held
    finally:
        held.stop()
        thread.join()


def test_queries_in_flight_are_answered_before_the_end(
    gateway: Start, laptop: Namespace, office: Namespace
) -> None:
    running = gateway(nameservers=[SPARE], timeout="2s")
    with (
        held_nameserver(office) as nameserver,
        client(laptop, "UDP") as datagrams,
        client(laptop, "TCP") as stream,
        client(laptop, "UDP") as late,
    ):
        datagrams.send(query("over-udp.corp.net", number=1))
        stream.send(query("over-tcp.corp.net", number=2))
        assert nameserver.has_been_asked.wait(5)
        running.daemon.signal(signal.SIGTERM)
        running.daemon.wait_for_log("draining")
        refused = read(late.ask(query("too-late.corp.net", number=3)))
        nameserver.release()
        for connection, number in ((datagrams, 1), (stream, 2)):
            reply = connection.receive()
            assert read(reply).id == number
            assert addresses(reply) == ["10.0.0.30"]
    assert refused.rcode() == dns.rcode.SERVFAIL
    assert [int(option.code) for option in refused.extended_errors()] == [14]
    assert running.daemon.wait() == 0
