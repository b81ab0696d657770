"""Every server that is measured, started on loopback and answering: peers, ours, and the floor."""

import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.rcode

from tests.benchmarks.rig import GATEWAY, SENDERS, Place, query
from tests.benchmarks.speed.cores import Process, program, running
from tests.benchmarks.speed.names import MIXED, PERMITTED, hidden, permitted
from tests.benchmarks.speed.products import Product
from tests.benchmarks.speed.samples import addresses

READY = 20.0
"""Seconds that a server may take until it answers."""

ASKER = SENDERS[0]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens, and what became of an answer with a hidden address."""

    name: str
    place: Place
    process: Process
    mixed: str = ""


@contextmanager
def told_port(name: str, command: list[str], core: int, folder: Path) -> Iterator[Server]:
    """A C program that says its port of 127.0.0.1."""
    with running(command, core, folder / f"{name}.log") as process:
        yield Server(name, ("127.0.0.1", int(said_line(process))), process)


def said_line(process: Process) -> str:
    """The first line that a process says on standard output."""
    out = process.popen.stdout
    assert out is not None
    if not select.select([out], [], [], READY)[0]:
        raise RuntimeError(f"not ready in {READY:.0f} s: {process.said()}")
    line = out.readline().strip()
    if not line:
        raise RuntimeError(f"ended at once: {process.said()}")
    return line


@contextmanager
def peer(product: Product, upstream: int, core: int, folder: Path) -> Iterator[Server]:
    """One of the products, in a new folder, with that nameserver."""
    port = free_port()
    home = folder / product.name
    home.mkdir()
    for name, text in product.files(home, port, upstream).items():
        (home / name).write_text(text)
    found = program(product.program)
    assert found is not None
    command = [found, *product.command(home)[1:]]
    with running(command, core, home / "log", home) as process:
        place = ("127.0.0.1", port)
        wait_until_answered(place, process, "first.corp.net")
        yield Server(product.name, place, process, mixed_answer(place))


def version(product: Product) -> str:
    """What a product says about itself: the first line with a digit in it."""
    found = program(product.version[0])
    assert found is not None
    run = subprocess.run(
        [found, *product.version[1:]], capture_output=True, text=True, timeout=10, check=False
    )
    lines = (run.stdout + run.stderr).splitlines()
    return next((line.strip() for line in lines if any(map(str.isdigit, line))), "")


def organisation() -> str:
    """A gateway, one sender who may reach PERMITTED, and machines that it is connected to."""
    machines = "".join(
        f'[[systems]]\nsystem_id = "S{number}"\nhostname = "machine-{number}"\n'
        f'virtual_address = "{at}"\ntags = ["{"machines" if number else "askers"}"]\n'
        for number, at in enumerate(SENDERS)
    )
    return f"""
version = 1
virtual_networks = ["127.100.0.0/16"]
[[systems]]
system_id = "WZL94"
virtual_address = "{GATEWAY}"
gateway_routes = [ {{ subnet = "{PERMITTED}" }} ]
{machines}
[[policies]]
type = "gateway"
sender_tags = ["askers"]
gateways = [ {{ system_id = "WZL94", routes = ["{PERMITTED}"] }} ]
acls = [ {{ protocol = "any" }} ]
[[policies]]
type = "general"
sender_tags = ["askers"]
receiver_tags = ["machines"]
acls = [ {{ protocol = "any" }} ]
[[dns_zones]]
name = "enclave"
auto_dns_tags = ["machines"]
"""


def gateway_files(folder: Path, upstream: int, document: Mapping[str, str], workers: int) -> Path:
    """Its configuration; `document` is the organisation, as the name of a file and its text."""
    folder.mkdir()
    [(name, text)] = document.items()
    (folder / name).write_text(text)
    (folder / "hosts").touch()
    file = folder / "gateway.toml"
    file.write_text(
        f'system_id = "WZL94"\norganisation = "{name}"\nhosts_file = "hosts"\n'
        f'listen = ["{GATEWAY}:0"]\nnameservers = ["127.0.0.1:{upstream}"]\n'
        f'log_level = "warning"\nstate_dir = "{folder}"\nworkers = {workers}\n'
    )
    return file


@contextmanager
def gateway(
    name: str,
    upstream: int,
    core: int | str,
    folder: Path,
    *,
    document: Mapping[str, str] | None = None,
    workers: int = 1,
) -> Iterator[Server]:
    """Our gateway, in a new folder; `document` as with `gateway_files`."""
    given = document or {"organisation.toml": organisation()}
    file = gateway_files(folder / name, upstream, given, workers)
    with ours("gateway", file, core) as (process, port):
        yield Server(name, (GATEWAY, port), process, mixed_answer((GATEWAY, port)))


@contextmanager
def stub(name: str, gateway_port: int, core: int, folder: Path) -> Iterator[Server]:
    """Our stub, before a gateway at GATEWAY on that port."""
    home = folder / name
    home.mkdir()
    (home / "organisation.toml").write_text(organisation())
    file = home / "stub.toml"
    file.write_text(
        'system_id = "S0"\norganisation = "organisation.toml"\nlisten = ["127.0.0.1:0"]\n'
        f'gateway_port = {gateway_port}\nlog_level = "warning"\nstate_dir = "{home}"\n'
    )
    with ours("stub", file, core) as (process, port):
        place = ("127.0.0.1", port)
        wait_until_answered(place, process, "first.corp.net")
        yield Server(name, place, process)


@contextmanager
def ours(verb: str, file: Path, core: int | str) -> Iterator[tuple[Process, int]]:
    """One of our programs with this configuration, and its port, once it has said it is ready."""
    command = [sys.executable, "-m", "enclave_dns", verb, "-c", str(file)]
    with running(command, core, file.with_suffix(".log")) as process:
        yield process, int(said_line(process).rpartition(":")[2])


def free_port() -> int:
    """A port of 127.0.0.1 that is free over both UDP and TCP."""
    for _ in range(50):
        with (
            socket.create_server(("127.0.0.1", 0)) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return int(tcp.getsockname()[1])
    raise RuntimeError("no port that is free over both UDP and TCP")


def wait_until_answered(place: Place, process: Process, name: str) -> None:
    """Ask until the right answer comes, READY seconds at most."""
    end = time.monotonic() + READY
    while time.monotonic() < end and process.popen.poll() is None:
        packet = asked(place, name)
        if packet and addresses(packet) == [permitted(name)]:
            return
        time.sleep(0.05)
    raise RuntimeError(f"does not answer: {process.said()}")


def asked(place: Place, name: str) -> bytes:
    """The reply to one question; nothing where none came within a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        sock.bind((ASKER, 0))
        sock.connect(place)
        try:
            sock.send(query(name))
            return sock.recv(4096)
        except OSError:
            return b""


def mixed_answer(place: Place) -> str:
    """What a server makes of an answer with one address that may pass and one that may not."""
    packet = asked(place, MIXED)
    if not packet:
        return "silence"
    if packet[3] & 0xF:
        return dns.rcode.to_text(dns.rcode.Rcode(packet[3] & 0xF))
    found = set(addresses(packet))
    if found == {permitted(MIXED)}:
        return "the permitted one"
    return "both, unfiltered" if hidden(MIXED) in found else "no address"
