"""Network namespaces joined by cables (veth pairs) and switches (bridges): small machines.

A `Network` makes them and takes all of them away again; nothing outside its namespaces changes.
Their names hold the id of the process that made them, so that what a killed run left behind is
found and removed by the next one.
"""

import ctypes
import os
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.lab.answer import Answer, read_answer

PREFIX = "enclave-lab-"
RUN = Path("/run/netns")
TOOLS = (
    "dbus-daemon",
    "dig",
    "dnsmasq",
    "dnsperf",
    "ip",
    "musl-gcc",
    "nft",
    "unbound",
    "wg",
    "wireguard-go",
)
CLONE_NEWNET = 0x40000000


def _ip(*arguments: str) -> None:
    run = subprocess.run(
        ["ip", *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    if run.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {run.stderr.strip()}")


@dataclass(frozen=True, slots=True)
class Namespace:
    """One small machine. `name` is what the tests call it, `path` what `ip netns` calls it."""

    name: str
    path: str

    def command(self, *arguments: str) -> list[str]:
        """A command line that runs in here, in the process that is started, and dies with us."""
        return ["setpriv", "--pdeathsig", "KILL", "ip", "netns", "exec", self.path, *arguments]

    def run(self, *arguments: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """Run a command in here to its end; its status is for the caller to judge."""
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=timeout, check=False
        )

    def succeed(self, *arguments: str, timeout: float = 30) -> str:
        """Run a command in here and return what it said. Raises RuntimeError where it fails."""
        run = self.run(*arguments, timeout=timeout)
        if run.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(arguments)}: {run.stderr.strip()}")
        return run.stdout

    def dig(self, *arguments: str) -> Answer:
        """Ask with real dig, in its own words: `dig("@100.64.0.70", "dbserver1.corp.net", "A")`.

        One try of two seconds, unless `arguments` say otherwise.
        """
        run = self.run("dig", "-r", "+time=2", "+tries=1", *arguments)
        return read_answer(run.stdout + run.stderr)

    def add_address(self, interface: str, address: str) -> None:
        """Give an interface one more address (`10.0.0.1/24`), usable at once."""
        extra = ["nodad"] if ":" in address else []
        _ip("-n", self.path, "address", "add", address, "dev", interface, *extra)

    def socket(
        self,
        kind: int = socket.SOCK_DGRAM,
        family: int = socket.AF_INET,
        timeout: float = 5,
        protocol: int = 0,
    ) -> socket.socket:
        """A socket that lives in here, although the test that uses it does not.

        A thread enters the namespace, opens the socket and ends; the socket stays where it was
        opened.
        """

        def enter_and_open() -> socket.socket:
            with RUN.joinpath(self.path).open("rb") as place:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(place.fileno(), CLONE_NEWNET):
                    number = ctypes.get_errno()
                    raise OSError(number, os.strerror(number), self.path)
            return socket.socket(family, kind, protocol)

        with ThreadPoolExecutor(1) as pool:
            opened = pool.submit(enter_and_open).result()
        opened.settimeout(timeout)
        return opened

    def exchange(
        self, message: bytes, server: str, sender: str = "", port: int = 53, timeout: float = 5
    ) -> bytes:
        """Send one datagram and return the reply's bytes. Raises TimeoutError on silence."""
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        with self.socket(family=family, timeout=timeout) as client:
            if sender:
                client.bind((sender, 0))
            client.connect((server, port))
            client.send(message)
            return client.recv(65_535)


class Network:
    """All namespaces of one run. Use it as a context manager."""

    def __init__(self) -> None:
        self._made: dict[str, Namespace] = {}
        self._ports = 0

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise RuntimeError("the lab needs root for its network namespaces: make lab")
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            raise RuntimeError(f"the lab needs {', '.join(missing)}: make deps")
        self._remove_left_behind()
        return self

    def __exit__(self, *_: object) -> None:
        for namespace in self._made.values():
            _ip("netns", "delete", namespace.path)
        self._made.clear()

    def __getitem__(self, name: str) -> Namespace:
        return self._made[name]

    def namespace(self, name: str) -> Namespace:
        """A new machine with nothing but loopback."""
        namespace = Namespace(name, f"{PREFIX}{os.getpid()}-{name}")
        _ip("netns", "add", namespace.path)
        self._made[name] = namespace
        _ip("-n", namespace.path, "link", "set", "lo", "up")
        return namespace

    def link(
        self, name: str, one: Namespace, its: list[str], other: Namespace, others: list[str]
    ) -> None:
        """Join two machines by a cable that both call `name`, each with its addresses."""
        veth = ["type", "veth", "peer", "name", name, "netns", other.path]
        _ip("link", "add", name, "netns", one.path, *veth)
        for namespace, addresses in ((one, its), (other, others)):
            for address in addresses:
                namespace.add_address(name, address)
            _ip("-n", namespace.path, "link", "set", name, "up")

    def switch(self, name: str, place: Namespace, addresses: list[str]) -> None:
        """A switch that stands in `place`, which has these addresses on it."""
        _ip("-n", place.path, "link", "add", name, "type", "bridge")
        for address in addresses:
            place.add_address(name, address)
        _ip("-n", place.path, "link", "set", name, "up")

    def plug(
        self, name: str, machine: Namespace, addresses: list[str], place: Namespace, switch: str
    ) -> None:
        """Join a machine to a switch by a cable that it calls `name`."""
        self._ports += 1
        port = f"port{self._ports}"
        veth = ["type", "veth", "peer", "name", port, "netns", place.path]
        _ip("link", "add", name, "netns", machine.path, *veth)
        for address in addresses:
            machine.add_address(name, address)
        _ip("-n", machine.path, "link", "set", name, "up")
        _ip("-n", place.path, "link", "set", port, "master", switch, "up")

    @staticmethod
    def _remove_left_behind() -> None:
        for path in RUN.glob(f"{PREFIX}*"):
            owner = path.name.removeprefix(PREFIX).split("-")[0]
            if not Path("/proc", owner).exists():
                _ip("netns", "delete", path.name)
