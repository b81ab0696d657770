"""Replies that are looked at: what is right, and what each wrong one is called."""

import dns.message
import dns.rcode
import dns.rrset
import pytest

from tests.benchmarks.speed.names import hidden, permitted
from tests.benchmarks.speed.samples import verdict

NAME = "host3.corp.net"


def reply(*addresses: str, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> bytes:
    message = dns.message.make_response(dns.message.make_query(NAME, "A"))
    message.set_rcode(rcode)
    if addresses:
        message.answer.append(dns.rrset.from_text(NAME + ".", 30, "IN", "A", *addresses))
    return message.to_wire()


def test_an_address_comes_from_the_first_label_alone_in_any_case() -> None:
    assert permitted(NAME) == permitted("HOST3.example") == "44.128.38.10"
    assert hidden(NAME) == "192.168.38.10"


def test_the_permitted_address_alone_is_right() -> None:
    assert verdict(reply(permitted(NAME)), NAME, permitted(NAME)) == ""


@pytest.mark.parametrize(
    ("packet", "fault"),
    [
        (reply(permitted(NAME), hidden(NAME)), "192.168.38.10"),
        (reply(hidden(NAME)), "192.168.38.10, not 44.128.38.10"),
        (reply(permitted("host4")), "not 44.128.38.10"),
        (reply(), "nothing, not 44.128.38.10"),
        (reply(rcode=dns.rcode.SERVFAIL), "SERVFAIL"),
    ],
)
def test_everything_else_is_wrong_and_says_so(packet: bytes, fault: str) -> None:
    assert fault in verdict(packet, NAME, permitted(NAME))


def test_a_reply_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="cannot be read"):
        verdict(reply(permitted(NAME))[:-2], NAME, permitted(NAME))
