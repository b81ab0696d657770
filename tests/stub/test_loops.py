"""A gateway whose nameserver is the stub that asks it: found, said, and of no harm to the rest."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.fakes.clients import Client
from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.relay import HERE, Relay
from tests.fakes.running import (
    DEVELOPER,
    Log,
    gateway_program,
    running,
    stub_program,
)

MANY = 200
"""Far more packets than one loop may cost, and far fewer than a storm has."""

NAMES = ["db.corp.net", "fileserver.headquarters.corp.net"]


@pytest.mark.parametrize("name", NAMES)
async def test_the_gateway_finds_out_and_its_own_clients_hear_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    log = Log(monkeypatch, "enclave_dns.gateway.service")
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(Relay())
        made = gateway_program(tmp_path / "a", [relay], hosts="10.0.0.40 printer", timeout="800ms")
        gateway = await stack.enter_async_context(running(made, tmp_path))
        stub = await stack.enter_async_context(
            running(stub_program(tmp_path / "b", gateway.at[1]), tmp_path)
        )
        relay.target = stub.at
        laptop = stub.client(HERE)
        assert await laptop.hears(name) in ("SERVFAIL", "REFUSED")
        entries = await log.until("this nameserver leads back to us", 2)
        assert entries[1]["state"] == "down"
        assert await gateway.client(DEVELOPER).hears(name) == "SERVFAIL"
        for number in range(10):
            assert await laptop.hears(f"{number}.{name}") in ("SERVFAIL", "REFUSED")
        assert await laptop.hears("printer") == "NOERROR 10.0.0.40"
        assert await laptop.hears("_my.id.enclave") == f"NOERROR {DEVELOPER}"
        assert relay.passed < MANY


@pytest.mark.parametrize("name", NAMES)
async def test_a_fallback_nameserver_that_leads_back_to_the_stub(tmp_path: Path, name: str) -> None:
    async with Relay() as relay, FakeNameserver(zone(f"{name} 60 A 192.0.2.1")) as sound:
        nameservers = [f"{HERE}:{server.port}" for server in (relay, sound)]
        for known, expected in ((nameservers[:1], "SERVFAIL"), (nameservers, "NOERROR 192.0.2.1")):
            program = stub_program(tmp_path / str(len(known)), fallback="system", nameservers=known)
            async with running(program, tmp_path) as stub:
                relay.target = stub.at
                laptop: Client = stub.client(HERE)
                for _ in range(5):
                    assert await laptop.hears(name) == expected
        assert relay.passed < MANY


async def test_a_thousand_identical_questions_are_a_few_at_most_to_the_nameserver(
    tmp_path: Path,
) -> None:
    async with FakeNameserver(zone("db.corp.net 60 A 192.0.2.1")) as nameserver:
        server = f"{HERE}:{nameserver.port}"
        program = stub_program(tmp_path / "a", fallback="system", nameservers=[server])
        async with running(program, tmp_path) as stub:
            laptop = stub.client(HERE)
            heard = await asyncio.gather(*(laptop.hears("db.corp.net") for _ in range(1000)))
            assert set(heard) == {"NOERROR 192.0.2.1"}
            # It is asked once more where a busy machine makes its reply look late.
            assert len(nameserver.seen) < 5
