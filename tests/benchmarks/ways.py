"""The whole way of a packet through the gateway, without its checks: what a hostile one costs."""

from enclave_dns.errors import MessageError
from enclave_dns.resolution import NO_HOSTS, Outcome, Question, Resolution
from enclave_dns.serve.query import admit
from enclave_dns.serve.rendering import render_reply
from enclave_dns.upstream.reading import interpret
from enclave_dns.wire.message import Message, read_message
from enclave_dns.wire.render import render_query
from tests.fakes.gateway_scene import USER
from tests.fuzz import query
from tests.fuzz.gateway import PORT, FuzzedGateway


class _OneReply:
    """Nameservers with one message for the question in it, and no other name (a `Source`)."""

    is_up = True

    def __init__(self) -> None:
        self.message = Message(0)
        self.question = Question(b"\0", 0)

    def next_start(self) -> int:
        return 0

    def start_of(self, name: str) -> int:
        return 0

    def begin(self, question: Question, *, do: bool, start: int, then: object) -> None:
        """Nothing begins here: every look-up is a task."""

    async def look_up(
        self, question: Question, *, do: bool, start: int, begun: object = None
    ) -> Resolution:
        found = interpret(self.message, question) if question == self.question else None
        if isinstance(found, Resolution):
            return found
        return Resolution(Outcome.NXDOMAIN, question.name)


_SOURCE = _OneReply()
_GATEWAY = FuzzedGateway(_SOURCE, NO_HOSTS)


def _answered(gateway: FuzzedGateway, packet: bytes) -> None:
    admitted = admit(packet, PORT, is_tcp=True)
    if admitted is not None:
        reply, limit = gateway.reply(admitted, USER, is_tcp=True)
        render_reply(admitted, reply, limit)


def query_way(packet: bytes) -> None:
    """A client's packet, over TCP: admission, answer, reply."""
    query.GATEWAY.forget()
    _answered(query.GATEWAY, packet[:2] + b"\1\0" + packet[4:])


def upstream_way(packet: bytes) -> None:
    """A nameserver's reply to its own question, for a sender with a restricted view."""
    try:
        message = read_message(packet)
    except MessageError:
        return
    if not message.question:
        return
    asked = message.question[0]
    _SOURCE.message = message
    _SOURCE.question = Question(asked.name.lower(), asked.rtype)
    _GATEWAY.forget()
    _answered(_GATEWAY, render_query(7, asked.name, asked.rtype))
