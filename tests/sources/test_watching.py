"""Files that change in every way that files change."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from enclave_dns.sources.watching import Watcher, directories


class Changes:
    """What a watcher has reported; `next` waits for the next report."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Path] = asyncio.Queue()

    async def next(self) -> Path:
        async with asyncio.timeout(10):
            return await self.queue.get()


@asynccontextmanager
async def watching(*paths: Path, recheck: float = 60.0) -> AsyncIterator[Changes]:
    changes = Changes()
    watcher = Watcher(paths, changes.queue.put_nowait, recheck=recheck)
    async with asyncio.TaskGroup() as group:
        group.create_task(watcher.run())
        try:
            yield changes
        finally:
            watcher.stop()


def swap(link: Path, target: str) -> None:
    """Point a symlink elsewhere in one step, as ConfigMap volumes do."""
    fresh = link.with_name(link.name + ".tmp")
    fresh.symlink_to(target)
    fresh.rename(link)


def replace(file: Path, text: str) -> None:
    fresh = file.with_name(file.name + ".tmp")
    fresh.write_text(text)
    fresh.rename(file)


async def test_writing_in_place_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("a")
    async with watching(file) as changes:
        file.write_text("ab")
        assert await changes.next() == file


async def test_every_atomic_rename_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("0")
    async with watching(file) as changes:
        for round_ in range(1, 4):
            replace(file, "x" * round_)
            assert await changes.next() == file


async def test_deletion_and_return_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("a")
    async with watching(file) as changes:
        file.unlink()
        assert await changes.next() == file
        file.write_text("a")
        assert await changes.next() == file


async def test_a_symlink_swap_and_writes_at_the_new_target_are_seen(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hosts").write_text(name * 2)
    (tmp_path / "etc").mkdir()
    link = tmp_path / "etc" / "hosts"
    link.symlink_to("../one/hosts")
    async with watching(link) as changes:
        swap(link, str(tmp_path / "two" / "hosts"))
        assert await changes.next() == link
        replace(tmp_path / "two" / "hosts", "changed at the target")
        assert await changes.next() == link


async def test_a_swap_of_a_linked_directory_is_seen(tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hosts").write_text(name)
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "hosts").symlink_to("..data/hosts")
    async with watching(tmp_path / "hosts") as changes:
        swap(tmp_path / "..data", "v2")
        assert await changes.next() == tmp_path / "hosts"


async def test_a_file_appears_in_directories_that_did_not_exist(tmp_path: Path) -> None:
    file = tmp_path / "run" / "resolve" / "resolv.conf"
    async with watching(file) as changes:
        file.parent.mkdir(parents=True)
        file.write_text("nameserver 10.0.0.1\n")
        assert await changes.next() == file
        replace(file, "nameserver 10.0.0.2 # another\n")
        assert await changes.next() == file


async def test_a_change_before_the_watch_has_begun_is_not_lost(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("a")
    changes = Changes()
    watcher = Watcher([file], changes.queue.put_nowait)
    file.write_text("changed")
    async with asyncio.TaskGroup() as group:
        group.create_task(watcher.run())
        assert await changes.next() == file
        watcher.stop()


async def test_the_re_stat_finds_what_no_event_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError("no watches left")

    monkeypatch.setattr("enclave_dns.sources.watching.RustNotify", refuse)
    file = tmp_path / "hosts"
    file.write_text("a")
    async with watching(file, recheck=0.05) as changes:
        replace(file, "changed")
        assert await changes.next() == file


async def test_only_the_file_that_changed_is_reported(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a")
    async with watching(one, two) as changes:
        (tmp_path / "unrelated").write_text("x")
        two.write_text("b")
        assert await changes.next() == two
        assert changes.queue.empty()


@pytest.mark.parametrize("how", ["stop", "cancel"])
async def test_nothing_is_left_behind(tmp_path: Path, how: str) -> None:
    file = tmp_path / "hosts"
    file.write_text("a")
    changes = Changes()
    watcher = Watcher([file], changes.queue.put_nowait)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watcher.run())
        file.write_text("changed")
        await changes.next()
        if how == "stop":
            watcher.stop()
        else:
            task.cancel()
    assert not [t for t in threading.enumerate() if t.name.startswith("watch")]


def test_the_directories_of_a_link_are_those_of_every_step(tmp_path: Path) -> None:
    for name in ("etc", "run", "run/v1"):
        (tmp_path / name).mkdir()
    (tmp_path / "run" / "current").symlink_to("v1")
    (tmp_path / "etc" / "hosts").symlink_to("../run/current/hosts")
    (tmp_path / "etc" / "loop").symlink_to("loop")
    here = Path(os.path.realpath(tmp_path))
    assert directories(here / "etc" / "hosts") == {here / "etc", here / "run", here / "run" / "v1"}
    assert directories(here / "etc" / "plain") == {here / "etc"}
    assert directories(here / "none" / "at" / "all") == {here}
    assert directories(here / "etc" / "loop") == {here / "etc"}
