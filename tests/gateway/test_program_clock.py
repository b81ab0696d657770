"""A running gateway whose policies start and end, with no new document to say so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes.clients import ede_of
from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.running import (
    A_SECOND,
    DEVELOPER,
    FROM_NOON,
    NOON,
    UNTIL_NOON,
    Clock,
    Running,
    document,
    gateway_program,
    running,
)

PROGRAM = "enclave_dns.gateway.policy"
SHOWN, HIDDEN = "NOERROR 10.0.0.30", "REFUSED"


@asynccontextmanager
async def office(folder: Path, organisation: str) -> AsyncIterator[Running]:
    """A running gateway with one nameserver."""
    async with FakeNameserver(zone("db.corp.net 300 A 10.0.0.30")) as nameserver:
        program = gateway_program(folder, [nameserver], organisation=organisation)
        async with running(program, folder) as gateway:
            yield gateway


@pytest.fixture
def _no_recheck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is known to change is waited for."""
    monkeypatch.setattr(f"{PROGRAM}.RECHECK", 3600.0)


@pytest.mark.usefixtures("_no_recheck")
async def test_a_policy_ends_without_a_new_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch, PROGRAM, NOON - A_SECOND)
    async with office(tmp_path, document(more=UNTIL_NOON)) as gateway:
        developer = gateway.client(DEVELOPER)
        await developer.until_hears(HIDDEN, "db.corp.net")
        assert ede_of(await developer.ask("db.corp.net", use_edns=0)) == [18]


@pytest.mark.usefixtures("_no_recheck")
async def test_a_policy_starts_without_a_new_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch, PROGRAM, NOON - A_SECOND)
    async with office(tmp_path, document(more=FROM_NOON)) as gateway:
        await gateway.client(DEVELOPER).until_hears(SHOWN, "db.corp.net")


@pytest.mark.usefixtures("_no_recheck")
async def test_a_new_document_may_bring_an_earlier_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, PROGRAM, NOON - timedelta(hours=1))
    async with office(tmp_path, document()) as gateway:
        developer = gateway.client(DEVELOPER)
        assert await developer.hears("db.corp.net") == SHOWN
        clock.set(NOON - 2 * A_SECOND)
        gateway.replace("organisation.toml", document(2, more=UNTIL_NOON))
        await developer.until_hears(HIDDEN, "db.corp.net")


async def test_a_clock_that_is_set_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{PROGRAM}.RECHECK", 0.05)
    clock = Clock(monkeypatch, PROGRAM, NOON + timedelta(hours=1))
    async with office(tmp_path, document(more=UNTIL_NOON)) as gateway:
        developer = gateway.client(DEVELOPER)
        assert await developer.hears("db.corp.net") == HIDDEN
        clock.set(NOON - timedelta(hours=1))
        await developer.until_hears(SHOWN, "db.corp.net")
        clock.set(NOON + timedelta(hours=1))
        await developer.until_hears(HIDDEN, "db.corp.net")
