"""An explanation as a value: why a sender gets what it gets for one question.

Everything is text or a number, in the words of the documents and of the rule, so that the value is
its own JSON. `explanation_text` lays it out for people. Made by `gateway.explain`.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

SCHEMA: Final = 1
"""The version of the JSON form; grows when a field changes its meaning or goes."""

ALLOW: Final = "ALLOW"
DROP: Final = "DROP"


@dataclass(frozen=True, slots=True)
class TagShown:
    """A tag of the sender; it counts only where `unmet_trust_requirements` is empty."""

    tag: str
    unmet_trust_requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemShown:
    """A system as the organisation describes it."""

    system_id: str
    description: str
    hostname: str
    virtual_addresses: tuple[str, ...]
    is_enabled: bool = True
    tags: tuple[TagShown, ...] = ()
    satisfied_trust_requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyShown:
    """A gateway policy: whether it applies, and if not, every reason.

    `number` counts from 1 in the document; `lists_gateway`: it has routes through this gateway;
    `withdrawn_routes` are those that the gateway does not offer.
    """

    number: int
    description: str
    applies: bool
    lists_gateway: bool
    reasons: tuple[str, ...] = ()
    withdrawn_routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewShown:
    """What the sender may learn: `kind` is open, restricted, or none without any policy.

    `valid_until` is an ISO instant, or None: until the document changes.
    """

    kind: str
    ranges: tuple[str, ...]
    disclosed_suffixes: tuple[str, ...]
    no_answer: str
    valid_until: str | None


@dataclass(frozen=True, slots=True)
class SourceShown:
    """One source and what it said: the hosts file, a try at a nameserver, a name decided here.

    `question` is empty where the source was not asked one; `milliseconds` is None where nothing
    travelled.
    """

    source: str
    outcome: str
    question: str = ""
    transport: str = ""
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class RecordShown:
    """A record that a source gave, and the verdict on it: ALLOW or DROP, by a row of the rule.

    `allowed_by` names the policies behind an ALLOW; `nearly` those that come closest for a DROP.
    `in_reply` is False for an allowed record of another type than the asked one.
    """

    verdict: str
    source: str
    name: str
    ttl: int
    type: str
    data: str
    rule: str
    reason: str
    in_reply: bool
    allowed_by: tuple[str, ...] = ()
    nearly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyShown:
    """What would leave the gateway. `size` is in bytes; records are in presentation format."""

    kind: str
    rcode: str
    flags: tuple[str, ...]
    size: int
    answer: tuple[str, ...] = ()
    authority: tuple[str, ...] = ()
    ede: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it; `reply` is None where the gateway stays silent. `at` is an ISO instant."""

    name: str
    type: str
    at: str
    organisation_version: int
    sender: SystemShown
    gateway: SystemShown
    policies: tuple[PolicyShown, ...]
    view: ViewShown
    sources: tuple[SourceShown, ...]
    records: tuple[RecordShown, ...]
    remarks: tuple[str, ...]
    reply: ReplyShown | None

    def as_json(self) -> dict[str, Any]:
        """The same as plain data for `json.dumps`."""
        return {"schema": SCHEMA, **asdict(self)}
