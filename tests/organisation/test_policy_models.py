"""Policies may be written with our names or with those of Enclave's API."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from enclave_dns.organisation.document import ActiveHours, GatewayPriority
from enclave_dns.organisation.policy_models import PolicyEntry

OURS = {
    "activeHours": {"timeZone": "UTC", "days": ["mon"], "start": "09:00", "end": "17:00"},
    "autoExpire": {"at": "2030-01-01T00:00:00Z"},
}
THEIRS = {
    "activeHours": {
        "timeZoneId": "UTC",
        "daysOfWeek": ["Monday"],
        "startTime": {"hours": 9, "minutes": 0},
        "endTime": {"hours": 17, "minutes": 0},
    },
    "autoExpire": {"expiryDateTime": "2030-01-01T00:00:00+00:00", "expiryAction": "Delete"},
}


def read(data: dict[str, object]) -> PolicyEntry:
    return PolicyEntry.model_validate({"type": "Gateway", **data}, by_alias=True, by_name=False)


@pytest.mark.parametrize("data", [OURS, THEIRS])
def test_hours_and_expiry_have_two_spellings(data: dict[str, object]) -> None:
    policy = read(data).value(4)
    assert policy.index == 4
    assert policy.active_hours == ActiveHours(ZoneInfo("UTC"), frozenset({0}), time(9), time(17))
    assert policy.auto_expire == datetime(2030, 1, 1, tzinfo=UTC)


def test_both_spellings_at_once_are_one_too_many() -> None:
    hours = {**OURS["activeHours"], "timeZoneId": "UTC"}
    with pytest.raises(ValidationError) as caught:
        read({"activeHours": hours})
    assert [(e["type"], e["loc"]) for e in caught.value.errors()] == [
        ("extra_forbidden", ("activeHours", "timeZone"))
    ]


def test_an_expiry_without_offset_is_read_by_the_clock_of_its_zone() -> None:
    expiry = {"expiryDateTime": "2030-07-01T00:00:00", "timeZoneId": "Europe/London"}
    policy = read({"autoExpire": expiry}).value(0)
    assert policy.auto_expire == datetime(2030, 6, 30, 23, tzinfo=UTC)


def test_an_expiry_in_a_zone_that_is_none_is_one_problem() -> None:
    expiry = {"expiryDateTime": "2030-07-01T00:00:00Z", "timeZoneId": "Mars"}
    with pytest.raises(ValidationError) as caught:
        read({"autoExpire": expiry})
    assert [e["loc"] for e in caught.value.errors()] == [("autoExpire", "timeZoneId")]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Balanced", GatewayPriority.BALANCED),
        ("ordered", GatewayPriority.ORDERED),
        ("Prioritised", GatewayPriority.ORDERED),
        ("GEOGRAPHIC", GatewayPriority.GEOGRAPHIC),
        (None, GatewayPriority.BALANCED),
    ],
)
def test_priorities_are_words_in_any_case(word: str | None, expected: GatewayPriority) -> None:
    assert read({"gatewayPriority": word}).value(0).gateway_priority is expected
