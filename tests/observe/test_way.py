"""The way of a question through a stub, as text and as JSON."""

from dataclasses import replace

from enclave_dns.observe.way import ReplyTold, StopTold, Way, text_lines

ASKED = StopTold("WZL94, WZL95", "10.0.0.0/24", "the document's order", "no answer", "WZL94", "why")
ALONE = StopTold("PARIS", "0.0.0.0/0", "", "failed", "", "every gateway is down")
WAY = Way(
    "KD9Q2",
    7,
    "db.corp.net",
    "A",
    "nobody: a miss",
    (ASKED, ALONE),
    ReplyTold("REFUSED", "no_answer", (), ()),
)


def test_the_text_has_every_group_in_turn_with_its_place_and_word() -> None:
    assert list(text_lines(WAY)) == [
        "question    db.corp.net A",
        "asked by    KD9Q2 (organisation version 7)",
        "decided by  nobody: a miss",
        "group 1     WZL94, WZL95: no answer",
        "            routes for us: 10.0.0.0/24",
        "            its place: the document's order",
        "            WZL94: why",
        "group 2     PARIS: failed",
        "            routes for us: 0.0.0.0/0",
        "            every gateway is down",
        "reply       REFUSED (no-answer)",
    ]


def test_the_records_of_the_reply_come_last() -> None:
    told = ReplyTold("NOERROR", "answer", ("db. 60 IN A 10.0.0.1",), ("soa",))
    lines = list(text_lines(replace(WAY, stops=(), reply=told)))
    assert lines[3:] == [
        "reply       NOERROR (answer)",
        "            db. 60 IN A 10.0.0.1",
        "            soa",
    ]


def test_json_says_the_same_under_a_schema() -> None:
    data = WAY.as_json()
    assert (data["schema"], data["system_id"], data["decided_by"]) == (1, "KD9Q2", "nobody: a miss")
    assert [stop["gateways"] for stop in data["stops"]] == ["WZL94, WZL95", "PARIS"]
    assert data["reply"] == {"rcode": "REFUSED", "kind": "no_answer", "answer": (), "authority": ()}
