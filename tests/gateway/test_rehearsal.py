"""One query played through the gateway, and what was watched of it."""

from datetime import UTC, datetime
from pathlib import Path

from enclave_dns.config import load_gateway_config, load_organisation
from enclave_dns.disclosure.reply import Kind
from enclave_dns.gateway.inputs import read_hosts, select_nameservers
from enclave_dns.gateway.rehearsal import Rehearsal, Stage, rehearse
from enclave_dns.organisation.versions import own_system
from enclave_dns.resolution import HostsTable, Outcome, Question
from enclave_dns.serve.query import Refusal
from enclave_dns.upstream.transport import Failure
from enclave_dns.wire.message import Message, read_message
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.explained import ZONE, write_gateway
from tests.fakes.nameserver import FakeNameserver, Respond, silence, zone

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
LAPTOP = bytes((100, 64, 0, 12))
STRANGER = bytes((100, 64, 0, 99))
FILES = Question(from_text("files.corp.net"), RRType.A)


async def rehearsed(
    folder: Path, question: Question, *, source: bytes = LAPTOP, respond: Respond | None = None
) -> tuple[Rehearsal, list[tuple[str, str, str]]]:
    """What happened, and what the nameserver was asked."""
    async with FakeNameserver(respond or zone(ZONE)) as nameserver:
        path = write_gateway(folder, nameserver.server, more='timeout = "200ms"')
        config = load_gateway_config(path, {})
        organisation = load_organisation(config.organisation)
        hosts = read_hosts(config.hosts_file)
        assert isinstance(hosts, HostsTable)
        gateway = own_system(organisation, config.system_id)
        selected = select_nameservers(config, frozenset())
        stage = Stage(config, organisation, gateway, hosts, selected, NOW)
        return await rehearse(stage, source, question), nameserver.questions


async def test_reply_packet_trace_and_answers_are_those_of_one_query(tmp_path: Path) -> None:
    found, asked = await rehearsed(tmp_path, FILES)
    assert asked == [("udp", "files.corp.net", "A")]
    assert found.reply is not None
    assert found.reply.kind is Kind.ANSWER
    assert found.packet is not None
    assert read_message(found.packet).answer == found.reply.answer
    assert [verdict.is_allowed for verdict in found.trace.verdicts] == [True, False]
    assert found.answers[FILES].outcome is Outcome.ANSWER
    (one,) = found.tries
    assert isinstance(one.result, Message)
    assert one.seconds >= 0


async def test_a_stranger_gets_silence_and_nobody_is_asked(tmp_path: Path) -> None:
    found, asked = await rehearsed(tmp_path, FILES, source=STRANGER)
    assert (found.reply, found.packet, found.is_decided, asked) == (None, None, False, [])


async def test_a_question_that_is_refused_as_such_is_not_decided(tmp_path: Path) -> None:
    found, asked = await rehearsed(tmp_path, Question(FILES.name, RRType.AXFR))
    assert isinstance(found.query, Refusal)
    assert (found.is_decided, found.tries, asked) == (False, (), [])


async def test_any_is_settled_without_a_look_up(tmp_path: Path) -> None:
    found, asked = await rehearsed(tmp_path, Question(FILES.name, RRType.ANY))
    assert found.reply is not None
    assert [record.rtype for record in found.reply.answer] == [RRType.HINFO]
    assert (found.tries, asked) == ((), [])


async def test_a_silent_nameserver_costs_no_more_than_the_time_of_a_query(tmp_path: Path) -> None:
    found, asked = await rehearsed(tmp_path, FILES, respond=silence)
    assert asked
    assert {one.result for one in found.tries} <= {Failure.SILENCE, None}
    assert found.tries
    assert found.reply is not None
    assert found.reply.kind is Kind.NO_ANSWER
