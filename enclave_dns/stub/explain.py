"""Why this laptop gets what it gets for one name: the way of a question through the stub, told.

Asks the real gateways, through the same code as serving; what the running daemon has learned or
cached plays no part.
"""

from datetime import datetime
from pathlib import Path

from enclave_dns.config import StubConfig
from enclave_dns.disclosure.reply import Reply
from enclave_dns.machine.detection import RESOLV_CONF
from enclave_dns.machine.keeper import saved_resolv_conf
from enclave_dns.observe.record_text import record_text
from enclave_dns.observe.way import ReplyTold, StopTold, Way
from enclave_dns.organisation.document import Organisation
from enclave_dns.organisation.versions import own_system
from enclave_dns.resolution import Question
from enclave_dns.serve.query import NEVER_ANSWERED, Query
from enclave_dns.sources.resolv_files import select_nameservers
from enclave_dns.sources.special import special_name
from enclave_dns.stub.answer import State, StubAnswers
from enclave_dns.stub.asking import Said
from enclave_dns.stub.assembly import GATEWAY_SIGNS, assemble, source_address
from enclave_dns.stub.fallback import SystemNameservers
from enclave_dns.stub.groups import way
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.message import RD, WireQuestion
from enclave_dns.wire.names import display
from enclave_dns.wire.numbers import RRType, rcode_name, type_name


async def explain(
    config: StubConfig,
    organisation: Organisation,
    question: Question,
    now: datetime,
    resolv_conf: Path = RESOLV_CONF,
) -> Way:
    """Tell the way of a question at the instant `now` (aware).

    Raises DocumentError where the organisation lacks this system.
    """
    system = own_system(organisation, config.system_id)
    exchange = Exchange(source_address(config, system))
    vitals = Vitals(exchange, GATEWAY_SIGNS)
    fallback = None
    if config.fallback == "system":
        listening = frozenset((endpoint.address, endpoint.port) for endpoint in config.listen)
        saved = saved_resolv_conf(config.state_dir, resolv_conf)
        selected = select_nameservers(resolv_conf, config.nameservers, listening, saved)
        fallback = SystemNameservers(selected)
    state = assemble(
        organisation,
        system,
        config,
        now,
        epoch=1,
        exchange=exchange,
        vitals=vitals,
        local_addresses=frozenset(("127.0.0.1",)),
        fallback=fallback,
    )
    vitals.replace(gateway.server for group in state.asking.groups for gateway in group.gateways)
    answers = StubAnswers(state)
    wire = WireQuestion(question.name, question.rtype)
    query = Query(0, RD, wire, question)
    try:
        reply = answers.answer_now(state.audience, query)
        said = None
        if reply is None:
            said, reply = await answers.asked(question)
    finally:
        await vitals.close()
        if fallback is not None:
            await fallback.close()
    return Way(
        system.system_id,
        organisation.version,
        display(question.name),
        type_name(question.rtype),
        _decided_by(state, question, said),
        _stops(state, question, said),
        _told(reply),
    )


def _decided_by(state: State, question: Question, said: Said | None) -> str:
    """Which room of the stub settled the question, in words."""
    zone = state.zones.zone_of(question.name)
    row = special_name(question.name)
    if said is None:
        if zone is not None and state.zones.answer(question.name, question.rtype, _first):
            kind = "closed" if zone.is_closed else "open"
            return f"our own zone {display(zone.name)} ({kind})"
        if row is not None and question.rtype != RRType.ANY:
            return f"a special name: {display(row.zone)} ({row.rfc})"
        if question.rtype == RRType.ANY or question.rtype in NEVER_ANSWERED:
            return "the type of the question alone"
        return "nobody: there is no gateway that this system may use"
    if said.resolution is not None:
        return f"gateway {said.resolution.server}"
    return "the system's own nameservers" if state.fallback is not None else "nobody: a miss"


def _first(count: int) -> int:
    """Any of several systems shows that the zone answers."""
    del count
    return 0


def _stops(state: State, question: Question, said: Said | None) -> tuple[StopTold, ...]:
    if said is None:
        return ()
    asked = [
        StopTold(
            str(step.stop.group),
            str(step.stop.group.view.ranges),
            step.stop.reason,
            step.word.value,
            step.gateway,
            step.detail,
        )
        for step in said.steps
    ]
    stops = way(question, state.asking.groups, None)[len(asked) :]
    left = [
        StopTold(str(stop.group), str(stop.group.view.ranges), stop.reason, "not asked", "", "")
        for stop in stops
    ]
    beside = [
        StopTold(str(group), str(group.view.ranges), "", "not on the way", "", _why_not(question))
        for group in state.asking.groups
        if group not in [stop.group for stop in way(question, state.asking.groups, None)]
    ]
    return (*asked, *left, *beside)


def _why_not(question: Question) -> str:
    if question.rtype == RRType.PTR:
        return "its routes do not cover the address"
    return "its dns_suffixes do not hold the name"


def _told(reply: Reply) -> ReplyTold:
    return ReplyTold(
        rcode_name(reply.rcode),
        reply.kind.value,
        tuple(record_text(record) for record in reply.answer),
        tuple(record_text(record) for record in reply.authority),
    )
