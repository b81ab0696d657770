"""What the small client shows of a reply, and which options it refuses."""

import dns.edns
import dns.flags
import dns.message
import pytest

from enclave_dns.cli.asking import Answered, Asking, read_asking, reply_json, reply_lines
from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType

QUESTION = Question(from_text("db.corp.net"), RRType.A)
ASKING = Asking(QUESTION, Nameserver("10.0.0.2"))


def answered(*options: dns.edns.Option) -> Answered:
    query = dns.message.make_query("db.corp.net", "A", use_edns=0)
    reply = dns.message.make_response(query)
    reply.use_edns(0, payload=1232, options=list(options))
    message = dns.message.from_wire(reply.to_wire())
    return Answered(ASKING, message, is_tcp=False, was_truncated=False, seconds=0.0015)


def test_the_options_of_the_command_line_become_what_is_asked() -> None:
    found = read_asking(QUESTION, "[fe80::1%eth0]:5300", "fe80::2", 1.5, is_tcp=True)
    assert found == Asking(QUESTION, Nameserver("fe80::1", "eth0", 5300), "fe80::2", 1.5, True)


def test_edns_and_extended_errors_are_shown() -> None:
    found = answered(dns.edns.EDEOption(dns.edns.EDECode.PROHIBITED, "ask\x1b elsewhere"))
    data = reply_json(found)
    assert data["edns"] == {"version": 0, "udp_size": 1232}
    assert data["ede"] == [{"code": 18, "name": "Prohibited", "text": "ask? elsewhere"}]
    lines = reply_lines(found)
    assert lines[1] == "EDNS version 0, 1232 bytes"
    assert lines[2] == "EDE 18 (Prohibited) ask? elsewhere"


def test_an_extended_error_without_a_name_or_text_is_shown() -> None:
    found = answered(dns.edns.EDEOption(dns.edns.EDECode.make(60000)))
    assert reply_json(found)["ede"] == [{"code": 60000, "name": "Unassigned", "text": ""}]
    assert "EDE 60000 (Unassigned)" in reply_lines(found)


def test_sections_without_records_have_no_heading() -> None:
    assert "answer:" not in reply_lines(answered())
    assert reply_lines(answered())[-1].endswith("bytes from 10.0.0.2 over UDP, 1.5 ms")


def test_a_family_that_does_not_fit_the_server_is_refused() -> None:
    with pytest.raises(ValueError, match="different address families"):
        read_asking(QUESTION, "127.0.0.1", "::1", 1.0, is_tcp=False)
