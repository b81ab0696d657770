"""The verdict on each record, over the rule's own trace."""

from collections.abc import Mapping
from ipaddress import ip_address

from enclave_dns.disclosure.decide import decide
from enclave_dns.disclosure.reply import Reply
from enclave_dns.disclosure.trace import Trace
from enclave_dns.disclosure.view import View
from enclave_dns.observe.verdicts import Evidence
from enclave_dns.organisation.document import Policy
from enclave_dns.organisation.permission import explain_policies, permission
from enclave_dns.resolution import Facts, Outcome, Question, Resolution
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.reverse import reverse_name
from tests.fakes.organisations import NOON, USER, gateway, gateway_policy, organisation

ALIAS, END = from_text("alias.corp.net"), from_text("end.corp.net")
OFFICE = gateway("GW", "100.64.0.70", "0.0.0.0/0", "::/0")
SERVERS = gateway_policy("10.0.0.0/8")
EVERYTHING = gateway_policy("0.0.0.0/0")
LINK = Record(ALIAS, RRType.CNAME, 300, END)


def address(text: str) -> Record:
    raw = ip_address(text).packed
    return Record(END, RRType.A if len(raw) == 4 else RRType.AAAA, 300, raw)


def evidence(
    question: Question, answers: Mapping[Question, Resolution], policy: Policy = SERVERS
) -> Evidence:
    """What the rule makes of these answers, for USER through OFFICE by one policy."""
    document = organisation(policy, systems=(OFFICE,))
    granted = permission(document, USER, OFFICE, NOON)
    view = View(granted.ranges, granted.is_open)
    trace = Trace()
    reply = decide(view, question, Facts(answers=answers), trace)
    assert isinstance(reply, Reply)
    verdicts = explain_policies(document, USER, OFFICE, NOON)
    return Evidence(question, document, OFFICE, verdicts, granted, view, trace, answers, reply)


def told(found: Evidence) -> list[tuple[str, str, str]]:
    return [(r.verdict, r.type, r.reason) for r in found.records()]


def through(*links: Record, rrset: tuple[Record, ...] = ()) -> Resolution:
    return Resolution(Outcome.ANSWER, END, rrset, links, ttl=300)


def both(a: Resolution, aaaa: Resolution | None = None) -> dict[Question, Resolution]:
    return {
        Question(ALIAS, RRType.A): a,
        Question(ALIAS, RRType.AAAA): aaaa or through(LINK),
    }


def test_a_link_is_told_once_with_what_the_family_with_records_says() -> None:
    found = evidence(
        Question(ALIAS, RRType.AAAA), both(through(LINK, rrset=(address("192.0.2.1"),)))
    )
    reasons = told(found)
    assert [(word, rtype) for word, rtype, _ in reasons] == [("DROP", "CNAME"), ("DROP", "A")]
    assert reasons[0][2].startswith("nothing at the end of its chain, end.corp.net, is disclosed")


def test_a_chain_to_nowhere_says_where_it_ends() -> None:
    missing = Resolution(Outcome.NXDOMAIN, END, chain=(LINK,))
    broken = Resolution(Outcome.FAILED, END, chain=(LINK,))
    question = Question(ALIAS, RRType.A)
    for resolution, words in (
        (through(LINK), "has no address"),
        (missing, "does not exist"),
        (broken, "cannot be looked up"),
    ):
        ((word, _, reason),) = told(evidence(question, both(resolution, resolution)))
        assert word == "DROP"
        assert words in reason


def test_a_dname_stays_behind_in_a_restricted_view_and_leaves_in_an_open_one() -> None:
    dname = Record(from_text("corp.net"), RRType.DNAME, 300, from_text("corp.example"))
    answers = both(through(dname, LINK, rrset=(address("10.0.0.1"),)))
    restricted = evidence(Question(ALIAS, RRType.A), answers)
    assert told(restricted)[:2] == [
        (
            "DROP",
            "DNAME",
            "a DNAME leaves in open views only: the CNAME that it makes stands for it",
        ),
        ("ALLOW", "CNAME", "its chain ends disclosed"),
    ]
    opened = evidence(Question(ALIAS, RRType.A), answers, EVERYTHING)
    assert [word for word, _, _ in told(opened)] == ["ALLOW"] * 3


def test_a_cname_that_is_asked_for_is_judged_by_itself() -> None:
    answers = {
        Question(ALIAS, RRType.CNAME): Resolution(Outcome.ANSWER, ALIAS, (LINK,), ttl=300),
        Question(END, RRType.A): Resolution(Outcome.ANSWER, END, (address("10.0.0.1"),), ttl=300),
    }
    found = list(evidence(Question(ALIAS, RRType.CNAME), answers).records())
    assert [(r.verdict, r.type, r.rule, r.in_reply) for r in found] == [
        ("ALLOW", "A", "D1", False),
        ("ALLOW", "CNAME", "D3", True),
    ]


def test_an_alias_of_a_reverse_name_is_flattened() -> None:
    name = reverse_name(bytes((10, 0, 0, 1)))
    link = Record(name, RRType.CNAME, 300, END)
    pointer = Record(END, RRType.PTR, 300, ALIAS)
    question = Question(name, RRType.PTR)
    found = list(evidence(question, {question: through(link, rrset=(pointer,))}).records())
    assert [(r.verdict, r.type, r.in_reply) for r in found] == [
        ("DROP", "CNAME", False),
        ("ALLOW", "PTR", True),
    ]
    assert "flattened" in found[0].reason


def test_an_embedded_address_that_is_hidden_brings_the_policies_near_it() -> None:
    policy = gateway_policy(
        "64:ff9b::/96", "10.0.0.0/8", only=("64:ff9b::/96", "10.0.0.9"), description="Near"
    )
    translated = through(LINK, rrset=(address("64:ff9b::10.0.0.1"),))
    found = evidence(Question(ALIAS, RRType.AAAA), both(through(LINK), translated), policy)
    record = list(found.records())[-1]
    assert (record.verdict, record.rule) == ("DROP", "D1")
    assert "10.0.0.1, which no policy covers" in record.reason
    (nearly,) = record.nearly
    assert nearly.startswith('policy "Near" has the route 10.0.0.0/8, but its subnet filter')


def test_failure_and_types_that_are_not_looked_up_are_remarked() -> None:
    failed = Resolution(Outcome.FAILED, ALIAS)
    found = evidence(Question(ALIAS, RRType.SOA), both(failed, failed))
    remarks = " ".join(found.remarks())
    assert "no SOA record was looked up" in remarks
    assert "no nameserver settled this" in remarks
