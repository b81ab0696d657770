"""Forged answers, a few of each kind, and the two fields that the kernel compares for us."""

import asyncio
import socket

import pytest

from enclave_dns.resolution import Question
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.transport import Transport
from enclave_dns.wire.message import Message
from enclave_dns.wire.names import from_text
from tests.benchmarks.forgery import FIELDS, forged, one_exchange
from tests.fakes.nameserver import FakeNameserver, zone

FORGED = bytes((192, 0, 2, 66))
HONEST = bytes((10, 0, 0, 30))


async def test_no_forgery_is_accepted_and_the_honest_answer_is() -> None:
    exchanged = await one_exchange()
    assert exchanged.is_taken(exchanged.answer)
    assert forged(exchanged, 20_000) == dict.fromkeys(FIELDS, 0)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
async def test_what_another_port_or_address_sends_never_arrives(address: str) -> None:
    """The liar knows id, question and port, and is first; with another address its port is right.

    A packet that arrived would be taken for the answer.
    """
    honest = zone("www.corp.net. 60 IN A 10.0.0.30")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        clients = []

        class Watched(FakeNameserver):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                clients.append(addr)
                [answer] = honest(data, "udp")
                assert answer.endswith(HONEST)
                liar.sendto(answer.removesuffix(HONEST) + FORGED, addr)
                super().datagram_received(data, addr)

        async with Watched(honest, has_tcp=False) as nameserver:
            liar.bind((address, 0 if address == nameserver.address else nameserver.port))
            result = await Exchange().ask(
                nameserver.server,
                Question(from_text("www.corp.net"), 1),
                transport=Transport.UDP,
                deadline=asyncio.get_running_loop().time() + 20,
            )
    assert len(clients) == 1
    assert isinstance(result, Message)
    assert [record.rdata for record in result.answer] == [HONEST]
