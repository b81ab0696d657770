"""Whether time tells a hidden name from an absent one: a real gateway over real sockets.

    python -m tests.benchmarks.latency [--no-answer-pace 0ms] [--samples 500]

Two questions of a sender that may see neither name, as it would measure them: (a) a hidden name
that another sender has just asked for, so that the gateway knows both families; (b) a name that
does not exist, looked up live. Each name is asked once; (a) and (b) take turns, in random order and
at random instants. Exits with 1 where, for any delay of the nameserver, the two are further apart
than LIMIT.
"""

import argparse
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import dns.message
import dns.rcode

from tests.benchmarks.distance import kolmogorov_smirnov
from tests.benchmarks.machine import machine
from tests.fakes.processes import ROOT, daemon, environment

DELAYS = ((0, 0), (1, 3), (5, 15))
"""Milliseconds that a reply of the nameserver takes, from and to."""

LIMIT = 0.25
BATCH = 20
"""Names that are made known together; few enough that all are asked for while they count."""

GATEWAY = "127.100.64.70"
SENDER = "127.100.64.12"
OTHER = "127.100.64.13"

ORGANISATION = f"""
version = 1
virtual_networks = ["127.100.64.0/24"]

[[systems]]
system_id = "WZL94"
virtual_address = "{GATEWAY}"
gateway_routes = [ {{ subnet = "10.0.0.0/24" }}, {{ subnet = "192.168.0.0/24" }} ]

[[systems]]
system_id = "KD9Q2"
virtual_address = "{SENDER}"
tags = ["developers"]

[[systems]]
system_id = "C4X8M"
virtual_address = "{OTHER}"
tags = ["admins"]

[[policies]]
type = "gateway"
sender_tags = ["developers"]
gateways = [ {{ system_id = "WZL94", routes = ["10.0.0.0/24"] }} ]
acls = [ {{ protocol = "any" }} ]

[[policies]]
type = "gateway"
sender_tags = ["admins"]
gateways = [ {{ system_id = "WZL94", routes = ["192.168.0.0/24"] }} ]
acls = [ {{ protocol = "any" }} ]
"""


@dataclass(frozen=True, slots=True)
class Samples:
    """How long the replies took, in milliseconds at the client."""

    hidden: list[float]
    absent: list[float]

    @property
    def distance(self) -> float:
        """How well the two can be told apart, from 0 to 1."""
        return kolmogorov_smirnov(self.hidden, self.absent)


def main() -> int:
    """Measure each delay, print the table; 1 where hidden and absent can be told apart."""
    parser = argparse.ArgumentParser(description="Time of hidden against absent names.")
    parser.add_argument("--no-answer-pace", default="20ms", metavar="TIME")
    parser.add_argument(
        "--samples", type=int, default=500, metavar="N", help="fewer than 200 say little"
    )
    options = parser.parse_args()
    print(machine())
    print(f"no_answer_pace {options.no_answer_pace}, {options.samples} samples each")
    print("nameserver     hidden, warmed      absent, live      D")
    worst = 0.0
    for low, high in DELAYS:
        samples = measured(low, high, options.no_answer_pace, options.samples)
        worst = max(worst, samples.distance)
        medians = f"{median(samples.hidden):12.2f} ms {median(samples.absent):14.2f} ms"
        print(f"{low:3} to {high:2} ms {medians}     {samples.distance:6.3f}", flush=True)
    if worst > LIMIT:
        print(f"told apart: D is above {LIMIT}", file=sys.stderr)
    return int(worst > LIMIT)


def measured(low: float, high: float, pace: str, count: int) -> Samples:
    """`count` samples of each kind, with a nameserver that takes from `low` to `high` ms."""
    samples = Samples([], [])
    with (
        nameserver(low, high) as port,
        gateway(port, pace) as at,
        client(SENDER, at) as sender,
        client(OTHER, at) as other,
    ):
        for start in range(0, count, BATCH):
            numbers = range(start, min(start + BATCH, count))
            for number in numbers:
                for rtype in ("A", "AAAA"):
                    ask(other, f"hidden{number}.corp.net", rtype, dns.rcode.NOERROR)
            for number in numbers:
                turns = [("hidden", samples.hidden), ("absent", samples.absent)]
                for kind, into in reversed(turns) if secrets.randbits(1) else turns:
                    time.sleep(secrets.randbelow(10_000) / 1_000_000)
                    into.append(ask(sender, f"{kind}{number}.corp.net", "A", dns.rcode.REFUSED))
    return samples


def ask(connected: socket.socket, name: str, rtype: str, expected: int) -> float:
    """Milliseconds until the reply, which must have the expected rcode."""
    query = dns.message.make_query(name, rtype, use_edns=0)
    packet = query.to_wire()
    before = time.perf_counter_ns()
    connected.send(packet)
    reply = connected.recv(4096)
    after = time.perf_counter_ns()
    rcode = dns.message.from_wire(reply).rcode()
    if reply[:2] != packet[:2] or rcode != expected:
        raise RuntimeError(f"{name} {rtype}: {dns.rcode.to_text(rcode)}, not the reply expected")
    return (after - before) / 1e6


@contextmanager
def nameserver(low: float, high: float) -> Iterator[int]:
    """The nameserver's process; gives its port."""
    command = [sys.executable, "-m", "tests.benchmarks.upstream", str(low), str(high)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(), cwd=ROOT, stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def gateway(nameserver_port: int, pace: str) -> Iterator[tuple[str, int]]:
    """The gateway's process; gives where it listens."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "organisation.toml").write_text(ORGANISATION)
        Path(folder, "hosts").touch()
        file = Path(folder, "gateway.toml")
        file.write_text(
            'system_id = "WZL94"\norganisation = "organisation.toml"\nhosts_file = "hosts"\n'
            f'listen = ["{GATEWAY}:0"]\nnameservers = ["127.0.0.1:{nameserver_port}"]\n'
            f'no_answer_pace = "{pace}"\n'
        )
        with daemon("gateway", file) as running:
            yield GATEWAY, running.port


@contextmanager
def client(address: str, server: tuple[str, int]) -> Iterator[socket.socket]:
    """A socket of a sender, connected to the gateway."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connected:
        connected.settimeout(5)
        connected.bind((address, 0))
        connected.connect(server)
        yield connected


if __name__ == "__main__":
    sys.exit(main())
