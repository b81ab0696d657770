"""Small input is read here, large input in a child, and nobody can tell by the result."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from enclave_dns.errors import DocumentError
from enclave_dns.gateway import compiling
from enclave_dns.gateway.compilation import Order, compile_document
from enclave_dns.gateway.compiling import compiled, hosts_in
from enclave_dns.gateway.inputs import read_hosts
from enclave_dns.gateway.packed_hosts import PackedTable
from enclave_dns.resolution import HostsTable
from enclave_dns.sources.files import NoContent
from tests.fakes.organisations import NOON
from tests.fakes.running import document

ORDER = Order("organisation.toml", "WZL94", 3, NOON)
TEXT = document(5).encode()


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The orders that children were given."""
    given: list[bytes] = []
    have_done = compiling.have_done

    async def counting(order: bytes, *rest: object) -> None:
        given.append(order)
        await have_done(order, *rest)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(compiling, "have_done", counting)
    return given


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets what is small."""
    return lambda size: monkeypatch.setattr(compiling, "SMALL", size)


async def test_a_document_gives_the_same_views_here_and_in_a_child(
    children: list[bytes], limit: Callable[[int], None]
) -> None:
    expected = compile_document(ORDER, TEXT, 7)
    for size, started in ((len(TEXT), 0), (len(TEXT) - 1, 1)):
        limit(size)
        assert await compiled(ORDER, TEXT, 7) == expected
        assert len(children) == started


@pytest.mark.parametrize("size", [1 << 20, 0])
async def test_a_refused_document_has_the_same_problems(
    limit: Callable[[int], None], size: int
) -> None:
    limit(size)
    text = document(5, more='sender_tag = ["x"]\ndescriptio = "y"').encode()
    with pytest.raises(DocumentError) as told:
        await compiled(ORDER, text, 7)
    assert [problem.key for problem in told.value.problems] == [
        "policies[0].sender_tag",
        "policies[0].descriptio",
    ]


async def test_a_hosts_file_says_the_same_here_and_from_a_child(
    tmp_path: Path, children: list[bytes], limit: Callable[[int], None]
) -> None:
    file = tmp_path / "hosts"
    file.write_text("10.0.0.30 DB.corp.net db\n0.0.0.0 ads.example\n10.0.0.31 db\n")
    for size, started in ((1 << 20, 0), (0, 1)):
        limit(size)
        hosts = await hosts_in(file)
        assert isinstance(hosts, HostsTable)
        assert hosts == read_hosts(file)
        assert isinstance(hosts.names, PackedTable) is bool(started)
        assert len(children) == started


async def test_a_hosts_file_that_is_not_there_starts_no_child(
    tmp_path: Path, children: list[bytes]
) -> None:
    assert await hosts_in(tmp_path / "none") == NoContent("no such file", is_missing=True)
    assert children == []


async def test_several_children_may_be_at_work(limit: Callable[[int], None]) -> None:
    limit(0)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(compiled(ORDER, TEXT, epoch)) for epoch in (1, 2)]
    one, two = (task.result() for task in tasks)
    assert one.views.senders.keys() == two.views.senders.keys()
    assert one != two
