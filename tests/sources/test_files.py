"""Reading files that may be anything."""

import os
from pathlib import Path

from enclave_dns.sources.files import Content, NoContent, identify, read_file


def test_a_file_is_read_with_its_identity(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_bytes(b"10.0.0.1 db\n")
    content = read_file(file, 100)
    assert isinstance(content, Content)
    assert content.data == b"10.0.0.1 db\n"
    assert not content.is_cut
    assert content.identity == identify(file)


def test_the_limit_cuts_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_bytes(b"12345")
    identity = identify(file)
    assert identity is not None
    assert read_file(file, 5) == Content(b"12345", identity, is_cut=False)
    assert read_file(file, 4) == Content(b"1234", identity, is_cut=True)


def test_a_missing_file_is_a_value(tmp_path: Path) -> None:
    assert read_file(tmp_path / "none", 10) == NoContent("no such file", is_missing=True)
    assert identify(tmp_path / "none") is None


def test_a_dangling_symlink_is_a_missing_file(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    content = read_file(link, 10)
    assert isinstance(content, NoContent)
    assert content.is_missing


def test_what_is_no_regular_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/zero")):
        assert read_file(path, 10) == NoContent("not a regular file")


def test_an_unreadable_path_gives_the_reason(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    for path in (loop, Path("a\0b"), tmp_path / ("x" * 300)):
        content = read_file(path, 10)
        assert isinstance(content, NoContent)
        assert content.reason
        assert identify(path) is None
