"""Records that point at a name: who must be visible, for each type, and what stands beside them."""

from dataclasses import replace

import pytest

from enclave_dns.disclosure.chain import Wants
from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.outcome import LATE_LIFETIME
from enclave_dns.disclosure.reply import Kind, Reply
from enclave_dns.disclosure.targets import AT_ONCE, MAX_TARGETS, TARGETED
from enclave_dns.disclosure.trace import Trace
from enclave_dns.resolution import Facts, Outcome, Question, Resolution
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.dns_worlds import World, asked, hosts, settle, shown, told, view_of, zone

VIEW = view_of("10.0.0.0/24", "fd00::/64")
HOSTS_OF_TARGETS = """
in.corp.net 60 A 10.0.0.30
six.corp.net 60 AAAA fd00::30
both.corp.net 60 A 10.0.0.31
both.corp.net 60 A 192.168.0.31
chained.corp.net 60 CNAME in.corp.net
dangling.corp.net 60 CNAME absent.corp.net
hidden.corp.net 60 A 192.168.0.30
mapped.corp.net 60 AAAA 64:ff9b::192.168.0.30
bare.corp.net 60 TXT "nothing to reach"
"""
VALUES = {
    "SRV": "0 0 389 {}",
    "MX": "10 {}",
    "NS": "{}",
    "KX": "10 {}",
    "AFSDB": "1 {}",
    "RT": "10 {}",
    "SVCB": "1 {}",
    "HTTPS": "1 {}",
}


def world_with(kind: str, *targets: str, ttl: int = 60) -> World:
    lines = [f"svc.corp.net {ttl} {kind} {VALUES[kind].format(target)}" for target in targets]
    return World(zone(HOSTS_OF_TARGETS + "\n".join(lines)), hosts("10.0.0.40 files.corp.net"))


def targets_told(reply: Reply) -> list[str]:
    return sorted(line.split()[-1] for line in map(shown, reply.answer))


def test_the_table_has_every_type_of_the_rule() -> None:
    assert {RRType[kind] for kind in VALUES} == TARGETED


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize(
    ("target", "is_disclosed"),
    [
        ("in.corp.net", True),
        ("IN.Corp.Net", True),
        ("six.corp.net", True),
        ("both.corp.net", True),
        ("chained.corp.net", True),
        ("files.corp.net", True),
        ("dangling.corp.net", False),
        ("hidden.corp.net", False),
        ("mapped.corp.net", False),
        ("bare.corp.net", False),
        ("absent.corp.net", False),
        (".", False),
    ],
)
def test_a_record_leaves_when_its_target_is_visible(
    kind: str, target: str, is_disclosed: bool
) -> None:
    reply = settle(VIEW, asked(f"svc.corp.net {kind}"), world_with(kind, target))
    assert reply.kind is (Kind.ANSWER if is_disclosed else Kind.NO_ANSWER)
    assert len(reply.answer) == is_disclosed


@pytest.mark.parametrize("kind", VALUES)
def test_only_the_records_with_visible_targets_leave(kind: str) -> None:
    world = world_with(kind, "hidden.corp.net", "six.corp.net", "absent.corp.net", "in.corp.net")
    reply = settle(VIEW, asked(f"svc.corp.net {kind}"), world)
    assert [line.rstrip(".") for line in targets_told(reply)] == ["in.corp.net", "six.corp.net"]


@pytest.mark.parametrize("kind", VALUES)
def test_hidden_records_alone_are_an_absent_name(kind: str) -> None:
    question = asked(f"svc.corp.net {kind}")
    assert settle(VIEW, question, world_with(kind, "hidden.corp.net", ".")) == settle(
        VIEW, question, World()
    )


def test_a_visible_name_without_a_disclosed_record_has_no_data() -> None:
    world = World(zone(HOSTS_OF_TARGETS + "in.corp.net 60 MX 10 hidden.corp.net"))
    reply = settle(VIEW, asked("in.corp.net MX"), world)
    assert (reply.kind, reply.answer) == (Kind.NODATA, ())


def test_permitted_addresses_of_targets_stand_beside_them_and_no_others() -> None:
    names = ("both.corp.net", "six.corp.net", "files.corp.net", "hidden.corp.net")
    reply = settle(VIEW, asked("svc.corp.net SRV"), world_with("SRV", *names))
    assert sorted(map(shown, reply.additional)) == [
        "both.corp.net 30 A 10.0.0.31",
        "files.corp.net 30 A 10.0.0.40",
        "six.corp.net 30 AAAA fd00::30",
    ]


def test_the_way_to_a_target_is_not_told() -> None:
    reply = settle(VIEW, asked("svc.corp.net SRV"), world_with("SRV", "chained.corp.net"))
    assert reply.additional == ()


def test_a_reply_lives_no_longer_than_what_stands_beside_it() -> None:
    world = World(zone("svc.corp.net 60 SRV 0 0 1 a.corp.net\na.corp.net 7 A 10.0.0.30"))
    reply = settle(VIEW, asked("svc.corp.net SRV"), world)
    assert (reply.lifetime, reply.answer[0].ttl) == (7.0, 30)


def test_records_behind_a_chain_leave_with_it() -> None:
    text = "www.corp.net 60 CNAME svc.corp.net\nsvc.corp.net 60 MX 10 in.corp.net"
    reply = settle(VIEW, asked("www.corp.net MX"), World(zone(HOSTS_OF_TARGETS + text)))
    assert told(reply) == (
        "answer",
        "www.corp.net 30 CNAME svc.corp.net",
        "svc.corp.net 30 MX 10 in.corp.net.",
    )


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NXDOMAIN])
def test_a_target_whose_look_up_fails_is_left_out(outcome: Outcome) -> None:
    world = world_with("SRV", "in.corp.net", "x.corp.net")
    if outcome is Outcome.FAILED:
        name = from_text("x.corp.net")
        world = replace(world, silent=frozenset(Question(name, t) for t in (1, 28)))
    assert targets_told(settle(VIEW, asked("svc.corp.net SRV"), world)) == ["in.corp.net."]


def test_the_first_256_targets_by_name_are_looked_up_32_at_a_time() -> None:
    names = [f"h{number:03}.corp.net" for number in range(300)]
    text = "\n".join(f"{name} 60 A 10.0.0.{at % 250 + 1}" for at, name in enumerate(names))
    lines = "\n".join(f"svc.corp.net 60 SRV 0 0 1 {name}" for name in reversed(names))
    world = World(zone(f"{text}\n{lines}"))
    question = asked("svc.corp.net SRV")
    facts = Facts(answers={question: world.answer(question)})
    looked_up: list[Question] = []
    while isinstance(result := decide(VIEW, question, facts), Wants):
        assert len(result.questions) <= AT_ONCE
        assert result.are_targets
        looked_up += result.questions
        facts |= {one: world.answer(one) for one in result.questions}
    assert looked_up == [asked(f"{name} A") for name in names[:MAX_TARGETS]]
    assert targets_told(result) == [f"{name}." for name in names[:MAX_TARGETS]]


def test_what_is_not_settled_in_time_is_left_out_and_the_reply_lives_a_second() -> None:
    question = asked("svc.corp.net SRV")
    world = world_with("SRV", "in.corp.net", "six.corp.net", ttl=30)
    known = {one: world.answer(one) for one in (question, asked("in.corp.net A"))}
    assert isinstance(decide(VIEW, question, Facts(answers=known)), Wants)
    reply = decide(VIEW, question, Facts(answers=known, is_late=True))
    assert isinstance(reply, Reply)
    assert targets_told(reply) == ["in.corp.net."]
    assert reply.lifetime == LATE_LIFETIME


def test_what_is_known_of_a_target_is_asked_anew_when_it_is_too_old() -> None:
    question = asked("svc.corp.net SRV")
    world = world_with("SRV", "in.corp.net", "hidden.corp.net", "new.corp.net")
    wanted = [question, asked("in.corp.net A"), asked("hidden.corp.net A")]
    known = {one: world.answer(one) for one in wanted}
    known[asked("hidden.corp.net A")] = replace(known[asked("hidden.corp.net A")], age=6.0)
    first = decide(VIEW, question, Facts(answers=known))
    assert first == Wants((asked("new.corp.net A"),), are_targets=True)
    known[asked("new.corp.net A")] = Resolution(Outcome.NXDOMAIN, from_text("new.corp.net"))
    known[asked("new.corp.net AAAA")] = Resolution(Outcome.NXDOMAIN, from_text("new.corp.net"))
    second = decide(VIEW, question, Facts(answers=known))
    assert second == Wants((asked("hidden.corp.net A"),), refresh=True, are_targets=True)


def test_a_trace_tells_the_verdict_on_each_record() -> None:
    trace = Trace()
    world = world_with("SRV", "in.corp.net", "hidden.corp.net", ".")
    settle(VIEW, asked("svc.corp.net SRV"), world, trace)
    verdicts = [v for v in trace.verdicts if v.rule == "D4"]
    assert sorted(v.is_allowed for v in verdicts) == [False, True]
    assert any("without a target" in remark for remark in trace.remarks)


@pytest.mark.parametrize("permitted", [(), (7,), (3, 41)])
def test_of_60_domain_controllers_exactly_the_permitted_ones_are_told(
    permitted: tuple[int, ...],
) -> None:
    name = "_ldap._tcp.dc._msdcs.corp.net"
    lines = [f"{name} 600 SRV 0 100 389 dc{n}.corp.net" for n in range(60)]
    lines += [f"dc{n}.corp.net 1200 A 172.16.1.{n + 1}" for n in range(60)]
    lines += [f"dc{n}.corp.net 1200 AAAA fd99::{n + 1:x}" for n in range(60)]
    view = view_of("10.9.9.9", *(f"172.16.1.{n + 1}" for n in permitted))
    reply = settle(view, asked(f"{name} SRV"), World(zone("\n".join(lines))))
    assert targets_told(reply) == sorted(f"dc{n}.corp.net." for n in permitted)
    assert sorted(map(shown, reply.additional)) == sorted(
        f"dc{n}.corp.net 30 A 172.16.1.{n + 1}" for n in permitted
    )
    assert reply.kind is (Kind.ANSWER if permitted else Kind.NO_ANSWER)


def test_both_families_of_a_target_in_the_hosts_file_stand_beside_the_record() -> None:
    world = World(
        zone("_x._tcp.corp.net 60 SRV 0 0 80 web.corp.net"),
        hosts("10.0.0.40 web.corp.net\nfd00::40 web.corp.net"),
    )
    reply = settle(VIEW, asked("_x._tcp.corp.net SRV"), world)
    beside = {(record.rtype, record.rdata) for record in reply.additional}
    assert beside == {
        (RRType.A, bytes((10, 0, 0, 40))),
        (RRType.AAAA, b"\xfd" + bytes(14) + b"\x40"),
    }
