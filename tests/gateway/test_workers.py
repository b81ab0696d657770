"""All workers together: what new ones are told, and what is said of those that are missing."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enclave_dns.config import load_gateway_config
from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway import worker_process
from enclave_dns.gateway.compilation import Compilation, Order, compile_document
from enclave_dns.gateway.control import USE, word
from enclave_dns.gateway.packed_views import pack
from enclave_dns.gateway.workers import WorkerSet
from enclave_dns.observe.figures import Policy, Workers
from tests.fakes.running import document, gateway_file

SERVES = """
import os
os.write(0, b"s" + bytes(4))
heard = b"."
while heard and not heard.endswith(b"d" + bytes(4)):
    heard = os.read(0, 1 << 20)
"""


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def compilation(version: int) -> Compilation:
    order = Order("organisation.toml", "WZL94", None, datetime.now(UTC))
    return compile_document(order, document(version).encode(), 0)


def packed(version: int) -> bytes:
    return b"".join(pack(compilation(version)))


@asynccontextmanager
async def workers(folder: Path, count: int = 2) -> AsyncIterator[WorkerSet]:
    made = WorkerSet(load_gateway_config(gateway_file(folder), {}), count, is_json=True)
    made.prepare(compilation(1))
    made.use()
    try:
        await made.open()
        yield made
    finally:
        await made.close()


def program(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(worker_process, "_COMMAND", (sys.executable, "-c", text))


async def test_a_new_worker_is_told_what_is_in_use_and_what_waits(tmp_path: Path) -> None:
    async with workers(tmp_path) as made:
        place = made.places[0]
        assert place._greeting().endswith(packed(1) + word(USE))
        made.prepare(compilation(2))
        assert place._greeting().endswith(packed(1) + word(USE) + packed(2))
        made.prepare(compilation(3))
        assert place._greeting().endswith(packed(1) + word(USE) + packed(3))
        made.use()
        assert place._greeting().endswith(packed(3) + word(USE))


async def test_every_worker_has_sockets_of_its_own_at_one_place(tmp_path: Path) -> None:
    async with workers(tmp_path, 3) as made:
        [endpoint] = made.endpoints
        places = {sock.getsockname() for place in made.places for sock in place.sockets}
        assert places == {(endpoint.address, endpoint.port)}
        assert len({sock.fileno() for place in made.places for sock in place.sockets}) == 6


async def test_it_says_who_does_not_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, SERVES)
    async with workers(tmp_path) as made:
        assert made.unready == "workers that do not serve: 1, 2"
        assert made.figures(Policy(1)).workers == Workers(2, 0, 0)
        await made.start()
        assert made.unready == ""
        assert made.figures(Policy(1)).workers == Workers(2, 2, 0)
        made.places[1].unready = "no nameserver is up"
        assert made.unready == "worker 2: no nameserver is up"
        await made.drain()
        assert made.unready == "draining: it is about to stop"


async def test_one_that_does_not_start_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "import sys; sys.exit(3)")
    async with workers(tmp_path) as made:
        with pytest.raises(EnvironmentFault, match=r"worker \d does not start: .* status 3"):
            await made.start()


async def test_one_that_does_not_drain_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enclave_dns.gateway.workers.LEAVE", 0.1)
    program(monkeypatch, "import os, time; os.write(0, b's' + bytes(4)); time.sleep(600)")
    async with workers(tmp_path) as made:
        await made.start()
        await made.drain()


async def test_where_an_address_cannot_be_had_no_socket_is_left(tmp_path: Path) -> None:
    file = gateway_file(tmp_path, listen=["127.100.64.70:0", "192.0.2.70:0"])
    made = WorkerSet(load_gateway_config(file, {}), 2, is_json=False)
    with pytest.raises(EnvironmentFault, match="no interface has this address"):
        await made.open()
    await made.close()
    assert {sock.fileno() for place in made.places for sock in place.sockets} == {-1}
