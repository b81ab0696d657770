"""Active hours: tables around the clock changes, and a week written out in minutes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.organisation.document import ActiveHours
from enclave_dns.organisation.hours import is_active, next_change

LONDON = ZoneInfo("Europe/London")
ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "UTC",
]
MINUTE = timedelta(minutes=1)


def hours(start: str, end: str, days: str = "0123456", zone: ZoneInfo = LONDON) -> ActiveHours:
    return ActiveHours(
        zone,
        frozenset(int(day) for day in days),
        time.fromisoformat(start),
        time.fromisoformat(end),
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "instant", "expected"),
    [
        # Wednesday 2026-01-07, when London is on UTC.
        (hours("09:00", "17:00"), "2026-01-07 08:59:59", False),
        (hours("09:00", "17:00"), "2026-01-07 09:00:00", True),
        (hours("09:00", "17:00"), "2026-01-07 16:59:59", True),
        (hours("09:00", "17:00"), "2026-01-07 17:00:00", False),
        (hours("09:00", "17:00", days="2"), "2026-01-07 12:00", True),
        (hours("09:00", "17:00", days="13"), "2026-01-07 12:00", False),
        # Over midnight, the span belongs to the day on which it starts.
        (hours("22:00", "06:00", days="2"), "2026-01-07 21:59", False),
        (hours("22:00", "06:00", days="2"), "2026-01-07 22:00", True),
        (hours("22:00", "06:00", days="2"), "2026-01-08 05:59", True),
        (hours("22:00", "06:00", days="2"), "2026-01-08 06:00", False),
        (hours("22:00", "06:00", days="2"), "2026-01-07 05:00", False),
        (hours("22:00", "06:00", days="6"), "2026-01-05 05:00", True),
        (hours("09:00", "00:00", days="2"), "2026-01-07 23:59:59", True),
        (hours("09:00", "00:00", days="2"), "2026-01-08 00:00", False),
        # Equal is never, and so are no days.
        (hours("00:00", "00:00"), "2026-01-07 00:00", False),
        (hours("09:00", "09:00"), "2026-01-07 09:00", False),
        (hours("09:00", "17:00", days=""), "2026-01-07 12:00", False),
        # Summer time: nine o'clock in London is eight in UTC.
        (hours("09:00", "17:00"), "2026-07-01 08:00", True),
        (hours("09:00", "17:00"), "2026-07-01 16:00", False),
        # 2026-10-25: the hour from one to two comes twice, and is active twice.
        (hours("01:15", "01:45"), "2026-10-25 00:30", True),
        (hours("01:15", "01:45"), "2026-10-25 01:00", False),
        (hours("01:15", "01:45"), "2026-10-25 01:30", True),
    ],
)
def test_the_wall_clock_decides(span: ActiveHours, instant: str, expected: bool) -> None:
    assert is_active(span, utc(instant)) is expected


@pytest.mark.parametrize(
    ("span", "instant", "expected"),
    [
        (hours("09:00", "17:00"), "2026-01-07 08:00", "2026-01-07 09:00"),
        (hours("09:00", "17:00"), "2026-01-07 09:00", "2026-01-07 17:00"),
        (hours("09:00", "17:00", days="0"), "2026-01-07 12:00", "2026-01-12 09:00"),
        (hours("22:00", "06:00", days="2"), "2026-01-07 23:00", "2026-01-08 06:00"),
        # Two adjacent nights of one span each, and one span that runs into the next.
        (hours("00:00", "23:59"), "2026-01-07 12:00", "2026-01-07 23:59"),
        # Into and out of summer time.
        (hours("09:00", "17:00"), "2026-03-28 18:00", "2026-03-29 08:00"),
        (hours("09:00", "17:00"), "2026-10-24 18:00", "2026-10-25 09:00"),
        # 2026-03-29: half past one does not happen; two o'clock follows one o'clock.
        (hours("01:30", "03:00"), "2026-03-29 00:30", "2026-03-29 01:00"),
        (hours("01:15", "01:45"), "2026-03-29 00:30", "2026-03-30 00:15"),
        # 2026-10-25: at two the clock goes back to one, into the span again.
        (hours("01:00", "01:30"), "2026-10-25 00:00", "2026-10-25 00:30"),
        (hours("01:00", "01:30"), "2026-10-25 00:30", "2026-10-25 01:00"),
        (hours("01:00", "01:30"), "2026-10-25 01:00", "2026-10-25 01:30"),
    ],
)
def test_the_next_change_follows_the_clocks(span: ActiveHours, instant: str, expected: str) -> None:
    assert next_change(span, utc(instant)) == utc(expected)


@pytest.mark.parametrize("span", [hours("09:00", "09:00"), hours("09:00", "17:00", days="")])
def test_what_is_never_active_never_changes(span: ActiveHours) -> None:
    assert next_change(span, utc("2026-01-07 12:00")) is None


def test_the_change_is_an_aware_instant_in_utc() -> None:
    change = next_change(hours("09:00", "17:00"), datetime(2026, 1, 7, 8, tzinfo=LONDON))
    assert change is not None
    assert change.tzinfo is UTC


SPANS = st.builds(
    ActiveHours,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
)
INSTANTS = st.integers(0, 6 * 525_600).map(lambda m: utc("2023-01-01") + m * MINUTE)


def active_minutes(span: ActiveHours) -> set[int]:
    """A naive model: every minute of the week, from Monday, that the span holds."""
    start = span.start.hour * 60 + span.start.minute
    length = (span.end.hour * 60 + span.end.minute - start) % 1440
    return {(day * 1440 + start + minute) % 10_080 for day in span.days for minute in range(length)}


@given(SPANS, INSTANTS)
def test_activity_agrees_with_a_week_written_out_in_minutes(
    span: ActiveHours, instant: datetime
) -> None:
    local = instant.astimezone(span.zone)
    minute = local.weekday() * 1440 + local.hour * 60 + local.minute
    assert is_active(span, instant) is (minute in active_minutes(span))


@given(SPANS, INSTANTS)
def test_nothing_changes_before_the_next_change_and_something_does_then(
    span: ActiveHours, instant: datetime
) -> None:
    change = next_change(span, instant)
    if span.start == span.end:
        assert change is None
        return
    assert change is not None
    assert change > instant
    state = is_active(span, instant)
    minutes = int((change - instant) / MINUTE)
    # In Lord Howe the clocks jump by half an hour, everywhere on whole minutes: 10 is fine enough
    # between them, and the last hour is looked at minute by minute.
    for ahead in (*range(0, minutes - 60, 10), *range(max(0, minutes - 60), minutes)):
        assert is_active(span, instant + ahead * MINUTE) is state
    assert is_active(span, change) is not state
