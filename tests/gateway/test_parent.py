"""A running gateway of several processes, on real sockets: one policy, one book, one end."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import dns.message
import pytest

from enclave_dns.errors import DocumentError, EnvironmentFault
from enclave_dns.gateway.parent import GatewayParent
from tests.fakes.clients import PATIENCE, PAUSE, TRIES
from tests.fakes.front import query
from tests.fakes.nameserver import FakeNameserver, HeldNameserver, zone
from tests.fakes.running import (
    CONTRACTOR,
    DEVELOPER,
    GATEWAY,
    STRANGER,
    Log,
    Running,
    document,
    gateway_parent,
    running,
)
from tests.fakes.scraped import Samples, scraped, total, unready
from tests.fakes.waiting import eventually

ZONE = "db.corp.net 300 A 10.0.0.30\nweb.corp.net 300 A 10.1.0.30"
SHOWN, HIDDEN = "NOERROR 10.0.0.30", "REFUSED"
MANY = 48
"""Source ports: two workers would have to be very unlucky for one of them to have none."""


def descriptors() -> set[str]:
    """What this process has open that another one could have too."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(entry.readlink()))
    return {name for name in found if name.startswith(("socket:", "pipe:"))}


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = descriptors()
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert descriptors() <= before


@asynccontextmanager
async def office(folder: Path, **settings: Any) -> AsyncIterator[tuple[Running, GatewayParent]]:
    async with FakeNameserver(zone(ZONE)) as nameserver:
        settings = {"hosts": "10.0.0.40 printer", "metrics": "127.0.0.1:0"} | settings
        program = gateway_parent(folder, [nameserver], **settings)
        async with running(program, folder) as gateway:
            yield gateway, program


async def versions(gateway: Running) -> set[int]:
    """The versions that are served with, asked from many ports."""
    client = gateway.client(DEVELOPER)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(client.ask("_my.id.enclave", "TXT")) for _ in range(MANY)]
    return {task.result().authority[0][0].serial for task in asked}


async def until_version(gateway: Running, version: int) -> None:
    for _ in range(TRIES):
        if await versions(gateway) == {version}:
            return
        await asyncio.sleep(PAUSE)
    raise AssertionError(f"never all with version {version}")


async def balanced(gateway: Running, requests: int) -> Samples:
    """The samples, once so many packets are in the books of all together."""
    for _ in range(TRIES):
        samples = await scraped(gateway)
        dropped = total(samples, "rejected_total", outcome="dropped")
        in_flight = total(samples, "inflight")
        replies = total(samples, "responses_total")
        assert total(samples, "requests_total") == replies + dropped + in_flight
        if total(samples, "requests_total") == requests and not in_flight:
            return samples
        await asyncio.sleep(PAUSE)
    raise AssertionError(f"{requests} packets were sent, and these were counted: {samples}")


async def test_all_workers_answer_alike_and_their_counts_add_up(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, program):
        assert gateway.ready == f"ready gateway WZL94 {GATEWAY}:{gateway.at[1]}"
        assert await unready(gateway) == ""
        developer = gateway.client(DEVELOPER)
        assert {await developer.hears("db.corp.net") for _ in range(MANY)} == {SHOWN}
        assert {await developer.hears("printer", tcp=True) for _ in range(MANY)} == {
            "NOERROR 10.0.0.40"
        }
        for _ in range(MANY):
            with gateway.client(STRANGER).socket() as stranger:
                stranger.send(query("db.corp.net"))
        samples = await balanced(gateway, 3 * MANY)
        for place in program.workers.places:
            [figures] = place.figures
            assert sum(figures.traffic.udp[0]) > 0
            assert sum(figures.traffic.tcp[0]) > 0
    assert total(samples, "responses_total") == 2 * MANY
    assert total(samples, "rejected_total", reason="unknown_sender") == MANY
    assert total(samples, "workers_serving") == 2


async def test_a_worker_that_is_killed_is_followed_by_one_that_serves_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.gateway.worker_process")
    async with office(tmp_path) as (gateway, program):
        developer = gateway.client(DEVELOPER)
        assert await developer.hears("db.corp.net") == SHOWN
        place, other = program.workers.places
        first, kept = place.pid, other.pid
        # It is stopped first, so that what comes waits in its sockets.
        os.kill(first, signal.SIGSTOP)
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(developer.hears("printer")) for _ in range(MANY)]
            waiting += [group.create_task(developer.hears("printer", tcp=True)) for _ in range(16)]
            await eventually(lambda: sum(task.done() for task in waiting) > MANY // 4)
            os.kill(first, signal.SIGKILL)
        assert {task.result() for task in waiting} == {"NOERROR 10.0.0.40"}
        assert place.pid not in (0, first)
        assert other.pid == kept
        [entry] = log.of("worker ended")
        assert entry["worker"] == 1
        assert "exit status -9" in str(entry["reason"])
        samples = await scraped(gateway)
        assert total(samples, "worker_ends_total") == 1
        assert await unready(gateway) == ""


async def test_what_a_killed_worker_had_in_hand_is_in_the_books(tmp_path: Path) -> None:
    async with HeldNameserver(zone(ZONE)) as nameserver:
        program = gateway_parent(tmp_path, [nameserver], metrics="127.0.0.1:0", timeout="10s")
        async with running(program, tmp_path) as gateway:
            with gateway.client(DEVELOPER).socket() as sock:
                sock.send(query("db.corp.net"))
                for _ in range(TRIES):
                    if total(await scraped(gateway), "inflight"):
                        break
                    await asyncio.sleep(PAUSE)
                for place in program.workers.places:
                    os.kill(place.pid, signal.SIGKILL)
                samples = await balanced(gateway, 1)
            assert total(samples, "rejected_total", reason="worker_ended") == 1


async def test_while_one_is_missing_it_is_not_ready_and_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enclave_dns.gateway.worker_process.FIRST_PAUSE", 3600.0)
    async with office(tmp_path) as (gateway, program):
        os.kill(program.workers.places[1].pid, signal.SIGKILL)
        await eventually(lambda: not program.workers.places[1].is_serving)
        assert await unready(gateway) == "workers that do not serve: 2"
        assert total(await scraped(gateway), "workers_serving") == 1


async def test_all_serve_with_a_new_version_and_so_do_their_successors(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, program):
        developer = gateway.client(DEVELOPER)
        stop = asyncio.Event()

        async def load() -> set[str]:
            heard = set()
            while not stop.is_set():
                heard.add(await developer.hears("db.corp.net"))
            return heard

        async with asyncio.TaskGroup() as group:
            loads = [group.create_task(load()) for _ in range(4)]
            for version, routes in ((2, "10.1.0.0/24"), (3, "10.0.0.0/24"), (4, "10.1.0.0/24")):
                gateway.replace("organisation.toml", document(version, developers=routes))
                await until_version(gateway, version)
            stop.set()
        assert set().union(*(task.result() for task in loads)) == {SHOWN, HIDDEN}
        assert {await developer.hears("web.corp.net") for _ in range(MANY)} == {"NOERROR 10.1.0.30"}
        for place in program.workers.places:
            before = place.pid
            os.kill(before, signal.SIGKILL)
            await eventually(lambda: place.is_serving and place.pid != before)  # noqa: B023
        assert await versions(gateway) == {4}
        assert total(await scraped(gateway), "policy_revision") == 4


async def test_a_refused_document_changes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.gateway.policy")
    async with office(tmp_path, organisation=document(5)) as (gateway, _):
        gateway.replace("organisation.toml", document(4, developers="10.1.0.0/24"))
        [entry] = await log.until("organisation not reloaded")
        assert "lower than the running version 5" in str(entry["problem"])
        assert await versions(gateway) == {5}
        developer = gateway.client(DEVELOPER)
        assert {await developer.hears("db.corp.net") for _ in range(MANY)} == {SHOWN}


async def test_other_files_count_for_all(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, _):
        developer = gateway.client(DEVELOPER)
        gateway.replace("hosts", "10.0.0.41 printer")
        os.kill(os.getpid(), signal.SIGHUP)
        for _ in range(TRIES):
            if {await developer.hears("printer") for _ in range(MANY)} == {"NOERROR 10.0.0.41"}:
                break
        assert {await developer.hears("printer") for _ in range(MANY)} == {"NOERROR 10.0.0.41"}


async def test_to_stop_drains_all_workers(tmp_path: Path) -> None:
    async with HeldNameserver(zone(ZONE)) as nameserver:
        program = gateway_parent(tmp_path, [nameserver], metrics="127.0.0.1:0", timeout="10s")
        async with running(program, tmp_path) as gateway, asyncio.TaskGroup() as group:
            developer = gateway.client(DEVELOPER)
            asked = [group.create_task(developer.hears("db.corp.net")) for _ in range(MANY)]
            for _ in range(TRIES):
                if total(await scraped(gateway), "inflight") == MANY:
                    break
                await asyncio.sleep(PAUSE)
            os.kill(os.getpid(), signal.SIGTERM)
            nameserver.release()
            heard = [await task for task in asked]
            async with asyncio.timeout(PATIENCE):
                await gateway.task
    assert set(heard) == {SHOWN}
    figures = program.workers.figures(program._policy.figures)
    traffic = figures.traffic
    assert (traffic.taken, traffic.replies, figures.in_flight) == (MANY, MANY, 0)


async def test_it_does_not_start_with_a_document_that_it_cannot_use(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is not TOML"):
        await gateway_parent(tmp_path, organisation="version =").run(print)


async def test_a_port_in_use_is_told_even_where_another_one_would_share_it(
    tmp_path: Path,
) -> None:
    async with office(tmp_path / "first") as (gateway, _):
        address, port = gateway.at
        second = gateway_parent(tmp_path / "second", listen=[f"{address}:{port}"])
        with pytest.raises(EnvironmentFault, match="the port is in use"):
            await second.run(print)
        assert await gateway.client(CONTRACTOR).hears("printer") == HIDDEN


async def test_a_message_is_the_same_whoever_answers(tmp_path: Path) -> None:
    async with office(tmp_path) as (gateway, _):
        packet = query("nosuchname.corp.net")
        heard = {await gateway.client(CONTRACTOR).send(packet) for _ in range(MANY)}
        assert len(heard) == 1
        assert dns.message.from_wire(heard.pop() or b"").rcode() == 5
