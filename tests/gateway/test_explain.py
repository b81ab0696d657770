"""Explanations of an office's questions, its real nameserver asked."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enclave_dns.config import load_gateway_config, load_organisation
from enclave_dns.gateway.explain import explain
from enclave_dns.observe.explanation import Explanation
from enclave_dns.resolution import Question
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.explained import ZONE, write_gateway
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, zone

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)


async def explained(
    folder: Path,
    name: str,
    rtype: int = RRType.A,
    *,
    sender: str = "KD9Q2",
    respond: Respond | None = None,
    more: str = "",
) -> Explanation:
    """The explanation of one question at an office whose nameserver answers by `respond`."""
    async with FakeNameserver(respond or zone(ZONE)) as nameserver:
        config = load_gateway_config(write_gateway(folder, nameserver.server, more=more), {})
        organisation = load_organisation(config.organisation)
        system = organisation.system(sender)
        assert system is not None
        question = Question(from_text(name), rtype)
        return await explain(config, organisation, system, question, NOW)


def verdicts(explanation: Explanation) -> list[tuple[str, str, str]]:
    return [(r.verdict, r.type, r.data) for r in explanation.records]


def left(explanation: Explanation) -> tuple[str, tuple[str, ...]]:
    """The rcode and the answer of the reply that would leave."""
    assert explanation.reply is not None
    return explanation.reply.rcode, explanation.reply.answer


async def test_each_record_has_its_verdict_with_the_policy_behind_it(tmp_path: Path) -> None:
    found = await explained(tmp_path, "files.corp.net")
    shown, hidden = found.records
    assert (shown.verdict, shown.data, shown.rule) == ("ALLOW", "172.16.1.10", "D1")
    (by,) = shown.allowed_by
    assert by.startswith('policy "Menlo Park domain controllers", route 172.16.1.0/24, filter')
    assert (hidden.verdict, hidden.data) == ("DROP", "192.168.0.30")
    assert hidden.reason == "no policy covers the address"
    nearly, staff = hidden.nearly
    assert staff.startswith('policy "Staff" has the route 0.0.0.0/0, but does not apply')
    assert nearly.startswith('policy "Administrators" has the route 192.168.0.0/24, but does not')
    assert "mfa" in nearly
    assert left(found) == ("NOERROR", ("files.corp.net. 30 IN A 172.16.1.10",))


async def test_the_sender_the_gateway_and_the_view_are_described(tmp_path: Path) -> None:
    found = await explained(tmp_path, "files.corp.net")
    assert (found.name, found.type, found.at) == (
        "files.corp.net",
        "A",
        "2026-06-03T12:00:00+00:00",
    )
    assert found.sender.hostname == "laptop-7"
    assert found.sender.virtual_addresses == ("100.64.0.12", "fd00:64::12")
    tags = {tag.tag: tag.unmet_trust_requirements for tag in found.sender.tags}
    assert tags == {"admins": (), "contractors": (), "vips": ("mfa",)}
    assert found.gateway.description == "Menlo Park Office"
    assert (found.view.kind, found.view.ranges) == ("restricted", ("172.16.1.10/31",))
    assert found.view.valid_until is None
    applies = {policy.description: policy.applies for policy in found.policies}
    assert [name for name, does in applies.items() if does] == ["Menlo Park domain controllers"]
    listing = [policy.description for policy in found.policies if policy.lists_gateway]
    assert listing == ["Menlo Park domain controllers", "Administrators", "Staff"]


async def test_the_sources_say_what_they_said(tmp_path: Path) -> None:
    found = await explained(tmp_path, "files.corp.net")
    hosts, nameserver = found.sources
    assert hosts.source.startswith("hosts file ")
    assert hosts.outcome == "0 addresses for the name"
    assert nameserver.source.startswith("nameserver 127.0.0.1:")
    assert (nameserver.question, nameserver.transport) == ("files.corp.net A", "UDP")
    assert nameserver.outcome == "NOERROR, 2 records"
    assert nameserver.milliseconds is not None


async def test_a_name_in_the_hosts_file_needs_no_nameserver(tmp_path: Path) -> None:
    found = await explained(tmp_path, "dc2.corp.net")
    assert verdicts(found) == [("ALLOW", "A", "172.16.1.11")]
    assert [source.outcome for source in found.sources] == ["1 address for the name", "not asked"]


async def test_a_hosts_line_that_is_hidden_does_not_shadow_the_nameservers(tmp_path: Path) -> None:
    found = await explained(tmp_path, "printer.corp.net")
    assert verdicts(found) == [("DROP", "A", "192.168.0.7")]
    assert [s.outcome for s in found.sources[1:]] == ["NXDOMAIN, 0 records"] * 2
    assert left(found) == ("REFUSED", ())


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("www.corp.net", "nothing at the end of its chain, hidden.corp.net, is disclosed"),
        ("away.corp.net", "the end of its chain, db.enclave, does not exist"),
        ("gone.corp.net", "the end of its chain, nothing.corp.net, does not exist"),
    ],
)
async def test_a_chain_that_ends_hidden_goes_as_a_whole(
    name: str, end: str, tmp_path: Path
) -> None:
    found = await explained(tmp_path, name)
    assert all(record.verdict == "DROP" for record in found.records)
    (link,) = [record for record in found.records if record.type == "CNAME"]
    assert link.rule == "D3"
    assert link.reason == f"{end}: the whole chain goes"
    assert left(found) == ("REFUSED", ())


async def test_a_chain_that_ends_disclosed_leaves(tmp_path: Path) -> None:
    found = await explained(tmp_path, "alias.corp.net")
    assert verdicts(found) == [
        ("ALLOW", "CNAME", "files.corp.net."),
        ("ALLOW", "A", "172.16.1.10"),
        ("DROP", "A", "192.168.0.30"),
    ]
    assert left(found)[1][0] == "alias.corp.net. 30 IN CNAME files.corp.net."


async def test_an_address_of_the_other_family_makes_the_name_visible(tmp_path: Path) -> None:
    found = await explained(tmp_path, "files.corp.net", RRType.AAAA)
    assert found.reply is not None
    assert (found.reply.kind, found.reply.answer) == ("nodata", ())
    assert not found.records[0].in_reply
    assert found.reply.authority[0].startswith("files.corp.net. 30 IN SOA")


async def test_a_type_that_is_not_looked_up_is_remarked(tmp_path: Path) -> None:
    found = await explained(tmp_path, "files.corp.net", 65280)
    assert any("TYPE65280" in remark for remark in found.remarks)


async def test_a_name_that_is_decided_here_reaches_no_source(tmp_path: Path) -> None:
    found = await explained(tmp_path, "db.enclave")
    assert found.sources[0].outcome == "not asked: this name is decided here"
    assert {source.source for source in found.sources[1:]} == {"nameservers", "decided here"}


async def test_the_pointer_of_a_permitted_address_leaves(tmp_path: Path) -> None:
    found = await explained(tmp_path, "10.1.16.172.in-addr.arpa", RRType.PTR)
    assert verdicts(found) == [("ALLOW", "PTR", "files.corp.net.")]
    assert found.records[0].allowed_by
    assert left(found)[0] == "NOERROR"


async def test_the_pointer_of_a_hidden_address_is_not_looked_up(tmp_path: Path) -> None:
    found = await explained(tmp_path, "30.0.168.192.in-addr.arpa", RRType.PTR)
    assert found.records == ()
    assert found.sources[-1].outcome == "not asked"
    assert any("Administrators" in remark for remark in found.remarks)
    assert left(found) == ("REFUSED", ())


@pytest.mark.parametrize(
    ("name", "rtype", "more", "remark", "kind"),
    [
        ("_my.id.enclave", RRType.A, "", "sign of life", "answer"),
        ("files.corp.net", RRType.TSIG, "", "never answered", "no_answer"),
        ("files.corp.net", RRType.ANY, "", "one small record", "answer"),
        ("files.corp.net", RRType.AXFR, "", "the form of the question", "protocol_error"),
        ("www.example.com", RRType.A, 'only_suffixes = ["corp.net"]', "only_suffix", "no_answer"),
    ],
)
async def test_what_the_question_alone_settles_asks_no_source(
    name: str, rtype: int, more: str, remark: str, kind: str, tmp_path: Path
) -> None:
    found = await explained(tmp_path, name, rtype, more=more)
    assert found.sources == found.records == ()
    assert remark in " ".join(found.remarks)
    assert found.reply is not None
    assert found.reply.kind == kind


async def test_a_sender_without_a_policy_gets_one_refusal_for_everything(tmp_path: Path) -> None:
    found = await explained(tmp_path, "files.corp.net", sender="NOP01")
    assert found.view.kind == "none"
    assert found.reply is not None
    assert (found.reply.rcode, found.reply.ede) == ("REFUSED", 18)
    assert found.sources == ()


async def test_a_disabled_sender_gets_silence(tmp_path: Path) -> None:
    found = await explained(tmp_path, "files.corp.net", sender="OFF01")
    assert found.reply is None
    assert not found.sender.is_enabled
    assert "does not know this sender" in " ".join(found.remarks)


async def test_an_open_view_says_that_a_name_does_not_exist(tmp_path: Path) -> None:
    found = await explained(tmp_path, "nope.corp.net", sender="OPEN1")
    assert found.view.kind == "open"
    assert left(found)[0] == "NXDOMAIN"


async def test_a_reply_too_large_for_udp_is_shown_whole(tmp_path: Path) -> None:
    found = await explained(tmp_path, "many.corp.net", sender="OPEN1")
    assert [s.transport for s in found.sources if s.transport] == ["UDP", "TCP"]
    assert found.reply is not None
    assert len(found.reply.answer) == 100
    assert "tc" not in found.reply.flags
    assert any("cut short" in remark for remark in found.remarks)


async def test_a_nameserver_that_settles_nothing_is_named_with_its_outcome(tmp_path: Path) -> None:
    found = await explained(tmp_path, "files.corp.net", respond=rcode("SERVFAIL"))
    outcomes = {s.outcome for s in found.sources if s.source.startswith("nameserver ")}
    assert outcomes == {"SERVFAIL, 0 records"}
    assert any("no nameserver settled this" in remark for remark in found.remarks)
    assert left(found) == ("REFUSED", ())


async def test_no_nameserver_at_all_is_a_failure(tmp_path: Path) -> None:
    # resolv.conf names only an address on which this gateway itself listens.
    config = load_gateway_config(write_gateway(tmp_path), {})
    organisation = load_organisation(config.organisation)
    sender = organisation.system("KD9Q2")
    assert sender is not None
    question = Question(from_text("files.corp.net"), RRType.A)
    found = await explain(config, organisation, sender, question, NOW)
    assert [s.outcome for s in found.sources[1:]] == [
        "not used: our own listen address",
        "there is none to ask",
    ]
    assert left(found) == ("SERVFAIL", ())


async def test_a_missing_hosts_file_is_said(tmp_path: Path) -> None:
    async with FakeNameserver(zone(ZONE)) as nameserver:
        config = load_gateway_config(write_gateway(tmp_path, nameserver.server), {})
        config = replace(config, hosts_file=tmp_path / "none")
        organisation = load_organisation(config.organisation)
        sender = organisation.system("KD9Q2")
        assert sender is not None
        question = Question(from_text("files.corp.net"), RRType.A)
        found = await explain(config, organisation, sender, question, NOW)
    assert found.sources[0].outcome == "not read: no such file"
