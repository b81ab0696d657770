"""Pairs of worlds that differ only in what a sender may not learn, and scripts of questions.

What may be learned is decided by the naive model alone. It also checks every pair: to each
question that is asked, both worlds disclose the same.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from enclave_dns.gateway.views import Sender
from enclave_dns.resolution import HostsTable, Question
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record
from tests.fakes.choices import Choices
from tests.fakes.dns_worlds import hosts_table, view_of
from tests.fakes.naive_model import AT_VISIBLE, BY_POLICY, Model
from tests.fakes.virtual_clock import Asked, Heard, play
from tests.fakes.worlds_of_all_types import (
    ADDRESSES,
    DNAMED,
    FAMILIES,
    KEYS,
    NOWHERE,
    OWNERS,
    POINTING,
    REVERSE,
    ROUTES,
    SUFFIX,
    TARGETS,
    TEXTS,
    TYPES,
    World,
    address_records,
    alias,
    never,
    pointing,
    reverse_entry,
    textual,
    world_of,
)

MAIN, OTHER = "100.64.0.12", "100.64.0.13"
WAITS = (0.0, 1.07, 2.07, 5.07, 60.07, 400.07)
"""Seconds between questions; no sum of them comes within a look-up's time of any TTL."""

HEADER = b"\xbe\xef%s\0\1\0\0\0\0\0%c"
OPT = b"\0\0\x29%s\0\0%c\0\0\0"


@dataclass(frozen=True)
class Policy:
    """What a sender may reach, and the rcode of its no-answers."""

    routes: tuple[str, ...]
    has_suffix: bool
    rcode: RCode

    @cached_property
    def sender(self) -> Sender:
        view = view_of(*self.routes, no_answer=self.rcode)
        view = replace(view, disclosed_suffixes=(SUFFIX,) if self.has_suffix else ())
        key = repr(self).encode()
        return Sender(key.ljust(300)[:300], key.hex()[:8], view=view)

    def model(self, world: World, longest: int | None = 30) -> Model:
        return Model(world, self.routes, self.has_suffix, longest)


@dataclass(frozen=True)
class Pair:
    """Two worlds that are one to the main sender; `questions` says what each event asks."""

    main: Policy
    other: Policy
    worlds: tuple[World, World]
    script: tuple[Asked, ...]
    questions: tuple[Question | None, ...]

    def played(self, which: int) -> list[Heard | None]:
        """What every event was answered with, in one of the two worlds."""
        senders = {MAIN: self.main.sender, OTHER: self.other.sender}
        return play(self.worlds[which], senders, self.script)


def policy_of(choices: Choices) -> Policy:
    routes = tuple(route for route in ROUTES if choices.chance(55))
    return Policy(routes, choices.chance(40), choices.pick((RCode.REFUSED, RCode.NXDOMAIN)))


def pair_of(choices: Choices) -> Pair:
    """A pair of worlds, two senders, and what they ask."""
    main, other = policy_of(choices), policy_of(choices)
    world = world_of(choices)
    again = varied(choices, world, main.model(world))
    return scripted(choices, main, other, (world, again))


_KEY_QUESTIONS = tuple(Question(name, RRType.TLSA) for name in (*KEYS, *OWNERS[-2:]))


def scripted(choices: Choices, main: Policy, other: Policy, worlds: tuple[World, World]) -> Pair:
    """What two senders ask, one of them only where both worlds disclose the same to it."""
    of_main = tuple(main.model(world, None) for world in worlds)
    of_other = tuple(other.model(world, None) for world in worlds)
    script: list[Asked] = []
    questions: list[Question | None] = []
    asked = [_question(choices, of_main[0]) for _ in range(5)]
    for _ in range(12):
        wait = choices.pick(WAITS)
        if choices.chance(7):
            script.append(Asked(wait, turns_up=choices.chance(50)))
            questions.append(None)
            continue
        question, before = choices.pick(asked), questions[-1] if questions else None
        if not wait and not (_is_plain(question) and before and _is_plain(before)):
            wait = WAITS[1]
        source, models = (OTHER, of_other) if choices.chance(25) else (MAIN, of_main)
        if source == MAIN:
            first, second = (model.expected(question) for model in models)
            assert first == second, f"not a pair: {question}, {first}, {second}"
        elif not _is_same(models, question):
            continue
        is_tcp = choices.chance(25)
        script.append(Asked(wait, packet_of(choices, question), source, is_tcp))
        questions.append(question)
    return Pair(main, other, worlds, tuple(script), tuple(questions))


def _is_plain(question: Question) -> bool:
    """Whether a question may come together with another one.

    A look-up that two questions of one sender share starts when the earlier one wants it; where
    that one has hidden targets, they say when.
    """
    return question.rtype in FAMILIES or question.rtype == RRType.PTR


def _is_same(models: tuple[Model, ...], question: Question) -> bool:
    """Whether two worlds disclose the same of a question, and of the names that it is about."""
    is_about_others = question.rtype in POINTING or question.rtype == RRType.TLSA
    names = (question.name, *(TARGETS if is_about_others else ()))
    questions = (question, *(Question(name, rtype) for name in names for rtype in FAMILIES))
    first, second = models
    return all(first.expected(one) == second.expected(one) for one in questions)


def _question(choices: Choices, model: Model) -> Question:
    """A question, more often than not one to which something is disclosed."""
    there = [(n, r.rtype) for n in OWNERS for r in model.world.zone.get(n, ())]
    for _ in range(5):
        found = _any_question(choices, there)
        if model.expected(found).outcome != "no_answer" or choices.chance(30):
            break
    return found


def _any_question(choices: Choices, there: list[tuple[Name, int]]) -> Question:
    if there and choices.chance(40):
        return Question(*choices.pick(there))
    if choices.chance(10):
        return Question(choices.pick(tuple(REVERSE)), RRType.PTR)
    if choices.chance(6):
        return choices.pick(_KEY_QUESTIONS)
    name = choices.pick((*OWNERS, *DNAMED, NOWHERE))
    kinds = (FAMILIES, (*POINTING, RRType.CNAME), TYPES, BY_POLICY)
    return Question(name, choices.pick(choices.pick(kinds)))


def packet_of(choices: Choices, question: Question) -> bytes:
    """A query: with or without RD, CD, EDNS and DO, in lower or upper case."""
    flags = choices.pick((b"\1\0", b"\0\0", b"\1\x10"))
    name = question.name.upper() if choices.chance(20) else question.name
    body = name + question.rtype.to_bytes(2) + b"\0\1"
    form = choices.below(3)
    if form == 0:
        return HEADER % (flags, 0) + body
    size = choices.pick((1232, 512, 4096)).to_bytes(2)
    return HEADER % (flags, 1) + body + OPT % (size, 0x80 if form == 2 else 0)


@dataclass(frozen=True)
class _Boundary:
    """What of a world a sender may learn; all else may change."""

    model: Model
    hidden_names: tuple[Name, ...]
    hidden_addresses: list[bytes]
    hidden_texts: tuple[bytes, ...]

    def keeps(self, record: Record) -> bool:
        """Whether a record at a name that is not wholly hidden is, or could be, disclosed."""
        if record.rtype in FAMILIES:
            return self.model.may(record.rdata)
        if record.rtype in POINTING:
            form, target, is_alias = self.model.formed(record, record.name.lower())
            return form is not None and self.model.leads(target, record.rtype, is_alias)
        if record.rtype in BY_POLICY:
            return self.model.is_clean(record)
        return record.rtype == RRType.CNAME


def boundary_of(world: World, model: Model) -> _Boundary:
    told = {
        name: [model.expected(Question(name, rtype)) for rtype in TYPES]
        for name in (*OWNERS, *DNAMED, NOWHERE)
    }
    said = {record[0] for all_of in told.values() for one in all_of for record in one.answer}
    outcomes = (
        name
        for name in (*OWNERS, NOWHERE)
        if name not in said and all(one.outcome == "no_answer" for one in told[name])
    )
    hidden = [address for address in ADDRESSES if not model.may(address)]
    texts = tuple(text for text, nets in TEXTS.items() if nets)
    unclean = tuple(
        text
        for text in texts
        if not model.is_clean(textual(Choices(b""), NOWHERE, RRType.TXT, text))
    )
    return _Boundary(model, tuple(outcomes), hidden, unclean)


def varied(choices: Choices, world: World, model: Model) -> World:
    """The same disclosed records among other hidden ones, told in another order."""
    border = boundary_of(world, model)
    zone = dict(world.zone)
    for name in OWNERS:
        if name in border.hidden_names:
            zone.pop(name, None)
            zone |= _hidden_content(choices, border, name)
        else:
            zone[name] = _among_others(choices, border, world, name)
    for name in KEYS:
        base = name.removeprefix(b"\4_443\4_tcp")
        if base in border.hidden_names and not model.is_visible(base):
            zone.pop(name, None)
            if choices.chance(50):
                zone[name] = (textual(choices, name, RRType.TLSA, b""),)
    for owner, address in REVERSE.items():
        if not model.may(address):
            zone.pop(owner, None)
            if choices.chance(30):
                zone |= reverse_entry(choices, owner)
    hidden = set(border.hidden_names)
    kept = frozenset(question for question in world.failing if question.name not in hidden)
    failing = choices.some([Question(n, t) for n in border.hidden_names for t in TYPES[:6]], 4)
    delays = {name: cost for name, cost in world.delays.items() if name not in hidden}
    slow = {n: choices.pick((4 / 1024, 12 / 1024)) for n in choices.some(border.hidden_names, 3)}
    return replace(
        world,
        zone=zone,
        hosts=_varied_hosts(choices, world, border),
        failing=kept | frozenset(failing),
        delays=delays | slow,
        negative={
            name: choices.pick((1, 5, 60))
            for name in TARGETS
            if name not in hidden or choices.chance(60)
        },
        cuts=world.cuts - hidden | frozenset(choices.some(border.hidden_names, 2)),
    )


def _hidden_content(
    choices: Choices, border: _Boundary, name: Name
) -> dict[Name, tuple[Record, ...]]:
    """A wholly hidden name anew: gone, an alias of another hidden one, or with hidden records."""
    kind = choices.below(5)
    if kind == 0:
        return {}
    if kind == 1:
        return {name: alias(choices, name, (*border.hidden_names, NOWHERE))}
    is_by_policy = border.model.has_suffix and name.endswith(SUFFIX)
    return {name: tuple(_hidden_records(choices, border, name, is_by_policy, is_visible=False))}


def _among_others(
    choices: Choices, border: _Boundary, world: World, name: Name
) -> tuple[Record, ...]:
    """The disclosed records of a name among other hidden ones, in another order."""
    records = world.zone.get(name, ())
    if any(record.rtype == RRType.CNAME for record in records):
        return records
    kept = [record for record in records if border.keeps(record)]
    again = [kept[0]] if kept and choices.chance(20) else []
    others = _hidden_records(choices, border, name, is_by_policy=True, is_visible=True)
    return tuple(choices.shuffled([*kept, *again, *others]))


def _hidden_records(
    choices: Choices, border: _Boundary, name: Name, is_by_policy: bool, is_visible: bool
) -> list[Record]:
    """Records that stay hidden at this name."""
    found = address_records(choices, name, border.hidden_addresses)
    for _ in range(choices.below(4)):
        kind = choices.below(3)
        if kind == 0:
            target = choices.pick((*border.hidden_names, NOWHERE))
            found.append(pointing(choices, name, choices.pick(POINTING), target))
        elif kind == 1:
            rtype = choices.pick((RRType.TXT, RRType.CAA, RRType.URI, RRType.NAPTR))
            texts = border.hidden_texts if is_by_policy or is_visible else tuple(TEXTS)
            if texts:
                found.append(textual(choices, name, rtype, choices.pick(texts)))
        else:
            found.append(never(choices, name, choices.pick((RRType.SOA, RRType.RP, 65280))))
    if not is_visible and not is_by_policy and choices.chance(20):
        found.append(textual(choices, name, choices.pick(AT_VISIBLE[:3]), b"w0rdless"))
    # A service record may mean its owner or carry whatever it likes; it is judged like all others.
    return found


def _varied_hosts(choices: Choices, world: World, border: _Boundary) -> HostsTable:
    kept = [(a, n) for a, n in world.hosts.names.items() if border.model.may(a)]
    added = [
        (choices.pick(border.hidden_addresses), (choices.pick(OWNERS),))
        for _ in range(choices.below(3) if border.hidden_addresses else 0)
    ]
    return hosts_table(choices.shuffled([*kept, *added]))
