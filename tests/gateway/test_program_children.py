"""A running gateway for which every file is large: children read them, and some of them fail."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from enclave_dns.errors import DocumentError
from tests.fakes.clients import PAUSE, TRIES
from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.running import (
    A_SECOND,
    DEVELOPER,
    NOON,
    UNTIL_NOON,
    Clock,
    Log,
    Running,
    document,
    gateway_program,
    running,
)

ZONE = "db.corp.net 300 A 10.0.0.30\nweb.corp.net 300 A 10.1.0.30"
SHOWN, HIDDEN = "NOERROR 10.0.0.30", "REFUSED"
POLICY = "enclave_dns.gateway.policy"
COMMAND = "enclave_dns.gateway.child._COMMAND"


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("enclave_dns.gateway.compiling.SMALL", 0)
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@asynccontextmanager
async def office(folder: Path, organisation: str = "") -> AsyncIterator[Running]:
    async with FakeNameserver(zone(ZONE)) as nameserver:
        program = gateway_program(
            folder, [nameserver], organisation=organisation, hosts="10.0.0.40 printer\n"
        )
        async with running(program, folder) as gateway:
            yield gateway


async def test_another_organisation_and_another_hosts_file_count(tmp_path: Path) -> None:
    async with office(tmp_path) as gateway:
        developer = gateway.client(DEVELOPER)
        assert await developer.hears("db.corp.net") == SHOWN
        assert await developer.hears("printer") == "NOERROR 10.0.0.40"
        assert await developer.hears("40.0.0.10.in-addr.arpa", "PTR") == "NOERROR printer."
        gateway.replace("hosts", "10.0.0.41 printer db.corp.net\n")
        await developer.until_hears("NOERROR 10.0.0.41", "printer")
        assert await developer.hears("db.corp.net") == "NOERROR 10.0.0.41"
        gateway.replace("organisation.toml", document(2, developers="10.1.0.0/24"))
        await developer.until_hears("NOERROR 10.1.0.30", "web.corp.net")
        assert await developer.hears("printer") == HIDDEN


async def test_a_refused_document_is_told_of_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, POLICY)
    async with office(tmp_path, document(5)) as gateway:
        gateway.replace("organisation.toml", document(4))
        [entry] = await log.until("organisation not reloaded")
        file = tmp_path / "organisation.toml"
        assert entry["problem"] == (
            f"{file}: version: version 4 is lower than the running version 5"
            " (give it a version above 5)"
        )
        assert await gateway.client(DEVELOPER).hears("db.corp.net") == SHOWN


async def test_it_does_not_start_with_a_document_that_it_cannot_use(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is not TOML"):
        await gateway_program(tmp_path, organisation="version =").run(print)


async def test_a_child_that_is_killed_leaves_the_state_in_use_until_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, POLICY)
    monkeypatch.setattr(f"{POLICY}.RETRY", 0.05)
    async with office(tmp_path) as gateway:
        developer = gateway.client(DEVELOPER)
        with monkeypatch.context() as broken:
            killed = "import os, sys; sys.stdin.read(); os.kill(os.getpid(), 9)"
            broken.setattr(COMMAND, (sys.executable, "-c", killed))
            gateway.replace("organisation.toml", document(2, developers="10.1.0.0/24"))
            entries = await log.until("organisation not compiled")
            assert "exit status -9" in str(entries[0]["reason"])
            assert await developer.hears("db.corp.net") == SHOWN
        await developer.until_hears(HIDDEN, "db.corp.net")


async def test_a_hosts_file_that_no_child_can_read_leaves_the_one_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.gateway.service")
    async with office(tmp_path) as gateway:
        monkeypatch.setattr(COMMAND, (sys.executable, "-c", "import sys; sys.exit(3)"))
        gateway.replace("hosts", "10.0.0.41 printer\n")
        [entry] = await log.until("hosts file not read")
        assert "exit status 3" in str(entry["reason"])
        assert await gateway.client(DEVELOPER).hears("printer") == "NOERROR 10.0.0.40"


async def test_a_policy_ends_on_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch, POLICY, NOON - 2 * A_SECOND)
    async with office(tmp_path, document(more=UNTIL_NOON)) as gateway:
        await gateway.client(DEVELOPER).until_hears(HIDDEN, "db.corp.net")


async def test_it_stops_while_a_child_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there"
    async with office(tmp_path) as gateway:
        hanging = f"import time; open({str(there)!r}, 'w'); time.sleep(600)"
        monkeypatch.setattr(COMMAND, (sys.executable, "-c", hanging))
        gateway.replace("organisation.toml", document(2))
        for _ in range(TRIES):
            if there.exists():
                break
            await asyncio.sleep(PAUSE)
        assert await gateway.client(DEVELOPER).hears("db.corp.net") == SHOWN
        os.kill(os.getpid(), signal.SIGTERM)
        await gateway.task
