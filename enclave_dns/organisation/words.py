"""Single values of a document as people write them: names, times, zones, references, choices.

Each function takes what the parser gave and returns our value, or raises the `refusal` of
`validation`. References may be written as Enclave's API writes them, as a table with the id in it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from enum import Enum
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from enclave_dns.errors import MessageError
from enclave_dns.validation import did_you_mean, refusal
from enclave_dns.wire.names import ROOT, Name, folded, from_labels, from_text, labels

_E = TypeVar("_E", bound=Enum)

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_PORTS: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_SYSTEM_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,63}")


def read_system_id(value: str) -> str:
    """An id that can stand as a label in `<id>.id.enclave`."""
    if not _SYSTEM_ID.fullmatch(value):
        raise refusal(f"{value!r} is no system id: 1 to 63 letters, digits, hyphens, underscores")
    return value


def read_tag(value: str) -> str:
    """The name of a tag: any text that shows."""
    if not value.strip():
        raise refusal("a tag cannot be empty")
    return value


def reference(*keys: str) -> Callable[[object], object]:
    """A reader of references: the id itself (a number too), or a table that holds it."""

    def read(value: object) -> object:
        if isinstance(value, dict):
            found = next((value[key] for key in keys if key in value), None)
            if found is None:
                raise refusal(f"refers to nothing: it has no `{keys[0]}`")
            value = found
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return value

    return read


_tag_of = reference("tag")


def read_tag_reference(value: object) -> object:
    """A tag by its name or by a table that holds it; what is no text is left to the type check.

    Senders have a hundred thousand of them in a large document.
    """
    tag = value if isinstance(value, str) else _tag_of(value)
    return read_tag(tag) if isinstance(tag, str) else tag


def read_name(value: object) -> Name:
    """A domain name other than the root, folded; the final dot is optional."""
    if not isinstance(value, str):
        raise refusal("must be text in quotes")
    text = value.strip()
    try:
        name = from_text(text)
    except MessageError as error:
        dotted = did_you_mean(text, [text.strip(".")]) if text.startswith(".") else ""
        raise refusal(f"{text!r} is no domain name: {error}", dotted) from None
    if name == ROOT:
        raise refusal("must be a domain name below the root")
    if b"*" in labels(name):
        raise refusal(f"{text!r} has a wildcard label", "names below a suffix are always meant")
    return folded(name)


def read_record_name(value: str, zone: Name) -> Name:
    """The whole name of a record: `@` is the zone itself, a leftmost `*` a wildcard.

    Raises MessageError where it is no name.
    """
    if value == "@":
        return zone
    if not value or value.endswith("."):
        raise MessageError(f"{value!r} is not relative to its zone")
    name = folded(from_labels((*labels(from_text(value)), *labels(zone))))
    if b"*" in labels(name)[1:]:
        raise MessageError(f"{value!r} has a `*` that is not its leftmost label")
    return name


def choice(kind: type[_E], synonyms: Mapping[str, _E] | None = None) -> Callable[[object], _E]:
    """A reader of one of a few words, in any case, with or without underscores and hyphens."""
    words = {_plain(str(member.value)): member for member in kind} | dict(synonyms or {})

    def read(value: object) -> _E:
        if isinstance(value, kind):
            return value
        found = words.get(_plain(value)) if isinstance(value, str) else None
        if found is None:
            known = [str(member.value) for member in kind]
            raise refusal(
                f"{value!r} is none of {', '.join(known)}", did_you_mean(str(value), known)
            )
        return found

    return read


def _plain(word: str) -> str:
    return word.strip().lower().replace("_", "").replace("-", "").replace(" ", "")


def read_day(value: object) -> int:
    """A day of the week, in full or by its first three letters; Monday is 0."""
    text = value.strip().lower() if isinstance(value, str) else ""
    for number, day in enumerate(_DAYS):
        if text in (day, day[:3]):
            return number
    known = [day[:3] for day in _DAYS]
    raise refusal(f"{value!r} is no day of the week", f"write one of {', '.join(known)}")


def read_clock(value: object) -> time:
    """A time of day: `"09:00"`, a TOML time, or Enclave's table of `hours` and `minutes`."""
    if isinstance(value, time):
        return value
    if isinstance(value, dict) and value.keys() <= {"hours", "minutes"}:
        hours, minutes = value.get("hours", 0), value.get("minutes", 0)
        if isinstance(hours, int) and isinstance(minutes, int):
            value = f"{hours:02}:{minutes:02}"
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        hint = "midnight is 00:00" if value == "24:00" else "write HH:MM, 00:00 to 23:59"
        raise refusal(f"{value!r} is no time of day", hint)
    return time(int(match[1]), int(match[2]), int(match[3] or 0))


def read_zone(value: object) -> ZoneInfo:
    """A time zone by its IANA name."""
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (ZoneInfoNotFoundError, OSError, ValueError):
        reason = f"{value!r} is no time zone"
        raise refusal(reason, "write an IANA name such as Europe/London") from None


def read_instant(value: object, zone: ZoneInfo | None) -> datetime:
    """An instant in UTC; one without an offset is read by the clock of `zone`."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        instant = None
    if not isinstance(instant, datetime):
        raise refusal(f"{value!s:.40} is no date and time", "write 2026-12-31T00:00:00Z")
    if instant.tzinfo is None:
        if zone is None:
            raise refusal("has no time zone", "end it with Z or with an offset such as +01:00")
        instant = instant.replace(tzinfo=zone)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise refusal(f"{value!s:.40} lies outside the calendar") from None


def read_ports(value: str) -> str:
    """A port or a range of ports, or nothing, which is every port."""
    match = _PORTS.fullmatch(value)
    if value and not (match and 1 <= int(match[1]) <= int(match[2] or match[1]) <= 65535):
        raise refusal(f"{value!r} is no port from 1 to 65535 and no range LOW-HIGH of them")
    return value
