"""A process that holds a journal and a resolv.conf, and is killed at one step after another.

    python -m tests.fakes.kill_points FOLDER SEED COUNT

Each point is a fork that is killed with SIGKILL before or after one call into C, three of four
points at a call of the operating system. What is found then is checked, and undone as the next
start undoes it. The last line says how many points left which file; whatever is wrong is said, and
the status is 1.
"""

import errno
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from hashlib import shake_256
from pathlib import Path
from types import FrameType

from enclave_dns.machine.integration import Entry, Manager
from enclave_dns.machine.journal import Journal
from enclave_dns.machine.resolv_conf_file import Saved, put, restore, save
from enclave_dns.machine.resolv_conf_text import is_ours, our_text
from enclave_dns.sources.resolv_conf import parse_resolv_conf

ORIGINAL = b"# the network's\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch home.lan\n"
LONG = ORIGINAL + b"# a remark that makes it longer than ours\n" * 20
MODE = 0o640

really_replace = os.replace


class Scene:
    """One kind of file: `link` is a symlink, `mount` cannot be replaced by rename."""

    def __init__(self, folder: Path, kind: str, original: bytes) -> None:
        self.kind, self.original = kind, original
        self.state = folder / "state"
        self.path = folder / "etc" / "resolv.conf"
        self.target = folder / "etc" / "target.conf"
        self.state.mkdir(parents=True, exist_ok=True)
        self.path.parent.mkdir(exist_ok=True)

    def reset(self) -> None:
        """The machine as it is before us."""
        for file in (*self.path.parent.iterdir(), *self.state.iterdir()):
            file.unlink()
        real = self.target if self.kind == "link" else self.path
        real.write_bytes(self.original)
        real.chmod(MODE)
        if self.kind == "link":
            self.path.symlink_to(self.target.name)

    def replace(self, source: Path, target: Path) -> None:
        if self.kind == "mount" and Path(target) == self.path:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        really_replace(source, target)

    def live(self) -> None:
        """Everything that a stub does from its start to its end."""
        journal = Journal(self.state)
        assert journal.hold()
        saved = save(self.path)
        journal.write(Entry(Manager.PLAIN_FILE, saved.as_data()))
        put(saved, our_text(saved.content, "127.0.0.1").data)
        restore(saved)
        journal.clear()
        journal.release()

    def recover(self) -> None:
        """What the next start does."""
        journal = Journal(self.state)
        assert journal.hold()
        entry = journal.read()
        if isinstance(entry, Entry):
            restore(Saved.from_data(entry.data))
            journal.clear()
        journal.release()

    def seen(self) -> str:
        """What a program finds that resolves a name just now; raises where that is no good."""
        data = self.path.read_bytes()
        servers = [server.address for server in parse_resolv_conf(data).nameservers]
        if data.rstrip(b"\n") == self.original.rstrip(b"\n"):
            return "original"
        assert is_ours(data), f"neither the original nor ours: {data!r}"
        assert servers == ["127.0.0.1", "10.0.0.1", "10.0.0.2"], servers
        return "ours"

    def check_restored(self) -> None:
        assert self.path.read_bytes() == self.original
        assert self.path.stat().st_mode & 0o7777 == MODE
        assert self.path.is_symlink() == (self.kind == "link")
        left = {file.name for file in self.path.parent.iterdir()}
        assert left <= {"resolv.conf", "target.conf"}, left
        assert not (self.state / "os-journal.json").exists()


def steps(work: Callable[[], None], at: Callable[[int, bool], None]) -> int:
    """Run `work`, calling `at` before and after each call into C; returns their number.

    `at` gets the number of the step, and whether it is a call of the operating system.
    """
    count = 0

    def step(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        if event in ("c_call", "c_return"):
            at(count, getattr(argument, "__module__", "") == "posix")
            count += 1

    sys.setprofile(step)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def killed_at(point: int, work: Callable[[], None]) -> bool:
    """Run `work` in a fork that is killed at that step; False where it came to its end."""

    def at(number: int, _: bool) -> None:
        if number == point:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        try:
            steps(work, at)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def main(folder: Path, seed: str, count: int) -> int:
    scenes = [
        Scene(folder / "file", "file", ORIGINAL),
        Scene(folder / "link", "link", ORIGINAL),
        Scene(folder / "mount", "mount", ORIGINAL),
        Scene(folder / "long", "mount", LONG),
    ]
    totals: dict[Scene, int] = {}
    calls: dict[Scene, list[int]] = {}
    found: Counter[str] = Counter()
    for number in range(count):
        scene = scenes[number % len(scenes)]
        os.replace = scene.replace
        if scene not in totals:
            scene.reset()
            calls[scene] = found_calls = []

            def note(number: int, is_system_call: bool, calls: list[int] = found_calls) -> None:
                if is_system_call:
                    calls.append(number)

            totals[scene] = steps(scene.live, note)
            scene.check_restored()
        scene.reset()
        chance = int.from_bytes(shake_256(f"{seed}:{number}".encode()).digest(8))
        points = calls[scene] if chance % 4 else range(totals[scene])
        point = points[(chance >> 2) % len(points)]
        try:
            assert killed_at(point, scene.live), "it was not killed"
            found[scene.seen()] += 1
            # The next start may be killed as well, at the same step of its own.
            killed_at(point % 200, scene.recover)
            scene.seen()
            scene.recover()
            scene.check_restored()
        except (AssertionError, OSError) as error:
            print(f"seed {seed}, point {number}: {scene.kind}, step {point}: {error}")
            return 1
    system = sorted(map(len, calls.values()))
    print(f"original {found['original']}, ours {found['ours']}, system calls {system}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
