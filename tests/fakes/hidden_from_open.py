"""Another world with the same records disclosed to an open view.

Names are no secret there, so a second world has the same names, aliases, failures and hosts blocks,
and the same order and TTLs of what is disclosed, which are the upstream's. What may differ is:

- records with an address that is not in the view, and malformed ones, in every type that can hold
  an address: they come, go and change, at names that exist in both worlds; hints that are trimmed;
  hosts lines that neither disclose nor block;
- PTR records of addresses that are not in the view;
- signatures over record sets of which something is removed. A signature over a set that leaves
  whole is disclosed itself, so a set that is whole and signed is the same in both worlds.

Hidden records have TTLs of their own, which set nothing.
"""

from dataclasses import dataclass, replace
from ipaddress import ip_address

import dns.rdtypes.svcbbase as svcb

from enclave_dns.resolution import HostsTable
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.choices import Choices
from tests.fakes.dns_worlds import hosts_table
from tests.fakes.generated_records import family, only_open, pointers, signature, textual
from tests.fakes.naive_judgement import is_block, read
from tests.fakes.naive_open_model import OpenModel
from tests.fakes.world_contents import (
    ADDRESSES,
    FAMILIES,
    HOLDING,
    NAMES,
    OWNERS,
    REVERSE,
    TEXTS,
)
from tests.fakes.worlds_of_all_types import World, signatures_of

SERVICES = (RRType.HTTPS, RRType.SVCB)
WITH_TEXT = (RRType.TXT, RRType.CAA, RRType.URI, RRType.NAPTR)
SignaturesInTheMaking = dict[tuple[Name, int], tuple[Record, ...]]
VARYING = (*FAMILIES, *SERVICES, *WITH_TEXT, *HOLDING)
"""The types that can hold an address."""


def tidied(choices: Choices, world: World, routes: tuple[str, ...]) -> World:
    """A world for a view of these routes: one TTL in each set, more addresses, more signatures.

    It is without loops: of these an open view sees what one message holds, which hides nothing.
    """
    zone = {name: records for name, records in world.zone.items() if not _loops(world, name)}
    for name in OWNERS:
        records = zone.get(name, ())
        if records and records[0].rtype != RRType.CNAME and choices.chance(50):
            rtype = choices.pick(HOLDING)
            more = (only_open(choices, name, rtype) for _ in range(1 + choices.below(3)))
            zone[name] = (*records, *more)
    world = replace(world, zone=zone)
    model = OpenModel(routes, world)
    zone = {name: _with_one_ttl(records, model) for name, records in zone.items()}
    hosts = hosts_table(world.hosts.names.items())
    signatures = signatures_of(choices, zone, 50)
    return replace(world, zone=zone, hosts=hosts, signatures=signatures)


def _loops(world: World, start: Name) -> bool:
    """Whether aliases lead from a name back to it."""
    name, seen = start, set[Name]()
    while name not in seen and (link := world.alias(name, RRType.A)):
        seen.add(name)
        name = link[-1].rdata.lower()
    return name == start and name in seen


def _with_one_ttl(records: tuple[Record, ...], model: OpenModel) -> tuple[Record, ...]:
    """What is disclosed of an RRset has one TTL (RFC 2181, 5.2)."""
    ttls: dict[int, int] = {}
    for record in records:
        if model.form(record) is not None:
            ttls.setdefault(record.rtype, record.ttl)
    is_shown = [model.form(record) is not None for record in records]
    return tuple(
        replace(record, ttl=ttls[record.rtype]) if shown else record
        for record, shown in zip(records, is_shown, strict=True)
    )


def varied_openly(choices: Choices, world: World, model: OpenModel) -> World:
    """Another world that is the same to the model's sender."""
    hidden = _Hidden(choices, model)
    zone = dict(world.zone)
    signatures = dict(world.signatures)
    for name in OWNERS:
        records = world.zone.get(name)
        if records is None or any(record.rtype == RRType.CNAME for record in records):
            continue
        zone[name] = hidden.among(name, records, signatures)
    for owner, address in REVERSE.items():
        is_plain = any(record.rtype == RRType.PTR for record in world.zone.get(owner, ()))
        if is_plain and not model.may(address):
            zone[owner] = pointers(choices, owner)
            signatures.pop((owner, RRType.PTR), None)
    return replace(world, zone=zone, signatures=signatures, hosts=hidden.hosts(world.hosts))


@dataclass
class _Hidden:
    """What an open view does not disclose, and where it may stand."""

    choices: Choices
    model: OpenModel
    number: int = 1000

    def among(
        self, name: Name, records: tuple[Record, ...], signatures: SignaturesInTheMaking
    ) -> tuple[Record, ...]:
        """The disclosed records of a name among other hidden ones; `signatures` follow."""
        there = dict.fromkeys(int(record.rtype) for record in records)
        more = self.choices.some(VARYING, 2)
        found: list[Record] = []
        for rtype in dict.fromkeys((*there, *more)):
            before = [record for record in records if record.rtype == rtype]
            is_signed = (name, rtype) in signatures
            if rtype not in VARYING or (is_signed and self._is_whole(before)):
                found += before
                continue
            after = self._among_others(name, rtype, before)
            signatures.pop((name, rtype), None)
            if not self._is_whole(after) and self.choices.chance(50):
                self.number += 1
                signatures[name, rtype] = (signature(name, rtype, after[0].ttl, self.number),)
            found += after
        return tuple(found)

    def _is_whole(self, records: list[Record]) -> bool:
        return all(self.model.form(record) == record for record in records)

    def _among_others(self, name: Name, rtype: int, before: list[Record]) -> list[Record]:
        """One record set: what is disclosed, in its order, and others."""
        found = [self._with_other_hints(r) for r in before if self.model.form(r) is not None]
        for _ in range(self.choices.below(3)):
            other = self._hidden_record(name, rtype)
            if other is not None:
                other = replace(other, ttl=self.choices.pick((0, 5, 60, 300)))
                found.insert(self.choices.below(len(found) + 1), other)
        return found

    def _hidden_record(self, name: Name, rtype: int) -> Record | None:
        """A record that is not disclosed, if one can be found."""
        if rtype in FAMILIES:
            found = [
                Record(name, rtype, 5, address)
                for address in ADDRESSES
                if family(address) == rtype and not self.model.may(address)
            ]
        elif rtype in SERVICES:
            found = [Record(name, rtype, 5, b"\0\1" + name + junk) for junk in (b"\0", b"\0\4\0\0")]
        elif rtype in WITH_TEXT:
            found = [textual(self.choices, name, rtype, self.choices.pick(tuple(TEXTS)))]
        else:
            found = [only_open(self.choices, name, rtype)]
        hidden = [record for record in found if self.model.form(record) is None]
        return self.choices.pick(hidden) if hidden else None

    def _with_other_hints(self, record: Record) -> Record:
        """A service record with other hidden hints beside those that are disclosed."""
        service = read(record.rtype, record.rdata) if record.rtype in SERVICES else None
        if service is None or service.priority == 0:
            return record
        service = self.model.trimmed(service)
        params = dict(service.params)
        for key, kind, size in ((4, svcb.IPv4HintParam, 4), (6, svcb.IPv6HintParam, 16)):
            hints = list(getattr(params.get(key), "addresses", ()))
            for one in self.choices.some([a for a in ADDRESSES if len(a) == size], 2):
                if not self.model.may(one):
                    hints.insert(self.choices.below(len(hints) + 1), str(ip_address(one)))
            if hints:
                params[key] = kind(hints)
        rdata = service.replace(params=dict(sorted(params.items()))).to_wire()
        return replace(record, rdata=rdata or b"")

    def hosts(self, table: HostsTable) -> HostsTable:
        """The lines that disclose or block in their order, among other ones."""
        lines = table.names.items()
        kept = [line for line in lines if self.model.may(line[0]) or is_block(line[0])]
        idle = [one for one in ADDRESSES if not self.model.may(one) and not is_block(one)]
        for address in self.choices.some(idle, 2):
            line = (address, (self.choices.pick(NAMES),))
            kept.insert(self.choices.below(len(kept) + 1), line)
        return hosts_table(kept)
