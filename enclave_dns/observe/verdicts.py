"""The verdict on every record of one decision, with the policies behind it.

The rule's own trace says what it thought of addresses; a chain has no verdict of its own there, for
it leaves or goes as a whole, so its links are judged here by whether they are in the reply. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from enclave_dns.disclosure.chain import Walk, walk
from enclave_dns.disclosure.reply import Kind, Reply
from enclave_dns.disclosure.trace import Trace, Verdict
from enclave_dns.disclosure.view import View
from enclave_dns.observe.coverage import allowing, hidden_part, nearly_allowing
from enclave_dns.observe.explanation import ALLOW, DROP, RecordShown
from enclave_dns.observe.record_text import rdata_text
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.permission import Permission, PolicyVerdict
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.wire.names import display, to_text
from enclave_dns.wire.numbers import RRType, type_name
from enclave_dns.wire.record import Record
from enclave_dns.wire.reverse import address_of

_NAMESERVERS = "nameservers"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one decision rested on, and the reply it led to (None: silence).

    `answers` are the resolutions that the rule was given, in the order in which they came; `view`
    is the one that `permission` gives at `gateway`.
    """

    question: Question
    organisation: Organisation
    gateway: System
    policies: tuple[PolicyVerdict, ...]
    permission: Permission
    view: View
    trace: Trace
    answers: Mapping[Question, Resolution]
    reply: Reply | None

    def records(self) -> Iterator[RecordShown]:
        """Every record that was judged: the hosts file's, the chain, then what is at its end."""
        verdicts = self.trace.verdicts
        yield from (self._judged(v) for v in verdicts if v.source != _NAMESERVERS)
        yield from self._chain()
        yield from (self._judged(v) for v in verdicts if v.source == _NAMESERVERS)

    def remarks(self) -> Iterator[str]:
        """What is to be said of the decision as a whole."""
        yield from self.trace.remarks
        address = address_of(self.question.name)
        if self.question.rtype == RRType.PTR and address and not self.view.permits(address):
            yield from (f"nearly: {text}" for text in self._nearly(address))
        asked = {question.rtype for question in self.answers}
        if asked and self.question.rtype not in asked:
            name = type_name(self.question.rtype)
            yield f"no {name} record was looked up: the rule lets none leave here"
        known = (Outcome.ANSWER, Outcome.NXDOMAIN)
        if asked and not any(found.outcome in known for found in self.answers.values()):
            yield "no nameserver settled this: a gateway whose probes fail too replies SERVFAIL"

    def _judged(self, verdict: Verdict) -> RecordShown:
        address = verdict.address
        by: tuple[str, ...] = ()
        nearly: tuple[str, ...] = ()
        if address is not None and verdict.is_allowed:
            by = allowing(self.permission, address)
        elif address is not None:
            nearly = self._nearly(hidden_part(self.view.ranges, address))
        in_reply = self._is_in_reply(verdict.record)
        return _shown(
            verdict.record,
            verdict.source,
            (ALLOW if verdict.is_allowed else DROP, verdict.rule, verdict.reason),
            in_reply=in_reply,
            allowed_by=by,
            nearly=nearly,
        )

    def _nearly(self, address: bytes) -> tuple[str, ...]:
        return nearly_allowing(self.organisation, self.policies, self.gateway, address)

    def _is_in_reply(self, record: Record) -> bool:
        answer = self.reply.answer if self.reply else ()
        return any((one.rtype, one.rdata) == (record.rtype, record.rdata) for one in answer)

    def _chain(self) -> Iterator[RecordShown]:
        """The links from the question's name on, each once, with what became of them (D3)."""
        types = dict.fromkeys((self.question.rtype, RRType.A, RRType.AAAA))
        if self.question.rtype == RRType.CNAME:
            return  # its links are judged one by one, in the trace
        steps = (walk(Question(self.question.name, rtype), self.answers) for rtype in types)
        walks = [step for step in steps if isinstance(step, Walk)]
        # Where a family has records at the end, they say more of the chain than an empty one.
        walks.sort(key=lambda found: not found.rrset)
        told = set()
        for found in walks:
            for record in found.chain:
                key = (record.name.lower(), record.rtype, record.rdata.lower())
                if key not in told:
                    told.add(key)
                    in_reply = self._is_in_reply(record)
                    verdict = (ALLOW if in_reply else DROP, "D3", self._chain_reason(found, record))
                    yield _shown(record, _NAMESERVERS, verdict, in_reply=in_reply)

    def _chain_reason(self, found: Walk, record: Record) -> str:
        """Why a link of a chain leaves, or does not."""
        if self._is_in_reply(record):
            is_open = self.view.is_open
            return "names are no secret in an open view" if is_open else "its chain ends disclosed"
        if self.question.rtype == RRType.PTR:
            return "aliases of a reverse name are flattened onto the question's name (D5)"
        if record.rtype == RRType.DNAME and self.reply and self.reply.kind is not Kind.NO_ANSWER:
            return "a DNAME leaves in open views only: the CNAME that it makes stands for it"
        end = display(found.end)
        if found.outcome is Outcome.NXDOMAIN:
            return f"the end of its chain, {end}, does not exist: the whole chain goes"
        if found.outcome is not Outcome.ANSWER:
            return f"the end of its chain, {end}, cannot be looked up: the whole chain goes"
        if not found.rrset:
            return f"the end of its chain, {end}, has no address: the whole chain goes"
        return f"nothing at the end of its chain, {end}, is disclosed: the whole chain goes"


def _shown(
    record: Record,
    source: str,
    verdict: tuple[str, str, str],
    *,
    in_reply: bool,
    allowed_by: tuple[str, ...] = (),
    nearly: tuple[str, ...] = (),
) -> RecordShown:
    word, rule, reason = verdict
    return RecordShown(
        word,
        source,
        to_text(record.name),
        record.ttl,
        type_name(record.rtype),
        rdata_text(record),
        rule,
        reason,
        in_reply,
        allowed_by,
        nearly,
    )
