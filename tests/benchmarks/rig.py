"""Processes for measurements under attack: a gateway, a stub, and a nameserver that misbehaves."""

import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.fakes.processes import ROOT, Daemon, daemon, environment

GATEWAY: Final = "127.100.64.70"
STRANGER: Final = "127.100.99.1"
SENDERS: Final = [f"127.100.65.{number}" for number in range(1, 101)]
"""They may reach 10.0.0.0/24, where everything that the nameserver knows is."""

Place = tuple[str, int]


def organisation() -> str:
    """The gateway, its senders, and one policy for all of them.

    Beside the addresses of `nameserver` it permits those of `quick_nameserver`.
    """
    senders = "".join(
        f'[[systems]]\nsystem_id = "S{number}"\nvirtual_address = "{at}"\ntags = ["senders"]\n'
        for number, at in enumerate(SENDERS)
    )
    return f"""
version = 1
virtual_networks = ["127.100.0.0/16"]
[[systems]]
system_id = "WZL94"
virtual_address = "{GATEWAY}"
gateway_routes = [ {{ subnet = "10.0.0.0/24" }}, {{ subnet = "44.128.0.0/16" }} ]
{senders}
[[policies]]
type = "gateway"
sender_tags = ["senders"]
gateways = [ {{ system_id = "WZL94", routes = ["10.0.0.0/24", "44.128.0.0/16"] }} ]
acls = [ {{ protocol = "any" }} ]
"""


@contextmanager
def nameserver(fault: str = "", address: str = "127.0.0.1") -> Iterator["Upstream"]:
    """A nameserver's process (`tests.benchmarks.faulty`)."""
    command = [sys.executable, "-m", "tests.benchmarks.faulty", address, fault]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(), cwd=ROOT, stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Upstream(process, int(process.stdout.readline()))
        finally:
            process.stdin.close()


@contextmanager
def quick_nameserver() -> Iterator[int]:
    """The nameserver in C of the speed benchmark; its port. It is never what is waited for."""
    source = Path(__file__).with_name("speed") / "nameserver.c"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "nameserver"
        subprocess.run(["gcc", "-O2", "-o", program, source], check=True, timeout=60)
        command = [program, "127.0.0.1", "one"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield int(process.stdout.readline())
            finally:
                process.terminate()


class Upstream:
    """A running nameserver, its port, and how much it was asked."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self._process = process
        self.port = port

    @property
    def asked(self) -> int:
        """The questions that have come so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def gateway(nameserver_port: int) -> Iterator[tuple[Place, Daemon]]:
    """A gateway's process with that nameserver; where it listens."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "organisation.toml").write_text(organisation())
        (folder / "hosts").touch()
        file = folder / "gateway.toml"
        file.write_text(
            'system_id = "WZL94"\norganisation = "organisation.toml"\nhosts_file = "hosts"\n'
            f'listen = ["{GATEWAY}:0"]\nnameservers = ["127.0.0.1:{nameserver_port}"]\n'
            'log_level = "error"\n'
        )
        with daemon("gateway", file) as running:
            yield (GATEWAY, running.port), running


@contextmanager
def stub(gateway_port: int) -> Iterator[Place]:
    """A stub's process that asks a gateway at GATEWAY on that port."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "organisation.toml").write_text(organisation())
        file = folder / "stub.toml"
        file.write_text(
            'system_id = "S0"\norganisation = "organisation.toml"\nlisten = ["127.0.0.1:0"]\n'
            f'gateway_port = {gateway_port}\nlog_level = "error"\n'
        )
        with daemon("stub", file) as running:
            yield ("127.0.0.1", running.port)


def connected(address: str, to: Place) -> socket.socket:
    """A UDP socket of a sender, which does not block."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind((address, 0))
    sock.connect(to)
    sock.setblocking(False)
    return sock


def memory(running: Daemon) -> float:
    """Megabytes that a process has in memory."""
    lines = Path(f"/proc/{running.process.pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def processor(running: Daemon) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{running.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def allow_descriptors() -> int:
    """As many open files as this process may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def wire_name(text: str) -> bytes:
    """A name as it is in a question."""
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def query(name: str, rtype: int = 1, flags: int = 0x0100, message_id: int | None = None) -> bytes:
    """A question without EDNS, the id drawn if none is given."""
    number = int.from_bytes(os.urandom(2)) if message_id is None else message_id
    header = number.to_bytes(2) + flags.to_bytes(2) + b"\0\1\0\0\0\0\0\0"
    return header + wire_name(name) + rtype.to_bytes(2) + b"\0\1"
