"""An explanation as JSON."""

import json

from enclave_dns.observe.explanation import (
    ALLOW,
    Explanation,
    PolicyShown,
    RecordShown,
    ReplyShown,
    SourceShown,
    SystemShown,
    TagShown,
    ViewShown,
)

RECORD = RecordShown(
    ALLOW, "nameservers", "a.corp.net.", 300, "A", "10.0.0.1", "D1", "in the view", in_reply=True
)
SOURCE = SourceShown("nameserver 127.0.0.1", "NOERROR, 1 record", "a.corp.net A", "UDP", 1.5)
EXPLANATION = Explanation(
    "a.corp.net",
    "A",
    "2026-06-03T12:00:00+00:00",
    7,
    SystemShown("KD9Q2", "", "laptop-7", ("100.64.0.12",), tags=(TagShown("users"),)),
    SystemShown("WZL94", "Office", "", ("100.64.0.70",)),
    (PolicyShown(1, "Servers", applies=True, lists_gateway=True),),
    ViewShown("restricted", ("10.0.0.0/8",), (), "REFUSED", None),
    (SOURCE,),
    (RECORD,),
    ("a remark",),
    ReplyShown("answer", "NOERROR", ("qr", "ra"), 50, ("a.corp.net. 30 IN A 10.0.0.1",)),
)


def test_it_is_its_own_json() -> None:
    data = json.loads(json.dumps(EXPLANATION.as_json()))
    assert data["schema"] == 1
    assert data["sender"]["tags"] == [{"tag": "users", "unmet_trust_requirements": []}]
    assert data["records"][0]["verdict"] == "ALLOW"
    assert data["sources"][0]["milliseconds"] == 1.5
    assert data["reply"]["flags"] == ["qr", "ra"]
    assert data["view"]["valid_until"] is None
