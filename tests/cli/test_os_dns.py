"""`enclave-dns os`: status in every situation, and restore with the daemon dead."""

import json
from pathlib import Path

import pytest

from enclave_dns.cli import main, os_dns
from enclave_dns.machine import ways
from enclave_dns.machine.integration import Entry, Manager
from enclave_dns.machine.journal import Journal
from enclave_dns.machine.resolv_conf_file import put, save
from enclave_dns.machine.resolv_conf_text import is_ours, our_text
from tests.fakes.running import gateway_file, stub_file

Capture = pytest.CaptureFixture[str]

ORIGINAL = b"nameserver 10.0.0.1\n"


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's resolv.conf; nobody is on its message bus."""

    async def nobody() -> frozenset[str]:
        return frozenset()

    made = tmp_path / "resolv.conf"
    made.write_bytes(ORIGINAL)
    monkeypatch.setattr(os_dns, "RESOLV_CONF", made)
    monkeypatch.setattr(ways, "owned_names", nobody)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    return made


def crashed(path: Path, state: str = "state") -> Journal:
    """What a stub leaves that is killed; its journal."""
    journal = Journal(path.parent / state)
    saved = save(path, str(journal.path))
    assert journal.hold()
    journal.write(Entry(Manager.PLAIN_FILE, saved.as_data()))
    put(saved, our_text(saved.content, "127.0.0.1", written=saved.written).data)
    journal.release()
    return journal


def os(*words: str, folder: Path) -> int:
    return main(["os", *words, "--state-dir", str(folder / "state")])


def test_restore_brings_the_original_back_and_may_be_repeated(path: Path, capsys: Capture) -> None:
    journal = crashed(path)
    for _ in range(3):
        assert os("restore", folder=path.parent) == 0
        assert path.read_bytes() == ORIGINAL
        assert not journal.is_there
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{path} is the original again, byte for byte",
        "nothing to undo",
        "nothing to undo",
    ]


def test_restore_leaves_what_a_running_stub_has_made(path: Path, capsys: Capture) -> None:
    journal = crashed(path)
    assert journal.hold()
    assert os("restore", folder=path.parent) == 1
    assert "stub is running" in capsys.readouterr().err
    assert is_ours(path.read_bytes())
    journal.release()


def test_restore_follows_the_journal_that_the_file_names(path: Path, capsys: Capture) -> None:
    path.write_bytes(ORIGINAL + b"options rotate\n")
    journal = crashed(path, "elsewhere")
    assert journal.hold()
    assert os("restore", folder=path.parent) == 1
    assert (
        f"running stub, which undoes its changes when it stops; its journal is {journal.path}"
        in (capsys.readouterr().err)
    )
    assert is_ours(path.read_bytes())
    journal.release()
    assert os("restore", folder=path.parent) == 0
    assert path.read_bytes() == ORIGINAL + b"options rotate\n"
    assert not journal.is_there


def test_what_nobody_expects_is_one_line(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def fail(journal: Path) -> None:
        raise OverflowError("too much")

    monkeypatch.setattr(os_dns, "journal_in", fail)
    assert os("restore", folder=path.parent) == 1
    assert capsys.readouterr().err.splitlines() == [
        "enclave-dns os: failed unexpectedly: OverflowError('too much')"
    ]


def test_without_a_journal_what_bears_our_mark_is_freed_of_us(path: Path, capsys: Capture) -> None:
    crashed(path).clear()
    assert os("restore", "--json", folder=path.parent) == 0
    assert path.read_bytes() == ORIGINAL
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["ok"]) == (1, True)
    assert "without us now" in told["done"]


def test_a_damaged_journal_is_set_aside_and_not_followed(path: Path, capsys: Capture) -> None:
    journal = crashed(path)
    journal.path.write_bytes(b"damaged")
    assert os("restore", folder=path.parent) == 1
    assert "damaged" in capsys.readouterr().err
    assert path.read_bytes() == ORIGINAL
    assert os("restore", folder=path.parent) == 0


def test_status_tells_and_touches_nothing(path: Path, capsys: Capture) -> None:
    before = path.stat()
    assert os("status", folder=path.parent) == 0
    assert "managed by" in capsys.readouterr().out
    crashed(path)
    assert os("status", folder=path.parent) == 1
    assert "os restore" in capsys.readouterr().out
    assert os("restore", folder=path.parent) == 0
    capsys.readouterr()
    assert os("status", "--json", folder=path.parent) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["manager"], told["nameservers"]) == (
        1,
        "resolv.conf",
        ["10.0.0.1"],
    )
    assert before.st_mode == path.stat().st_mode


def test_a_configuration_says_where_and_whether(
    path: Path, tmp_path: Path, capsys: Capture
) -> None:
    stub = stub_file(tmp_path / "stub", manage_dns=True)
    assert main(["os", "status", "-c", str(stub)]) == 3
    assert str(tmp_path / "stub" / "state") in capsys.readouterr().out
    journal = Journal(tmp_path / "stub" / "state")
    assert journal.hold()
    assert main(["os", "status", "-c", str(stub)]) == 0
    journal.release()
    assert main(["os", "restore", "-c", str(stub)]) == 0
    assert main(["os", "status", "-c", str(gateway_file(tmp_path / "gateway"))]) == 2


def test_systemd_says_where_the_state_is(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/one:{tmp_path}/two")
    assert main(["os", "status"]) == 0
    assert f"{tmp_path}/one/os-journal.json" in capsys.readouterr().out


def test_a_work_is_named(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["os"])
    assert ended.value.code == 2
