"""A whole stub with `manage_dns`: the machine's resolv.conf while it runs, and after it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enclave_dns.config import load_stub_config
from enclave_dns.endpoint import Endpoint
from enclave_dns.machine import ways
from enclave_dns.machine.detection import Found
from enclave_dns.machine.integration import Entry, Manager, Wanted
from enclave_dns.machine.journal import Journal
from enclave_dns.machine.plain_file import PlainFile
from enclave_dns.machine.resolv_conf_text import is_ours, written_by
from enclave_dns.stub import program as program_module
from enclave_dns.stub.program import StubProgram
from enclave_dns.wire.numbers import RCode
from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.running import Log, Running, document, running, stub_file
from tests.fakes.waiting import eventually

HERE = "127.0.0.1"
NETWORK = "127.200.0.3"
HOME = zone("www.example.com 60 A 192.0.2.80", apex="example.com")


class Conf:
    """A resolv.conf, as the tests look at it."""

    def __init__(self, folder: Path, text: str) -> None:
        self.path = folder / "resolv.conf"
        self.path.write_text(text)

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()

    @property
    def link(self) -> str:
        return str(self.path.readlink())

    def make_link(self, target: str) -> None:
        self.path.unlink()
        self.path.symlink_to(target)

    def write(self, text: str) -> None:
        self.path.write_text(text)

    @property
    def identity(self) -> tuple[bytes, int, int]:
        status = self.path.stat()
        return self.data, status.st_ino, status.st_mtime_ns


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Conf:
    """The machine's own; nobody is on the message bus, and the stub's port counts as 53."""

    async def nobody() -> frozenset[str]:
        return frozenset()

    really = program_module.wanted

    def at_port_53(*arguments: Any) -> Wanted:
        wanted = really(*arguments)
        return replace(wanted, servers=tuple(Endpoint(at.address) for at in wanted.servers))

    monkeypatch.setattr(ways, "owned_names", nobody)
    monkeypatch.setattr(program_module, "wanted", at_port_53)
    return Conf(tmp_path, f"nameserver {NETWORK}\nsearch home.lan\n")


@asynccontextmanager
async def stub(conf: Conf, **settings: object) -> AsyncIterator[Running]:
    """A stub without gateways."""
    organisation = document().replace('tags = ["developers"]', 'tags = ["guests"]', 1)
    folder = conf.path.parent
    file = stub_file(folder, organisation=organisation, **settings)
    async with running(StubProgram(load_stub_config(file, {}), conf.path), folder) as made:
        yield made


async def test_it_stands_in_front_while_it_runs(conf: Conf) -> None:
    before = conf.data
    async with stub(conf, manage_dns=True):
        await eventually(lambda: is_ours(conf.data))
        assert f"nameserver {HERE}\nnameserver {NETWORK}\n".encode() in conf.data
    assert conf.data == before


async def test_without_it_nothing_is_touched(conf: Conf) -> None:
    before = conf.identity
    async with stub(conf) as made:
        assert await made.client(HERE).hears("db.corp.net") == "REFUSED"
        made.replace("organisation.toml", document(2))
        os.utime(conf.path.parent)
        await made.client(HERE).until_hears("NOERROR 127.100.64.70", "wzl94.id.enclave")
        assert conf.identity == before
        assert not (conf.path.parent / "state").exists()
    assert conf.identity == before


async def crashed(conf: Conf) -> None:
    """A stub that was killed."""
    file, wanted = PlainFile(conf.path), Wanted((Endpoint(HERE),))
    journal = Journal(conf.path.parent / "state")
    assert journal.hold()
    entry = await file.prepare(wanted)
    journal.write(entry)
    await file.apply(wanted, entry)
    journal.release()


@pytest.mark.parametrize("manage_dns", [False, True])
async def test_what_a_killed_one_has_left_is_undone(
    conf: Conf, manage_dns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    before = conf.data
    await crashed(conf)
    assert is_ours(conf.data)
    async with stub(conf, manage_dns=manage_dns):
        assert log.of("an earlier run has left its changes: undoing them")
        if manage_dns:
            await eventually(lambda: is_ours(conf.data))
        else:
            assert conf.data == before
    assert conf.data == before


async def test_the_fallback_asks_the_machines_own_nameservers(
    conf: Conf, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.stub.program")
    async with FakeNameserver(HOME, address=NETWORK) as nameserver:
        monkeypatch.setattr("enclave_dns.sources.nameserver.DNS_PORT", nameserver.port)
        async with stub(conf, manage_dns=True, fallback="system") as made:
            await eventually(lambda: is_ours(conf.data))
            assert await made.client(HERE).hears("www.example.com") == "NOERROR 192.0.2.80"
            # Another network: its file counts, until ours stands before it again, and then, too.
            made.replace("resolv.conf", "nameserver 127.200.0.4\nnameserver 127.200.0.5\n")
            entries = await log.until("fallback nameservers in use", 2)
            await eventually(lambda: is_ours(conf.data))
            names = entries[1]["nameservers"]
            assert isinstance(names, list)
            assert [str(name).partition(":")[0] for name in names] == ["127.200.0.4", "127.200.0.5"]
        assert conf.data == b"nameserver 127.200.0.4\nnameserver 127.200.0.5\n"


@pytest.mark.parametrize("manage_dns", [False, True])
async def test_a_stub_of_systemd_that_asks_us_is_no_fallback(
    conf: Conf, manage_dns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.stub.program")
    conf.write("nameserver 127.0.0.53\nnameserver 127.200.0.4\n")
    async with stub(conf, manage_dns=manage_dns, fallback="system"):
        (told, *_) = await log.until("fallback nameservers in use")
    kept = [] if manage_dns else ["127.0.0.53"]
    assert told["nameservers"] == [*kept, "127.200.0.4"]


async def test_the_file_says_where_its_journal_is(conf: Conf) -> None:
    async with stub(conf, manage_dns=True):
        await eventually(lambda: is_ours(conf.data))
        written = written_by(conf.data)
        assert written.journal == str(conf.path.parent / "state" / "os-journal.json")
        assert written.id


class Link:
    """An integration that changes nothing and needs another miss than a list does."""

    manager = Manager.RESOLVED
    miss = RCode.NXDOMAIN

    async def prepare(self, wanted: Wanted) -> Entry:
        return Entry(self.manager, {})

    async def apply(self, wanted: Wanted, entry: Entry) -> None:
        pass

    async def difference(self, wanted: Wanted, entry: Entry) -> str:
        return ""

    async def undo(self, entry: Entry) -> None:
        pass


@pytest.mark.parametrize(
    ("miss", "expected"), [("auto", "NXDOMAIN"), ("refused", "REFUSED"), ("servfail", "SERVFAIL")]
)
async def test_the_miss_follows_the_integration_unless_it_is_set(
    conf: Conf, miss: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(path: Path) -> Found:
        return Found(Manager.RESOLVED, "told so")

    monkeypatch.setattr("enclave_dns.stub.machine.find", find)
    monkeypatch.setattr("enclave_dns.stub.machine.way_into", lambda *_: lambda manager: Link())
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    async with stub(conf, manage_dns=True, miss=miss) as made:
        await log.until("the machine's DNS asks us")
        await made.client(HERE).until_hears(expected, "printer.local")


async def test_a_symlink_of_a_manager_that_is_away_is_left_alone(
    conf: Conf, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    conf.make_link("/run/systemd/resolve/stub-resolv.conf")
    async with stub(conf, manage_dns=True):
        (told,) = await log.until("the machine's DNS is not managed")
        assert "systemctl start systemd-resolved" in str(told["problem"])
    assert conf.link == "/run/systemd/resolve/stub-resolv.conf"


async def test_what_cannot_be_managed_is_one_line_and_the_stub_serves(
    conf: Conf, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    conf.write("# nobody\n")
    async with stub(conf, manage_dns=True) as made:
        (told,) = await log.until("the machine's DNS is not managed")
        assert "names no nameserver" in str(told["problem"])
        assert await made.client(HERE).hears("localhost") == "NOERROR 127.0.0.1"
    assert conf.data == b"# nobody\n"
