"""The server: at once or later, one reply for each query, and a fault costs one query only."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest
import structlog.testing

from enclave_dns.disclosure.reply import EDE_NOT_READY, Reply, disclosed, no_answer, protocol_error
from enclave_dns.serve.pending import MAX_PER_SENDER
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import Query
from enclave_dns.serve.server import Address, Server
from enclave_dns.tally import LOCAL, REFUSAL
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record
from tests.fakes.scripted_program import AUDIENCE, ScriptedProgram, addresses, large, packet
from tests.fakes.waiting import eventually

SOURCE: Address = ("100.64.0.12", 40_000)
GRACE = 0.02


@dataclass
class Inbox:
    """The way back to one client (a `Channel`) that keeps what it is sent."""

    is_tcp: bool = False
    is_saturated: bool = False
    packets: list[bytes] = field(default_factory=list)
    drops: int = 0

    def send(self, packet: bytes, address: Address) -> None:
        assert address == SOURCE
        self.packets.append(packet)

    def drop(self) -> None:
        self.drops += 1

    @property
    def rcodes(self) -> dict[int, str]:
        """The rcode of every reply by its id."""
        messages = map(dns.message.from_wire, self.packets)
        return {message.id: dns.rcode.to_text(message.rcode()) for message in messages}


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def log() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def rcode(reply: bytes | None) -> str:
    assert reply is not None
    return dns.rcode.to_text(dns.message.from_wire(reply).rcode())


def hold_back(server: Server, inbox: Inbox, program: ScriptedProgram, *names: str) -> None:
    """Ask for names, each with its place as its id, that are not answered until told."""
    for number, name in enumerate(names):
        program.gate(name)
        assert server.receive(packet(name, id=number), SOURCE, inbox) is None


async def test_what_is_known_is_answered_in_the_same_call(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    program.at_once = lambda query: addresses(query.folded.name)
    reply = server.receive(packet("db.corp.net"), SOURCE, inbox)
    assert rcode(reply) == "NOERROR"
    assert (inbox.packets, program.asked) == ([], [])
    assert server.traffic.made == {(RCode.NOERROR, LOCAL): 1}


async def test_a_kept_reply_does_not_ask_the_program_again(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    calls: list[Query] = []

    def at_once(query: Query) -> Reply:
        calls.append(query)
        return addresses(query.folded.name, lifetime=20.0)

    program.at_once = at_once
    replies = [server.receive(packet("db.corp.net", id=7), SOURCE, inbox) for _ in range(3)]
    assert len(set(replies)) == len(calls) == 1
    assert (server.traffic.made.total(), sum(server.traffic.kept)) == (1, 2)
    server.forget()
    server.receive(packet("db.corp.net"), SOURCE, inbox)
    assert len(calls) == 2


async def test_what_must_be_looked_up_is_sent_when_it_is_there_in_any_order(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    hold_back(server, inbox, program, "a.net", "b.net")
    await eventually(lambda: len(program.asked) == 2)
    assert inbox.packets == []
    program.gate("b.net").set()
    await eventually(lambda: len(inbox.packets) == 1)
    program.gate("a.net").set()
    await eventually(lambda: len(inbox.packets) == 2)
    assert list(inbox.rcodes.items()) == [(1, "NOERROR"), (0, "NOERROR")]


async def test_a_late_reply_is_kept_for_the_next_client(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    program.later = lambda query: addresses(query.folded.name, lifetime=20.0)
    assert server.receive(packet("db.corp.net"), SOURCE, inbox) is None
    await eventually(lambda: inbox.packets)
    assert rcode(server.receive(packet("db.corp.net"), SOURCE, inbox)) == "NOERROR"


async def test_a_late_reply_is_kept_for_the_audience_that_it_was_decided_for(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    program.later = lambda query: addresses(query.folded.name, lifetime=20.0)
    hold_back(server, inbox, program, "db.corp.net")
    program.audience = Audience(b"view 002", AUDIENCE.sender)
    program.gate("db.corp.net").set()
    await eventually(lambda: inbox.packets)
    assert server.receive(packet("db.corp.net"), SOURCE, inbox) is not None
    program.audience = AUDIENCE
    assert server.receive(packet("db.corp.net"), SOURCE, inbox) is None


@pytest.mark.parametrize("is_tcp", [False, True])
async def test_strangers_get_nothing(
    server: Server, program: ScriptedProgram, is_tcp: bool
) -> None:
    program.audience = None
    inbox = Inbox(is_tcp)
    for junk in (packet("db.corp.net"), packet("db.corp.net", "AXFR"), b"", b"junk" * 9):
        assert server.receive(junk, SOURCE, inbox) is None
    assert (inbox.packets, inbox.drops, program.asked) == ([], 4, [])
    assert server.counts == {"dropped_unknown_sender": 4}
    assert server.sender_of(SOURCE[0]) is None


async def test_what_is_no_query_is_dropped(server: Server, inbox: Inbox) -> None:
    assert server.sender_of(SOURCE[0]) == AUDIENCE.sender
    assert server.receive(b"\0" * 11, SOURCE, inbox) is None
    assert server.receive(packet("db.corp.net"), (SOURCE[0], 53), inbox) is None
    assert server.receive(packet("db.corp.net", flags=0x8100), SOURCE, inbox) is None
    assert inbox.drops == 3
    assert server.counts == {"dropped_short": 1, "dropped_source_port": 1, "dropped_reply": 1}


async def test_an_audience_with_a_refusal_hears_it_for_every_name_and_nothing_is_asked(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    program.audience = Audience(b"view 000", "KD9Q2", protocol_error(RCode.REFUSED, 18))
    rests = set()
    for name in ("db.corp.net", "no.corp.net"):
        reply = server.receive(packet(name, use_edns=0, id=1), SOURCE, inbox)
        assert reply is not None
        message = dns.message.from_wire(reply)
        assert [o.to_wire() for o in message.options] == [b"\0\x12"]
        rests.add((message.flags, message.rcode(), len(message.answer)))
    assert len(rests) == 1
    assert program.asked == []


@pytest.mark.parametrize(("is_tcp", "is_whole"), [(False, False), (True, True)])
async def test_the_size_of_a_late_reply_is_that_of_its_channel(
    server: Server, program: ScriptedProgram, is_tcp: bool, is_whole: bool
) -> None:
    program.later = lambda query: large(query.folded.name, 10)
    inbox = Inbox(is_tcp)
    server.receive(packet("db.corp.net", "TXT"), SOURCE, inbox)
    await eventually(lambda: inbox.packets)
    message = dns.message.from_wire(inbox.packets[0])
    assert bool(message.flags & dns.flags.TC) is not is_whole


async def test_what_is_too_large_for_one_client_is_still_kept_for_another(
    server: Server, program: ScriptedProgram
) -> None:
    program.at_once = lambda query: addresses(query.folded.name, 60, lifetime=20.0)
    over_udp = server.receive(packet("a.net"), SOURCE, Inbox())
    assert dns.message.from_wire(over_udp or b"").flags & dns.flags.TC
    over_tcp = server.receive(packet("a.net"), SOURCE, Inbox(is_tcp=True))
    assert len(dns.message.from_wire(over_tcp or b"").answer[0]) == 60
    assert (server.traffic.made.total(), sum(server.traffic.kept)) == (1, 1)


async def test_over_the_limit_of_a_sender_its_oldest_query_gets_servfail(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    names = [f"n{number}.net" for number in range(MAX_PER_SENDER)]
    hold_back(server, inbox, program, *names)
    await eventually(lambda: len(program.asked) == MAX_PER_SENDER)
    assert inbox.packets == []
    assert server.receive(packet("new.net", id=9_999), SOURCE, inbox) is None
    assert inbox.rcodes == {0: "SERVFAIL"}
    await eventually(lambda: 9_999 in inbox.rcodes)
    # What gave way is no longer worked on, and gets no second reply.
    assert program.ended == ["n0.net", "new.net"]
    for name in names:
        program.gate(name).set()
    await eventually(lambda: len(inbox.packets) == MAX_PER_SENDER + 1)
    assert list(inbox.rcodes.values()).count("NOERROR") == MAX_PER_SENDER
    assert server.counts["refused_in_flight"] == 1


async def test_where_there_is_one_sender_its_share_is_all_there_is(
    program: ScriptedProgram, inbox: Inbox
) -> None:
    server = Server(program, has_one_sender=True)
    names = [f"n{number}.net" for number in range(MAX_PER_SENDER + 10)]
    hold_back(server, inbox, program, *names)
    await eventually(lambda: len(program.asked) == len(names))
    for name in names:
        program.gate(name).set()
    await eventually(lambda: len(inbox.packets) == len(names))
    assert set(inbox.rcodes.values()) == {"NOERROR"}


async def test_a_burst_before_any_of_its_queries_has_begun_is_answered_all_the_same(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    for number in range(MAX_PER_SENDER + 10):
        server.receive(packet("db.corp.net", id=number), SOURCE, inbox)
    await eventually(lambda: len(inbox.packets) == MAX_PER_SENDER + 10)
    assert len(inbox.rcodes) == MAX_PER_SENDER + 10
    assert {number for number, code in inbox.rcodes.items() if code == "SERVFAIL"} == set(range(10))


async def test_a_program_that_fails_while_it_waits_costs_one_servfail_and_a_line(
    server: Server, program: ScriptedProgram, inbox: Inbox, log: list[Any]
) -> None:
    def fail(query: Query) -> Reply:
        if query.id == 1:
            raise KeyError("a fault of ours")
        return addresses(query.folded.name)

    program.later = fail
    for number in range(3):
        server.receive(packet("db.corp.net", id=number), SOURCE, inbox)
    await eventually(lambda: len(inbox.packets) == 3)
    assert inbox.rcodes == {0: "NOERROR", 1: "SERVFAIL", 2: "NOERROR"}
    assert [(line["event"], line["log_level"]) for line in log] == [
        ("a query could not be answered", "error")
    ]


async def test_a_program_that_fails_at_once_costs_one_servfail_and_a_line(
    server: Server, program: ScriptedProgram, inbox: Inbox, log: list[Any]
) -> None:
    def fail(query: Query) -> Reply:
        raise KeyError("a fault of ours")

    program.at_once = fail
    assert rcode(server.receive(packet("db.corp.net"), SOURCE, inbox)) == "SERVFAIL"
    assert len(log) == 1
    program.at_once = lambda query: addresses(query.folded.name)
    assert rcode(server.receive(packet("db.corp.net"), SOURCE, inbox)) == "NOERROR"


@pytest.mark.parametrize("is_at_once", [True, False])
async def test_a_reply_that_can_not_be_written_costs_one_servfail_and_a_line(
    server: Server, program: ScriptedProgram, inbox: Inbox, log: list[Any], is_at_once: bool
) -> None:
    name = from_text("db.corp.net")
    half = Record(name, RRType.MX, 30, b"\0\1\4corp")
    broken = disclosed((), (half,), end=name, lifetime=20.0, turns=False)
    if is_at_once:
        program.at_once = lambda query: broken
    program.later = lambda query: broken
    reply = server.receive(packet("db.corp.net", "MX"), SOURCE, inbox)
    if not is_at_once:
        await eventually(lambda: inbox.packets)
        reply = inbox.packets[0]
    assert rcode(reply) == "SERVFAIL"
    assert len(log) == 1


async def test_who_is_no_longer_known_when_the_reply_is_there_gets_nothing(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    hold_back(server, inbox, program, "db.corp.net")
    program.audience = None
    program.gate("db.corp.net").set()
    await eventually(lambda: inbox.drops)
    assert inbox.packets == []
    assert server.counts["dropped_unknown_sender"] == 1


async def test_while_draining_new_queries_are_sent_elsewhere_and_old_ones_finish(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    program.at_once = lambda query: (
        addresses(query.folded.name, lifetime=20.0) if query.id == 500 else None
    )
    server.receive(packet("kept.net", id=500), SOURCE, inbox)
    hold_back(server, inbox, program, "a.net", "b.net")
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(server.drain(30.0))
        await asyncio.sleep(0)
        for name in ("new.net", "kept.net"):
            reply = server.receive(packet(name, use_edns=0), SOURCE, inbox)
            assert rcode(reply) == "SERVFAIL"
            (option,) = dns.message.from_wire(reply or b"").options
            assert option.to_wire() == EDE_NOT_READY.to_bytes(2)
        program.gate("a.net").set()
        await eventually(lambda: len(inbox.packets) == 1)
        assert not draining.done()
        program.gate("b.net").set()
    assert inbox.rcodes == {0: "NOERROR", 1: "NOERROR"}


async def test_what_does_not_finish_in_time_gets_servfail_at_the_end_of_the_drain(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    hold_back(server, inbox, program, "a.net", "b.net")
    program.gate("a.net").set()
    await server.drain(GRACE)
    assert inbox.rcodes == {0: "NOERROR", 1: "SERVFAIL"}
    await eventually(lambda: program.ended == ["a.net", "b.net"])
    assert len(inbox.packets) == 2


async def test_a_drain_with_nothing_in_flight_ends(server: Server) -> None:
    await server.drain()


async def test_replies_are_counted_by_rcode_and_source(
    server: Server, program: ScriptedProgram, inbox: Inbox
) -> None:
    program.at_once = lambda query: no_answer(RCode.REFUSED)
    for _ in range(2):
        server.receive(packet("db.corp.net"), SOURCE, inbox)
    server.receive(packet("db.corp.net", "AXFR"), SOURCE, inbox)
    assert server.traffic.made == {(RCode.REFUSED, LOCAL): 1, (RCode.REFUSED, REFUSAL): 1}
    assert server.traffic.kept[RCode.REFUSED] == 1
    assert server.counts == {"refused_transfer": 1}


async def test_under_saturation_no_more_is_begun_than_can_be_finished(
    server: Server, program: ScriptedProgram
) -> None:
    inbox = Inbox(is_saturated=True)
    names = [f"n{number}.net" for number in range(MAX_PER_SENDER)]
    hold_back(server, inbox, program, *names)
    program.gate("new.net")
    refused = server.receive(packet("new.net", id=9_999), SOURCE, inbox)
    assert refused is not None
    assert dns.message.from_wire(refused).rcode() == dns.rcode.SERVFAIL
    assert server.counts["refused_saturated"] == 1
    program.audience = replace(AUDIENCE, sender="C4X8M")
    assert server.receive(packet("new.net", id=9_998), SOURCE, inbox) is None
    for name in (*names, "new.net"):
        program.gate(name).set()
    await eventually(lambda: len(inbox.packets) == len(names) + 1)
    assert set(inbox.rcodes.values()) == {"NOERROR"}
