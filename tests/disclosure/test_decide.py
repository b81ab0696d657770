"""The decision table: a question, a view, and the reply that leaves (DESIGN, section 2).

Every row is one sentence of the rule. `contractor` may reach two addresses of 172.16.1.0/24,
`developer` 10.0.0.0/24 and an IPv6 prefix with its NAT64, `open4` and `open` everything.
"""

from dataclasses import replace

import pytest

from enclave_dns.disclosure.chain import Wants
from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.reply import NO_ANSWER_LIFETIME, failed, negative_soa, no_answer
from enclave_dns.resolution import Facts, Outcome, Question, Resolution
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode
from tests.fakes.dns_worlds import World, asked, hosts, settle, told, view_of, zone

VIEWS = {
    "contractor": view_of("172.16.1.10-172.16.1.11"),
    "developer": view_of("10.0.0.0/24", "2001:db8::/64", "64:ff9b::/96"),
    "nobody": view_of(),
    "open4": view_of("0.0.0.0/0"),
    "open": view_of("0.0.0.0/0", "::/0"),
}

WORLD = World(
    zone(
        """
        db.corp.net        300 A     10.0.0.30
        mixed.corp.net      60 A     172.16.1.11
        mixed.corp.net       5 A     192.168.0.30
        mixed.corp.net      20 A     172.16.1.10
        mixed.corp.net      60 A     172.16.1.11
        dual.corp.net       60 A     10.0.0.31
        dual.corp.net       60 AAAA  2001:db8::31
        six.corp.net        60 A     192.168.0.6
        six.corp.net        25 AAAA  2001:db8::6
        nat.corp.net        60 AAAA  64:ff9b::10.0.0.30
        nat.corp.net        60 AAAA  64:ff9b::192.168.0.30
        mapped.corp.net     60 AAAA  ::ffff:10.0.0.30
        odd.corp.net        60 A     127.0.0.1
        odd.corp.net        60 A     169.254.169.254
        www.corp.net       300 CNAME web.corp.net
        web.corp.net        10 CNAME dual.corp.net
        toold.corp.net      60 CNAME old.corp.net
        old.corp.net        60 A     192.168.0.9
        dangling.corp.net   60 CNAME gone.corp.net
        loop.corp.net       60 CNAME pool.corp.net
        pool.corp.net       60 CNAME loop.corp.net
        empty.corp.net
        30.0.0.10.in-addr.arpa     300 PTR   db.corp.net
        30.0.0.10.in-addr.arpa      40 PTR   Secret.corp.net
        31.0.0.10.in-addr.arpa     300 CNAME 31.0-127.0.0.10.in-addr.arpa
        31.0-127.0.0.10.in-addr.arpa 9 PTR   dual.corp.net
        30.0.168.192.in-addr.arpa  300 PTR   mixed.corp.net
        0.0.10.in-addr.arpa         60 PTR   net.corp.net
        """
    ),
    hosts(
        """
        10.0.0.70     printer.corp.net printer
        2001:db8::70  printer.corp.net
        192.168.0.31  dual.corp.net
        192.168.0.71  scanner.corp.net
        10.0.0.72     six.corp.net
        0.0.0.0       ads.example
        127.0.0.1     db.corp.net
        """
    ),
    silent=frozenset(map(asked, ("dead.corp.net A", "dead.corp.net AAAA", "half.corp.net A"))),
)

DB, MIXED = "db.corp.net 30 A 10.0.0.30", "mixed.corp.net 20 A 172.16.1."
WWW, WEB = "www.corp.net 30 CNAME web.corp.net", "web.corp.net 10 CNAME dual.corp.net"

TABLE = [
    # D1: each address is judged for itself, with every address inside it
    ("developer", "db.corp.net A", "answer", DB),
    ("contractor", "db.corp.net A", "no_answer"),
    ("nobody", "db.corp.net A", "no_answer"),
    ("contractor", "mixed.corp.net A", "answer", MIXED + "10", MIXED + "11"),
    ("developer", "mixed.corp.net A", "no_answer"),
    ("developer", "nat.corp.net AAAA", "answer", "nat.corp.net 30 AAAA 64:ff9b::a00:1e"),
    ("developer", "mapped.corp.net AAAA", "no_answer"),
    ("open", "mapped.corp.net AAAA", "answer", "mapped.corp.net 60 AAAA ::ffff:10.0.0.30"),
    ("open4", "mapped.corp.net AAAA", "nodata"),
    ("open", "odd.corp.net A", "nodata"),
    # D2, D8: NODATA where the other family, or the end of the chain, shows
    ("contractor", "mixed.corp.net AAAA", "nodata"),
    ("contractor", "mixed.corp.net MX", "nodata"),
    ("contractor", "mixed.corp.net CNAME", "nodata"),
    ("developer", "nat.corp.net A", "nodata"),
    ("developer", "nat.corp.net TXT", "nodata"),
    ("developer", "www.corp.net TXT", "nodata", WWW, WEB),
    ("contractor", "db.corp.net AAAA", "no_answer"),
    ("contractor", "db.corp.net MX", "no_answer"),
    ("contractor", "gone.corp.net A", "no_answer"),
    ("contractor", "empty.corp.net A", "no_answer"),
    ("open", "empty.corp.net A", "nodata"),
    ("open", "gone.corp.net A", "nxdomain"),
    ("open", "gone.corp.net MX", "nxdomain"),
    # D3: the chain goes with its end
    ("developer", "www.corp.net A", "answer", WWW, WEB, "dual.corp.net 30 A 10.0.0.31"),
    ("developer", "web.corp.net AAAA", "answer", WEB, "dual.corp.net 30 AAAA 2001:db8::31"),
    ("contractor", "www.corp.net A", "no_answer"),
    ("developer", "toold.corp.net A", "no_answer"),
    ("developer", "dangling.corp.net A", "no_answer"),
    ("developer", "loop.corp.net A", "no_answer"),
    ("open", "loop.corp.net A", "no_answer"),
    ("open", "dangling.corp.net A", "nxdomain", "dangling.corp.net 60 CNAME gone.corp.net"),
    ("developer", "www.corp.net CNAME", "answer", WWW),
    ("contractor", "www.corp.net CNAME", "no_answer"),
    ("developer", "dangling.corp.net CNAME", "no_answer"),
    ("open", "dangling.corp.net CNAME", "answer", "dangling.corp.net 60 CNAME gone.corp.net"),
    # D5: PTR by the address in the question, whatever the records name
    (
        "developer",
        "30.0.0.10.in-addr.arpa PTR",
        "answer",
        "30.0.0.10.in-addr.arpa 30 PTR db.corp.net",
        "30.0.0.10.in-addr.arpa 30 PTR Secret.corp.net",
    ),
    (
        "developer",
        "31.0.0.10.in-addr.arpa PTR",
        "answer",
        "31.0.0.10.in-addr.arpa 9 PTR dual.corp.net",
    ),
    (
        "developer",
        "70.0.0.10.in-addr.arpa PTR",
        "answer",
        "70.0.0.10.in-addr.arpa 30 PTR printer",
        "70.0.0.10.in-addr.arpa 30 PTR printer.corp.net",
    ),
    ("contractor", "30.0.0.10.in-addr.arpa PTR", "no_answer"),
    ("contractor", "30.0.168.192.in-addr.arpa PTR", "no_answer"),
    ("developer", "99.0.0.10.in-addr.arpa PTR", "no_answer"),
    ("developer", "0.0.10.in-addr.arpa PTR", "no_answer"),
    ("developer", "31.0-127.0.0.10.in-addr.arpa PTR", "no_answer"),
    ("developer", "30.0.0.10.in-addr.arpa A", "no_answer"),
    ("developer", "30.0.0.10.in-addr.arpa TXT", "no_answer"),
    ("developer", "b._dns-sd._udp.0.0.0.10.in-addr.arpa PTR", "no_answer"),
    ("developer", "db.corp.net PTR", "no_answer"),
    ("open", "1.0.0.127.in-addr.arpa PTR", "no_answer"),
    # Sources: hosts first, for both families at once
    ("developer", "printer.corp.net A", "answer", "printer.corp.net 30 A 10.0.0.70"),
    ("developer", "printer.corp.net AAAA", "answer", "printer.corp.net 30 AAAA 2001:db8::70"),
    ("developer", "printer AAAA", "nodata"),
    ("developer", "printer.corp.net MX", "nodata"),
    ("open4", "printer.corp.net AAAA", "nodata"),
    ("developer", "six.corp.net A", "answer", "six.corp.net 30 A 10.0.0.72"),
    ("developer", "six.corp.net AAAA", "nodata"),
    ("contractor", "printer.corp.net A", "no_answer"),
    # ... a hidden line neither answers nor shadows
    ("developer", "scanner.corp.net A", "no_answer"),
    ("developer", "dual.corp.net A", "answer", "dual.corp.net 30 A 10.0.0.31"),
    ("developer", "dual.corp.net AAAA", "answer", "dual.corp.net 30 AAAA 2001:db8::31"),
    ("open", "dual.corp.net A", "answer", "dual.corp.net 30 A 192.168.0.31"),
    # ... a block is NODATA where names are no secret, and nothing elsewhere
    ("open", "ads.example A", "nodata"),
    ("open", "ads.example AAAA", "nodata"),
    ("open4", "db.corp.net A", "nodata"),
    ("developer", "ads.example A", "no_answer"),
    # A question that fails while a nameserver is up is a question without data
    ("developer", "dead.corp.net A", "no_answer"),
    ("open", "dead.corp.net A", "no_answer"),
]


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row[0]}: {row[1]}: {row[2]}") for row in TABLE]
)
def test_the_decision(row: tuple[str, ...]) -> None:
    view, question, *expected = row
    assert told(settle(VIEWS[view], asked(question), WORLD)) == tuple(expected)


@pytest.mark.parametrize("rcode", [RCode.REFUSED, RCode.NXDOMAIN])
def test_every_no_answer_of_a_view_is_one_reply(rcode: RCode) -> None:
    for view in ("contractor", "developer", "nobody"):
        mine = replace(VIEWS[view], no_answer=rcode)
        replies = {
            settle(mine, asked(question), WORLD)
            for name, question, kind, *_ in TABLE
            if name == view and kind == "no_answer"
        }
        assert replies == {no_answer(rcode)}
    assert no_answer(rcode).lifetime == NO_ANSWER_LIFETIME


@pytest.mark.parametrize(
    ("question", "end"),
    [
        ("db.corp.net AAAA", "db.corp.net"),
        ("www.corp.net TXT", "dual.corp.net"),
        ("printer.corp.net MX", "printer.corp.net"),
    ],
)
def test_nodata_has_our_soa_at_the_last_name(question: str, end: str) -> None:
    world = replace(WORLD, hosts=hosts("10.0.0.70 printer.corp.net"))
    reply = settle(VIEWS["developer"], asked(question), world)
    assert reply.authority == (negative_soa(from_text(end)),)
    assert reply.rcode == RCode.NOERROR


# While no nameserver is up: what the cache still holds may answer; nothing new is denied.
DOWN = replace(WORLD, is_up=False)

DOWN_TABLE = [
    ("developer", "dual.corp.net A", "answer"),
    ("developer", "nat.corp.net A", "nodata"),
    ("developer", "printer.corp.net A", "answer"),
    ("developer", "30.0.0.10.in-addr.arpa PTR", "answer"),
    ("contractor", "db.corp.net A", "failed"),
    ("contractor", "gone.corp.net A", "failed"),
    ("contractor", "dead.corp.net A", "failed"),
    ("contractor", "db.corp.net MX", "failed"),
    ("contractor", "www.corp.net CNAME", "failed"),
    ("developer", "99.0.0.10.in-addr.arpa PTR", "failed"),
    ("contractor", "30.0.0.10.in-addr.arpa PTR", "no_answer"),  # decided before any look-up
    ("open", "dead.corp.net A", "failed"),
    ("open", "ads.example A", "nodata"),
]


@pytest.mark.parametrize(("view", "question", "kind"), DOWN_TABLE)
def test_while_no_nameserver_is_up(view: str, question: str, kind: str) -> None:
    reply = settle(VIEWS[view], asked(question), DOWN)
    assert reply.kind.value == kind
    if kind == "failed":
        assert reply == failed()


@pytest.mark.parametrize("view", ["contractor", "developer", "nobody", "open"])
def test_failed_is_said_only_while_no_nameserver_is_up(view: str) -> None:
    for _, question, *_ in TABLE:
        assert told(settle(VIEWS[view], asked(question), WORLD)) != ("failed",)


@pytest.mark.parametrize("view", ["developer", "open"])
@pytest.mark.parametrize(("fails", "kind"), [("A", "AAAA"), ("AAAA", "A")])
def test_a_family_that_fails_beside_a_visible_one_is_nodata(
    view: str, fails: str, kind: str
) -> None:
    world = replace(WORLD, silent=frozenset([asked(f"dual.corp.net {fails}")]))
    world = replace(world, hosts=hosts(""))
    assert told(settle(VIEWS[view], asked(f"dual.corp.net {fails}"), world)) == ("nodata",)
    assert told(settle(VIEWS[view], asked(f"dual.corp.net {kind}"), world))[0] == "answer"


def test_data_past_its_time_serves_visible_names_briefly() -> None:
    question = asked("www.corp.net A")
    stale = replace(WORLD, hosts=hosts(""), stale=frozenset([question]), age=4000)
    reply = settle(VIEWS["developer"], question, stale)
    assert reply.lifetime == 5.0
    assert {record.ttl for record in reply.answer} == {30}
    assert settle(VIEWS["contractor"], question, stale) == no_answer(RCode.REFUSED)


def test_the_other_family_is_asked_only_where_the_first_discloses_nothing() -> None:
    view, question = VIEWS["developer"], asked("dual.corp.net A")
    assert decide(view, question, Facts()) == Wants((question,))
    answer = {question: WORLD.answer(question)}
    assert not isinstance(decide(view, question, Facts(answers=answer)), Wants)
    gone = {question: Resolution(Outcome.NXDOMAIN, question.name)}
    other = Question(question.name, 28)
    assert decide(view, question, Facts(answers=gone)) == Wants((other,))


def test_a_ptr_that_is_not_permitted_is_never_looked_up() -> None:
    for question in ("30.0.0.10.in-addr.arpa PTR", "0.0.10.in-addr.arpa PTR", "db.corp.net PTR"):
        assert decide(VIEWS["contractor"], asked(question), Facts()) == no_answer(RCode.REFUSED)


@pytest.mark.parametrize(
    ("question", "lifetime"),
    [
        ("mixed.corp.net AAAA", 20),
        ("www.corp.net MX", 10),
        ("db.corp.net AAAA", 30),
        ("printer.corp.net MX", 30),
    ],
)
def test_nodata_is_kept_no_longer_than_what_makes_the_name_visible(
    question: str, lifetime: int
) -> None:
    view = view_of("10.0.0.0/24", "172.16.1.10")
    world = replace(WORLD, zone={**WORLD.zone, **zone("mixed.corp.net 20 A 172.16.1.10")})
    assert settle(view, asked(question), world).lifetime == lifetime


def test_only_the_rrset_turns_and_only_in_restricted_views() -> None:
    question = asked("www.corp.net A")
    assert settle(VIEWS["developer"], question, WORLD).turns_from == 2
    world = replace(WORLD, hosts=hosts(""))
    assert settle(VIEWS["open"], question, world).turns_from == 3


def test_pointers_turn_in_restricted_views_only() -> None:
    question = asked("30.0.0.10.in-addr.arpa PTR")
    turning = {
        view: settle(VIEWS[view], question, WORLD).turns_from for view in ("developer", "open")
    }
    assert turning == {"developer": 0, "open": 2}


def test_an_open_view_tells_what_is_left_of_a_ttl() -> None:
    world = replace(WORLD, hosts=hosts(""), age=50)
    assert told(settle(VIEWS["open"], asked("db.corp.net A"), world))[1:] == (
        "db.corp.net 250 A 10.0.0.30",
    )
