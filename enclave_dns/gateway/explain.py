"""Why a sender gets what it gets: a rehearsed query, and the documents in the words of people.

Reads the files that the gateway reads, plays the query through the gateway's own code
(`rehearsal`), and writes down who asked, what applies, what the sources said, and the verdict on
every record.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address

from enclave_dns.config import GatewayConfig
from enclave_dns.disclosure.reply import EDE_PROHIBITED
from enclave_dns.disclosure.view import View
from enclave_dns.gateway.inputs import read_hosts, select_nameservers
from enclave_dns.gateway.rehearsal import Rehearsal, Stage, Try, rehearse
from enclave_dns.gateway.views import view_of
from enclave_dns.observe.explanation import (
    Explanation,
    PolicyShown,
    ReplyShown,
    SourceShown,
    SystemShown,
    TagShown,
    ViewShown,
)
from enclave_dns.observe.record_text import record_text
from enclave_dns.observe.verdicts import Evidence
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.permission import (
    Permission,
    PolicyVerdict,
    explain_policies,
    permission,
)
from enclave_dns.organisation.public import public_ranges
from enclave_dns.organisation.versions import own_system
from enclave_dns.resolution import HostsTable, Question
from enclave_dns.resolve.local import HERE, is_decided_here
from enclave_dns.serve.query import Refusal
from enclave_dns.sources.files import NoContent
from enclave_dns.wire.message import AA, AD, CD, QR, RA, RD, TC, Message
from enclave_dns.wire.names import display
from enclave_dns.wire.numbers import EDNS_UDP_SIZE, RRType, rcode_name, type_name
from enclave_dns.wire.reverse import address_of

_FLAGS = {"qr": QR, "aa": AA, "tc": TC, "rd": RD, "ra": RA, "ad": AD, "cd": CD}


async def explain(
    config: GatewayConfig,
    organisation: Organisation,
    sender: System,
    question: Question,
    now: datetime,
) -> Explanation:
    """Explain the reply to a sender's question at the instant `now` (aware).

    Asks the real nameservers. Raises DocumentError where the organisation lacks the gateway.
    """
    gateway = own_system(organisation, config.system_id)
    hosts = read_hosts(config.hosts_file)
    table = HostsTable() if isinstance(hosts, NoContent) else hosts
    listening = frozenset((e.address, e.port) for e in config.listen)
    selected = select_nameservers(config, listening)
    stage = Stage(config, organisation, gateway, table, selected, now)
    rehearsal = await rehearse(stage, sender.virtual_addresses[0], question)
    verdicts = explain_policies(organisation, sender, gateway, now)
    granted = permission(organisation, sender, gateway, now)
    view = view_of(granted, gateway, public_ranges(organisation, gateway))
    evidence = Evidence(
        question,
        organisation,
        gateway,
        verdicts,
        granted,
        view,
        rehearsal.trace,
        rehearsal.answers,
        rehearsal.reply,
    )
    missing = hosts.reason if isinstance(hosts, NoContent) else ""
    return Explanation(
        display(question.name),
        type_name(question.rtype),
        now.isoformat(timespec="seconds"),
        organisation.version,
        _system(sender, organisation),
        replace(_system(gateway, organisation), tags=(), satisfied_trust_requirements=()),
        tuple(_policy(verdict, gateway) for verdict in verdicts),
        _view(granted, view),
        tuple(_sources(stage, rehearsal, question, missing)),
        tuple(evidence.records()),
        (*evidence.remarks(), *_about_the_reply(rehearsal)),
        _reply(rehearsal),
    )


def _system(system: System, organisation: Organisation) -> SystemShown:
    tags = (
        TagShown(tag, tuple(sorted(organisation.unmet_trust(tag, system))))
        for tag in sorted(system.tags)
    )
    return SystemShown(
        system.system_id,
        system.description,
        system.hostname,
        tuple(str(ip_address(address)) for address in system.virtual_addresses),
        system.is_enabled,
        tuple(tags),
        tuple(sorted(system.satisfied_trust_requirements)),
    )


def _policy(verdict: PolicyVerdict, gateway: System) -> PolicyShown:
    policy = verdict.policy
    return PolicyShown(
        policy.index + 1,
        policy.description,
        verdict.applies,
        any(listed.system_id == gateway.system_id for listed in policy.gateways),
        verdict.reasons,
        tuple(str(route) for route in verdict.withdrawn),
    )


def _view(granted: Permission, view: View) -> ViewShown:
    kind = "open" if view.is_open else "restricted"
    until = granted.valid_until
    return ViewShown(
        kind if view.ranges else "none",
        tuple(str(span) for span in view.ranges.spans),
        tuple(display(name) for name in view.disclosed_suffixes),
        view.no_answer.name,
        None if until is None else until.isoformat(timespec="seconds"),
    )


def _sources(
    stage: Stage, rehearsal: Rehearsal, question: Question, missing: str
) -> Iterator[SourceShown]:
    """Every source that was asked, in order; none where the rule was not reached."""
    if not rehearsal.is_decided:
        return
    hosts = f"hosts file {stage.config.hosts_file}"
    if is_decided_here(question.name):
        yield SourceShown(hosts, "not asked: this name is decided here")
    elif missing:
        yield SourceShown(hosts, f"not read: {missing}")
    else:
        yield SourceShown(hosts, _in_hosts(stage.hosts, question))
    for skipped in stage.selected.skipped:
        yield SourceShown(f"nameserver {skipped.what}", f"not used: {skipped.why}")
    for one in rehearsal.tries:
        name, way = f"nameserver {one.server}", one.transport.name
        milliseconds = round(one.seconds * 1000, 3)
        yield SourceShown(name, _outcome(one), _text(one.question), way, milliseconds)
    for asked, resolution in rehearsal.answers.items():
        if resolution.server == HERE:
            outcome = "does not exist here, and is never sent upstream"
            yield SourceShown("decided here", outcome, _text(asked))
    if not rehearsal.tries:
        is_wanted = any(r.server != HERE for r in rehearsal.answers.values())
        outcome = "there is none to ask" if is_wanted else "not asked"
        yield SourceShown("nameservers", outcome)


def _in_hosts(hosts: HostsTable, question: Question) -> str:
    address = address_of(question.name)
    if question.rtype == RRType.PTR and address is not None:
        return _count(len(hosts.names.get(address, ())), "name") + " for the address"
    return _count(len(hosts.addresses.get(question.name, ())), "address") + " for the name"


def _outcome(one: Try) -> str:
    if one.result is None:
        return "no reply within the time of a query"
    if isinstance(one.result, Message):
        return f"{rcode_name(one.result.rcode)}, {_count(len(one.result.answer), 'record')}"
    return one.result.value


def _count(number: int, word: str) -> str:
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"


def _text(question: Question) -> str:
    return f"{display(question.name)} {type_name(question.rtype)}"


def _about_the_reply(rehearsal: Rehearsal) -> Iterator[str]:
    if rehearsal.reply is None:
        yield "the gateway does not know this sender: UDP silence, TCP closed"
    elif isinstance(rehearsal.query, Refusal):
        yield "settled by the form of the question alone, before anything is looked up"
    elif rehearsal.reply.ede == EDE_PROHIBITED:
        yield "no policy gives this sender anything here: every question gets this reply"
    if rehearsal.packet is not None and len(rehearsal.packet) > EDNS_UDP_SIZE:
        yield f"over {EDNS_UDP_SIZE} bytes: over UDP it is cut short (TC), over TCP it is whole"


def _reply(rehearsal: Rehearsal) -> ReplyShown | None:
    reply, packet = rehearsal.reply, rehearsal.packet
    if reply is None or packet is None:
        return None
    bits = int.from_bytes(packet[2:4])
    return ReplyShown(
        reply.kind.value,
        reply.rcode.name,
        tuple(name for name, bit in _FLAGS.items() if bits & bit),
        len(packet),
        tuple(record_text(record) for record in reply.answer),
        tuple(record_text(record) for record in reply.authority),
        reply.ede,
    )
