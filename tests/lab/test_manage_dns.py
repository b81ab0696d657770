"""`manage_dns` on a machine with a plain resolv.conf: getent before, while, and after.

The laptop gets an /etc of its own, in which files can be replaced, and a nameserver of its own
network, which knows the public name.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from enclave_dns.machine.resolv_conf_text import is_ours
from tests.lab.daemons import LOOKS_EVERY, Daemons
from tests.lab.namespaces import Namespace
from tests.lab.office import start_dnsmasq
from tests.lab.programs import Program, environment, start_stub

NETWORK = "127.0.0.2"
PUBLIC = ("www.example.com", "192.0.2.80")
PRIVATE = ("dbserver1.corp.net", "10.0.0.30")
ORIGINAL = f"# the network's\nnameserver {NETWORK}\noptions timeout:5 attempts:1\n".encode()
RESOLVER_TIMEOUT = 5.0
CHANGES_WITHIN = 10.0

OWN_ETC = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"']
MOUNTED_FILE = [
    *OWN_ETC[:-1],
    'mount --bind "$0" /etc && mount --bind "$0.file" /etc/resolv.conf && exec "$@"',
]


@dataclass(frozen=True, slots=True)
class Machine:
    """The laptop with an /etc of its own; `mount` is how a program is put there."""

    namespace: Namespace
    daemons: Daemons
    folder: Path
    mount: list[str]
    file: Path
    """Where its resolv.conf is, seen from outside."""

    @property
    def data(self) -> bytes:
        return self.file.read_bytes()

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def inside(self) -> list[str]:
        return [*self.mount, str(self.folder / "etc")]

    def getent(self, name: str) -> str:
        """The first address that a program of this machine gets for a name; empty: none."""
        run = self.namespace.run(*self.inside, "getent", "ahosts", name)
        return run.stdout.partition(" ")[0]

    def enclave_dns(self, *words: str, state: str = "") -> "subprocess.CompletedProcess[str]":
        folder = state or str(self.state)
        command = [sys.executable, "-m", "enclave_dns", *words, "--state-dir", folder]
        return subprocess.run(
            self.namespace.command(*self.inside, *command),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def start(self, **settings: object) -> Program:
        keys = {"manage_dns": True, "state_dir": str(self.state), **settings}
        return start_stub(self.daemons, self.namespace, before=self.inside, **keys)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + CHANGES_WITHIN
        while not is_so():
            assert time.monotonic() < deadline, self.data
            time.sleep(LOOKS_EVERY)

    def until_ours(self) -> None:
        self.until(lambda: is_ours(self.data))


def _machine(
    folder: Path, daemons: Daemons, laptop: Namespace, mount: list[str], file: str
) -> Machine:
    etc = folder / "etc"
    etc.mkdir()
    for conf in (etc / "resolv.conf", folder / "etc.file"):
        conf.write_bytes(ORIGINAL)
    (etc / "nsswitch.conf").write_text("hosts: files dns\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n")
    (etc / "ld.so.cache").write_bytes(Path("/etc/ld.so.cache").read_bytes())
    start_dnsmasq(daemons, laptop, address=NETWORK, conf="", hosts=f"{PUBLIC[1]} {PUBLIC[0]}\n")
    return Machine(laptop, daemons, folder, mount, folder / file)


@pytest.fixture
def machine(
    tmp_path: Path, daemons: Daemons, laptop: Namespace, shared_gateway: Program
) -> Machine:
    """A machine in front of the shared gateway."""
    return _machine(tmp_path, daemons, laptop, OWN_ETC, "etc/resolv.conf")


@pytest.fixture
def container(
    tmp_path: Path, daemons: Daemons, laptop: Namespace, shared_gateway: Program
) -> Machine:
    """The same, with a resolv.conf that is a mount of its own."""
    return _machine(tmp_path, daemons, laptop, MOUNTED_FILE, "etc.file")


@pytest.fixture
def immutable(machine: Machine) -> Iterator[Machine]:
    """The same, with a resolv.conf that nobody may change."""
    subprocess.run(["chattr", "+i", machine.file], check=True, timeout=10)
    yield machine
    subprocess.run(["chattr", "-i", machine.file], check=True, timeout=10)


def resolves(machine: Machine, *, private: bool) -> None:
    """Public names are found, and those behind the gateway where that is so."""
    assert machine.getent(PUBLIC[0]) == PUBLIC[1]
    assert machine.getent(PRIVATE[0]) == (PRIVATE[1] if private else "")


def test_a_stub_comes_and_goes(machine: Machine) -> None:
    resolves(machine, private=False)
    stub = machine.start()
    machine.until_ours()
    resolves(machine, private=True)
    told = machine.enclave_dns("os", "status")
    assert told.returncode == 0, told.stderr
    assert "runs and keeps us there" in told.stdout
    for state in ("", f"{machine.folder}/other"):
        assert machine.enclave_dns("os", "restore", state=state).returncode == 1
    assert is_ours(machine.data)
    assert stub.stop() == 0
    assert machine.data == ORIGINAL
    resolves(machine, private=False)


@pytest.mark.parametrize("way", ["restore", "restart", "restart without manage_dns"])
def test_after_a_kill_names_resolve_and_the_original_can_be_had(machine: Machine, way: str) -> None:
    stub = machine.start()
    machine.until_ours()
    resolves(machine, private=True)
    stub.daemon.signal(signal.SIGKILL)
    assert stub.daemon.wait() != 0
    began = time.monotonic()
    assert machine.getent(PUBLIC[0]) == PUBLIC[1]
    assert time.monotonic() - began < RESOLVER_TIMEOUT
    assert is_ours(machine.data)
    assert machine.enclave_dns("os", "status").returncode == 1
    if way == "restore":
        for _ in range(2):
            assert machine.enclave_dns("os", "restore").returncode == 0
            assert machine.data == ORIGINAL
    else:
        again = machine.start(manage_dns=way == "restart")
        if way == "restart":
            machine.until_ours()
            resolves(machine, private=True)
        assert again.stop() == 0
    assert machine.data == ORIGINAL
    resolves(machine, private=False)


def test_another_networks_file_is_the_new_original(machine: Machine) -> None:
    stub = machine.start()
    machine.until_ours()
    theirs = ORIGINAL + b"search home.lan\n"
    new = machine.file.with_name("resolv.conf.dhcp")
    new.write_bytes(theirs)
    new.replace(machine.file)
    machine.until(lambda: is_ours(machine.data) and b"search home.lan" in machine.data)
    resolves(machine, private=True)
    assert stub.stop() == 0
    assert machine.data == theirs


def test_a_file_that_is_a_mount_is_written_in_place(container: Machine) -> None:
    inode = container.file.stat().st_ino
    stub = container.start()
    container.until_ours()
    resolves(container, private=True)
    stub.daemon.signal(signal.SIGKILL)
    assert stub.daemon.wait() != 0
    resolves(container, private=False)
    assert container.enclave_dns("os", "restore").returncode == 0
    assert (container.data, container.file.stat().st_ino) == (ORIGINAL, inode)
    again = container.start()
    container.until_ours()
    assert again.stop() == 0
    assert (container.data, container.file.stat().st_ino) == (ORIGINAL, inode)


def test_what_is_immutable_stays_and_the_remedy_is_told(immutable: Machine) -> None:
    before = immutable.file.stat()
    stub = immutable.start()
    immutable.until(lambda: "chattr -i /etc/resolv.conf" in stub.log)
    assert immutable.namespace.dig("@127.0.0.1", PRIVATE[0], "A").addresses == [PRIVATE[1]]
    assert stub.stop() == 0
    assert (immutable.data, immutable.file.stat().st_ctime_ns) == (ORIGINAL, before.st_ctime_ns)
    assert [path.name for path in immutable.state.iterdir()] == ["lock"]


def test_without_manage_dns_the_file_is_never_touched(machine: Machine) -> None:
    before = machine.file.stat()
    stub = machine.start(manage_dns=False)
    resolves(machine, private=False)
    stub.reload()
    assert machine.namespace.dig("@127.0.0.1", PRIVATE[0], "A").addresses == [PRIVATE[1]]
    assert stub.stop() == 0
    after = machine.file.stat()
    assert machine.data == ORIGINAL
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not machine.state.exists()
