"""What is unpacked is what was packed; and what was never packed is refused."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.ranges import Range, Ranges
from enclave_dns.disclosure.view import View
from enclave_dns.errors import DocumentError, EnvironmentFault, Problem
from enclave_dns.gateway.compilation import Compilation, Order, compile_document
from enclave_dns.gateway.frames import FRAME_HEAD, GARBLED, read_frame_head
from enclave_dns.gateway.packed_views import Unpacker, pack, pack_problems
from enclave_dns.gateway.views import Sender, SenderClass, Views
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode
from tests.fakes.generated_organisations import ME, Document, organisations
from tests.fakes.organisations import NOON

EPOCH = 77


def unpacked(frames: Iterable[bytes], epoch: int = EPOCH) -> Compilation:
    unpacker = Unpacker(epoch)
    for one in frames:
        assert not unpacker.is_whole
        kind, length = read_frame_head(one[: FRAME_HEAD.size])
        assert length == len(one) - FRAME_HEAD.size
        unpacker.take(kind, one[FRAME_HEAD.size :])
    return unpacker.whole()


@st.composite
def spans(draw: st.DrawFn) -> Range:
    family, last = draw(st.sampled_from([(4, 2**32 - 1), (6, 2**128 - 1)]))
    ends = sorted(draw(st.tuples(*[st.integers(0, last)] * 2)))
    return Range(family, *ends)


VIEWS = st.builds(
    View,
    st.lists(spans(), max_size=8).map(Ranges.of),
    st.booleans(),
    st.lists(st.sampled_from(["corp.net", "lab.net", "a." * 100 + "b"]).map(from_text), unique=True)
    .map(sorted)
    .map(tuple),
    st.sampled_from([RCode.REFUSED, RCode.NXDOMAIN]),
)


@st.composite
def compilations(draw: st.DrawFn) -> Compilation:
    """Any views, each with some senders, some of which have two addresses."""
    classes = [
        SenderClass.of(view, number, EPOCH)
        for number, view in enumerate(draw(st.lists(VIEWS, max_size=5, unique=True)))
    ]
    senders: dict[str, Sender] = {}
    for own_class in classes:
        for number in range(draw(st.integers(1, 3))):
            sender = own_class.sender(f"S{len(senders)}")
            senders[f"100.64.0.{len(senders)}"] = sender
            if number:
                senders[f"fd00:64::{len(senders):x}"] = sender
    until = draw(st.none() | st.datetimes(timezones=st.just(UTC)))
    addresses = tuple(draw(st.lists(st.binary(min_size=4, max_size=4), max_size=2)))
    version = draw(st.integers(0, 2**63 - 1))
    return Compilation(version, addresses, Views(senders, until, len(classes)))


@given(compilations())
def test_what_is_unpacked_is_what_was_packed(compilation: Compilation) -> None:
    assert unpacked(pack(compilation)) == compilation


@given(organisations())
def test_so_it_is_for_whatever_a_document_gives(document: Document) -> None:
    order = Order("a.json", ME, None, NOON)
    compilation = compile_document(order, json.dumps(document).encode(), EPOCH)
    assert unpacked(pack(compilation)) == compilation


def some(count: int = 450) -> Compilation:
    view = View(Ranges.of([Range(4, 1, 2), Range(6, 1, 2)]))
    classes = [SenderClass.of(view, number, EPOCH) for number in range(2)]
    senders = {f"10.0.{n >> 8}.{n & 255}": classes[n & 1].sender(f"S{n}") for n in range(count)}
    return Compilation(7, (bytes(4),), Views(senders, NOON + timedelta(hours=1), 2))


def test_who_serves_numbers_the_epochs() -> None:
    one, other = (unpacked(pack(some()), epoch).views.senders for epoch in (1, 2))
    assert one.keys() == other.keys()
    assert {s.key for s in one.values()}.isdisjoint(s.key for s in other.values())


def test_senders_of_one_view_share_it_and_its_spans_are_kept_once() -> None:
    senders = list(unpacked(pack(some())).views.senders.values())
    assert len({id(sender.view) for sender in senders}) == 2
    first, second = (sender.view.ranges.spans6 for sender in senders[:2])
    assert first[0] is second[0]


def test_no_frame_is_large() -> None:
    assert max(map(len, pack(some(5_000)))) < 1 << 14


def test_problems_come_back_as_they_were() -> None:
    problems = (
        Problem("a.toml", "policies[2]", "is \ud800 wrong", "right it"),
        Problem("a.toml", "", "is not TOML", line=3),
    )
    with pytest.raises(DocumentError) as told:
        unpacked(pack_problems(problems))
    assert told.value.problems == problems


@pytest.mark.parametrize("missing", [0, 1, -1])
def test_what_is_not_whole_is_nothing(missing: int) -> None:
    frames = list(pack(some()))
    del frames[missing]
    with pytest.raises((EnvironmentFault, *GARBLED)):
        unpacked(frames)


@given(st.sampled_from([b"H", b"P", b"V", b"S", b"x", b""]), st.binary(max_size=60))
def test_garbage_is_refused_or_counts_for_nothing(kind: bytes, content: bytes) -> None:
    unpacker = Unpacker(EPOCH)
    try:
        unpacker.take(kind, content)
    except (DocumentError, *GARBLED):
        pass
    with pytest.raises(EnvironmentFault):
        unpacker.whole()


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b'[[9, "S1", "10.0.0.1"]]', b'{"version": []}', b"[[1]]", b"7"]
)
@pytest.mark.parametrize("kind", [b"H", b"P", b"S"])
def test_json_of_another_shape_is_refused(kind: bytes, content: bytes) -> None:
    unpacker = Unpacker(EPOCH)
    if (kind, content) in {(b"S", b"[]"), (b"S", b"{}")}:
        unpacker.take(kind, content)
    else:
        with pytest.raises((DocumentError, *GARBLED)):
            unpacker.take(kind, content)
    assert not unpacker.is_whole


def test_the_instant_is_kept_to_the_microsecond() -> None:
    until = datetime(2026, 3, 29, 1, 0, 0, 123456, tzinfo=UTC)
    compilation = Compilation(1, (), Views({}, until, 0))
    assert unpacked(pack(compilation)).views.valid_until == until
