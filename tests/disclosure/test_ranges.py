"""Ranges of addresses, against naive sets of numbers and against two other libraries."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from itertools import pairwise

import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.ranges import EMPTY, Range, Ranges, everything, merged, prefix, without

SMALL = 24
"""Addresses from 0 to 23 of either family: small enough to list, close enough to meet."""


@st.composite
def small(draw: st.DrawFn) -> Range:
    first = draw(st.integers(0, SMALL - 1))
    return Range(draw(st.sampled_from([4, 6])), first, draw(st.integers(first, SMALL - 1)))


SPANS = st.lists(small(), max_size=6)


def numbers(spans: Iterable[Range]) -> set[tuple[int, int]]:
    return {(s.family, value) for s in spans for value in range(s.first, s.last + 1)}


def raw(family: int, value: int) -> bytes:
    return value.to_bytes(4 if family == 4 else 16)


@given(SPANS)
def test_merging_keeps_the_addresses_and_leaves_no_two_ranges_that_touch(
    spans: list[Range],
) -> None:
    result = merged(spans)
    assert numbers(result) == numbers(spans)
    assert list(result) == sorted(result)
    for before, after in pairwise(result):
        assert before.family < after.family or before.last + 1 < after.first


@given(SPANS, SPANS)
def test_the_same_addresses_are_the_same_set_however_written(
    spans: list[Range], others: list[Range]
) -> None:
    mine, theirs = Ranges.of(spans), Ranges.of(others)
    same = numbers(spans) == numbers(others)
    assert (mine == theirs) is same
    assert hash(mine) == hash(Ranges.of([*reversed(spans), *spans]))
    assert bool(mine) is bool(spans)


@given(SPANS)
def test_membership(spans: list[Range]) -> None:
    mine, all_of_it = Ranges.of(spans), numbers(spans)
    for family in (4, 6):
        for value in range(SMALL + 1):
            assert (raw(family, value) in mine) is ((family, value) in all_of_it)
            assert any(raw(family, value) in s for s in spans) is ((family, value) in all_of_it)


@given(small(), SPANS)
def test_holes_are_taken_out(whole: Range, holes: list[Range]) -> None:
    left = without(whole, holes)
    assert numbers(left) == numbers([whole]) - numbers(holes)
    assert left == merged(left)


@given(small(), small())
def test_two_ranges(mine: Range, other: Range) -> None:
    common = mine.intersection(other)
    assert numbers([common] if common else []) == numbers([mine]) & numbers([other])
    assert mine.is_within(other) is (numbers([mine]) <= numbers([other]))


@given(SPANS, small(), SPANS)
def test_covering_and_overlapping(spans: list[Range], one: Range, others: list[Range]) -> None:
    mine = Ranges.of(spans)
    assert mine.covers(one) is (numbers([one]) <= numbers(spans))
    assert mine.overlaps(Ranges.of(others)) is bool(numbers(spans) & numbers(others))


@given(st.lists(SPANS, max_size=4))
def test_a_union_is_the_set_of_all_spans(lists: list[list[Range]]) -> None:
    whole = Ranges.union(map(Ranges.of, lists))
    assert whole == Ranges.of(span for spans in lists for span in spans)
    assert whole.breadth4 == sum(family == 4 for family, _ in numbers(whole.spans))


@given(SPANS, small())
def test_the_span_around_an_address_and_whether_a_range_touches_the_set(
    spans: list[Range], one: Range
) -> None:
    mine = Ranges.of(spans)
    assert mine.touches(one) is bool(numbers([one]) & numbers(spans))
    for family in (4, 6):
        for value in range(SMALL + 1):
            address = raw(family, value)
            around = next((span for span in mine.spans if address in span), None)
            assert mine.around(address) == around


@pytest.mark.parametrize("family", [4, 6])
def test_the_ends_of_a_family_are_addresses_like_others(family: int) -> None:
    whole = everything(family)
    size = 4 if family == 4 else 16
    ends = Ranges.of([Range(family, 0, 0), Range(family, whole.last, whole.last)])
    assert [raw(family, value) in ends for value in (0, 1, whole.last - 1, whole.last)] == [
        True,
        False,
        False,
        True,
    ]
    assert Ranges.of([whole]).around(b"\xff" * size) == whole
    assert ends.touches(whole)
    assert not ends.touches(Range(family, 1, whole.last - 1))
    assert Ranges.union([ends, Ranges.of([Range(family, 1, whole.last - 1)])]).covers(whole)


@pytest.mark.parametrize("size", [0, 3, 5, 15, 17])
def test_bytes_of_another_size_are_no_address(size: int) -> None:
    whole = Ranges.of([everything(4), everything(6)])
    assert bytes(size) not in whole
    assert whole.around(bytes(size)) is None


def test_a_large_set_is_small() -> None:
    spans = Ranges.of(Range(4, 4 * n, 4 * n + 1) for n in range(500))
    assert len(spans.spans4.tobytes()) == 4_000


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), max_size=5), st.data())
def test_prefixes_agree_with_netaddr_and_ipaddress(
    prefixes: list[tuple[int, int]], data: st.DataObject
) -> None:
    networks = [
        ip_network((value >> (32 - length) << (32 - length), length)) for value, length in prefixes
    ]
    mine = Ranges.of(prefix(4, int(n[0]), n.prefixlen) for n in networks)
    theirs = netaddr.IPSet(map(str, networks))
    spans = [(int(span.first), int(span.last)) for span in theirs.iter_ipranges()]
    assert [(span.first, span.last) for span in mine.spans] == spans
    near = [
        edge + step for n in networks for edge in (int(n[0]), int(n[-1])) for step in (-1, 0, 1)
    ]
    for value in [*near, data.draw(st.integers(0, 2**32 - 1))]:
        if 0 <= value < 2**32:
            address = ip_address(value)
            assert (address.packed in mine) is any(address in network for network in networks)


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_holes_in_ipv6_agree_with_netaddr(a: int, b: int, c: int) -> None:
    low, middle, high = sorted((a, b, c))
    left = without(Range(6, low, high), [Range(6, middle, high)])
    low6, middle6, high6 = (netaddr.IPAddress(value, 6) for value in (low, middle, high))
    theirs = netaddr.IPSet(netaddr.IPRange(low6, high6))
    theirs -= netaddr.IPSet(netaddr.IPRange(middle6, high6))
    spans = [(int(span.first), int(span.last)) for span in theirs.iter_ipranges()]
    assert [(span.first, span.last) for span in left] == spans


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Range(4, 0, 2**32 - 1), "0.0.0.0/0"),
        (Range(6, 0, 2**128 - 1), "::/0"),
        (Range(4, 0x0A000000, 0x0A0000FF), "10.0.0.0/24"),
        (Range(4, 0x0A000001, 0x0A000001), "10.0.0.1"),
        (Range(4, 0x0A000001, 0x0A000002), "10.0.0.1 - 10.0.0.2"),
        (Range(6, 1, 1), "::1"),
    ],
)
def test_ranges_are_written_as_people_write_them(span: Range, text: str) -> None:
    assert str(span) == text


def test_a_set_is_written_as_its_ranges() -> None:
    assert str(EMPTY) == "nothing"
    assert str(Ranges.of([everything(6), everything(4)])) == "0.0.0.0/0, ::/0"
    assert not EMPTY


@pytest.mark.parametrize(
    ("family", "first", "last"),
    [(4, 2, 1), (4, -1, 1), (4, 0, 2**32), (6, 0, 2**128)],
)
def test_what_is_no_range_is_refused(family: int, first: int, last: int) -> None:
    with pytest.raises(ValueError, match="no range"):
        Range(family, first, last)


@pytest.mark.parametrize("size", [0, 1, 3, 5, 6, 8, 15, 17])
def test_bytes_of_another_size_are_no_address_and_in_no_set(size: int) -> None:
    full = Ranges.of([everything(4), everything(6)])
    assert bytes(size) not in full
    assert b"\x7f" * size not in full
