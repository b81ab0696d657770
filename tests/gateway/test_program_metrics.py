"""A running gateway, watched over HTTP: the books balance, and ready means ready."""

import asyncio
import os
import signal
import socket
from functools import partialmethod
from pathlib import Path

import pytest

from enclave_dns.serve.server import Server
from tests.fakes.clients import PATIENCE, PAUSE, TRIES, Client
from tests.fakes.front import query
from tests.fakes.nameserver import FakeNameserver, HeldNameserver, silence, zone
from tests.fakes.running import (
    BYSTANDER,
    CONTRACTOR,
    DEVELOPER,
    STRANGER,
    Running,
    document,
    gateway_program,
    running,
)
from tests.fakes.scraped import Samples, got, scraped, total, unready

ZONE = """
db.corp.net    300 A 10.0.0.30
files.corp.net 300 A 172.16.1.11
files.corp.net 300 A 192.168.0.30
"""
METRICS = "127.0.0.1:0"


def send(client: Client, *packets: bytes) -> None:
    """Packets that nobody waits for a reply to."""
    with client.socket() as sock:
        for packet in packets:
            sock.send(packet)


async def balanced(gateway: Running, requests: int) -> Samples:
    """The samples, once so many packets have been taken and nothing is in flight."""
    for _ in range(TRIES):
        samples = await scraped(gateway)
        dropped = total(samples, "rejected_total", outcome="dropped")
        replies = total(samples, "responses_total")
        in_flight = total(samples, "inflight")
        assert total(samples, "requests_total") == replies + dropped + in_flight
        if total(samples, "requests_total") == requests and not in_flight:
            return samples
        await asyncio.sleep(PAUSE)
    raise AssertionError(f"{requests} packets were sent, and these were counted: {samples}")


async def test_every_packet_is_in_the_books(tmp_path: Path) -> None:
    async with FakeNameserver(zone(ZONE)) as nameserver:
        program = gateway_program(tmp_path, [nameserver], metrics=METRICS)
        async with running(program, tmp_path) as gateway:
            developer, contractor = gateway.client(DEVELOPER), gateway.client(CONTRACTOR)
            assert await developer.hears("db.corp.net") == "NOERROR 10.0.0.30"
            assert await developer.hears("db.corp.net") == "NOERROR 10.0.0.30"
            assert await developer.hears("db.corp.net", tcp=True) == "NOERROR 10.0.0.30"
            assert await contractor.hears("files.corp.net") == "NOERROR 172.16.1.11"
            assert await gateway.client(BYSTANDER).hears("db.corp.net") == "REFUSED"
            assert await developer.hears("_my.id.enclave") == f"NOERROR {gateway.at[0]}"
            assert await developer.hears("db.corp.net", "TYPE65280") == "NOERROR"
            send(developer, b"", b"\0" * 11, query("db.corp.net", flags="QR"))
            send(gateway.client(STRANGER), query("db.corp.net"), b"junk")
            assert await developer.send(query("db.corp.net")[:-1]) is not None
            samples = await balanced(gateway, 13)
    assert total(samples, "requests_total", proto="tcp", family="ipv4", type="A") == 1
    assert total(samples, "requests_total", type="other") == 7
    assert total(samples, "responses_total", source="cache", rcode="NOERROR") == 2
    assert total(samples, "responses_total", source="upstream", rcode="NOERROR") == 3
    assert total(samples, "responses_total", source="zone") == 1
    assert total(samples, "responses_total", source="refusal", rcode="FORMERR") == 1
    assert total(samples, "rejected_total", reason="unknown_sender") == 2
    assert total(samples, "rejected_total", reason="no_policy", outcome="answered") == 1
    assert total(samples, "records_filtered_total", type="A") == 1
    assert total(samples, "request_duration_seconds_count") == total(samples, "responses_total")
    assert total(samples, "upstream_duration_seconds_count", to=str(nameserver.server)) >= 2
    assert total(samples, "upstream_healthy") == 1
    assert total(samples, "cache_hits_total", cache="reply") == 2
    assert total(samples, "cache_entries", cache="record") >= 2
    assert total(samples, "build_info") == 1


async def test_the_version_in_use_and_refused_ones_are_told(tmp_path: Path) -> None:
    async with FakeNameserver(zone(ZONE)) as nameserver:
        program = gateway_program(tmp_path, [nameserver], metrics=METRICS)
        async with running(program, tmp_path) as gateway:
            assert total(await scraped(gateway), "policy_revision") == 1
            gateway.replace("organisation.toml", "version = ")
            await until(gateway, "policy_apply_failures_total", 1)
            assert total(await scraped(gateway), "policy_revision") == 1
            gateway.replace("organisation.toml", document(version=5))
            await until(gateway, "policy_revision", 5)


async def until(gateway: Running, name: str, value: float) -> None:
    for _ in range(TRIES):
        if total(await scraped(gateway), name) == value:
            return
        await asyncio.sleep(PAUSE)
    raise AssertionError(f"{name} is never {value}")


async def test_it_is_ready_while_a_nameserver_is_up(tmp_path: Path) -> None:
    async with FakeNameserver(silence) as nameserver:
        program = gateway_program(tmp_path, [nameserver], metrics=METRICS, timeout="300ms")
        async with running(program, tmp_path) as gateway:
            assert await unready(gateway) == ""
            for number in range(TRIES):
                if await unready(gateway):
                    break
                await gateway.client(DEVELOPER).hears(f"n{number}.corp.net")
            assert await unready(gateway) == "no nameserver is up"
            assert (await got(gateway, "/health"))[0] == 200
            assert total(await scraped(gateway), "upstream_healthy") == 0


async def test_while_it_drains_it_is_not_ready_and_then_the_port_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "drain", partialmethod(Server.drain, 10.0))
    async with HeldNameserver(zone(ZONE)) as nameserver:
        program = gateway_program(tmp_path, [nameserver], metrics=METRICS, timeout="10s")
        async with running(program, tmp_path) as gateway, asyncio.TaskGroup() as group:
            asked = group.create_task(gateway.client(DEVELOPER).hears("db.corp.net"))
            async with asyncio.timeout(PATIENCE):
                await nameserver.has_come.wait()
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(TRIES):
                if await unready(gateway):
                    break
                await asyncio.sleep(PAUSE)
            assert await unready(gateway) == "draining: it is about to stop"
            nameserver.release()
            assert await asked == "NOERROR 10.0.0.30"
            async with asyncio.timeout(PATIENCE):
                await gateway.task
            place = program.metrics.endpoint
            assert place is not None
            with socket.socket() as sock:
                assert sock.connect_ex((place.address, place.port)) != 0
