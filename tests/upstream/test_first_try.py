"""The first try of a look-up: it settles the question, or the look-up goes on with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.sources.nameserver import Selected
from enclave_dns.upstream.first_try import FirstTry
from enclave_dns.upstream.health import State
from enclave_dns.upstream.nameservers import Nameservers
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.nameserver import FakeNameserver, HeldNameserver, rcode, silence, zone
from tests.fakes.waiting import eventually

DB = Question(from_text("db.corp.net"), RRType.A)
BIG = Question(from_text("big.corp.net"), RRType.TXT)
GOOD = zone(
    "db.corp.net 60 A 10.0.0.30\n" + "\n".join(f'big.corp.net 60 TXT "{n:0>200}"' for n in range(9))
)


class Begun:
    """What was begun, and what was heard of it: one list entry each time."""

    def __init__(self, nameservers: Nameservers, question: Question = DB) -> None:
        self.heard: list[Resolution | None] = []
        self.first: FirstTry | None = nameservers.begin(
            question, do=False, start=0, then=self.heard.append
        )

    async def told(self) -> Resolution | None:
        await eventually(lambda: self.heard)
        [found] = self.heard
        return found


@asynccontextmanager
async def asking(*fakes: FakeNameserver, **options: Any) -> AsyncIterator[Nameservers]:
    nameservers = Nameservers(Selected(tuple(fake.server for fake in fakes), **options))
    try:
        yield nameservers
    finally:
        await nameservers.close()


async def test_a_reply_in_time_settles_the_question() -> None:
    async with FakeNameserver(GOOD) as fake, asking(fake) as nameservers:
        found = await Begun(nameservers).told()
        assert found is not None
        assert [record.rdata for record in found.rrset] == [bytes([10, 0, 0, 30])]
        assert found.server == str(fake.server)
        assert found.elapsed > 0
        assert nameservers.vitals.times[fake.server].total == pytest.approx(found.elapsed, abs=0.01)


async def test_who_is_late_is_waited_for_by_the_look_up_and_not_asked_again() -> None:
    async with HeldNameserver(GOOD) as fake, asking(fake) as nameservers:
        begun = Begun(nameservers)
        assert await begun.told() is None
        async with asyncio.TaskGroup() as group:
            look_up = group.create_task(nameservers.look_up(DB, begun=begun.first))
            await asyncio.sleep(0)
            fake.release()
        assert look_up.result().outcome is Outcome.ANSWER
        assert fake.questions == [("udp", "db.corp.net", "A")]
        assert len(begun.heard) == 1


async def test_the_next_nameserver_is_asked_beside_one_that_is_late() -> None:
    async with (
        FakeNameserver(silence) as mute,
        FakeNameserver(GOOD) as fake,
        asking(mute, fake) as nameservers,
    ):
        begun = Begun(nameservers)
        assert await begun.told() is None
        found = await nameservers.look_up(DB, begun=begun.first)
        assert found.server == str(fake.server)
        assert mute.questions == [("udp", "db.corp.net", "A")]


async def test_what_was_cut_short_is_fetched_over_tcp() -> None:
    async with FakeNameserver(GOOD) as fake, asking(fake) as nameservers:
        begun = Begun(nameservers, BIG)
        assert await begun.told() is None
        assert len((await nameservers.look_up(BIG, begun=begun.first)).rrset) == 9
        assert [transport for transport, *_ in fake.questions] == ["udp", "tcp"]


async def test_a_word_that_settles_nothing_is_left_to_the_next_nameserver() -> None:
    async with (
        FakeNameserver(rcode("SERVFAIL")) as bad,
        FakeNameserver(GOOD) as fake,
        asking(bad, fake) as nameservers,
    ):
        begun = Begun(nameservers)
        assert await begun.told() is None
        assert (await nameservers.look_up(DB, begun=begun.first)).server == str(fake.server)
        assert len(bad.questions) == 1


@pytest.mark.parametrize("options", [{"use_vc": True}, {"nameservers": ()}])
async def test_some_look_ups_do_not_begin_so(options: dict[str, Any]) -> None:
    async with FakeNameserver(GOOD) as fake:
        selected = Selected(**{"nameservers": (fake.server,), **options})
        nameservers = Nameservers(selected)
        assert Begun(nameservers).first is None
        await nameservers.close()


async def test_a_nameserver_that_is_not_up_is_not_asked_so() -> None:
    async with FakeNameserver(silence) as fake, asking(fake) as nameservers:
        for _ in range(3):
            nameservers.vitals.drained(fake.server)
        assert nameservers.vitals.state(fake.server) is State.DOWN
        assert Begun(nameservers).first is None


async def test_who_is_no_longer_listed_may_still_reply() -> None:
    async with HeldNameserver(GOOD) as fake, asking(fake) as nameservers:
        begun = Begun(nameservers)
        await eventually(lambda: fake.held)
        nameservers.replace(Selected())
        fake.release()
        found = await begun.told()
        assert found is not None
        assert found.outcome is Outcome.ANSWER


async def test_nobody_hears_of_what_is_closed() -> None:
    async with HeldNameserver(GOOD) as fake, asking(fake) as nameservers:
        begun = Begun(nameservers)
        await eventually(lambda: fake.held)
        await nameservers.close()
        fake.release()
        await asyncio.sleep(0.01)
        assert not begun.heard
