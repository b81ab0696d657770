"""The search for costly messages: what it builds, what it says. How long anything took is not."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.wire.cursor import allowance
from enclave_dns.wire.message import _Reading
from tests.benchmarks import parsing
from tests.benchmarks.costly import costly
from tests.benchmarks.parsing import GENES, Found, changed, costliest, main, parsed
from tests.benchmarks.ways import query_way, upstream_way
from tests.fakes.choices import Choices

ONE_NAME = 128
"""Steps of one name at most, which may be done before a step too many shows."""


@given(st.binary(min_size=GENES, max_size=GENES), st.sampled_from([1232, 65535]))
def test_a_hostile_message_keeps_its_size_and_is_read_within_the_allowance(
    gene: bytes, size: int
) -> None:
    packet = costly(Choices(gene), size)
    assert 12 < len(packet) <= size
    reading = _Reading(packet)
    try:
        reading.message()
    except MessageError:
        assert reading.cursor.steps <= allowance(len(packet)) + ONE_NAME
    else:
        assert reading.cursor.steps <= allowance(len(packet))


@given(st.binary(min_size=GENES, max_size=GENES))
def test_the_whole_way_of_a_hostile_message_ends(gene: bytes) -> None:
    packet = costly(Choices(gene), 1232)
    query_way(packet)
    upstream_way(packet)


def test_a_search_finds_a_message() -> None:
    found = costliest(parsed, 1232, 0)
    assert 12 < len(found.packet) <= 1232
    assert len(changed(bytes(GENES))) == GENES


@pytest.mark.parametrize(("cost", "status"), [(0.0005, 0), (0.5, 1)])
def test_the_exit_status_says_whether_the_bar_is_met(
    cost: float, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parsing, "costliest", lambda *_: Found(b"", cost))
    monkeypatch.setattr(sys, "argv", ["parsing"])
    assert main() == status
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1 + 2 * 3
    assert bool(err) == bool(status)
