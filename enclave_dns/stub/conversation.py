"""One question put to the gateways of one group, and what each of them said, checked.

A gateway's word may take several exchanges: over TCP too, and where it holds no address, the
companion questions that make it count. Whoever has spoken is not late while it is asked more, nor
is a gateway that we could not ask.
"""

import asyncio
from dataclasses import dataclass, field, replace

from enclave_dns.disclosure.reply import EDE_NOT_READY, EDE_PROHIBITED
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.stub.check import Checked, Verdict, check, companions
from enclave_dns.stub.groups import Gateway, Group
from enclave_dns.stub.learned import Learned
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.upstream.selection import Ended, Selection, Try
from enclave_dns.upstream.transport import Failure, Transports
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.message import Message
from enclave_dns.wire.numbers import RCode


@dataclass(slots=True)
class Conversation:
    """A question, and the gateways of a group that are asked it.

    `excused` are the places of those that were late through no fault of theirs.
    """

    question: Question
    group: Group
    selection: Selection
    exchange: Exchange
    vitals: Vitals
    learned: Learned
    excused: set[int] = field(default_factory=set)
    _transports: Transports = field(default_factory=Transports)
    _asked: set[int] = field(default_factory=set)

    async def ask(self, attempt: Try) -> tuple[Ended, Checked | None]:
        """Perform one try. A gateway that gave no usable word is not asked again."""
        is_again = attempt.server in self._asked
        self._asked.add(attempt.server)
        checked = await self._checked(attempt, is_again)
        return (Ended.DECLINED if checked is None else Ended.SETTLED), checked

    async def _checked(self, attempt: Try, is_again: bool) -> Checked | None:
        """One gateway's answer after the check; None where it gave none."""
        gateway = self.group.gateways[attempt.server]
        resolution = await self._one(attempt, self.question, is_again)
        if resolution is None:
            return None
        checked = check(gateway.view, self.question, resolution)
        if checked.verdict is Verdict.TAKEN and checked.has_address:
            self._learn()
        if checked.verdict is not Verdict.NEEDS_ADDRESS:
            return checked
        self.excused.add(attempt.server)
        self.selection.heard_from(attempt, asyncio.get_running_loop().time())
        return await self._with_address(attempt, gateway, checked)

    async def _with_address(
        self, attempt: Try, gateway: Gateway, checked: Checked
    ) -> Checked | None:
        """An answer that counts only if the gateway gives a checked address for the name."""
        did_fail = False
        for companion in companions(self.question):
            other = await self._one(attempt, companion)
            if other is None:
                did_fail = True
            elif check(gateway.view, companion, other).has_address:
                self._learn()
                return replace(checked, verdict=Verdict.TAKEN)
        if did_fail:
            return None
        reason = "it gave no address of this name that we may reach: not believed"
        return replace(checked, verdict=Verdict.NO_ANSWER, reason=reason)

    def _learn(self) -> None:
        now = asyncio.get_running_loop().time()
        self.learned.answered(self.question.name, self.group, now)

    async def _one(
        self, attempt: Try, question: Question, is_again: bool = False
    ) -> Resolution | None:
        """What a gateway says; FAILED stands for its no-answer, None for one that gave none."""
        server = self.group.gateways[attempt.server].server
        began = asyncio.get_running_loop().time()
        result = await self.exchange.converse(
            server, question, deadline=attempt.deadline, transports=self._transports
        )
        if result is Failure.NO_SOCKET:
            self.excused.add(attempt.server)
        # The same question, asked again because the first may be lost, counts once.
        if isinstance(result, Message) or not is_again:
            heard(self.vitals, server, result, began)
        if not isinstance(result, Message):
            return None
        if result.rcode == RCode.REFUSED:
            # With a reason it is not a word about the name: this gateway does not serve us.
            is_for_us = _ede(result) != EDE_PROHIBITED
            return Resolution(Outcome.FAILED, question.name) if is_for_us else None
        read = interpret(result, question)
        return None if isinstance(read, Retry) else read


def heard(vitals: Vitals, server: Nameserver, result: Message | Failure, asked_at: float) -> None:
    """Tell the vitals what a gateway said: *failed* with EDE 14 means that it is about to stop."""
    is_failed = isinstance(result, Message) and result.rcode == RCode.SERVFAIL
    if is_failed and _ede(result) == EDE_NOT_READY:
        vitals.drained(server)
    else:
        vitals.learn(server, result, asked_at)


def _ede(result: Message | Failure) -> int | None:
    """The code of the extended error that a message carries, if any."""
    edns = result.edns if isinstance(result, Message) else None
    return None if edns is None else edns.extended_error
