"""Reading what dig prints."""

from tests.lab.answer import SILENCE, Edns, Row, read_answer

CHAIN = """
; <<>> DiG 9.18.49 <<>> @10.0.0.1 www.corp.net
; (1 server found)
;; global options: +cmd
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 19928
;; flags: qr rd ra; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags: do; udp: 1232
; COOKIE: 4b4a3a1df0e4bd3d (echoed)
; EDE: 18 (Prohibited): (no policy)
; EDE: 3 (Stale Answer)
;; QUESTION SECTION:
;www.corp.net.\t\t\tIN\tA

;; ANSWER SECTION:
www.corp.net.\t\t300\tIN\tCNAME\tdbserver1.corp.net.
dbserver1.corp.net.\t30\tIN\tA\t10.0.0.30

;; Query time: 0 msec
;; SERVER: 10.0.0.1#53(10.0.0.1) (UDP)
;; WHEN: Sun Nov 22 16:25:37 UTC 2026
;; MSG SIZE  rcvd: 119

"""

NEGATIVE = """
;; Truncated, retrying in TCP mode.
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 6626
;; flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 0
;; WARNING: recursion requested but not available

;; QUESTION SECTION:
;gone.corp.net.\t\t\tIN\tTXT

;; AUTHORITY SECTION:
corp.net.\t\t60\tIN\tSOA\tns.corp.net. nobody.invalid. 1 30 30 30 30

;; Query time: 0 msec
;; SERVER: 10.0.0.1#53(10.0.0.1) (TCP)
;; MSG SIZE  rcvd: 87
"""

NOTHING = """
;; communications error to 10.0.0.1#53: timed out

; <<>> DiG 9.18.49 <<>> +time=1 +tries=1 @10.0.0.1 x
; (1 server found)
;; global options: +cmd
;; no servers could be reached
"""


def test_an_answer_with_a_chain_and_edns() -> None:
    answer = read_answer(CHAIN)
    assert answer.status == "NOERROR"
    assert answer.flags == {"qr", "rd", "ra"}
    assert answer.question == "www.corp.net. IN A"
    assert answer.answer == (
        Row("www.corp.net.", 300, "CNAME", "dbserver1.corp.net."),
        Row("dbserver1.corp.net.", 30, "A", "10.0.0.30"),
    )
    assert answer.addresses == ["10.0.0.30"]
    assert answer.data("CNAME") == ["dbserver1.corp.net."]
    assert answer.edns == Edns(0, frozenset(["do"]), 1232, (18, 3))
    assert (answer.transport, answer.size, answer.was_truncated) == ("UDP", 119, False)
    assert not answer.is_malformed


def test_a_negative_answer_over_tcp_after_truncation() -> None:
    answer = read_answer(NEGATIVE)
    assert answer.status == "NXDOMAIN"
    assert answer.flags == {"qr", "aa", "rd"}
    assert answer.answer == ()
    soa = "ns.corp.net. nobody.invalid. 1 30 30 30 30"
    assert answer.authority == (Row("corp.net.", 60, "SOA", soa),)
    assert answer.edns is None
    assert (answer.transport, answer.was_truncated) == ("TCP", True)


def test_silence() -> None:
    answer = read_answer(NOTHING)
    assert answer.status == SILENCE
    assert answer.flags == frozenset()
    assert "timed out" in answer.text


def test_the_last_of_several_replies_counts() -> None:
    assert read_answer(CHAIN + NEGATIVE).status == "NXDOMAIN"


def test_a_malformed_reply_is_marked() -> None:
    warning = ";; Warning: Message parser reports malformed message packet.\n"
    assert read_answer(CHAIN + warning).is_malformed
