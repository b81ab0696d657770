"""A gateway for fuzzing: its real answers and resolver on virtual time, asked packet by packet.

There is no server in front of it: that answers a fault of ours with SERVFAIL, and here every fault
is to be seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

import dns.flags
import dns.message

from enclave_dns.disclosure.reply import Reply
from enclave_dns.gateway.answer import GatewayAnswers, State
from enclave_dns.gateway.views import Sender, Views
from enclave_dns.resolution import HostsTable
from enclave_dns.resolve.resolver import Resolver, Source
from enclave_dns.serve.query import Query, Refusal, admit
from enclave_dns.serve.rendering import Rendered, render_reply
from enclave_dns.sources.own_zones import OwnZones, sign_of_life
from tests.fakes.dns_worlds import packed, view_of
from tests.fakes.gateway_scene import OPEN, USER
from tests.fakes.naive_addresses import addresses, asked_about, may, read
from tests.fakes.virtual_clock import VirtualLoop

PORT = 40_000
INSIDE = ("10.0.0.0/24", "fd00::/64", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
"""The routes of the restricted sender: every form of embedded address lies in one of them."""

LIFE = packed("100.64.0.70")
"""The gateway's own address, which is the answer to `_my.id.enclave`."""

ROUTES = {USER: INSIDE, OPEN: ("0.0.0.0/0", "::/0")}


@dataclass(frozen=True, slots=True)
class Asked:
    """A packet from a source, and the reply to it.

    `kept` is the same reply as the reply cache would give it, where it would.
    """

    packet: bytes
    source: str
    query: Query | Refusal
    limit: int
    sent: bytes
    kept: bytes | None


class FuzzedGateway:
    """A gateway with a restricted and an open sender, over one source."""

    def __init__(self, source: Source, hosts: HostsTable) -> None:
        self._loop = VirtualLoop()

        async def made() -> GatewayAnswers:
            senders = {at: Sender(at.encode(), at, view=view_of(*ROUTES[at])) for at in ROUTES}
            own = OwnZones.of(7, (sign_of_life((LIFE,)),))
            return GatewayAnswers(State(Views(senders), hosts, Resolver(source), own, pace=0.0))

        self._answers = self._loop.run_until_complete(made())

    def forget(self) -> None:
        """Empty the record cache."""
        self._answers.state.resolver.forget()

    def ask(self, packet: bytes, source: str, *, is_tcp: bool = False) -> Asked | None:
        """Put a packet to the gateway; None is silence."""
        query = admit(packet, PORT, is_tcp=is_tcp)
        if query is None:
            return None
        reply, limit = self.reply(query, source, is_tcp=is_tcp)
        kept = None
        if isinstance(query, Query) and reply.lifetime > 0:
            kept = Rendered.of(query, reply, 0).packet(query, limit)
        return Asked(packet, source, query, limit, render_reply(query, reply, limit), kept)

    def reply(self, query: Query | Refusal, source: str, *, is_tcp: bool) -> tuple[Reply, int]:
        """The reply, and how many bytes it may have."""
        if isinstance(query, Refusal):
            return query.reply, 65535 if is_tcp else 512
        return self._reply(query, source), query.limit(is_tcp)

    def _reply(self, query: Query, source: str) -> Reply:
        sender = self._answers.identify(source)
        assert sender is not None
        now = self._answers.answer_now(sender, query)
        if now is not None:
            return now
        answered = self._loop.run_until_complete(self._answers.answer(source, query))
        assert answered is not None
        return answered[1]


def judge_reply(asked: Asked) -> None:
    """Assert that a reply fits the query and its size, and holds no address that may not leave."""
    told = judge_packet(asked.packet, asked.query, asked.sent, asked.limit)
    found = {*addresses(told), *asked_about(told)} - {LIFE}
    judge_addresses(found, ROUTES[asked.source])
    assert asked.kept in (None, asked.sent), "a kept reply is another one"


def judge_packet(
    packet: bytes, query: Query | Refusal, sent: bytes, limit: int
) -> dns.message.Message:
    """Assert that a reply fits the query and its size; returns it as dnspython reads it."""
    assert 12 <= len(sent) <= limit, f"{len(sent)} bytes where {limit} are allowed"
    assert sent[:2] == packet[:2], "another id"
    reply = read(sent)
    assert reply.flags & dns.flags.QR, "not a reply"
    assert len(reply.question) == (query.question is not None)
    if query.question is not None:
        end = 12 + len(query.question.name) + 4
        assert sent[12:end] == packet[12:end], "another question"
    return reply


def judge_addresses(told: Iterable[bytes], routes: tuple[str, ...]) -> None:
    """Assert that these addresses may leave to who has these routes (D1)."""
    hidden = [str(ip_address(address)) for address in told if not may(address, routes)]
    assert not hidden, f"{hidden} may not leave"
