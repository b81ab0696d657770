"""SVCB and HTTPS records: hints, `mandatory`, the target `.`, and aliases as chains."""

from base64 import b64encode
from dataclasses import replace

import pytest

from enclave_dns.disclosure.chain import Wants
from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.reply import Kind
from enclave_dns.disclosure.targets import AT_ONCE
from enclave_dns.resolution import MAX_CHAIN, Facts, Question
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.svcb import IPV4HINT, Service
from tests.fakes.dns_worlds import World, asked, packed, settle, shown, view_of, zone

VIEW = view_of("10.0.0.0/24", "fd00::/64")
ECH = b64encode(b"\0\6\xfe\x0d\0\2xx").decode()
BASE = """
in.corp.net 60 A 10.0.0.30
www.corp.net 60 A 10.0.0.31
hidden.corp.net 60 A 192.168.0.30
"""


def left(records: str, question: str = "www.corp.net HTTPS", ends: str = "") -> list[str]:
    """The values of the records that leave."""
    name, kind = question.split()
    lines = [f"{name} 60 {kind} {value}" for value in records.splitlines() if value.strip()]
    world = World(zone("\n".join([BASE, ends, *lines])))
    reply = settle(VIEW, asked(question), world)
    return [shown(record).split(maxsplit=3)[3] for record in reply.answer]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1 . ipv4hint=10.0.0.30", '1 . ipv4hint="10.0.0.30"'),
        ("1 . ipv4hint=10.0.0.30,192.168.0.30", '1 . ipv4hint="10.0.0.30"'),
        ("1 . ipv4hint=192.168.0.30", "1 ."),
        ("1 . ipv6hint=fd00::1,2001:db8::1", '1 . ipv6hint="fd00::1"'),
        ("1 . ipv6hint=64:ff9b::192.168.0.30", "1 ."),
        ("1 . ipv6hint=::ffff:192.168.0.30,fd00::2", '1 . ipv6hint="fd00::2"'),
        ("1 . mandatory=ipv4hint ipv4hint=192.168.0.30", "1 ."),
        (
            "1 . mandatory=alpn,ipv4hint alpn=h2 ipv4hint=192.168.0.30",
            '1 . mandatory="alpn" alpn="h2"',
        ),
        (
            "1 . mandatory=ipv4hint ipv4hint=10.0.0.30",
            '1 . mandatory="ipv4hint" ipv4hint="10.0.0.30"',
        ),
        ("1 . alpn=h2 no-default-alpn port=8443", '1 . alpn="h2" no-default-alpn port="8443"'),
        (f"1 . alpn=h2 ech={ECH}", '1 . alpn="h2"'),
        ('1 . alpn=h2 key7="/q{?dns}"', '1 . alpn="h2"'),
        ('1 . key65000="10.0.0.30" alpn=h2', '1 . alpn="h2"'),
        ('1 . mandatory=key65000 key65000="x"', "1 ."),
    ],
)
def test_parameters_are_trimmed_to_what_a_sender_may_learn(value: str, expected: str) -> None:
    assert left(value) == [expected]


def test_records_that_differ_only_in_what_is_hidden_become_one() -> None:
    values = '1 . ipv4hint=192.168.0.1\n1 . ipv4hint=192.168.0.2\n1 . key7="/q"\n1 .'
    assert left(values) == ["1 ."]


@pytest.mark.parametrize("kind", ["HTTPS", "SVCB"])
def test_the_target_dot_means_the_owner_in_service_mode_and_nothing_in_alias_mode(
    kind: str,
) -> None:
    assert left("1 .\n0 .", f"www.corp.net {kind}") == ["1 ."]
    assert left("1 .\n0 .", f"_https.corp.net {kind}") == []


def test_the_target_dot_means_the_end_of_the_chain() -> None:
    ends = "srv.corp.net 60 A 10.0.0.9\nsrv.corp.net 60 HTTPS 1 . alpn=h2"
    world = World(zone(f"{ends}\nalias.corp.net 60 CNAME srv.corp.net"))
    assert settle(VIEW, asked("alias.corp.net HTTPS"), world).kind is Kind.ANSWER


@pytest.mark.parametrize(
    ("target", "ends", "is_disclosed"),
    [
        ("in.corp.net", "", True),
        ("hidden.corp.net", "", False),
        ("absent.corp.net", "", False),
        ("svc.corp.net", "svc.corp.net 60 HTTPS 1 in.corp.net", True),
        ("svc.corp.net", "svc.corp.net 60 HTTPS 1 hidden.corp.net", False),
        ("svc.corp.net", "svc.corp.net 60 SVCB 1 in.corp.net", False),
        ("svc.corp.net", "svc.corp.net 60 HTTPS 1 .", False),
        ("a.corp.net", "a.corp.net 60 HTTPS 0 b.corp.net\nb.corp.net 60 HTTPS 1 in.corp.net", True),
        ("a.corp.net", "a.corp.net 60 HTTPS 0 b.corp.net\nb.corp.net 60 A 10.0.0.7", True),
        ("a.corp.net", "a.corp.net 60 HTTPS 0 b.corp.net\nb.corp.net 60 HTTPS 0 a.corp.net", False),
        ("www2.corp.net", "www2.corp.net 60 HTTPS 0 www2.corp.net", False),
        ("a.corp.net", "a.corp.net 60 CNAME b.corp.net\nb.corp.net 60 HTTPS 1 in.corp.net", True),
    ],
)
def test_an_alias_leaves_when_its_chain_ends_at_something_disclosed(
    target: str, ends: str, is_disclosed: bool
) -> None:
    assert left(f"0 {target}", "svcb.corp.net HTTPS", ends) == (
        [f"0 {target}."] if is_disclosed else []
    )


def test_what_an_alias_leads_to_shows_no_service_at_the_same_target() -> None:
    ends = "svc.corp.net 60 HTTPS 1 in.corp.net"
    both = "0 svc.corp.net\n1 svc.corp.net alpn=h2"
    assert left(both, "svcb.corp.net HTTPS", ends) == ["0 svc.corp.net."]


def test_an_alias_with_a_visible_target_is_followed_no_further() -> None:
    question = asked("svcb.corp.net HTTPS")
    world = World(zone(BASE + "svcb.corp.net 60 HTTPS 0 in.corp.net"))
    known = {one: world.answer(one) for one in (question, asked("in.corp.net A"))}
    assert not isinstance(decide(VIEW, question, Facts(answers=known)), Wants)


def test_parameters_of_an_alias_are_no_part_of_it() -> None:
    target = from_text("in.corp.net")
    with_hint = Service(0, target, ((IPV4HINT, packed("192.168.0.30")),)).rdata()
    name = from_text("www.corp.net")
    world = World({**zone(BASE), name: (Record(name, RRType.HTTPS, 60, with_hint),)})
    (record,) = settle(VIEW, asked("www.corp.net HTTPS"), world).answer
    assert record.rdata == Service(0, target).rdata()


@pytest.mark.parametrize("fan_out", [1, 2, 8])
def test_the_work_for_aliases_is_bounded_however_they_branch(fan_out: int) -> None:
    def lines() -> list[str]:
        return [
            f"a{at}.corp.net 60 HTTPS 0 a{at * fan_out + more + 1}.corp.net"
            for at in range(100)
            for more in range(fan_out)
        ]

    world = World(zone("\n".join(lines())))
    question = asked("a0.corp.net HTTPS")
    facts = Facts()
    asked_for: set[Question] = set()
    rounds = 0
    while isinstance(result := decide(VIEW, question, facts), Wants):
        rounds += 1
        asked_for.update(result.questions)
        facts |= {one: world.answer(one) for one in result.questions}
    assert result.kind is Kind.NO_ANSWER
    # Each name that is looked at may point at more, whose families are asked for.
    assert len(asked_for) <= fan_out * (3 + MAX_CHAIN + 2 * AT_ONCE) + 1
    assert rounds < 8 * (MAX_CHAIN + 1) * fan_out


def test_no_name_is_looked_at_twice_on_the_way_behind_an_alias() -> None:
    """Every name leads on and back; the last one that may be looked at has what is disclosed."""
    lines = [f"a{at}.corp.net 60 HTTPS 0 a{at + 1}.corp.net" for at in range(MAX_CHAIN - 1)]
    lines += [f"a{at}.corp.net 60 HTTPS 0 a0.corp.net" for at in range(MAX_CHAIN - 1)]
    end = f"a{MAX_CHAIN - 1}.corp.net 60 HTTPS 1 in.corp.net"
    assert left("0 a0.corp.net", "svcb.corp.net HTTPS", "\n".join([*lines, end])) == [
        "0 a0.corp.net."
    ]


@pytest.mark.parametrize(
    ("ttl", "known", "wanted", "is_refresh"),
    [
        (60, ("svc.corp.net HTTPS", "in.corp.net A"), "new.corp.net A", False),
        (60, ("svc.corp.net HTTPS", "in.corp.net A", "new.corp.net A"), "", False),
        (6, ("svc.corp.net HTTPS", "new.corp.net A"), "in.corp.net A", False),
        (6, ("svc.corp.net HTTPS", "in.corp.net A", "new.corp.net A"), "svc.corp.net HTTPS", True),
        (4, ("svc.corp.net HTTPS", "in.corp.net A", "new.corp.net A"), "svc.corp.net HTTPS", True),
    ],
)
def test_what_is_behind_an_alias_counts_once_all_of_it_is_known_and_young_enough(
    ttl: int, known: tuple[str, ...], wanted: str, is_refresh: bool
) -> None:
    text = f"""
    svcb.corp.net 60 HTTPS 0 svc.corp.net
    svc.corp.net {ttl} HTTPS 1 in.corp.net
    svc.corp.net {ttl} HTTPS 2 new.corp.net
    new.corp.net 60 A 10.0.0.32
    """
    world = World(zone(BASE + text))
    question = asked("svcb.corp.net HTTPS")
    settled = (question, asked("svc.corp.net A"), asked("svc.corp.net AAAA"))
    answers = {one: world.answer(one) for one in (*settled, *map(asked, known))}
    answers[asked(known[0])] = replace(answers[asked(known[0])], age=6.0)
    result = decide(VIEW, question, Facts(answers=answers))
    if wanted:
        assert result == Wants((asked(wanted),), is_refresh, are_targets=True)
    else:
        assert not isinstance(result, Wants)


def test_a_target_behind_an_alias_that_is_too_old_is_asked_anew_alone() -> None:
    text = "svcb.corp.net 60 HTTPS 0 svc.corp.net\nsvc.corp.net 60 HTTPS 1 x.corp.net\n"
    world = World(zone(f"{text}x.corp.net 3 A 10.0.0.32"), age=6)
    kinds = ("svcb.corp.net HTTPS", "svc.corp.net A", "svc.corp.net AAAA")
    answers = {asked(one): replace(world.answer(asked(one)), age=0.0) for one in kinds}
    answers |= {
        asked(one): world.answer(asked(one)) for one in ("svc.corp.net HTTPS", "x.corp.net A")
    }
    result = decide(VIEW, asked("svcb.corp.net HTTPS"), Facts(answers=answers))
    assert result == Wants((asked("x.corp.net A"),), refresh=True, are_targets=True)


def test_what_is_known_behind_an_alias_is_asked_anew_when_it_is_too_old() -> None:
    ends = """
    a.corp.net 60 HTTPS 0 b.corp.net
    b.corp.net 60 HTTPS 0 c.corp.net
    c.corp.net 60 HTTPS 1 in.corp.net
    b.corp.net 60 A 192.168.0.9
    """
    for age in (0, 6, 100):
        world = World(zone(BASE + ends), age=age)
        reply = settle(VIEW, asked("a.corp.net HTTPS"), world)
        assert [shown(record) for record in reply.answer] == ["a.corp.net 30 HTTPS 0 b.corp.net."]
