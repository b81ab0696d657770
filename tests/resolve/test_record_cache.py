"""The record cache: how long what is known stays, and what a failure does to it."""

import pytest

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.resolve.record_cache import CALM, FLOOR, MAX_STALE, RecordCache
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

NAME = from_text("db.corp.net")
ASKED = Question(NAME, RRType.A)
ADDRESS = Record(NAME, RRType.A, 60, b"\x0a\0\0\x1e")
ANSWER = Resolution(Outcome.ANSWER, NAME, (ADDRESS,), ttl=60, server="10.0.0.2")
NO_TIME = Resolution(Outcome.ANSWER, NAME, (ADDRESS,), ttl=0)
NODATA = Resolution(Outcome.ANSWER, NAME, ttl=30)
NXDOMAIN = Resolution(Outcome.NXDOMAIN, NAME, ttl=30)
FAILED = Resolution(Outcome.FAILED, NAME)
DOWN = Resolution(Outcome.DOWN, NAME)
START = 1_000.0


def kept(*resolutions: Resolution, at: float = START) -> RecordCache:
    """A cache in which these were kept, one after the other."""
    cache = RecordCache()
    for resolution in resolutions:
        cache.keep(ASKED, False, resolution, at)
    return cache


@pytest.mark.parametrize(
    ("resolution", "after", "age"),
    [
        (ANSWER, 0.0, 0.0),
        (ANSWER, 0.75, 0.75),
        (ANSWER, 60.0, 60.0),
        (ANSWER, FLOOR - 0.25, FLOOR - 0.25),
        (ANSWER, FLOOR, None),
        (NODATA, FLOOR - 0.25, FLOOR - 0.25),
        (NODATA, FLOOR, None),
        (NXDOMAIN, FLOOR - 0.25, FLOOR - 0.25),
        (NXDOMAIN, FLOOR, None),
        (NO_TIME, FLOOR - 0.25, FLOOR - 0.25),
        (NO_TIME, FLOOR, None),
        (DOWN, 0.0, None),
    ],
)
def test_what_is_known_is_found_for_the_floor_and_tells_its_age(
    resolution: Resolution, after: float, age: float | None
) -> None:
    found = kept(resolution).fresh(ASKED, False, START + after)
    if age is None:
        assert found is None
    else:
        assert found is not None
        assert (found.outcome, found.rrset) == (resolution.outcome, resolution.rrset)
        assert (found.age, found.is_stale, found.server) == (age, False, resolution.server)


def test_failures_in_a_row_are_remembered_for_1_2_4_and_then_5_seconds() -> None:
    cache = RecordCache()
    now = START
    for pause in (1.0, 2.0, 4.0, 5.0, 5.0):
        cache.keep(ASKED, False, FAILED, now)
        assert cache.fresh(ASKED, False, now + pause - 0.01) == FAILED
        now += pause
        assert cache.fresh(ASKED, False, now) is None


@pytest.mark.parametrize(
    ("calm", "pause"), [(0.0, 4.0), (CALM - 0.01, 4.0), (CALM, 1.0), (86_400.0, 1.0)]
)
def test_a_row_of_failures_ends_when_none_came_for_long(calm: float, pause: float) -> None:
    cache = kept(FAILED, FAILED)  # a pause of two seconds
    later = START + 2 + calm
    cache.keep(ASKED, False, FAILED, later)
    assert cache.fresh(ASKED, False, later + pause - 0.01) == FAILED
    assert cache.fresh(ASKED, False, later + pause) is None


def test_an_answer_ends_the_row_of_failures() -> None:
    cache = kept(FAILED, FAILED, FAILED, Resolution(Outcome.ANSWER, NAME, ttl=1))
    later = START + FLOOR
    cache.keep(ASKED, False, FAILED, later)
    assert cache.fresh(ASKED, False, later + 0.9) == FAILED
    assert cache.fresh(ASKED, False, later + 1) is None


def test_a_failure_does_not_displace_data_that_is_still_fresh() -> None:
    found = kept(ANSWER, FAILED).fresh(ASKED, False, START + 59)
    assert found is not None
    assert found.rrset == (ADDRESS,)


def test_after_a_failure_the_old_data_is_stale_and_the_failure_is_what_is_fresh() -> None:
    cache = kept(ANSWER)
    later = START + FLOOR + 100
    cache.keep(ASKED, False, FAILED, later)
    assert cache.fresh(ASKED, False, later + 0.5) == FAILED
    assert cache.failure(ASKED, False, later + 0.5) == FAILED
    assert cache.failure(ASKED, False, later + 1) is None
    stale = cache.stale(ASKED, False, later + 0.5)
    assert stale is not None
    assert (stale.rrset, stale.age, stale.is_stale) == ((ADDRESS,), FLOOR + 100.5, True)


@pytest.mark.parametrize(
    ("resolution", "after", "is_there"),
    [
        (ANSWER, 30.0, True),
        (ANSWER, 60.0, True),
        (ANSWER, FLOOR + MAX_STALE - 0.1, True),
        (ANSWER, FLOOR + MAX_STALE, False),
        (NODATA, 31.0, True),
        (NXDOMAIN, 31.0, False),
        (FAILED, 0.5, False),
    ],
)
def test_positive_data_serves_for_a_day_past_its_time(
    resolution: Resolution, after: float, is_there: bool
) -> None:
    stale = kept(resolution).stale(ASKED, False, START + after)
    assert (stale is not None) is is_there
    if stale is not None:
        assert stale.is_stale is (after >= resolution.ttl)
        assert stale.age == pytest.approx(after)


def test_no_nameserver_being_up_changes_nothing_that_is_remembered() -> None:
    cache = kept(ANSWER, DOWN)
    found = cache.fresh(ASKED, False, START + 1)
    assert found is not None
    assert found.rrset == (ADDRESS,)
    assert len(kept(DOWN)) == 0


def test_a_new_answer_displaces_data_and_failure() -> None:
    cache = kept(ANSWER, FAILED, NXDOMAIN)
    found = cache.fresh(ASKED, False, START)
    assert found is not None
    assert found.outcome is Outcome.NXDOMAIN
    assert cache.stale(ASKED, False, START) is None


def test_name_type_and_dnssec_wish_are_separate_entries() -> None:
    cache = kept(ANSWER)
    assert cache.fresh(ASKED, True, START) is None
    assert cache.fresh(Question(NAME, RRType.AAAA), False, START) is None
    assert cache.fresh(Question(from_text("db2.corp.net"), RRType.A), False, START) is None


def test_after_clear_nothing_is_known_not_even_stale() -> None:
    cache = kept(ANSWER)
    cache.clear()
    assert cache.fresh(ASKED, False, START) is None
    assert cache.stale(ASKED, False, START) is None
    assert len(cache) == 0


def test_the_cache_is_bounded_in_entries_and_in_the_bytes_of_its_records() -> None:
    few = RecordCache(max_entries=50)
    small = RecordCache(max_bytes=100_000)
    smaller = RecordCache(max_bytes=100_000)
    large = Resolution(Outcome.ANSWER, NAME, (ADDRESS,) * 20, ttl=60)
    for number in range(500):
        asked = Question(from_text(f"host{number}.corp.net"), RRType.A)
        few.keep(asked, False, ANSWER, START)
        small.keep(asked, False, ANSWER, START)
        smaller.keep(asked, False, large, START)
    assert len(few) == 50
    assert 50 < len(small) < 500
    assert len(smaller) < len(small) / 3
