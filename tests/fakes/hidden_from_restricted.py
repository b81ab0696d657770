"""Another world with the same records disclosed to a restricted view, and all else changed.

Hidden records come, go and change; hidden names are created, deleted, made aliases, slow, cut short
or unanswered; orders, duplicates, negative TTLs and signatures are others. What the exchanges about
visible names cost stays: answers, and the NODATA of one address family, are not held.
"""

from dataclasses import dataclass, replace

from enclave_dns.resolution import HostsTable, Question
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.choices import Choices
from tests.fakes.dns_worlds import hosts_table
from tests.fakes.generated_records import (
    address_records,
    alias,
    only_open,
    pointing,
    reverse_entry,
    textual,
)
from tests.fakes.naive_model import AT_VISIBLE, BY_POLICY, Model
from tests.fakes.world_contents import (
    ADDRESSES,
    BLOCKS,
    DNAMED,
    FAMILIES,
    HOLDING,
    KEYS,
    NOWHERE,
    ONLY_OPEN,
    OWNERS,
    POINTING,
    REVERSE,
    SUFFIX,
    TARGETS,
    TEXTS,
    TYPES,
)
from tests.fakes.worlds_of_all_types import World, over_tcp_of, signatures_of


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
        over_tcp=frozenset(question for question in world.over_tcp if question.name not in hidden)
        | over_tcp_of(choices, border.hidden_names),
        signatures=signatures_of(choices, zone, 20),
        signs_unasked=choices.chance(40),
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
            found.append(only_open(choices, name, choices.pick((*ONLY_OPEN, *HOLDING))))
    if not is_visible and not is_by_policy and choices.chance(20):
        found.append(textual(choices, name, choices.pick(AT_VISIBLE[:3]), b"w0rdless"))
    # A service record may mean its owner or carry whatever it likes; it is judged like all others.
    return found


def _varied_hosts(choices: Choices, world: World, border: _Boundary) -> HostsTable:
    kept = [(a, n) for a, n in world.hosts.names.items() if border.model.may(a)]
    hidden = (*border.hidden_addresses, *BLOCKS)
    added = [(choices.pick(hidden), (choices.pick(OWNERS),)) for _ in range(choices.below(3))]
    return hosts_table(choices.shuffled([*kept, *added]))
