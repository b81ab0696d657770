"""One resolv.conf on disk: saved, replaced, restored; and what is in the way of that."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine import resolv_conf_file
from enclave_dns.machine.resolv_conf_file import (
    MAX_BYTES,
    Saved,
    Whose,
    put,
    restore,
    save,
    take_out,
    whose,
)
from enclave_dns.machine.resolv_conf_text import Written, our_text

ORIGINAL = b"# by hand\nnameserver 10.0.0.1\n"
OURS = our_text(ORIGINAL, "127.0.0.1").data


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A resolv.conf of somebody's."""
    made = tmp_path / "resolv.conf"
    made.write_bytes(ORIGINAL)
    made.chmod(0o604)
    return made


def test_ours_comes_and_the_original_comes_back(path: Path) -> None:
    saved = save(path)
    assert Saved.from_data(saved.as_data()) == saved
    put(saved, OURS)
    put(saved, OURS + b"\n")
    assert path.read_bytes() == OURS + b"\n"
    assert path.stat().st_mode & 0o7777 == 0o604
    assert "byte for byte" in restore(saved)
    assert path.read_bytes() == ORIGINAL
    assert path.stat().st_mode & 0o7777 == 0o604
    before = path.stat()
    assert "is the original" in restore(saved)
    assert path.stat() == before


@pytest.mark.parametrize("target", ["behind", "./behind", "../{folder}/behind"])
def test_a_symlink_is_replaced_and_comes_back_as_it_was_written(
    tmp_path: Path, target: str
) -> None:
    behind, path = tmp_path / "behind", tmp_path / "resolv.conf"
    behind.write_bytes(ORIGINAL)
    link = target.format(folder=tmp_path.name)
    path.symlink_to(link)
    saved = save(path)
    put(saved, OURS)
    assert (path.is_symlink(), behind.read_bytes()) == (False, ORIGINAL)
    assert "symlink" in restore(saved)
    assert os.readlink(path) == link  # noqa: PTH115 - a Path would tidy it up
    assert "is the original" in restore(saved)


def test_what_somebody_else_wrote_stays(path: Path) -> None:
    saved = save(path)
    put(saved, OURS)
    path.write_bytes(b"nameserver 10.9.9.9\n")
    assert "stays as it is" in restore(saved)
    assert path.read_bytes() == b"nameserver 10.9.9.9\n"
    with pytest.raises(EnvironmentFault, match="just been changed"):
        put(saved, OURS)


def test_an_edit_of_ours_stays_without_us(path: Path) -> None:
    saved = save(path)
    put(saved, OURS)
    path.write_bytes(b"nameserver 10.8.0.1\n" + OURS)
    assert whose(path) is Whose.EDITED
    assert "only what was ours is gone" in restore(saved)
    assert path.read_bytes() == b"nameserver 10.8.0.1\nnameserver 10.0.0.1\n"


def test_an_edit_keeps_each_original_beside_the_file(path: Path) -> None:
    for name in ("resolv.conf.before-enclave-dns", "resolv.conf.before-enclave-dns.2"):
        path.write_bytes(ORIGINAL)
        saved = save(path)
        put(saved, OURS)
        path.write_bytes(b"nameserver 10.8.0.1\n" + OURS)
        assert name in restore(saved)
        assert path.with_name(name).read_bytes() == ORIGINAL


def test_a_symlink_is_kept_beside_an_edited_file(path: Path) -> None:
    path.rename(path.with_name("behind"))
    path.symlink_to("behind")
    saved = save(path)
    put(saved, OURS)
    path.write_bytes(OURS + b"search other.net\n")
    restore(saved)
    assert path.with_name("resolv.conf.before-enclave-dns").readlink() == Path("behind")


def test_where_nothing_can_be_put_beside_it_the_original_is_kept_by_the_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(target: Path, *arguments: object) -> None:
        if target.parent == path.parent:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        target.write_bytes(ORIGINAL)

    state = path.parent / "state"
    state.mkdir()
    saved = save(path, str(state / "journal"))
    monkeypatch.setattr(resolv_conf_file, "replace_file", refuse)
    put(saved, OURS)
    path.write_bytes(OURS + b"search other.net\n")
    assert str(state) in restore(saved)
    assert (state / "resolv.conf.before-enclave-dns").read_bytes() == ORIGINAL
    path.write_bytes(OURS + b"search other.net\n")
    with pytest.raises(EnvironmentFault, match="mount it for writing"):
        restore(replace(saved, journal=""))


def test_an_edit_of_comments_alone_brings_the_original_back(path: Path) -> None:
    saved = save(path)
    put(saved, OURS)
    path.write_bytes(OURS + b"# a note\n")
    assert "byte for byte" in restore(saved)
    assert path.read_bytes() == ORIGINAL


@pytest.mark.parametrize("content", [None, OURS])
def test_a_symlink_that_somebody_else_made_stays(path: Path, content: bytes | None) -> None:
    saved = save(path)
    put(saved, OURS)
    path.unlink()
    path.symlink_to("elsewhere")
    if content is not None:
        path.with_name("elsewhere").write_bytes(content)
    assert "leads elsewhere now (elsewhere) and stays" in restore(saved)
    with pytest.raises(EnvironmentFault, match="just been changed"):
        put(saved, OURS)
    assert path.readlink() == Path("elsewhere")


def test_what_cannot_be_read_stays_and_the_original_is_not_forgotten(path: Path) -> None:
    saved = save(path)
    put(saved, OURS)
    path.unlink()
    os.mkfifo(path)
    assert whose(path) is Whose.UNREADABLE
    with pytest.raises(EnvironmentFault, match="move it away"):
        restore(saved)
    assert path.is_fifo()


def test_another_stubs_file_stays(path: Path) -> None:
    saved = save(path, "/ours/j")
    theirs = our_text(ORIGINAL, "127.0.0.9", written=Written("1", "/theirs/j")).data
    path.write_bytes(theirs)
    assert "another stub's" in restore(saved)
    with pytest.raises(EnvironmentFault, match="its journal in /theirs/j: stop that stub"):
        put(saved, OURS)
    assert path.read_bytes() == theirs


def test_an_original_of_the_largest_size_comes_back(path: Path) -> None:
    words = b" ".join(b"x%05d" % number for number in range(9340))
    original = b"nameserver 10.0.0.1\noptions " + words + b"\n"
    assert MAX_BYTES - 200 < len(original) <= MAX_BYTES
    path.write_bytes(original)
    saved = save(path)
    put(saved, our_text(original, "127.0.0.1").data)
    take_out(path)
    assert path.read_bytes() == original
    put(saved, our_text(original, "127.0.0.1").data)
    restore(saved)
    assert path.read_bytes() == original


def test_a_mount_in_a_read_only_directory_is_given_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "unlink", refuse)
    saved = save(path)
    put(saved, OURS)
    restore(saved)
    assert path.read_bytes() == ORIGINAL


@pytest.mark.parametrize("content", [None, b"", b"\n\n"])
def test_what_is_gone_or_empty_comes_back(path: Path, content: bytes | None) -> None:
    saved = save(path)
    put(saved, OURS)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert whose(path) in (Whose.MISSING, Whose.EMPTY)
    restore(saved)
    assert path.read_bytes() == ORIGINAL


def test_our_own_file_is_never_taken_for_the_original(path: Path) -> None:
    put(save(path), OURS)
    assert save(path).content == b"nameserver 10.0.0.1\n"
    take_out(path)
    assert path.read_bytes() == b"nameserver 10.0.0.1\n"


@pytest.mark.parametrize("original", [ORIGINAL, ORIGINAL.strip(), ORIGINAL + b"#" * 900])
def test_a_mount_is_written_in_place(
    path: Path, original: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(source: object, target: object) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(os, "replace", busy)
    path.write_bytes(original)
    inode = path.stat().st_ino
    saved = save(path)
    put(saved, OURS)
    assert path.read_bytes() == OURS
    # An undo that was killed between its two steps.
    path.write_bytes(original.ljust(len(OURS), b"\n"))
    restore(saved)
    assert path.read_bytes() == original
    put(saved, OURS)
    restore(saved)
    assert (path.read_bytes(), path.stat().st_ino) == (original, inode)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EPERM, r"chattr -i "),
        (errno.EACCES, "run as root"),
        (errno.EROFS, "mount it for writing"),
        (errno.ENOSPC, "make room"),
        (errno.EIO, "correct that"),
    ],
)
def test_what_forbids_the_change_is_one_line_with_the_remedy(
    path: Path, number: int, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    saved = save(path)
    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(resolv_conf_file, "overwrite", refuse)
    with pytest.raises(EnvironmentFault, match=remedy) as caught:
        put(saved, OURS)
    assert "manage_dns = false" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == ORIGINAL
    assert list(path.parent.iterdir()) == [path]


def test_nothing_is_written_through_a_symlink_that_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    behind, path = tmp_path / "behind", tmp_path / "resolv.conf"
    behind.write_bytes(ORIGINAL)
    path.symlink_to("behind")
    saved = save(path)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(EnvironmentFault):
        put(saved, OURS)
    assert (path.is_symlink(), behind.read_bytes()) == (True, ORIGINAL)


def test_what_cannot_be_saved_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    for make, reason in (
        (lambda: None, r"there is no .*looked for again"),
        (lambda: path.symlink_to("gone"), r"symlink to gone, which is not there"),
        (path.mkdir, r"cannot be read \(not a regular file\)"),
        (lambda: path.write_bytes(b"#" * (10 << 20)), f"larger than {MAX_BYTES >> 10} KiB"),
    ):
        make()
        before = sorted(file.name for file in tmp_path.iterdir())
        with pytest.raises(EnvironmentFault, match=reason) as caught:
            save(path)
        assert "manage_dns = false" in str(caught.value)
        assert sorted(file.name for file in tmp_path.iterdir()) == before
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)


def test_an_unreadable_file_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(
        EnvironmentFault, match=r"cannot be read \(Permission denied\): run as root"
    ):
        save(path)


GOOD = Saved(Path("/r"), ORIGINAL, 0o644, (0, 0), "there").as_data()


@pytest.mark.parametrize(
    "change",
    [
        {"path": None},
        {"content": "not base64!"},
        {"content": 3},
        {"mode": "420"},
        {"owner": [0]},
        {"owner": ["0", "0"]},
        {"link": None},
    ],
)
def test_another_ones_entry_is_not_followed(change: dict[str, object]) -> None:
    assert Saved.from_data(GOOD).link == "there"
    with pytest.raises(EnvironmentFault, match="left alone"):
        Saved.from_data(GOOD | change)


def test_a_disk_that_keeps_something_else_is_noticed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = save(path)
    monkeypatch.setattr(resolv_conf_file, "replace_file", lambda *arguments: None)
    with pytest.raises(EnvironmentFault, match="the disk is broken"):
        put(saved, OURS)
    assert replace(saved) == save(path)
