"""The plainest replies, read quickly: as the full way reads them, or not at all."""

import dns.flags
import dns.message
import dns.rrset
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.resolution import Question, Resolution
from enclave_dns.upstream.plain_reading import plain_reading
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.wire.message import read_message
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType

NAME = from_text("www.corp.net")
RECORD = st.builds(
    lambda owner, rtype, rclass, ttl, rdata: (
        owner
        + rtype.to_bytes(2)
        + rclass.to_bytes(2)
        + ttl.to_bytes(4)
        + len(rdata).to_bytes(2)
        + rdata
    ),
    st.just(b"\xc0\x0c") | st.sampled_from([b"\xc0\x10", NAME, b"\0"]),
    st.sampled_from([1, 1, 1, 28, 5, 41]),
    st.sampled_from([1, 1, 1, 3, 1232]),
    st.integers(0, 1 << 32 - 1) | st.integers(0, 5),
    st.sampled_from([b"\n\0\0\1", b"\n\0\0\2", b"\n\0\0\1", bytes(16), b"", b"\xc0\x0c"]),
)
PLAIN_RECORD = st.builds(
    lambda ttl, last: b"\xc0\x0c\0\1\0\1" + ttl.to_bytes(4) + b"\0\4\n\0\0" + bytes((last,)),
    st.integers(0, (1 << 32) - 1),
    st.integers(0, 4),
)
OPT = st.builds(
    lambda extended, rest: b"\0\0\x29\x04\xd0" + bytes((extended, 0, 0, 0)) + rest,
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([b"\0\0", b"\0\0", b"\0\4\0\x0f\0\0"]),
)


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """Replies to an A question: plain, nearly plain, cut."""
    answer = draw(st.lists(PLAIN_RECORD, max_size=5) | st.lists(RECORD, max_size=3))
    authority = draw(st.just([]) | st.lists(RECORD, max_size=1))
    additional = draw(st.lists(OPT, max_size=1) | st.lists(RECORD | OPT, max_size=2))
    sections = (answer, authority, additional)
    counts = [1, *map(len, sections)]
    if draw(st.integers(0, 9)) == 0:
        counts[draw(st.integers(1, 3))] += draw(st.integers(-1, 1))
    flags = 0x8180 | draw(st.sampled_from([0, 0, 0, 0x400, 0x200, 2, 3, 5]))
    head = b"\0\7" + flags.to_bytes(2) + b"".join(max(0, n).to_bytes(2) for n in counts)
    packet = head + NAME + b"\0\1\0\1" + b"".join(map(b"".join, sections))
    return packet[: len(packet) - draw(st.sampled_from([0, 0, 0, 1, 5]))]


def fully(packet: bytes, question: Question) -> Resolution | None:
    """What the full way makes of a reply; None where it settles nothing."""
    try:
        found = interpret(read_message(packet), question, server="one", elapsed=0.5)
    except MessageError:
        return None
    return None if isinstance(found, Retry) else found


@given(replies())
def test_what_is_read_quickly_is_what_is_read(packet: bytes) -> None:
    question = Question(NAME, RRType.A)
    quick = plain_reading(packet, question, server="one", elapsed=0.5)
    event("plain" if quick else "not plain")
    if quick is not None:
        assert quick == fully(packet, question)


@pytest.mark.parametrize(("rtype", "text"), [("A", "10.0.0.1"), ("AAAA", "2001:db8::1")])
@pytest.mark.parametrize("has_opt", [False, True])
def test_a_usual_reply_is_plain(rtype: str, text: str, has_opt: bool) -> None:
    query = dns.message.make_query("www.corp.net", rtype, use_edns=has_opt)
    reply = dns.message.make_response(query, recursion_available=True)
    reply.answer.append(
        dns.rrset.from_text("www.corp.net.", 60, "IN", rtype, text, text[:-1] + "9")
    )
    packet = reply.to_wire()
    question = Question(NAME, RRType[rtype])
    found = plain_reading(packet, question, server="one", elapsed=0.5)
    assert found is not None
    assert found == fully(packet, question)
    assert len(found.rrset) == 2
