"""Replacing files: whole or not at all."""

import contextlib
import os
from pathlib import Path

import pytest

from enclave_dns.machine.durable import overwrite, replace_by_link, replace_file, stray


def attributes(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def test_a_file_is_replaced_by_another_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    before = path.stat().st_ino
    replace_file(path, b"new", 0o640, (os.getuid(), os.getgid()))
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o7777 == 0o640
    assert path.stat().st_ino != before
    assert list(tmp_path.iterdir()) == [path]


def test_a_symlink_is_replaced_and_what_it_leads_to_is_not(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    path.symlink_to("target")
    replace_file(path, b"new", 0o644)
    assert (path.is_symlink(), path.read_bytes(), target.read_bytes()) == (False, b"new", b"old")
    replace_by_link(path, "./target")
    assert os.readlink(path) == "./target"  # noqa: PTH115 - a Path would tidy it up


def test_what_a_crash_has_left_beside_it_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "file"
    stray(path).symlink_to("elsewhere")
    replace_file(path, b"new", 0o644)
    replace_by_link(tmp_path / "link", "file")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "link"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for attempt in (
        lambda: replace_file(tmp_path / "folder", b"new", 0o644),
        lambda: replace_by_link(tmp_path / "folder", "x"),
    ):
        with pytest.raises(IsADirectoryError):
            attempt()
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_attributes_stay(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with contextlib.suppress(OSError):  # a file system without attributes has none to keep
        os.setxattr(path, "user.label", b"kept")
    before = attributes(path)
    replace_file(path, b"new", 0o644)
    assert attributes(path) == before


@pytest.mark.parametrize("old", [b"", b"x", b"a longer content\n" * 9])
def test_a_file_is_written_over_in_place(tmp_path: Path, old: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(old)
    before = path.stat().st_ino
    overwrite(path, b"new content\n")
    assert (path.read_bytes(), path.stat().st_ino) == (b"new content\n", before)


def test_nothing_is_written_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    with pytest.raises(OSError):
        overwrite(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"old"
