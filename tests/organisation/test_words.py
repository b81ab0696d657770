"""Single values as people write them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.organisation import words
from enclave_dns.organisation.document import GatewayPriority, PolicyType
from enclave_dns.wire.names import from_text, to_text

ZONE = from_text("corp.net")


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (words.read_system_id, "WZL94", "WZL94"),
        (words.read_tag, "on call", "on call"),
        (words.reference("id"), "mfa", "mfa"),
        (words.reference("id"), 7, "7"),
        (words.reference("id"), {"id": 7, "description": "x"}, "7"),
        (words.reference("tag"), {"tag": "users", "ref": "r"}, "users"),
        (words.read_tag_reference, "on call", "on call"),
        (words.read_tag_reference, {"tag": "users", "ref": "r"}, "users"),
        (words.read_tag_reference, {"tag": ["users"]}, ["users"]),
        (words.read_name, "Corp.NET.", ZONE),
        (words.read_name, " corp.net", ZONE),
        (words.read_day, "Mon", 0),
        (words.read_day, "sunday", 6),
        (words.read_clock, "09:30", time(9, 30)),
        (words.read_clock, "09:30:15", time(9, 30, 15)),
        (words.read_clock, time(9, 30), time(9, 30)),
        (words.read_clock, {"hours": 9, "minutes": 30}, time(9, 30)),
        (words.read_clock, {"hours": 9}, time(9)),
        (words.read_zone, "Europe/London", ZoneInfo("Europe/London")),
        (words.read_ports, "", ""),
        (words.read_ports, "53", "53"),
        (words.read_ports, "1-65535", "1-65535"),
        (words.choice(PolicyType), "GATEWAY", PolicyType.GATEWAY),
        (words.choice(PolicyType), PolicyType.GENERAL, PolicyType.GENERAL),
        (
            words.choice(GatewayPriority, {"prioritised": GatewayPriority.ORDERED}),
            "Prioritised",
            GatewayPriority.ORDERED,
        ),
    ],
)
def test_values_are_read(read: Callable[[object], object], value: object, expected: object) -> None:
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "value", "reason"),
    [
        (words.read_system_id, "", "no system id"),
        (words.read_system_id, "a.b", "no system id"),
        (words.read_system_id, "a" * 64, "no system id"),
        (words.read_tag, " ", "empty"),
        (words.reference("id"), {"name": "x"}, "`id`"),
        (words.read_name, ".", "below the root"),
        (words.read_name, "", "below the root"),
        (words.read_name, 7, "text"),
        (words.read_name, "a..b", "no domain name"),
        (words.read_name, ".corp.net", "no domain name"),
        (words.read_name, "*.corp.net", "wildcard"),
        (words.read_name, "bücher.example", "xn--"),
        (words.read_name, "a" * 64, "no domain name"),
        (words.read_day, "mo", "no day"),
        (words.read_day, 1, "no day"),
        (words.read_clock, "24:00", "no time of day"),
        (words.read_clock, "9:00", "no time of day"),
        (words.read_clock, {"hours": 25}, "no time of day"),
        (words.read_clock, {"hours": "9"}, "no time of day"),
        (words.read_clock, 540, "no time of day"),
        (words.read_zone, "Mars/Olympus", "no time zone"),
        (words.read_zone, "", "no time zone"),
        (words.read_zone, "../etc/passwd", "no time zone"),
        (words.read_zone, "Europe", "no time zone"),
        (words.read_zone, "\0", "no time zone"),
        (words.read_zone, None, "no time zone"),
        (words.read_ports, "0", "no port"),
        (words.read_ports, "65536", "no port"),
        (words.read_ports, "9-8", "no port"),
        (words.read_ports, "https", "no port"),
        (words.choice(PolicyType), "gatewy", "none of general, gateway"),
        (words.choice(PolicyType), 1, "none of general, gateway"),
    ],
)
def test_other_values_are_refused(
    read: Callable[[object], object], value: object, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        read(value)


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2026-12-31T00:00:00Z", None, datetime(2026, 12, 31, tzinfo=UTC)),
        ("2026-12-31T00:00:00.0000000Z", None, datetime(2026, 12, 31, tzinfo=UTC)),
        ("2026-07-01T09:00:00", "Europe/London", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-07-01T09:00:00Z", "Europe/London", datetime(2026, 7, 1, 9, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), None, datetime(2026, 12, 31, tzinfo=UTC)),
    ],
)
def test_instants_are_read_in_utc(value: object, zone: str | None, expected: datetime) -> None:
    found = words.read_instant(value, ZoneInfo(zone) if zone else None)
    assert found == expected
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2026-12-31T00:00:00", "no time zone"),
        ("soon", "no date and time"),
        (date(2026, 12, 31), "no date and time"),
        (7, "no date and time"),
        ("9999-12-31T23:59:59-05:00", "outside the calendar"),
        ("0001-01-01T00:00:00+05:00", "outside the calendar"),
    ],
)
def test_other_instants_are_refused(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        words.read_instant(value, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@", "corp.net."),
        ("db", "db.corp.net."),
        ("DB.Eu", "db.eu.corp.net."),
        ("*", "*.corp.net."),
        ("*.dev", "*.dev.corp.net."),
    ],
)
def test_record_names_are_relative_to_their_zone(text: str, expected: str) -> None:
    assert to_text(words.read_record_name(text, ZONE)) == expected


@pytest.mark.parametrize("text", ["", ".", "db.", "a..b", "a.*", "*.*", "@.", "a" * 64])
def test_other_record_names_are_refused(text: str) -> None:
    with pytest.raises(MessageError):
        words.read_record_name(text, ZONE)


@given(st.text(max_size=20))
def test_any_text_is_a_name_or_a_refusal(text: str) -> None:
    try:
        found = words.read_name(text)
    except ValueError:
        return
    assert found == found.lower()
