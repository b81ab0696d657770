"""The machine's own nameservers, asked by ourselves where nobody else would: `fallback = "system"`.

Their reply is passed on as it is meant, rebuilt record by record: rcode, answer, and the SOA of a
negative reply. Our own listen addresses are never among them.
"""

import asyncio
from typing import Final

from enclave_dns.disclosure.reply import Reply, failed, relayed
from enclave_dns.resolution import Question, Resolution
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.upstream.exchange import Exchange, Failure
from enclave_dns.upstream.health import State
from enclave_dns.upstream.reading import interpret
from enclave_dns.upstream.selection import Transport
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.message import Message
from enclave_dns.wire.names import ROOT
from enclave_dns.wire.numbers import RCode, RRType

PROBE: Final = Question(ROOT, RRType.NS)
LONGEST_TRY: Final = 1.5
"""Seconds for one nameserver."""

BUDGET: Final = 3.0
"""Seconds for all of them: whoever asks us here has nobody else to ask."""

_FINAL: Final = (RCode.NOERROR, RCode.NXDOMAIN)
_FAILURES: Final[dict[int, RCode]] = {RCode.REFUSED: RCode.REFUSED}
"""Every other failure is SERVFAIL to whoever asked us."""

LONGEST_KEPT: Final = 30.0
"""Seconds for which a reply is given again at most: its TTLs do not age here."""


class SystemNameservers:
    """Asks the saved nameservers of the machine, in order. To be closed."""

    def __init__(self, selected: Selected) -> None:
        self._exchange = Exchange()
        self._vitals = Vitals(self._exchange, PROBE)
        self.replace(selected)

    def replace(self, selected: Selected) -> None:
        """Ask these from now on."""
        self.selected = selected
        self._vitals.use_tcp = selected.use_vc
        self._vitals.replace(selected.nameservers)

    async def ask(self, question: Question) -> Reply:
        """The first final reply, else the last one that came, else SERVFAIL. Never raises."""
        now = asyncio.get_running_loop().time
        deadline = now() + BUDGET
        last = failed()
        for server in self._order():
            if now() >= deadline:
                break
            said = await self._one(server, question, min(now() + LONGEST_TRY, deadline))
            if isinstance(said, Message):
                last = _reply(said, question)
                if said.rcode in _FINAL:
                    break
        return last

    def _order(self) -> list[Nameserver]:
        """All of them; those that are down only where all are."""
        servers = self.selected.nameservers
        up = [s for s in servers if self._vitals.state(s) is not State.DOWN]
        return up or list(servers)

    async def _one(
        self, server: Nameserver, question: Question, deadline: float
    ) -> Message | Failure:
        said: Message | Failure = Failure.TRUNCATED
        if not self.selected.use_vc:
            said = await self._exchange.ask(
                server, question, transport=Transport.UDP, deadline=deadline
            )
        if said in (Failure.TRUNCATED, Failure.MISMATCH):
            said = await self._exchange.ask(
                server, question, transport=Transport.TCP, deadline=deadline
            )
        self._vitals.learn(server, said)
        return said

    async def close(self) -> None:
        """End the probes."""
        await self._vitals.close()


def _reply(message: Message, question: Question) -> Reply:
    """A nameserver's message as a reply of ours."""
    if message.rcode not in _FINAL:
        return relayed(_FAILURES.get(message.rcode, RCode.SERVFAIL), (), (), 0.0)
    soa = tuple(record for record in message.authority if record.rtype == RRType.SOA)
    read = interpret(message, question)
    lifetime = min(float(read.ttl), LONGEST_KEPT) if isinstance(read, Resolution) else 0.0
    has_data = any(record.rtype == question.rtype for record in message.answer)
    authority = () if has_data else soa
    return relayed(RCode(message.rcode), message.answer, authority, lifetime)
