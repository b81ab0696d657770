"""Nameservers that lead back to the gateway: found, said, and of no harm to anybody else."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.relay import HERE, Relay
from tests.fakes.running import (
    CONTRACTOR,
    DEVELOPER,
    SECOND_GATEWAY,
    Log,
    Running,
    document,
    gateway_program,
    running,
)

ZONE = "db.corp.net 60 A 10.0.0.30\nfileserver.headquarters.corp.net 60 A 10.0.0.31"
NAMES = ["db.corp.net", "fileserver.headquarters.corp.net"]
"""One with too few letters for its spelling to prove anything, one with enough."""

MANY = 200
"""Far more packets than one loop may cost, and far fewer than a storm has."""

BOTH = document().replace(
    'gateways = [ { system_id = "WZL94", routes = ["10.0.0.0/24"] } ]',
    'gateways = [ { system_id = "WZL94", routes = ["10.0.0.0/24"] },'
    ' { system_id = "WZL95", routes = ["10.0.0.0/24"] } ]',
)
"""Developers are senders of both gateways."""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    return Log(monkeypatch, "enclave_dns.gateway.service")


async def found(log: Log) -> None:
    """Wait until a nameserver is out because it leads back."""
    for _ in range(50):
        entries = await log.until("this nameserver leads back to us")
        if any(entry["state"] == "down" for entry in entries):
            return
        await log.until("this nameserver leads back to us", len(entries) + 1)
    raise AssertionError(f"not found: {entries}")


async def is_unharmed(gateway: Running) -> None:
    """What no nameserver is asked for."""
    developer = gateway.client(DEVELOPER)
    assert await developer.hears("printer") == "NOERROR 10.0.0.40"
    assert await developer.hears("_my.id.enclave") == "NOERROR 127.100.64.70"


@pytest.mark.parametrize("name", NAMES)
async def test_a_nameserver_that_is_the_gateway_itself(tmp_path: Path, log: Log, name: str) -> None:
    async with Relay(CONTRACTOR) as relay:
        program = gateway_program(tmp_path / "a", [relay], hosts="10.0.0.40 printer")
        async with running(program, tmp_path) as gateway:
            relay.target = gateway.at
            developer = gateway.client(DEVELOPER)
            assert await developer.hears(name) == "SERVFAIL"
            await found(log)
            for number in range(10):
                assert await developer.hears(f"{number}.{name}") == "SERVFAIL"
            await is_unharmed(gateway)
            assert relay.passed < MANY


@pytest.mark.parametrize("name", NAMES)
async def test_two_gateways_that_are_each_others_nameserver(
    tmp_path: Path, log: Log, name: str
) -> None:
    async with AsyncExitStack() as stack:
        relays = [await stack.enter_async_context(Relay(DEVELOPER)) for _ in range(2)]
        settings = [{}, {"system_id": "WZL95", "listen": [f"{SECOND_GATEWAY}:0"]}]
        gateways = [
            await stack.enter_async_context(
                running(
                    gateway_program(
                        tmp_path / str(at),
                        [relays[at]],
                        organisation=BOTH,
                        hosts="10.0.0.40 printer",
                        **settings[at],
                    ),
                    tmp_path,
                )
            )
            for at in range(2)
        ]
        for at in range(2):
            relays[at].target = gateways[1 - at].at
        developer = gateways[0].client(DEVELOPER)
        assert await developer.hears(name) == "SERVFAIL"
        await found(log)
        for number in range(10):
            assert await developer.hears(f"{number}.{name}") == "SERVFAIL"
        await is_unharmed(gateways[0])
        assert sum(relay.passed for relay in relays) < MANY


@pytest.mark.parametrize("name", NAMES)
async def test_another_nameserver_answers_in_place_of_the_one_that_leads_back(
    tmp_path: Path, log: Log, name: str
) -> None:
    async with Relay(CONTRACTOR) as relay, FakeNameserver(zone(ZONE)) as sound:
        program = gateway_program(tmp_path / "a", [relay, sound])
        async with running(program, tmp_path) as gateway:
            relay.target = gateway.at
            developer = gateway.client(DEVELOPER)
            for each in (name, *NAMES):
                assert (await developer.hears(each)).startswith("NOERROR 10.0.0.3")
            assert await developer.hears("nothing.corp.net") == "REFUSED"
            assert relay.passed < MANY


async def test_a_loop_that_appears_while_the_gateway_runs_and_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    async with AsyncExitStack() as stack:
        sound = await stack.enter_async_context(FakeNameserver(zone(ZONE)))
        relay = Relay(CONTRACTOR, address="127.0.0.2", port=sound.port)
        await stack.enter_async_context(relay)
        # resolv.conf knows no ports; the nameservers of a test may not have port 53.
        monkeypatch.setattr("enclave_dns.sources.nameserver.DNS_PORT", sound.port)
        folder = tmp_path / "a"
        program = gateway_program(folder, hosts="10.0.0.40 printer", nameservers=[])
        (folder / "resolv.conf").write_text(f"nameserver {HERE}\n")
        gateway = await stack.enter_async_context(running(program, folder))
        relay.target = gateway.at
        developer = gateway.client(DEVELOPER)
        assert await developer.hears(NAMES[0]) == "NOERROR 10.0.0.30"
        gateway.replace("resolv.conf", "nameserver 127.0.0.2\n")
        await developer.until_hears("SERVFAIL", NAMES[0])
        await found(log)
        await is_unharmed(gateway)
        gateway.replace("resolv.conf", f"nameserver {HERE}\n")
        await developer.until_hears("NOERROR 10.0.0.31", NAMES[1])
        assert relay.passed < MANY
