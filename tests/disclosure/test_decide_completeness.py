"""Completeness: every disclosed record of the source that answers leaves, and no other.

`expected` is the table of the disclosure rule once more, written from its words, over the zone
itself and not over answers, without a line of the code under test. The two must agree record for
record, in order, with TTLs, and on the kind of the reply.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import event, given, settings

from enclave_dns.resolution import Question
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.reverse import reverse_name
from tests.fakes.dns_worlds import World, settle
from tests.fakes.generated_worlds import (
    ADDRESSES,
    FAMILIES,
    OPENING,
    OPENING_BOTH,
    QUESTIONS,
    Sender,
    family,
    followed,
    senders,
    worlds,
)

ADDRESS_OF = {reverse_name(address): address for address in ADDRESSES}
ANSWER, NODATA, NXDOMAIN = "answer", "nodata", "nxdomain"
NO_ANSWER, FAILED = "no_answer", "failed"


@dataclass(frozen=True)
class Model:
    """The rule for one sender in one world."""

    sender: Sender
    world: World

    @property
    def is_open(self) -> bool:
        return "0.0.0.0/0" in self.sender.routes

    def expected(self, question: Question) -> tuple[str, list[Record]]:
        """The kind of the reply, and its answer section."""
        name, rtype = question.name, question.rtype
        if rtype == RRType.PTR:
            return self.pointers(name)
        if name in ADDRESS_OF and not self.is_open:
            return NO_ANSWER, []
        if rtype == RRType.CNAME and not self.is_blocked(name):
            alias = self.disclosed_alias(name)
            if alias:
                return ANSWER, self.leaving(name, alias)
        for records in self.from_hosts(name):
            own = [record for record in records if record.rtype == rtype]
            return (ANSWER, self.leaving(name, own)) if own else (NODATA, [])
        for companion in self.in_turn(rtype):
            at = Question(name, companion)
            shown = self.disclosed_addresses(at)
            if shown:
                chain, end = self.chain(at)
                answers = shown if companion == rtype else []
                return (ANSWER if answers else NODATA), chain + self.leaving(end, answers)
        return self.nothing(name, rtype)

    def pointers(self, name: Name) -> tuple[str, list[Record]]:
        """D5: by the address in the question alone; whatever the records name."""
        address = ADDRESS_OF.get(name)
        if address is None or not self.sender.may(address):
            return NO_ANSWER, []
        local = self.world.hosts.names.get(address, ())
        records = [Record(name, RRType.PTR, 30, target) for target in local]
        records = records or list(followed(self.world, Question(name, RRType.PTR))[1])
        if records:
            return ANSWER, self.leaving(name, records)
        return self.unknown(), []

    def from_hosts(self, name: Name) -> Iterator[list[Record]]:
        """What the hosts file answers with, where it is the source: at most one list."""
        addresses = self.world.hosts.addresses.get(name, ())
        shown = [address for address in addresses if self.sender.may(address)]
        is_block = any(ADDRESSES[address] in ("127.0.0.1", "0.0.0.0") for address in addresses)
        if shown or (is_block and self.is_open):
            yield [Record(name, family(address), 30, address) for address in shown]

    def is_blocked(self, name: Name) -> bool:
        """Whether the hosts file blocks a name for all types: in an open view."""
        return self.is_open and [] in self.from_hosts(name)

    def in_turn(self, rtype: int) -> tuple[int, ...]:
        """The families of a name, the one that was asked for first."""
        return tuple(sorted(FAMILIES, key=lambda one: (one != rtype, one)))

    def disclosed_addresses(self, at: Question) -> list[Record]:
        """D1 over the end of a chain."""
        return [record for record in followed(self.world, at)[1] if self.sender.may(record.rdata)]

    def disclosed_alias(self, name: Name) -> list[Record]:
        """D3: a CNAME whose target is visible; every CNAME in an open view."""
        if Question(name, RRType.CNAME) in self.world.silent:
            return []
        found = [r for r in self.world.zone.get(name, ()) if r.rtype == RRType.CNAME]
        targets = [Question(r.rdata, rtype) for r in found for rtype in FAMILIES]
        return found if self.is_open or any(map(self.disclosed_addresses, targets)) else []

    def chain(self, at: Question) -> tuple[list[Record], Name]:
        """The CNAMEs on the way, as they leave, and the last name."""
        links = followed(self.world, at)[0]
        shown = [record for link in links for record in self.leaving(link.name, [link])]
        return shown, links[-1].rdata if links else at.name

    def leaving(self, owner: Name, records: list[Record]) -> list[Record]:
        """One RRset: one TTL, each RDATA once; sorted and short-lived where it is restricted."""
        if not records:
            return []
        ttl = min(record.ttl for record in records)
        data = list(dict.fromkeys(record.rdata for record in records))
        if not self.is_open:
            ttl, data = min(30, ttl), sorted(data)
        return [Record(owner, records[0].rtype, ttl, one) for one in data]

    def nothing(self, name: Name, rtype: int) -> tuple[str, list[Record]]:
        """D8 where nothing is disclosed."""
        found = []
        for one in dict.fromkeys((rtype, *self.in_turn(rtype))):
            at = Question(name, one)
            if self.is_open and self.has_end(at):
                chain, end = self.chain(at)
                kind = NODATA if end in self.world.zone else NXDOMAIN
                found.append((kind, [] if rtype == RRType.CNAME == one else chain))
        # That a name exists counts, whichever question says so.
        found.sort(key=lambda one: one[0] == NXDOMAIN)
        return found[0] if found else (self.unknown(), [])

    def unknown(self) -> str:
        """No-answer, but never a new one while no nameserver is up."""
        return NO_ANSWER if self.world.is_up else FAILED

    def has_end(self, at: Question) -> bool:
        """Whether the chain ends, and no name on it is silent."""
        name = at.name
        for _ in range(10):
            if Question(name, at.rtype) in self.world.silent:
                return False
            records = self.world.zone.get(name, ())
            if not records or records[0].rtype != RRType.CNAME:
                return True
            name = records[0].rdata
        return False


def agree(sender: Sender, world: World) -> None:
    model = Model(sender, world)
    for question in QUESTIONS:
        reply = settle(sender.view, question, world)
        kind, records = model.expected(question)
        assert reply.kind.value == kind, question
        assert list(reply.answer) == records, question
        event(f"{kind} to {RRType(question.rtype).name}")


@given(senders(), worlds())
@settings(max_examples=200)
def test_what_a_restricted_view_discloses_leaves_and_nothing_else(
    sender: Sender, world: World
) -> None:
    agree(sender, world)


@given(senders(opening=OPENING) | senders(opening=OPENING_BOTH), worlds())
@settings(max_examples=200)
def test_what_an_open_view_discloses_leaves_and_nothing_else(sender: Sender, world: World) -> None:
    agree(sender, world)
