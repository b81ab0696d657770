"""An explanation as text: one block for each step from the sender to the reply.

Every block has its heading in the left margin, so that the eye finds `records` and `reply` first.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from enclave_dns.observe.explanation import (
    ALLOW,
    Explanation,
    PolicyShown,
    RecordShown,
    ReplyShown,
    SourceShown,
    SystemShown,
    TagShown,
    ViewShown,
)

_MARGIN: Final = 11
_SHOWN: Final = 20
_EDE: Final = {14: "Not Ready", 18: "Prohibited"}
"""Names of the extended errors that leave us (RFC 8914, 4)."""

_KINDS: Final = {
    "answer": "an answer",
    "nodata": "no data of this type",
    "nxdomain": "the name does not exist",
    "no_answer": "the no-answer: the same for hidden and for absent names",
    "failed": "failed",
    "protocol_error": "refused, whatever the name",
}


def text_lines(explanation: Explanation) -> list[str]:
    """The lines to print; whatever does not show on a terminal is replaced by `?`."""
    asked = f"{explanation.name} {explanation.type}"
    systems = f"{explanation.sender.system_id} through {explanation.gateway.system_id}"
    blocks = (
        ("sender", _sender(explanation.sender)),
        ("gateway", _system(explanation.gateway)),
        ("policies", _policies(explanation)),
        ("view", _view(explanation.view)),
        ("sources", map(_source, explanation.sources)),
        ("records", _records(explanation.records)),
        ("remarks", iter(explanation.remarks)),
        ("reply", _reply(explanation.reply)),
    )
    lines = [
        f"{asked}, asked by {systems}",
        f"(organisation version {explanation.organisation_version}, at {explanation.at})",
    ]
    for heading, block in blocks:
        lines += _block(heading, block)
    return [_visible(line) for line in lines]


def _block(heading: str, block: Iterable[str]) -> Iterator[str]:
    lines = list(block) or ["-"]
    yield ""
    for at, line in enumerate(lines):
        yield f"{'' if at else heading:<{_MARGIN}}{line}".rstrip()


def _visible(line: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in line)


def _system(system: SystemShown) -> Iterator[str]:
    names = [name for name in (system.description, system.hostname) if name]
    state = "" if system.is_enabled else "  DISABLED"
    yield "  ".join([system.system_id, " / ".join(names)]).rstrip() + state
    yield f"addresses  {_list(system.virtual_addresses)}"


def _sender(system: SystemShown) -> Iterator[str]:
    yield from _system(system)
    yield f"tags       {_list([_tag(tag) for tag in system.tags])}"
    yield f"trust      {_list(system.satisfied_trust_requirements)}"


def _tag(tag: TagShown) -> str:
    if not tag.unmet_trust_requirements:
        return tag.tag
    return f"{tag.tag} (NOT HELD: needs trust {_list(tag.unmet_trust_requirements)})"


def _policies(explanation: Explanation) -> Iterator[str]:
    listing = [policy for policy in explanation.policies if policy.lists_gateway]
    for policy in listing:
        yield from _policy(policy)
    others = len(explanation.policies) - len(listing)
    if others:
        word = "policy does" if others == 1 else "policies do"
        lead = "other " if listing else "gateway "
        yield f"{others} {lead}{word} not list {explanation.gateway.system_id}"
    elif not listing:
        yield "the organisation has no gateway policy"


def _policy(policy: PolicyShown) -> Iterator[str]:
    name = policy.description or "(no description)"
    yield f"{policy.number:>2}  {'applies       ' if policy.applies else 'does not apply'}  {name}"
    for reason in policy.reasons:
        yield f"    - {reason}"
    for route in policy.withdrawn_routes:
        yield f"    - the gateway does not offer its route {route}"


def _view(view: ViewShown) -> Iterator[str]:
    if view.kind == "none":
        yield "none: no policy lets this sender reach anything through this gateway"
    else:
        yield f"{view.kind}, {_until(view)}"
        yield from view.ranges[:_SHOWN]
        if len(view.ranges) > _SHOWN:
            yield f"and {len(view.ranges) - _SHOWN} more ranges"
    if view.disclosed_suffixes:
        yield f"text disclosed below {_list(view.disclosed_suffixes)}"


def _until(view: ViewShown) -> str:
    return f"until {view.valid_until or 'the document changes'}"


def _source(source: SourceShown) -> str:
    time = "" if source.milliseconds is None else f", {source.milliseconds:.1f} ms"
    way = f" over {source.transport}" if source.transport else ""
    question = f": {source.question}{way}" if source.question else ""
    return f"{source.source}{question}: {source.outcome}{time}"


def _records(records: Sequence[RecordShown]) -> Iterator[str]:
    for record in records:
        data = f"{record.name} {record.ttl} IN {record.type} {record.data}"
        yield f"{record.verdict:<6} {data}  [{record.source}]"
        yield f"       {record.rule}: {record.reason}"
        if record.verdict == ALLOW and not record.in_reply:
            yield "       of another type than was asked: it makes the name visible (D2)"
        for text in record.allowed_by:
            yield f"       allowed by {text}"
        for text in record.nearly:
            yield f"       nearly: {text}"


def _reply(reply: ReplyShown | None) -> Iterator[str]:
    if reply is None:
        yield "none: the gateway stays silent"
        return
    flags = " ".join(reply.flags)
    yield f"{reply.rcode} ({_KINDS.get(reply.kind, reply.kind)}), flags {flags}, {reply.size} bytes"
    if reply.ede is not None:
        yield f"EDE {reply.ede}" + (f" ({_EDE[reply.ede]})" if reply.ede in _EDE else "")
    yield from reply.answer
    for record in reply.authority:
        yield f"{record}  (authority)"


def _list(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"
