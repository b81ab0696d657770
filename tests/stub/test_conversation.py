"""One question to the gateways of a group: what counts as a word, and who is not to blame."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from enclave_dns.stub.conversation import Conversation
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import State
from enclave_dns.upstream.selection import Ended, Pace, Selection, Try
from enclave_dns.upstream.transport import Failure
from enclave_dns.wire.message import Message
from tests.fakes.dns_worlds import asked
from tests.fakes.gateways import Scene, draining, scene
from tests.fakes.nameserver import Respond, rcode, zone

OFFICE = zone("db.corp.net 60 A 10.0.0.30")


class WithoutSockets(Exchange):
    """A machine on which no socket can be had."""

    async def converse(self, *_: object, **__: object) -> Message | Failure:
        return Failure.NO_SOCKET


@asynccontextmanager
async def conversation(
    respond: Respond, text: str, exchange: Exchange | None = None
) -> AsyncIterator[tuple[Scene, Conversation, Try]]:
    """A question to one gateway, and its first try."""
    async with scene(respond) as made:
        now = asyncio.get_running_loop().time()
        selection = Selection([0], Pace(5.0, 5.0), [0.1], now)
        [group] = made.asking.groups
        asking = exchange or Exchange("127.0.0.1")
        attempt = selection.next_try(now)
        assert attempt is not None
        yield (
            made,
            Conversation(asked(text), group, selection, asking, made.vitals, made.asking.learned),
            attempt,
        )


async def test_an_address_is_a_word_at_once() -> None:
    async with conversation(OFFICE, "db.corp.net A") as (made, here, attempt):
        ended, checked = await here.ask(attempt)
        assert ended is Ended.SETTLED
        assert checked is not None
        assert checked.has_address
        assert here.excused == set()
        assert made.counts == [1]


async def test_who_has_spoken_is_excused_while_its_companion_question_is_asked() -> None:
    async with conversation(OFFICE, "db.corp.net AAAA") as (made, here, attempt):
        assert (await here.ask(attempt))[0] is Ended.SETTLED
        assert here.excused == {0}
        assert made.counts == [2]


async def test_who_could_not_be_asked_is_excused() -> None:
    async with conversation(OFFICE, "db.corp.net A", WithoutSockets()) as (made, here, attempt):
        assert await here.ask(attempt) == (Ended.DECLINED, None)
        assert here.excused == {0}
        assert made.vitals.state(made.gateways[0].server) is State.UP


async def test_a_failure_is_no_word_and_a_refusal_is_the_no_answer() -> None:
    async with conversation(rcode("SERVFAIL"), "db.corp.net A") as (_, here, attempt):
        assert await here.ask(attempt) == (Ended.DECLINED, None)
    async with conversation(rcode("REFUSED"), "db.corp.net A") as (_, here, attempt):
        assert (await here.ask(attempt))[0] is Ended.SETTLED


async def test_who_says_that_it_stops_is_out() -> None:
    async with conversation(draining, "db.corp.net A") as (made, here, attempt):
        assert await here.ask(attempt) == (Ended.DECLINED, None)
        assert made.vitals.state(made.gateways[0].server) is State.DOWN
