"""The plainest queries, read quickly: as `read_message` reads them, or not at all."""

from hypothesis import event, given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.wire.message import Message, read_message
from enclave_dns.wire.plain_query import plain_query

LABELS = st.lists(st.binary(min_size=1, max_size=64), max_size=6)
OPTS = st.builds(
    lambda size, extended, version, flags, rest: (
        b"\0\0\x29" + size.to_bytes(2) + bytes((extended, version)) + flags.to_bytes(2) + rest
    ),
    st.integers(0, 65535),
    st.integers(0, 255),
    st.integers(0, 2),
    st.integers(0, 65535),
    st.sampled_from([b"\0\0", b"\0\0\0", b"\0\4\0\3\0\0", b"", b"\0\1x"]),
)
ADDITIONAL = st.lists(OPTS | st.binary(max_size=12), max_size=2)


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """Queries that are plain, nearly plain, and cut or changed somewhere."""
    name = b"".join(bytes((len(label) & 0xFF,)) + label for label in draw(LABELS)) + b"\0"
    additional = draw(ADDITIONAL)
    counts = draw(st.just((1, 0, 0, len(additional))) | st.tuples(*[st.integers(0, 2)] * 4))
    head = draw(st.binary(min_size=4, max_size=4)) + b"".join(n.to_bytes(2) for n in counts)
    tail = draw(st.binary(min_size=4, max_size=4)) + b"".join(additional)
    packet = bytearray(head + name + tail)
    for at in draw(st.lists(st.integers(4, len(packet) - 1), max_size=1)):
        packet[at] = draw(st.integers(0, 255))
    return bytes(packet[: draw(st.integers(0, len(packet)) | st.just(len(packet)))])


@given(packets())
def test_what_is_read_quickly_is_what_is_read(packet: bytes) -> None:
    plain = plain_query(packet)
    event("plain" if plain else "not plain")
    if plain is None:
        return
    try:
        message = read_message(packet)
    except MessageError as error:
        raise AssertionError("read quickly, and bad") from error
    question, edns = plain
    expected = Message(message.id, message.flags, (question,), edns=edns)
    assert message == expected


def test_a_usual_query_is_plain() -> None:
    name = b"\3www\4corp\3net\0"
    head = b"\0\7\1\0" + b"\0\1" + b"\0\0" * 2
    opt = b"\0\0\x29\x04\xd0\0\0\x80\0\0\0"
    for additional in (b"", opt):
        packet = head + bytes((0, bool(additional))) + name + b"\0\1\0\1" + additional
        found = plain_query(packet)
        assert found is not None
        assert found[0].name == name
        assert (found[1] is not None and found[1].do) == bool(additional)


def test_a_name_of_the_longest_size_is_plain_and_a_longer_one_is_not() -> None:
    head = b"\0\7\1\0" + b"\0\1" + b"\0\0" * 3
    for size, is_plain in ((61, True), (62, False)):
        name = (b"\x3f" + b"a" * 63) * 3 + bytes((size,)) + b"a" * size + b"\0"
        assert (plain_query(head + name + b"\0\1\0\1") is not None) is is_plain
