"""What a decision notes about each record."""

from dataclasses import replace

import pytest

from enclave_dns.disclosure.trace import Trace, Verdict
from enclave_dns.disclosure.view import View
from enclave_dns.wire.names import from_text
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import World, asked, settle, view_of, zone

RECORD = Record(from_text("db.corp.net"), 1, 60, b"\n\0\0\1")
VERDICT = Verdict("nameservers", RECORD, True, "D1", "the address is in the view", RECORD.rdata)
WORLD = World(
    zone(
        """
        www.corp.net 60 CNAME db.corp.net
        db.corp.net 60 A 172.16.1.10
        db.corp.net 60 A 192.168.0.30
        """
    )
)


def test_verdicts_and_remarks_are_kept_once_and_in_order() -> None:
    trace = Trace()
    other = Verdict("hosts", RECORD, False, "D1", "no policy covers the address", RECORD.rdata)
    for verdict in (VERDICT, other, VERDICT):
        trace.note(verdict)
    for text in ("b", "a", "b"):
        trace.remark(text)
    assert (trace.verdicts, trace.remarks) == ([VERDICT, other], ["b", "a"])
    trace.clear()
    assert trace == Trace()


def test_a_decision_tells_each_record_once_however_often_it_was_tried() -> None:
    trace = Trace()
    view = view_of("172.16.1.10")
    settle(view, asked("www.corp.net A"), WORLD, trace)
    assert [(verdict.record.rdata[-1], verdict.is_allowed) for verdict in trace.verdicts] == [
        (10, True),
        (30, False),
    ]
    assert "no policy" in trace.verdicts[1].reason


RESTRICTED, OPEN = view_of("172.16.1.10"), view_of("0.0.0.0/0")
BY_POLICY = replace(RESTRICTED, disclosed_suffixes=(from_text("corp.net"),))
TOLD_OF = World(
    zone(
        """
        db.corp.net   60 A 172.16.1.10
        out.corp.net  60 A 192.168.0.30
        www.corp.net  60 CNAME db.corp.net
        away.corp.net 60 CNAME out.corp.net
        db.corp.net   60 TXT "words"
        out.corp.net  60 TXT "words"
        text.corp.net 60 A 172.16.1.10
        text.corp.net 60 TXT "fd00::1"
        _ldap.corp.net 60 SRV 0 0 389 db.corp.net
        _kerb.corp.net 60 SRV 0 0 88 out.corp.net
        """
    )
)


@pytest.mark.parametrize(
    ("view", "question", "verdict"),
    [
        (RESTRICTED, "www.corp.net CNAME", (True, "D3", "its chain ends at a visible name")),
        (RESTRICTED, "away.corp.net CNAME", (False, "D3", "its chain ends hidden")),
        (RESTRICTED, "_ldap.corp.net SRV", (True, "D4", "its target is visible")),
        (RESTRICTED, "_kerb.corp.net SRV", (False, "D4", "its target is not visible")),
        (RESTRICTED, "db.corp.net TXT", (True, "D6", "the name is visible")),
        (RESTRICTED, "out.corp.net TXT", (False, "D6", "the name is not visible")),
        (
            *(RESTRICTED, "text.corp.net TXT"),
            (False, "D6", "its text holds an address that is not in the view, or it is malformed"),
        ),
        (BY_POLICY, "out.corp.net TXT", (True, "D6b", "the policy discloses this suffix")),
        (
            *(BY_POLICY, "text.corp.net TXT"),
            (False, "D6b", "its text holds an address that is not in the view, or it is malformed"),
        ),
        (OPEN, "db.corp.net TXT", (True, "D7", "names are no secret in an open view")),
        (OPEN, "text.corp.net TXT", (False, "D7", "it holds an address that is not in the view")),
    ],
)
def test_the_verdict_on_a_record_has_its_row_and_reason(
    view: View, question: str, verdict: tuple[bool, str, str]
) -> None:
    trace = Trace()
    settle(view, asked(question), TOLD_OF, trace)
    told = [(v.is_allowed, v.rule, v.reason) for v in trace.verdicts if v.rule != "D1"]
    assert told == [verdict]


def test_a_trace_changes_no_decision() -> None:
    for view in (view_of("172.16.1.10"), view_of("10.0.0.0/8"), view_of("0.0.0.0/0")):
        for kind in ("A", "AAAA", "CNAME", "PTR", "MX"):
            for name in (
                "www.corp.net",
                "db.corp.net",
                "nope.corp.net",
                "10.1.16.172.in-addr.arpa",
            ):
                question = asked(f"{name} {kind}")
                trace = Trace()
                assert settle(view, question, WORLD, trace) == settle(view, question, WORLD)
