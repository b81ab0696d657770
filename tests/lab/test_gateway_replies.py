"""What real dig sees of the gateway: status, flags, EDNS and records, over every kind of query."""

from collections.abc import Callable

import pytest

from tests.lab.answer import SILENCE, Answer, Edns
from tests.lab.programs import BYSTANDER, CONTRACTOR, DEVELOPER, STRANGER

Ask = Callable[..., Answer]

pytestmark = pytest.mark.usefixtures("shared_gateway")


KINDS = [
    (),
    ("+tcp",),
    ("+noedns",),
    ("+noedns", "+tcp"),
    ("+bufsize=512",),
    ("+bufsize=1232",),
    ("+bufsize=4096",),
    ("+dnssec",),
    ("+norec",),
    ("+cd",),
]

ANSWERED = {
    ("dbserver1.corp.net", "A"): [("A", "10.0.0.30")],
    ("wiki.corp.net", "A"): [("A", "10.0.0.60")],
    ("anything.dev.corp.net", "A"): [("A", "10.0.0.40")],
    ("www.corp.net", "A"): [
        ("CNAME", "web.corp.net."),
        ("CNAME", "front.corp.net."),
        ("CNAME", "dbserver1.corp.net."),
        ("A", "10.0.0.30"),
    ],
    ("-x", "10.0.0.30"): [("PTR", "dbserver1.corp.net.")],
}

NO_DATA = {
    ("dbserver1.corp.net", "AAAA"): "dbserver1.corp.net.",
    ("dbserver1.corp.net", "MX"): "dbserver1.corp.net.",
    ("wiki.corp.net", "AAAA"): "wiki.corp.net.",
}
"""Questions about visible names without such data, and the owner of the SOA in their reply."""

NO_ANSWER = {
    "hidden": ("hidden.corp.net", "A"),
    "hidden for this sender": ("controller.corp.net", "A"),
    "absent": ("gone.corp.net", "A"),
    "absent outside": ("example.org", "A"),
    "wrong type at a hidden name": ("hidden.corp.net", "TXT"),
    "empty non-terminal": ("below.corp.net", "A"),
    "unknown type at a hidden name": ("hidden.corp.net", "TYPE65280"),
    "unpermitted address": ("-x", "192.168.0.30"),
    "permitted address without a name": ("-x", "10.0.0.31"),
    "partial reverse name": ("0.0.10.in-addr.arpa", "PTR"),
    "service discovery": ("b._dns-sd._udp.0.0.0.10.in-addr.arpa", "PTR"),
    "special name": ("db.localhost", "A"),
    "the closed zone": ("other.enclave", "A"),
}

by_kind = pytest.mark.parametrize("kind", KINDS, ids=" ".join)


def expect_header(answer: Answer, kind: tuple[str, ...]) -> None:
    """What every reply of the gateway has in common, apart from its status and records."""
    flags = {"qr", "ra"}
    flags |= set() if "+norec" in kind else {"rd"}
    flags |= {"cd"} if "+cd" in kind else set()
    assert answer.flags == flags
    dnssec = frozenset({"do"} if "+dnssec" in kind else set())
    assert answer.edns == (None if "+noedns" in kind else Edns(0, dnssec, 1232, ()))
    assert answer.transport == ("TCP" if "+tcp" in kind else "UDP")
    assert answer.additional == ()
    assert not answer.is_malformed
    assert not answer.was_truncated


@by_kind
def test_permitted_records_come_and_nothing_else(ask: Ask, kind: tuple[str, ...]) -> None:
    for question, rows in ANSWERED.items():
        answer = ask(*question, *kind)
        assert answer.status == "NOERROR", question
        assert [(row.rtype, row.data) for row in answer.answer] == rows
        assert answer.authority == ()
        assert {row.ttl for row in answer.answer} == {30}
        expect_header(answer, kind)


@by_kind
def test_a_visible_name_without_such_data_is_nodata_with_our_soa(
    ask: Ask, kind: tuple[str, ...]
) -> None:
    for question, owner in NO_DATA.items():
        answer = ask(*question, *kind)
        assert answer.status == "NOERROR", question
        assert answer.answer == ()
        [soa] = answer.authority
        assert (soa.name, soa.ttl, soa.rtype) == (owner, 30, "SOA")
        assert soa.data == f"{owner} nobody.invalid. 1 30 30 30 30"
        expect_header(answer, kind)


@by_kind
def test_what_may_not_be_learnt_is_refused_and_bare(ask: Ask, kind: tuple[str, ...]) -> None:
    for why, question in NO_ANSWER.items():
        answer = ask(*question, *kind)
        assert answer.status == "REFUSED", why
        assert (answer.answer, answer.authority) == ((), ())
        expect_header(answer, kind)


@pytest.mark.parametrize(
    ("sender", "name", "status", "addresses"),
    [
        (DEVELOPER, "dbserver1.corp.net", "NOERROR", ["10.0.0.30"]),
        (CONTRACTOR, "dbserver1.corp.net", "REFUSED", []),
        (DEVELOPER, "controller.corp.net", "REFUSED", []),
        (CONTRACTOR, "controller.corp.net", "NOERROR", ["172.16.1.10"]),
        (DEVELOPER, "mixed.corp.net", "REFUSED", []),
        (CONTRACTOR, "mixed.corp.net", "NOERROR", ["172.16.1.10"]),
        (CONTRACTOR, "hidden.corp.net", "REFUSED", []),
        (CONTRACTOR, "www.corp.net", "REFUSED", []),
        (CONTRACTOR, "wiki.corp.net", "REFUSED", []),
        (BYSTANDER, "dbserver1.corp.net", "REFUSED", []),
        (STRANGER, "dbserver1.corp.net", SILENCE, []),
    ],
)
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_each_sender_sees_what_it_may_reach(
    ask: Ask, sender: str, name: str, status: str, addresses: list[str], transport: str
) -> None:
    answer = ask("-b", sender, name, "A", transport, "+time=1")
    assert answer.status == status
    assert answer.addresses == addresses


@pytest.mark.parametrize("name", ["dbserver1.corp.net", "gone.corp.net", "_my.id.enclave"])
def test_a_system_without_a_policy_is_told_so_whatever_it_asks(ask: Ask, name: str) -> None:
    answer = ask("-b", BYSTANDER, name, "A")
    assert answer.status == "REFUSED"
    assert answer.edns == Edns(0, frozenset(), 1232, (18,))
    assert ask("-b", BYSTANDER, name, "A", "+noedns").edns is None


def test_the_spelling_of_the_question_comes_back(ask: Ask) -> None:
    for _ in range(2):  # the second one from the reply cache
        answer = ask("DbServer1.CORP.net", "A")
        assert answer.question == "DbServer1.CORP.net. IN A"
        assert answer.addresses == ["10.0.0.30"]
