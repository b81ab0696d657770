"""The journal: written before, read back, cleared after, and never believed when damaged."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.integration import Entry, Manager
from enclave_dns.machine.journal import Damaged, Journal, decode, encode

ENTRY = Entry(Manager.PLAIN_FILE, {"path": "/r", "content": "eA==", "mode": 420})


def test_what_is_written_is_read_until_it_is_cleared(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state" / "deep")
    assert (journal.read(), journal.is_there) == (None, False)
    assert journal.hold()
    journal.write(ENTRY)
    assert (Journal(tmp_path / "state" / "deep").read(), journal.is_there) == (ENTRY, True)
    journal.write(Entry(Manager.RESOLVED, {}))
    assert journal.read() == Entry(Manager.RESOLVED, {})
    journal.clear()
    journal.clear()
    assert (journal.read(), journal.is_there) == (None, False)


def test_one_process_has_it_at_a_time(tmp_path: Path) -> None:
    one, other = Journal(tmp_path), Journal(tmp_path)
    assert one.hold()
    assert one.hold()
    assert (one.is_held(), other.is_held(), other.hold()) == (False, True, False)
    one.release()
    one.release()
    assert not other.is_held()
    assert other.hold()
    other.release()


def test_nobody_else_can_take_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Journal(tmp_path), Journal(tmp_path)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert one.hold()
    os.close(descriptor)
    (lock,) = tmp_path.iterdir()
    assert lock.stat().st_mode & 0o777 == 0o600

    def refuse(*arguments: object) -> int:
        raise PermissionError

    # Whoever may not open the lock sees in the kernel's list whether somebody has it.
    monkeypatch.setattr(os, "open", refuse)
    assert other.is_held()
    one.release()
    assert not other.is_held()


def test_looking_makes_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state")
    assert (journal.is_held(), journal.is_there, journal.read()) == (False, False, None)
    journal.clear()
    assert list(tmp_path.iterdir()) == []


GOOD = encode(ENTRY)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{}",
        GOOD[:-1],
        GOOD[1:],
        GOOD.replace(b"eA==", b"eB=="),
        GOOD + b"more",
        GOOD + b"x" * (1 << 20),
        b"\0" * len(GOOD),
    ],
)
def test_a_damaged_journal_is_reported_and_can_be_set_aside(tmp_path: Path, damage: bytes) -> None:
    journal = Journal(tmp_path)
    journal.path.write_bytes(damage)
    read = journal.read()
    assert isinstance(read, Damaged)
    assert "os restore" in str(read)
    aside = journal.set_aside()
    assert aside.read_bytes() == damage
    assert journal.read() is None


@pytest.mark.parametrize(
    "body",
    [
        {"schema": 2, "manager": "resolv.conf", "data": {}},
        {"schema": 1, "manager": "nobody", "data": {}},
        {"schema": 1, "manager": "resolv.conf", "data": []},
        {"schema": 1, "manager": "resolv.conf"},
        [],
    ],
)
def test_another_ones_journal_is_not_read_as_ours(body: object, tmp_path: Path) -> None:
    from hashlib import sha256

    line = json.dumps(body).encode()
    assert decode(line + b"\n" + sha256(line).hexdigest().encode() + b"\n") is None


def test_what_is_no_file_cannot_be_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(EnvironmentFault, match=r"cannot read .*no such file"):
        journal.read()
    journal.clear()
    journal.path.mkdir()
    with pytest.raises(EnvironmentFault, match=r"cannot read .*not a regular file"):
        journal.read()
    with pytest.raises(EnvironmentFault, match=r"cannot write .*state_dir"):
        journal.write(ENTRY)
    with pytest.raises(EnvironmentFault, match="cannot clear"):
        journal.clear()


def test_a_state_directory_that_cannot_be_made_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault, match=r"^cannot use the journal .*`state_dir`.*$"):
        Journal(tmp_path / "file" / "state").hold()


def test_a_disk_that_keeps_something_else_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", lambda descriptor, data: len(data))
    journal = Journal(tmp_path)
    with pytest.raises(EnvironmentFault):
        journal.write(ENTRY)
