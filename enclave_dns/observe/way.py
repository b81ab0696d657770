"""The way of a question through a stub, as a value and as text for people."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class StopTold:
    """One group of gateways: why it stands where it stands, and what it said."""

    gateways: str
    ranges: str
    reason: str
    word: str
    answered_by: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReplyTold:
    """The reply that leaves; records in presentation format."""

    rcode: str
    kind: str
    answer: tuple[str, ...]
    authority: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """Everything about one question at one stub."""

    system_id: str
    organisation_version: int
    name: str
    rtype: str
    decided_by: str
    stops: tuple[StopTold, ...]
    reply: ReplyTold

    def as_json(self) -> dict[str, Any]:
        """The value as JSON can hold it."""
        return {"schema": SCHEMA, **asdict(self)}


def text_lines(told: Way) -> Iterator[str]:
    """The way, laid out for people."""
    yield f"question    {told.name} {told.rtype}"
    yield f"asked by    {told.system_id} (organisation version {told.organisation_version})"
    yield f"decided by  {told.decided_by}"
    for number, stop in enumerate(told.stops, 1):
        yield f"group {number}     {stop.gateways}: {stop.word}"
        yield f"            routes for us: {stop.ranges}"
        if stop.reason:
            yield f"            its place: {stop.reason}"
        if stop.detail:
            who = f"{stop.answered_by}: " if stop.answered_by else ""
            yield f"            {who}{stop.detail}"
    yield f"reply       {told.reply.rcode} ({told.reply.kind.replace('_', '-')})"
    for record in (*told.reply.answer, *told.reply.authority):
        yield f"            {record}"
