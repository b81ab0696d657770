"""What is counted of each server: the times of its replies, and who had to answer for another."""

import asyncio

import uvloop

from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import State
from enclave_dns.upstream.nameservers import NAMESERVER_SIGNS
from enclave_dns.upstream.racing import Settled
from enclave_dns.upstream.transport import Failure
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.message import Message

ONE, OTHER = Nameserver("127.0.0.1", port=1), Nameserver("127.0.0.1", port=2)
WORD = Message(0, 0x8180)


async def test_only_replies_have_a_time_and_it_goes_with_the_server() -> None:
    vitals = Vitals(Exchange(), NAMESERVER_SIGNS)
    vitals.replace((ONE, OTHER))
    vitals.learn(ONE, WORD, 0.0)
    vitals.learn(OTHER, Failure.SILENCE, 0.0)
    assert {server: sum(times.counts) for server, times in vitals.times.items()} == {
        ONE: 1,
        OTHER: 0,
    }
    vitals.replace((OTHER, ONE))
    assert sum(vitals.times[ONE].counts) == 1
    vitals.replace((OTHER,))
    vitals.learn(ONE, WORD, 0.0)
    assert list(vitals.times) == [OTHER]
    await vitals.close()


async def test_a_failover_is_a_question_that_another_one_settled_than_the_first_asked() -> None:
    vitals = Vitals(Exchange(), NAMESERVER_SIGNS)
    servers = [ONE, OTHER]
    vitals.replace(servers)
    vitals.raced(servers, Settled(None, 0))
    assert vitals.failovers == 0
    vitals.raced(servers, Settled(None, 1, (0,)))
    vitals.raced(servers, Settled(None, 1, (0,), frozenset({0})))
    assert vitals.failovers == 2
    await vitals.close()


def test_a_probe_that_is_due_at_once_may_be_called_off_on_every_loop() -> None:
    """uvloop's handles do not tell when they are due."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_suspected_and_alive_at_once())


async def _suspected_and_alive_at_once() -> None:
    vitals = Vitals(Exchange(), NAMESERVER_SIGNS)
    server = Nameserver("127.0.0.1", port=9)
    vitals.replace([server])
    for _ in range(3):
        vitals.learn(server, Failure.UNREACHABLE, vitals.now())
    assert vitals.state(server) is State.SUSPECTED
    vitals.settled_at_once(server, vitals.now())
    assert vitals.state(server) is State.UP
    await vitals.close()
