"""What `os status` tells: the table of situations, and what is to be done next."""

from pathlib import Path

import pytest

from enclave_dns.machine.detection import Found
from enclave_dns.machine.integration import Entry, Manager
from enclave_dns.machine.journal import Journal
from enclave_dns.machine.resolv_conf_text import Written, our_text
from enclave_dns.machine.standing import standing, text_lines

ORIGINAL = b"nameserver 10.0.0.1\n"
OURS = our_text(ORIGINAL, "127.0.0.1").data
PLAIN = Found(Manager.PLAIN_FILE, "a file of its own")
NOBODY = Found(None, "resolved is away: start it")
ENTRY = Entry(Manager.PLAIN_FILE, {})


@pytest.mark.parametrize(
    ("found", "content", "entry", "is_running", "is_wanted", "expected"),
    [
        (PLAIN, ORIGINAL, None, False, None, (False, "enclave-dns stub -c FILE, with")),
        (PLAIN, ORIGINAL, None, False, False, (False, "set `manage_dns = true`")),
        (PLAIN, ORIGINAL, None, False, True, (False, "enclave-dns stub")),
        (NOBODY, ORIGINAL, None, False, True, (False, "see the reason above")),
        (PLAIN, OURS, ENTRY, True, True, (False, "enclave-dns query _my.id.enclave")),
        (PLAIN, OURS, ENTRY, False, True, (True, "enclave-dns os restore")),
        (PLAIN, OURS, None, False, True, (True, "enclave-dns os restore")),
        (PLAIN, ORIGINAL, ENTRY, False, None, (True, "enclave-dns os restore")),
    ],
)
def test_what_is_there_and_what_to_do(
    tmp_path: Path,
    found: Found,
    content: bytes,
    entry: Entry | None,
    is_running: bool,
    is_wanted: bool | None,
    expected: tuple[bool, str],
) -> None:
    path, owner = tmp_path / "resolv.conf", Journal(tmp_path / "state")
    path.write_bytes(content)
    assert owner.hold()
    if entry is not None:
        owner.write(entry)
    if not is_running:
        owner.release()
    told = standing(Journal(tmp_path / "state"), found, path, is_wanted, tmp_path)
    assert (told.is_running, told.is_left_behind) == (is_running, expected[0])
    assert told.next.startswith(expected[1])
    assert told.nameservers[-1] == "10.0.0.1"
    assert told.journal_of == ("resolv.conf" if entry else "")
    text = "\n".join(text_lines(told))
    assert found.why in text
    assert told.next in text
    assert "musl" not in text
    owner.release()


def test_the_journal_that_the_file_names_is_looked_at(tmp_path: Path) -> None:
    theirs = Journal(tmp_path / "theirs")
    assert theirs.hold()
    theirs.write(ENTRY)
    path = tmp_path / "resolv.conf"
    written = Written("1", str(theirs.path))
    path.write_bytes(our_text(ORIGINAL, "127.0.0.1", written=written).data)
    told = standing(Journal(tmp_path / "state"), PLAIN, path, None, tmp_path)
    assert (told.journal, told.is_running, told.is_left_behind) == (str(theirs.path), True, False)
    theirs.release()


def test_a_damaged_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "os-journal.json").write_text("damaged")
    told = standing(Journal(tmp_path), PLAIN, tmp_path / "resolv.conf", None, tmp_path)
    assert "is damaged" in told.problem
    assert told.next == "enclave-dns os restore"
    assert told.problem in "\n".join(text_lines(told))


def test_musl_wants_the_stub_alone(tmp_path: Path) -> None:
    (tmp_path / "ld-musl-x86_64.so.1").touch()
    told = standing(Journal(tmp_path), PLAIN, tmp_path / "resolv.conf", None, tmp_path)
    assert 'fallback = "system"' in "\n".join(text_lines(told))
