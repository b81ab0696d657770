"""Any reply of a nameserver: reading, the disclosure rule for both kinds of view, the reply.

The question is the one in the reply. Whatever else the rule wants to know, the same message is the
answer to that too, so that one input can lead along chains and to targets of its own.
"""

from enclave_dns.errors import MessageError
from enclave_dns.resolution import NO_HOSTS, Outcome, Question, Resolution
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.wire.message import Message, read_message
from enclave_dns.wire.numbers import IN
from enclave_dns.wire.render import render_query
from tests.fakes.gateway_scene import OPEN, USER
from tests.fuzz.gateway import Asked, FuzzedGateway, judge_reply

MAX_LEN = 2500


class _OneMessage:
    """Nameservers with one answer to every question (a `Source`)."""

    is_up = True

    def __init__(self) -> None:
        self.message = Message(0)

    def next_start(self) -> int:
        return 0

    def start_of(self, name: str) -> int:
        return 0

    def begin(self, question: Question, *, do: bool, start: int, then: object) -> None:
        """Nothing begins here: every look-up is a task."""

    async def look_up(
        self, question: Question, *, do: bool, start: int, begun: object = None
    ) -> Resolution:
        found = interpret(self.message, question)
        return Resolution(Outcome.FAILED, question.name) if isinstance(found, Retry) else found


SOURCE = _OneMessage()
GATEWAY = FuzzedGateway(SOURCE, NO_HOSTS)


def made(data: bytes) -> list[Asked]:
    """Put the reply's own question to a gateway that gets this reply, for each sender."""
    try:
        message = read_message(data)
    except MessageError:
        return []
    if not message.question or message.question[0].rclass != IN:
        return []
    asked = message.question[0]
    SOURCE.message = message
    found = []
    for source in (USER, OPEN):
        for is_tcp in (False, True):
            GATEWAY.forget()
            query = render_query(message.id, asked.name, asked.rtype, do=is_tcp)
            found.append(GATEWAY.ask(query, source, is_tcp=is_tcp))
    return [one for one in found if one is not None]


def judge(data: bytes, found: list[Asked]) -> None:
    """Every reply is fit to leave."""
    for one in found:
        judge_reply(one)
