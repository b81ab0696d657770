"""The machine's own nameservers, asked by ourselves where nobody else would: `fallback = "system"`.

Their reply is passed on as it is meant, rebuilt record by record: rcode, answer, and the SOA of a
negative reply. Our own listen addresses are never among them.
"""

from typing import Final

from enclave_dns.disclosure.reply import Reply, failed, relayed
from enclave_dns.resolution import Question, Resolution
from enclave_dns.sources.nameserver import Selected
from enclave_dns.upstream.echoes import Echoes
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.nameservers import NAMESERVER_SIGNS, whom_to_ask
from enclave_dns.upstream.racing import race
from enclave_dns.upstream.reading import interpret
from enclave_dns.upstream.selection import Ended, Pace, Try
from enclave_dns.upstream.transport import Transports
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.message import Message
from enclave_dns.wire.numbers import RCode, RRType

PACE: Final = Pace(budget=3.0, longest_try=1.5, last_try=3.0, attempts=1)
"""Longer than at a gateway: whoever asks us here has nobody else to ask."""

_FINAL: Final = (RCode.NOERROR, RCode.NXDOMAIN)
_FAILURES: Final[dict[int, RCode]] = {RCode.REFUSED: RCode.REFUSED}
"""Every other failure is SERVFAIL to whoever asked us."""

LONGEST_KEPT: Final = 30.0
"""Seconds for which a reply is given again at most: its TTLs do not age here."""


class SystemNameservers:
    """Asks the saved nameservers of the machine, in order. To be closed."""

    def __init__(self, selected: Selected, echoes: Echoes | None = None) -> None:
        self._exchange = Exchange(echoes=echoes)
        self._vitals = Vitals(self._exchange, NAMESERVER_SIGNS)
        self.replace(selected)

    def replace(self, selected: Selected) -> None:
        """Ask these from now on."""
        self.selected = selected
        self._vitals.use_tcp = selected.use_vc
        self._vitals.replace(selected.nameservers)

    async def ask(self, question: Question) -> Reply:
        """The first final reply, else the last one that came, else SERVFAIL. Never raises."""
        servers = list(self.selected.nameservers)
        transports = Transports(use_tcp=self.selected.use_vc)
        last = failed()

        async def ask(attempt: Try) -> tuple[Ended, Reply | None]:
            nonlocal last
            server = servers[attempt.server]
            said = await self._exchange.converse(
                server, question, deadline=attempt.deadline, transports=transports
            )
            self._vitals.learn(server, said, attempt.began)
            if not isinstance(said, Message):
                return Ended.FAILED, None
            last = _reply(said, question)
            return (Ended.SETTLED if said.rcode in _FINAL else Ended.DECLINED), last

        states = [self._vitals.state(server) for server in servers]
        selection = self._vitals.selection(servers, whom_to_ask(states), PACE)
        settled = await race(selection, ask)
        if settled is None or settled.result is None:
            return last
        self._vitals.raced(servers, settled)
        return settled.result

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
