"""Any reply of a gateway: the stub's check of it, and the reply that is rebuilt from what passed.

As with `upstream`, the question is the one in the reply, and the same message answers the companion
questions of a reply that needs an address.
"""

from dataclasses import dataclass, replace

from enclave_dns.disclosure.view import View
from enclave_dns.errors import MessageError
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.serve.query import NEVER_ANSWERED, Query, admit
from enclave_dns.serve.rendering import render_reply
from enclave_dns.stub.answer import rebuilt
from enclave_dns.stub.check import Verdict, check, companions
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.wire.message import Message, read_message
from enclave_dns.wire.numbers import IN, RCode, RRType
from enclave_dns.wire.render import render_query
from tests.fakes.dns_worlds import view_of
from tests.fakes.naive_addresses import addresses
from tests.fuzz.gateway import INSIDE, PORT, judge_addresses, judge_packet

MAX_LEN = 2500
ROUTES = (INSIDE, ("0.0.0.0/0", "::/0"))
LIMIT = 1232
ANSWERED_HERE = (RRType.ANY, *NEVER_ANSWERED)
"""Types that the stub asks no gateway for, so that no such answer comes to the check."""

VIEWS = tuple(view_of(*routes) for routes in ROUTES)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A query of a program on this machine, the stub's reply, and what the gateway routes."""

    packet: bytes
    query: Query
    sent: bytes
    routes: tuple[str, ...]


def made(data: bytes) -> list[Rebuilt]:
    """Judge the reply with a restricted and an open view of ours; what is taken is rendered."""
    try:
        message = read_message(data)
    except MessageError:
        return []
    if not message.question or message.question[0].rclass != IN:
        return []
    asked = message.question[0]
    packet = render_query(message.id, asked.name, asked.rtype)
    query = admit(packet, PORT, is_tcp=False)
    if not isinstance(query, Query) or asked.rtype in ANSWERED_HERE:
        return []
    found = []
    for routes, view in zip(ROUTES, VIEWS, strict=True):
        taken = _taken(view, message, query.folded)
        if taken is not None:
            for age in (0.0, 5000.0):
                reply = rebuilt(replace(taken, age=age))
                sent = render_reply(query, reply, LIMIT)
                found.append(Rebuilt(packet, query, sent, routes))
    return found


def judge(data: bytes, found: list[Rebuilt]) -> None:
    """Every reply fits its query, and holds no address that the gateway does not route."""
    for one in found:
        told = judge_packet(one.packet, one.query, one.sent, LIMIT)
        judge_addresses(addresses(told), one.routes)


def _taken(view: View, message: Message, question: Question) -> Resolution | None:
    """What `Asking` lets through of a gateway's message."""
    resolution = _said(message, question)
    if resolution is None:
        return None
    checked = check(view, question, resolution)
    if checked.verdict is Verdict.NEEDS_ADDRESS:
        others = ((other, _said(message, other)) for other in companions(question))
        is_known = any(said and check(view, other, said).has_address for other, said in others)
        return checked.resolution if is_known else None
    return checked.resolution if checked.verdict is Verdict.TAKEN else None


def _said(message: Message, question: Question) -> Resolution | None:
    """What `Asking` makes of a gateway's message."""
    if message.rcode == RCode.REFUSED:
        return Resolution(Outcome.FAILED, question.name)
    found = interpret(message, question)
    return None if isinstance(found, Retry) else found
