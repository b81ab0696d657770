"""An explanation as people see it."""

from dataclasses import replace

from enclave_dns.observe.explanation import (
    DROP,
    Explanation,
    PolicyShown,
    RecordShown,
    ReplyShown,
    SourceShown,
    SystemShown,
    TagShown,
    ViewShown,
)
from enclave_dns.observe.explanation_text import text_lines

RECORD = RecordShown(
    *("ALLOW", "nameservers", "a.corp.net.", 300, "A", "10.0.0.1", "D1", "in the view"),
    in_reply=True,
    allowed_by=('policy "Servers", route 10.0.0.0/8, no subnet filter',),
)
REPLY = ReplyShown("answer", "NOERROR", ("qr", "ra"), 50, ("a.corp.net. 30 IN A 10.0.0.1",))
EXPLANATION = Explanation(
    "a.corp.net",
    "A",
    "2026-06-03T12:00:00+00:00",
    7,
    SystemShown("KD9Q2", "", "laptop-7", ("100.64.0.12",), tags=(TagShown("users"),)),
    SystemShown("WZL94", "Office", "", ("100.64.0.70",)),
    (PolicyShown(1, "Servers", applies=True, lists_gateway=True),),
    ViewShown("restricted", ("10.0.0.0/8",), (), "REFUSED", None),
    (SourceShown("nameserver 127.0.0.1", "NOERROR, 1 record", "a.corp.net A", "UDP", 1.5),),
    (RECORD,),
    (),
    REPLY,
)

WHOLE = """\
a.corp.net A, asked by KD9Q2 through WZL94
(organisation version 7, at 2026-06-03T12:00:00+00:00)

sender     KD9Q2  laptop-7
           addresses  100.64.0.12
           tags       users
           trust      none

gateway    WZL94  Office
           addresses  100.64.0.70

policies    1  applies         Servers

view       restricted, until the document changes
           10.0.0.0/8

sources    nameserver 127.0.0.1: a.corp.net A over UDP: NOERROR, 1 record, 1.5 ms

records    ALLOW  a.corp.net. 300 IN A 10.0.0.1  [nameservers]
                  D1: in the view
                  allowed by policy "Servers", route 10.0.0.0/8, no subnet filter

remarks    -

reply      NOERROR (an answer), flags qr ra, 50 bytes
           a.corp.net. 30 IN A 10.0.0.1"""


def lines_of(**changes: object) -> list[str]:
    return [line.strip() for line in text_lines(replace(EXPLANATION, **changes))]


def test_the_blocks_stand_below_each_other() -> None:
    assert "\n".join(text_lines(EXPLANATION)) == WHOLE


def test_a_dropped_record_shows_what_comes_near() -> None:
    hidden = replace(RECORD, verdict=DROP, in_reply=False, allowed_by=(), nearly=("one", "two"))
    found = lines_of(records=(hidden,))
    assert {"nearly: one", "nearly: two"} <= set(found)
    assert not any("another type" in line for line in found)


def test_an_allowed_record_of_another_type_is_marked() -> None:
    assert any("another type" in s for s in lines_of(records=(replace(RECORD, in_reply=False),)))


def test_a_tag_without_its_trust_is_marked() -> None:
    sender = replace(EXPLANATION.sender, is_enabled=False, tags=(TagShown("vips", ("mfa",)),))
    found = lines_of(sender=sender)
    assert "tags       vips (NOT HELD: needs trust mfa)" in found
    assert any(line.endswith("DISABLED") for line in found)


def test_policies_that_do_not_list_the_gateway_are_counted() -> None:
    no = PolicyShown(2, "", applies=False, lists_gateway=True, reasons=("disabled",))
    far = PolicyShown(3, "Far", applies=False, lists_gateway=False)
    found = lines_of(policies=(no, far, far))
    assert "- disabled" in found
    assert "2 other policies do not list WZL94" in found
    assert "policies   1 gateway policy does not list WZL94" in lines_of(policies=(far,))
    assert any("no gateway policy" in line for line in lines_of(policies=()))


def test_a_view_of_many_ranges_is_cut_short() -> None:
    ranges = tuple(f"10.0.{octet}.0/24" for octet in range(0, 60, 2))
    view = ViewShown("open", ranges, ("corp.net",), "REFUSED", "2026-06-04T00:00:00+00:00")
    found = lines_of(view=view)
    assert "and 10 more ranges" in found
    assert "view       open, until 2026-06-04T00:00:00+00:00" in found
    assert "text disclosed below corp.net" in found


def test_no_view_silence_and_extended_errors_have_words() -> None:
    view = ViewShown("none", (), (), "REFUSED", None)
    assert any("no policy lets this sender" in line for line in lines_of(view=view))
    assert lines_of(reply=None)[-1].endswith("none: the gateway stays silent")
    assert "EDE 18 (Prohibited)" in lines_of(reply=replace(REPLY, ede=18, answer=()))
    assert "EDE 99" in lines_of(reply=replace(REPLY, ede=99))
    assert lines_of(reply=replace(REPLY, authority=("soa",)))[-1] == "soa  (authority)"


def test_what_would_steer_a_terminal_does_not_reach_it() -> None:
    gateway = replace(EXPLANATION.gateway, description="\x1b[2JOffice\n")
    assert "gateway    WZL94  ?[2JOffice" in lines_of(gateway=gateway)
