"""The integration of a plain resolv.conf, from the first look to the undoing."""

import socket
from pathlib import Path

import pytest

from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.integration import Entry, Manager, Wanted
from enclave_dns.machine.journal import NAME, Journal
from enclave_dns.machine.plain_file import PlainFile, original
from enclave_dns.machine.resolv_conf_text import Written, our_text
from enclave_dns.sources.resolv_conf import parse_resolv_conf
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode
from tests.fakes.running import Log

ORIGINAL = b"nameserver 10.0.0.1\nsearch home.lan\n"
WANTED = Wanted((Endpoint("127.0.0.1"),), search=(from_text("corp.net"),))


class File:
    """A resolv.conf, as the tests look at it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "resolv.conf"
        self.write(ORIGINAL)

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()

    def write(self, data: bytes) -> None:
        self.path.write_bytes(data)

    def remove(self) -> None:
        self.path.unlink()


@pytest.fixture
def conf(tmp_path: Path) -> File:
    return File(tmp_path)


async def test_it_is_prepared_applied_and_undone(conf: File) -> None:
    file = PlainFile(conf.path)
    assert (file.manager, file.miss) == (Manager.PLAIN_FILE, RCode.REFUSED)
    entry = await file.prepare(WANTED)
    assert conf.data == ORIGINAL
    assert original(entry, conf.path) is None
    await file.apply(WANTED, entry)
    assert b"search corp.net home.lan\n" in conf.data
    assert original(entry, conf.path) == ORIGINAL
    assert original(entry, conf.path.parent / "other") is None
    assert original(Entry(Manager.RESOLVED, {}), conf.path) is None
    assert await file.difference(WANTED, entry) == ""
    await file.apply(WANTED, entry)
    await file.undo(entry)
    assert conf.data == ORIGINAL
    await file.undo(entry)
    assert original(entry, conf.path) is None


async def test_undo_needs_nothing_but_the_entry(conf: File) -> None:
    entry = await PlainFile(conf.path).prepare(WANTED)
    await PlainFile(conf.path).apply(WANTED, entry)
    await PlainFile(Path("/nowhere")).undo(entry)
    assert conf.data == ORIGINAL


async def test_what_others_change_is_told(conf: File) -> None:
    file = PlainFile(conf.path)
    entry = await file.prepare(WANTED)
    await file.apply(WANTED, entry)
    ours = conf.data
    other = Wanted((Endpoint("127.0.0.1"),))
    assert "earlier settings" in await file.difference(other, entry)
    another = our_text(ORIGINAL, "127.0.0.9", written=Written("1", "/nowhere/j")).data
    for change, told in (
        (another, "another stub's"),
        (ORIGINAL, "somebody else's"),
        (ours + b"nameserver 10.0.0.9\n", "edited by somebody"),
        (b"", "is empty"),
    ):
        conf.write(change)
        assert told in await file.difference(WANTED, entry)
    conf.remove()
    assert "is missing" in await file.difference(WANTED, entry)


async def test_a_change_behind_a_replaced_symlink_is_told(tmp_path: Path) -> None:
    behind, path = tmp_path / "behind", tmp_path / "resolv.conf"
    behind.write_bytes(ORIGINAL)
    path.symlink_to("behind")
    file = PlainFile(path)
    entry = await file.prepare(WANTED)
    await file.apply(WANTED, entry)
    assert await file.difference(WANTED, entry) == ""
    behind.write_bytes(b"nameserver 10.0.0.2\n")
    assert "behind, to which" in await file.difference(WANTED, entry)


async def test_another_port_cannot_be_written(conf: File) -> None:
    with pytest.raises(EnvironmentFault, match=r"knows no ports: .* port 53"):
        await PlainFile(conf.path).prepare(Wanted((Endpoint("127.0.0.1", 5353),)))
    wanted = Wanted((Endpoint("127.0.0.1", 5353), Endpoint("::1"), Endpoint("127.0.0.2")))
    file = PlainFile(conf.path)
    await file.apply(wanted, await file.prepare(wanted))
    servers = [server.address for server in parse_resolv_conf(conf.data).nameservers]
    assert servers == ["::1", "10.0.0.1"]


@pytest.mark.parametrize("content", [b"", b"# nothing here\n", b"nameserver 127.0.0.1\n"])
async def test_with_nobody_behind_us_nothing_is_changed(conf: File, content: bytes) -> None:
    conf.write(content)
    with pytest.raises(EnvironmentFault, match=r"names no nameserver: name the network's"):
        await PlainFile(conf.path).prepare(WANTED)
    assert conf.data == content


async def test_two_stubs_do_not_take_each_other_for_the_machines_own(conf: File) -> None:
    theirs = Journal(conf.path.parent / "theirs")
    file = PlainFile(conf.path, theirs.path)
    entry = await file.prepare(WANTED)
    theirs.hold()
    theirs.write(entry)
    other = PlainFile(conf.path, conf.path.parent / "ours" / NAME)
    early = await other.prepare(WANTED)
    await file.apply(WANTED, entry)
    ours = conf.data
    for work in (other.prepare(WANTED), other.apply(WANTED, early)):
        with pytest.raises(EnvironmentFault, match=f"keeps its journal in {theirs.path}: stop"):
            await work
    await other.undo(early)
    assert conf.data == ours
    # One of which nothing but the file is left is in nobody's way.
    theirs.clear()
    theirs.release()
    late = await other.prepare(WANTED)
    await other.apply(WANTED, late)
    assert await other.difference(WANTED, late) == ""


async def test_what_glibc_searches_by_itself_is_kept(
    conf: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop.home.lan")
    conf.write(b"nameserver 10.0.0.1\n")
    file = PlainFile(conf.path)
    await file.apply(WANTED, await file.prepare(WANTED))
    assert b"search corp.net home.lan\n" in conf.data


async def test_suffixes_without_a_place_are_told(
    conf: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.plain_file")
    conf.write(b"nameserver 10.0.0.1\nsearch a b c d e f\n")
    file = PlainFile(conf.path)
    await file.apply(WANTED, await file.prepare(WANTED))
    (told,) = log.of("no place for search suffixes")
    assert told["suffixes"] == ("corp.net",)
