"""A nameserver that is silent is found dead however few times it is asked for each name."""

import asyncio

import pytest

from enclave_dns.resolution import Question
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.sources.nameserver import Selected
from enclave_dns.upstream.nameservers import Nameservers
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from tests.fakes.nameserver import FakeNameserver, silence
from tests.fakes.waiting import eventually


@pytest.mark.parametrize("attempts", [1, 2])
async def test_silence_to_the_end_of_the_last_try_counts(attempts: int) -> None:
    async with FakeNameserver(silence) as fake:
        nameservers = Nameservers(Selected((fake.server,), attempts=attempts))
        resolver = Resolver(nameservers)
        deadline = asyncio.get_running_loop().time() + 0.1
        names = [Question(from_text(f"n{number}.corp.net"), RRType.A) for number in range(3)]
        await resolver.look_up(names, do=False, start=0, deadline=deadline)
        await eventually(lambda: not nameservers.is_up)
        await resolver.close()
        await nameservers.close()
