"""Active hours: is a policy active at an instant, and when does that next change?

The rule is one of wall clocks: active while `start <= local time < end` on a listed day, a span
over midnight belonging to the day on which it starts. Where daylight saving repeats an hour, the
wall clock decides both times; where it skips one, what lay in it does not happen.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from enclave_dns.organisation.document import ActiveHours

_DAY: Final = timedelta(days=1)
_HORIZON_DAYS: Final = 16
"""A change comes within a week; twice that, where a clock change swallows one occurrence."""


def is_active(hours: ActiveHours, now: datetime) -> bool:
    """Whether an instant (aware) lies in the active hours."""
    local = now.astimezone(hours.zone)
    clock, day = local.time(), local.weekday()
    if hours.start <= hours.end:
        return day in hours.days and hours.start <= clock < hours.end
    if clock >= hours.start:
        return day in hours.days
    return clock < hours.end and (day - 1) % 7 in hours.days


def next_change(hours: ActiveHours, now: datetime) -> datetime | None:
    """The first instant (UTC) after `now` at which `is_active` changes; None if it never does."""
    if hours.start == hours.end or not hours.days:
        return None
    state = is_active(hours, now)
    horizon = now.astimezone(UTC)
    for horizon in sorted(_candidates(hours, now)):
        if horizon > now and is_active(hours, horizon) is not state:
            return horizon
    return horizon  # nothing changes until then: look again


def _candidates(hours: ActiveHours, now: datetime) -> Iterator[datetime]:
    """Every instant of the next days at which the state can change.

    Those are both readings of the wall times `start` and `end` of each day (PEP 495), and the
    instants at which the zone's clocks jump.
    """
    today = now.astimezone(hours.zone).date()
    for ahead in range(-1, _HORIZON_DAYS + 1):
        day = today + ahead * _DAY
        for clock in (hours.start, hours.end):
            for fold in (0, 1):
                local = datetime.combine(day, clock, tzinfo=hours.zone).replace(fold=fold)
                yield local.astimezone(UTC)
        begin = now.astimezone(UTC) + ahead * _DAY
        if _offset(hours, begin) != _offset(hours, begin + _DAY):
            yield _jump(hours, begin)


def _offset(hours: ActiveHours, instant: datetime) -> timedelta | None:
    return instant.astimezone(hours.zone).utcoffset()


def _jump(hours: ActiveHours, begin: datetime) -> datetime:
    """The instant in the day after `begin` at which the zone's offset changes, by bisection."""
    before = _offset(hours, begin)
    low = int(begin.timestamp())
    high = low + 86_400 + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(hours, datetime.fromtimestamp(middle, UTC)) == before:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
