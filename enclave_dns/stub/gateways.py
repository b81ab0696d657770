"""Asking the gateways: the one that answered last first, the next one on silence or failure.

All within one query: a gateway that is silent uses up its share of the budget, then the next one
is asked; one that answers stays the first to be asked. What it says is checked before it counts.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from enclave_dns.disclosure.view import View
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.stub.check import Checked, Verdict, check, companions
from enclave_dns.upstream.exchange import Exchange, Failure
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.upstream.selection import Transport
from enclave_dns.wire.message import Message
from enclave_dns.wire.numbers import RCode

BUDGET: Final = 0.95
"""Seconds for one query, over all gateways (operating systems ask elsewhere after one second)."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that we may use: where it listens, and what we may learn through it."""

    system_id: str
    server: Nameserver
    view: View


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway said, checked. `did_fail`: some gateway did not answer at all."""

    gateway: Gateway | None
    resolution: Resolution | None
    did_fail: bool = False


class Gateways:
    """The gateways of one organisation version, in the document's order; replaced whole."""

    def __init__(self, gateways: tuple[Gateway, ...], exchange: Exchange) -> None:
        self._gateways = gateways
        self._exchange = exchange
        self._active = 0

    @property
    def members(self) -> tuple[Gateway, ...]:
        """The gateways, in the document's order."""
        return self._gateways

    def __len__(self) -> int:
        return len(self._gateways)

    async def ask(self, question: Question) -> Answer:
        """The first checked answer, within the budget. Never raises."""
        now = asyncio.get_running_loop().time
        deadline = now() + BUDGET
        count = len(self._gateways)
        did_fail = False
        order = [(self._active + step) % count for step in range(count)]
        for tried, place in enumerate(order):
            gateway = self._gateways[place]
            share = (deadline - now()) / (count - tried)
            said = await self._checked(gateway, question, now() + share)
            if said is None:
                did_fail = True
                continue
            self._active = place
            if said.verdict is Verdict.TAKEN:
                return Answer(gateway, said.resolution, did_fail)
        return Answer(None, None, did_fail)

    async def _checked(
        self, gateway: Gateway, question: Question, deadline: float
    ) -> Checked | None:
        """One gateway's answer to one question after the check; None where it gave none."""
        resolution = await self._one(gateway, question, deadline)
        if resolution is None:
            return None
        checked = check(gateway.view, question, resolution)
        if checked.verdict is not Verdict.NEEDS_ADDRESS:
            return checked
        did_fail = False
        for companion in companions(question):
            other = await self._one(gateway, companion, deadline)
            if other is None:
                did_fail = True
            elif other.rrset and check(gateway.view, companion, other).verdict is Verdict.TAKEN:
                return Checked(Verdict.TAKEN, resolution)
        return None if did_fail else Checked(Verdict.NO_ANSWER, resolution)

    async def _one(
        self, gateway: Gateway, question: Question, deadline: float
    ) -> Resolution | None:
        """Ask over UDP, then TCP where the reply was cut short or a datagram was not ours.

        FAILED stands for the gateway's no-answer; None for a gateway that gave none at all.
        """
        said = await self._exchange.ask(
            gateway.server, question, transport=Transport.UDP, deadline=deadline
        )
        if said in (Failure.TRUNCATED, Failure.MISMATCH):
            said = await self._exchange.ask(
                gateway.server, question, transport=Transport.TCP, deadline=deadline
            )
        if not isinstance(said, Message):
            return None
        if said.rcode == RCode.REFUSED:
            return Resolution(Outcome.FAILED, question.name)
        read = interpret(said, question)
        return None if isinstance(read, Retry) else read
