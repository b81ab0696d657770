"""Non-interference: what is not disclosed changes nothing, not a bit of any reply.

Two worlds that differ only in records that the view does not disclose give equal replies to every
question. And no reply holds an address that the view does not permit, in any byte.
"""

from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from enclave_dns.disclosure.reply import Kind, Reply
from enclave_dns.resolution import Question
from enclave_dns.wire.message import Message, read_message
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.render import render
from tests.fakes.dns_worlds import World, asked, packed, settle, view_of, zone
from tests.fakes.generated_worlds import (
    ADDRESSES,
    FAMILIES,
    NAMES,
    NEVER_BY_WIDTH,
    OPENING,
    OPENING_BOTH,
    QUESTIONS,
    Sender,
    address_records,
    followed,
    pairs,
    senders,
    worlds,
)


@given(pairs())
@settings(max_examples=200)
def test_hidden_records_change_no_reply(pair: tuple[Sender, World, World]) -> None:
    sender, world, other = pair
    for question in QUESTIONS:
        reply = settle(sender.view, question, world)
        assert settle(sender.view, question, other) == reply, question
        if reply.kind is Kind.ANSWER:
            event(f"an answer to {RRType(question.rtype).name}")


@given(senders(opening=OPENING) | senders(opening=OPENING_BOTH), worlds(), st.data())
def test_hidden_addresses_change_no_reply_in_an_open_view_either(
    sender: Sender, world: World, data: st.DataObject
) -> None:
    """Names are no secret there: only the addresses that D1 hides are exchanged."""
    hidden = [address for address in ADDRESSES if not sender.may(address)]
    changed = dict(world.zone)
    for name in NAMES:
        records = changed.get(name)
        if records is not None and not any(r.rtype == RRType.CNAME for r in records):
            kept = tuple(record for record in records if sender.may(record.rdata))
            changed[name] = kept + data.draw(address_records(name, hidden))
    other = replace(world, zone=changed)
    for question in QUESTIONS:
        assert settle(sender.view, question, other) == settle(sender.view, question, world)


def rendered(question: Question, reply: Reply) -> bytes:
    """Everything that a reply says, without the question, which the sender wrote itself."""
    sections = (reply.answer, reply.authority, reply.additional)
    packet = render(Message(0, reply.rcode, (), *sections))
    assert read_message(packet).answer == reply.answer
    return packet


@given(senders() | senders(opening=OPENING) | senders(opening=OPENING_BOTH), worlds())
def test_no_hidden_address_stands_in_any_byte_of_a_reply(sender: Sender, world: World) -> None:
    hidden = [address for address in ADDRESSES if not sender.may(address)]
    for question in QUESTIONS:
        packet = rendered(question, settle(sender.view, question, world))
        for address in hidden:
            assert address not in packet, (question, ADDRESSES[address])


@given(senders(), worlds())
def test_a_name_without_a_disclosed_address_is_as_if_there_were_nothing(
    sender: Sender, world: World
) -> None:
    nothing = World(is_up=world.is_up, silent=world.silent)
    for name in NAMES:
        in_zone = any(
            sender.may(record.rdata)
            for rtype in FAMILIES
            for record in followed(world, Question(name, rtype))[1]
        )
        in_hosts = any(map(sender.may, world.hosts.addresses.get(name, ())))
        if in_zone or in_hosts:
            continue
        for rtype in (*FAMILIES, RRType.MX):
            question = Question(name, rtype)
            assert settle(sender.view, question, world) == settle(sender.view, question, nothing)


@pytest.mark.parametrize("wrong", [b"", b"\0\x64\xff\x9b\0\1", packed("10.0.0.30"), bytes(17)])
@pytest.mark.parametrize("kind", ["A", "AAAA", "MX"])
def test_rdata_that_is_no_address_is_dropped_alone_and_hastens_nothing(
    kind: str, wrong: bytes
) -> None:
    shown = zone("db.corp.net 20 AAAA 2001:db8::1")
    name = next(iter(shown))
    bad = Record(name, RRType.AAAA, 1, wrong)
    for view in (view_of("2001:db8::/64", "10.0.0.0/24"), view_of("0.0.0.0/0", "::/0")):
        question = asked(f"db.corp.net {kind}")
        whole = World({name: (bad, *shown[name], bad)})
        assert settle(view, question, whole) == settle(view, question, World(shown))


def test_the_hidden_addresses_of_these_worlds_are_no_chance_bytes() -> None:
    # Else a byte-wise search would find them in lengths, counts and TTLs.
    assert all(len(set(address)) > 2 for address in ADDRESSES if address != NEVER_BY_WIDTH)
