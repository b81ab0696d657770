"""The owner of our place: recovery, the order of things, others' changes, the way out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine import keeper as keeper_module
from enclave_dns.machine.detection import Found
from enclave_dns.machine.integration import Entry, Manager, Wanted
from enclave_dns.machine.journal import Journal
from enclave_dns.machine.keeper import MOST, Keeper, saved_resolv_conf
from enclave_dns.machine.plain_file import PlainFile
from enclave_dns.machine.resolv_conf_text import is_ours
from enclave_dns.wire.numbers import RCode
from tests.fakes.running import Log
from tests.fakes.waiting import eventually

ORIGINAL = b"nameserver 10.0.0.1\n"
THEIRS = b"nameserver 10.0.0.2\n"
WANTED = Wanted((Endpoint("127.0.0.1"),))
PLAIN = Found(Manager.PLAIN_FILE, "told so")


@dataclass
class Link:
    """An integration that notes what is done with it; `faults` are raised by the steps named."""

    manager: Manager = Manager.RESOLVED
    miss: RCode = RCode.NXDOMAIN
    done: list[str] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)
    error: type[Exception] = EnvironmentFault
    changed: str = ""

    def _step(self, name: str) -> None:
        self.done.append(name)
        if name in self.faults:
            raise self.error(f"no {name}; wait")

    async def prepare(self, wanted: Wanted) -> Entry:
        self._step("prepare")
        return Entry(self.manager, {})

    async def apply(self, wanted: Wanted, entry: Entry) -> None:
        self._step("apply")

    async def difference(self, wanted: Wanted, entry: Entry) -> str:
        if "difference" in self.faults:
            raise self.error("no difference; wait")
        changed, self.changed = self.changed, ""
        return changed

    async def undo(self, entry: Entry) -> None:
        self._step("undo")


class Machine:
    """A resolv.conf, a state directory, and who manages the file."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.path = folder / "resolv.conf"
        self.write(ORIGINAL)
        self.found = PLAIN
        self.link = Link()
        self.changes = 0
        self.change_fails = False

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()

    @property
    def journal(self) -> Journal:
        return Journal(self.state)

    def write(self, data: bytes) -> None:
        self.path.write_bytes(data)

    def keeper(self) -> Keeper:
        def way(manager: Manager) -> PlainFile | Link:
            return self.link if manager is Manager.RESOLVED else PlainFile(self.path)

        async def find() -> Found:
            return self.found

        def on_change() -> None:
            self.changes += 1
            if self.change_fails:
                raise ValueError

        return Keeper(self.journal, find, way, on_change)

    async def until_ours(self) -> None:
        await eventually(lambda: is_ours(self.data))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@asynccontextmanager
async def keeping(machine: Machine) -> AsyncIterator[Keeper]:
    """A keeper at work, as in a running stub."""
    keeper = machine.keeper()
    await keeper.recover()
    keeper.want(WANTED)
    task = asyncio.get_running_loop().create_task(keeper.run())
    try:
        yield keeper
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await keeper.close()


async def crashed(machine: Machine) -> None:
    """A stub that was killed: ours is in place, and the journal."""
    file = PlainFile(machine.path)
    entry = await file.prepare(WANTED)
    journal = machine.journal
    assert journal.hold()
    journal.write(entry)
    await file.apply(WANTED, entry)
    journal.release()


async def test_from_start_to_end(machine: Machine) -> None:
    async with keeping(machine) as keeper:
        await machine.until_ours()
        await eventually(lambda: keeper.miss is RCode.REFUSED)
        assert machine.journal.read() is not None
        assert machine.journal.is_held()
        assert saved_resolv_conf(machine.state, machine.path) == ORIGINAL
        assert machine.changes == 1
    assert machine.data == ORIGINAL
    assert machine.journal.read() is None
    assert not machine.journal.is_held()
    assert saved_resolv_conf(machine.state, machine.path) is None


async def test_what_a_crash_has_left_is_undone_first(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    await crashed(machine)
    assert is_ours(machine.data)
    keeper = machine.keeper()
    await keeper.recover()
    await keeper.close()
    assert machine.data == ORIGINAL
    assert machine.journal.read() is None
    assert log.of("an earlier run has left its changes: undoing them")


async def test_without_anything_left_nothing_is_touched(machine: Machine) -> None:
    before = machine.path.stat()
    keeper = machine.keeper()
    await keeper.recover()
    keeper.want(WANTED)
    keeper.notice()
    await keeper.close()
    assert machine.path.stat() == before
    assert not machine.state.exists()


async def test_what_others_write_is_the_new_original(machine: Machine) -> None:
    async with keeping(machine) as keeper:
        await machine.until_ours()
        machine.write(THEIRS)
        keeper.notice()
        await machine.until_ours()
        assert b"nameserver 10.0.0.2\n" in machine.data
    assert machine.data == THEIRS


async def test_who_writes_all_the_time_wins_for_a_while(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    async with keeping(machine) as keeper:
        for number in range(MOST):
            await log.until("the machine's DNS asks us", number + 1)
            machine.write(THEIRS)
            keeper.notice()
        (told,) = await log.until("the machine's DNS is not managed")
        assert "again and again" in str(told["problem"])
        keeper.notice()
        assert machine.data == THEIRS
    assert machine.data == THEIRS
    assert machine.journal.read() is None


async def test_other_wishes_are_applied(machine: Machine) -> None:
    async with keeping(machine) as keeper:
        await machine.until_ours()
        keeper.want(Wanted((Endpoint("127.0.0.9"),)))
        await eventually(lambda: b"nameserver 127.0.0.9\n" in machine.data)
        assert b"nameserver 127.0.0.1\n" not in machine.data
    assert machine.data == ORIGINAL


async def test_other_wishes_are_applied_in_place(machine: Machine) -> None:
    machine.found = Found(Manager.RESOLVED, "told so")
    async with keeping(machine) as keeper:
        await eventually(lambda: machine.link.done == ["prepare", "apply"])
        keeper.want(Wanted((Endpoint("127.0.0.9"),)))
        await eventually(lambda: machine.link.done == ["prepare", "apply", "apply"])
    assert machine.link.done == ["prepare", "apply", "apply", "undo"]


async def test_the_journal_is_written_before_the_first_change(machine: Machine) -> None:
    machine.found = Found(Manager.RESOLVED, "told so")
    machine.link.faults.add("apply")
    async with keeping(machine):
        await eventually(lambda: machine.link.done == ["prepare", "apply", "undo"])
    assert machine.journal.read() is None


async def test_without_a_journal_nothing_is_changed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    machine.journal.path.mkdir(parents=True)
    async with keeping(machine):
        await log.until("the machine's DNS is not managed")
    assert machine.data == ORIGINAL


async def test_an_undo_that_fails_is_left_to_the_next_start(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    machine.found = Found(Manager.RESOLVED, "told so")
    async with keeping(machine) as keeper:
        await eventually(lambda: keeper.miss is RCode.NXDOMAIN)
        machine.link.faults.add("undo")
    assert log.of("the machine's DNS is not as it was; `enclave-dns os restore` tries again")
    assert machine.journal.read() == Entry(Manager.RESOLVED, {})
    machine.link.faults.clear()
    await machine.keeper().recover()
    assert machine.journal.read() is None


async def test_another_manager_is_followed(machine: Machine) -> None:
    async with keeping(machine) as keeper:
        await eventually(lambda: keeper.miss is RCode.REFUSED)
        machine.found = Found(Manager.RESOLVED, "now it is")
        machine.write(THEIRS)
        keeper.notice()
        await eventually(lambda: keeper.miss is RCode.NXDOMAIN)
        machine.found = PLAIN
        machine.link.changed = "it is gone"
        keeper.notice()
        await machine.until_ours()
        assert machine.link.done == ["prepare", "apply", "undo"]
    assert machine.data == THEIRS


async def test_a_manager_that_is_only_away_is_not_left(machine: Machine) -> None:
    machine.found = Found(Manager.RESOLVED, "told so")
    async with keeping(machine) as keeper:
        await eventually(lambda: keeper.miss is RCode.NXDOMAIN)
        machine.found = Found(None, "it is away", Manager.RESOLVED)
        keeper.want(Wanted((Endpoint("127.0.0.9"),)))
        await eventually(lambda: machine.link.done == ["prepare", "apply", "apply"])
        machine.found = Found(None, "it is told otherwise")
        keeper.notice()
        await eventually(lambda: machine.link.done[3:] == ["undo"])
        assert keeper.miss is None
    assert machine.journal.read() is None


async def test_an_error_that_nobody_expects_is_logged_and_the_stub_goes_on(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    machine.found = Found(Manager.RESOLVED, "told so")
    machine.link.error = OverflowError
    machine.link.faults.add("apply")
    machine.change_fails = True
    async with keeping(machine) as keeper:
        await log.until("the machine's DNS is not managed")
        assert machine.link.done == ["prepare", "apply", "undo"]
        machine.link.faults = {"difference"}
        keeper.notice()
        await log.until("another miss is not in use yet")
        keeper.notice()
        await log.until("the machine's DNS is not managed", 2)
        machine.link.faults = {"undo"}
    assert log.of("the machine's DNS is not as it was; `enclave-dns os restore` tries again")
    assert not machine.journal.is_held()
    keeper = machine.keeper()
    await keeper.recover()
    assert log.of("what an earlier run has left is not undone")
    assert not machine.journal.is_held()


async def test_an_undo_that_failed_is_tried_again_at_the_end(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    machine.found = Found(Manager.RESOLVED, "told so")
    async with keeping(machine) as keeper:
        await eventually(lambda: keeper.miss is RCode.NXDOMAIN)
        machine.link.faults.add("undo")
        machine.link.changed = "it is gone"
        keeper.notice()
        await log.until("the machine's DNS is not managed")
        machine.link.faults.clear()
    assert machine.link.done == ["prepare", "apply", "undo", "undo"]
    assert machine.journal.read() is None


async def test_a_manager_that_cannot_be_talked_to_is_told_once_and_tried_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    monkeypatch.setattr(keeper_module, "RECHECK", 0.01)
    machine.found = Found(None, "systemd-resolved is away: start it")
    async with keeping(machine):
        (told,) = await log.until("the machine's DNS is not managed")
        assert told["problem"] == "systemd-resolved is away: start it"
        machine.found = PLAIN
        await machine.until_ours()
    assert len(log.of("the machine's DNS is not managed")) == 1
    assert [entry["why"] for entry in log.of("the machine's DNS is managed by")] == [
        "systemd-resolved is away: start it",
        "told so",
    ]


async def test_of_two_stubs_the_second_one_touches_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    async with keeping(machine):
        await machine.until_ours()
        async with keeping(machine):
            (told,) = await log.until("the machine's DNS is not managed")
            assert "another stub" in str(told["problem"])
            await machine.keeper().recover()
            assert log.of("somebody else uses the journal: nothing undone")
        assert is_ours(machine.data)
        assert machine.journal.read() is not None
    assert machine.data == ORIGINAL


async def test_a_damaged_journal_is_set_aside_and_not_followed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.machine.keeper")
    await crashed(machine)
    machine.journal.path.write_bytes(b"damaged")
    keeper = machine.keeper()
    await keeper.recover()
    assert is_ours(machine.data)
    assert saved_resolv_conf(machine.state, machine.path) is None
    (told,) = log.of("set aside")
    assert str(told["aside"]).endswith("os-journal.damaged")
    # What is ours is known by its mark: it is never taken for the machine's own.
    async with keeping(machine) as keeper:
        await eventually(lambda: keeper.miss is RCode.REFUSED)
    assert machine.data == ORIGINAL
