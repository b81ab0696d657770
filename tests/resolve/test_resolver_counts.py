"""What is counted of the record cache: what it had, and what had to be asked."""

import asyncio

from enclave_dns.resolution import Question
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.dns_worlds import World
from tests.fakes.front import FakeSource

ASKED = Question(from_text("db.corp.net"), RRType.A)
SPECIAL = Question(from_text("localhost"), RRType.A)


async def test_a_look_up_is_a_miss_and_what_is_remembered_is_a_hit() -> None:
    resolver = Resolver(FakeSource(World()))
    deadline = asyncio.get_running_loop().time() + 20.0
    for _ in range(3):
        await resolver.look_up([ASKED, SPECIAL], do=False, start=0, deadline=deadline)
    assert (resolver.cache.hits, resolver.cache.misses, len(resolver.cache)) == (2, 1, 1)
    await resolver.close()
