"""Whether a reload of a large organisation, or of a large hosts file, delays replies.

    python -m tests.benchmarks.reloading [--rounds 5] [--toml]

A real gateway on loopback under a steady load; its organisation (10,000 systems, 1,000 policies of
50 ranges, 2,000 views of about 500 ranges) is replaced in every round, and SIGHUP says so. Told are
the time from the signal to the first reply of the new version (the median, for a machine may be
busy), and the longest time without a reply meanwhile (in any round), beside that of a quiet spell.
"""

import argparse
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

import dns.message

from enclave_dns.gateway.compilation import Order, compile_document
from tests.benchmarks.figures import Figure, told
from tests.benchmarks.machine import machine
from tests.benchmarks.rig import connected, memory, query
from tests.fakes.large_organisations import GATEWAY, GATEWAY_ID, large_file, large_json
from tests.fakes.processes import PATIENCE, Daemon, daemon

RATE: Final = 500
"""Queries a second."""

MOST_SECONDS: Final = 2.0
LONGEST_GAP: Final = 0.050
SENDER: Final = "127.101.0.0"
LINES: Final = 1_000_000
"""Of the large hosts file."""

QUIET: Final = 2.0
"""Seconds without a reload: before the first round, and after each for what comes late."""

EVERY: Final = 5
"""One query in so many asks which version is served; the others ask for a name that is kept."""

AAAA: Final = 28
"""At the sign of life there is no such record, and the SOA's serial is the document's version."""


@dataclass
class Spell:
    """What was seen of the replies during a reload, or of a quiet time, in seconds."""

    began: float
    seen_after: float = 0.0
    gap: float = 0.0
    missing: int = 0


def main() -> int:
    """Measure; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description="Reloads under load.")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--toml", action="store_true", help="a TOML document, which has no bar")
    options = parser.parse_args()
    print(machine())
    return int(told(measured(options.rounds, "toml" if options.toml else "json")) > 0)


def measured(rounds: int, form: str) -> Iterator[Figure]:
    """The figures, each as soon as it is there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        addresses = permitted(1 + rounds)
        file = written(folder, form, addresses[0])
        with daemon("gateway", file) as running, connected(SENDER, (GATEWAY, running.port)) as sock:
            load = Load(sock)
            quiet = load.spell(lambda: False, QUIET)
            print(f"longest gap while nothing is reloaded: {quiet.gap * 1e3:.1f} ms", flush=True)
            spells = [reloaded(load, running, folder, form, 2 + number) for number in range(rounds)]
            yield from figures("organisation", spells, None if form == "toml" else MOST_SECONDS)
            hosts = [with_hosts(load, running, folder, address) for address in addresses[1:]]
            yield from figures(f"hosts file of {LINES:,} lines", hosts, None)
            print(f"memory with both: {memory(running):.0f} MiB")


def figures(what: str, spells: list[Spell], most: float | None) -> Iterator[Figure]:
    """What is asked of a reload."""
    took = sorted(spell.seen_after for spell in spells)
    text = f"{median(took):.2f} s ({took[0]:.2f} to {took[-1]:.2f})"
    is_kept = most is None or median(took) <= most
    yield Figure(f"{what}: until it counts", text, f"at most {most} s" if most else "told", is_kept)
    gaps = sorted(spell.gap * 1e3 for spell in spells)
    text = f"{gaps[-1]:.1f} ms (median {median(gaps):.1f} ms)"
    bar = f"at most {LONGEST_GAP * 1e3:.0f} ms"
    yield Figure(f"{what}: longest gap", text, bar, gaps[-1] <= LONGEST_GAP * 1e3)
    missing = sum(spell.missing for spell in spells)
    yield Figure(f"{what}: queries without a reply", str(missing), "none", missing == 0)


def permitted(count: int) -> list[str]:
    """IPv4 addresses that the sender may reach."""
    order = Order("organisation.json", GATEWAY_ID, None, datetime.now(UTC))
    view = compile_document(order, large_json(), 0).views.senders[SENDER].view
    return [str(IPv4Address(span.first)) for span in view.ranges.spans[:count]]


def large_hosts(last: str) -> bytes:
    """A block list, and one more line."""
    lines = [b"0.0.0.0 ads%d.example.com\n" % number for number in range(LINES - 1)]
    return b"".join(lines) + last.encode()


def written(folder: Path, form: str, address: str) -> Path:
    """The gateway's files; returns its configuration."""
    (folder / f"organisation.{form}").write_bytes(large_file(form))
    (folder / "hosts").write_text(f"{address} hot\n")
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    file = folder / "gateway.toml"
    file.write_text(
        f'system_id = "{GATEWAY_ID}"\norganisation = "organisation.{form}"\nhosts_file = "hosts"\n'
        f'resolv_conf = "resolv.conf"\nlisten = ["{GATEWAY}:0"]\n'
    )
    return file


def replaced(file: Path, content: bytes) -> None:
    fresh = file.with_name("fresh")
    fresh.write_bytes(content)
    fresh.rename(file)


def reloaded(load: "Load", running: Daemon, folder: Path, form: str, version: int) -> Spell:
    """One reload of the organisation, from the signal to the first reply of that version."""
    replaced(folder / f"organisation.{form}", large_file(form, version=version))
    return load.spell(lambda: load.version == version, QUIET, running)


def with_hosts(load: "Load", running: Daemon, folder: Path, address: str) -> Spell:
    """One reload of the hosts file, in which the kept name has another address."""
    replaced(folder / "hosts", large_hosts(f"{address} hot\n"))
    return load.spell(lambda: load.address == socket.inet_aton(address), QUIET, running)


class Load:
    """One sender's queries in a steady stream. `version` and `address` are what was heard last."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sent = 0
        self._asks_version: dict[int, bool] = {}
        self._came: list[float] = []
        self.version = 0
        self.address = b""

    def spell(
        self, is_over: Callable[[], bool], after: float, running: Daemon | None = None
    ) -> Spell:
        """Go on until it is over, and for a while after; a running gateway is told to reload."""
        self._run(0.2)
        self._came.clear()
        if running is not None:
            running.process.send_signal(signal.SIGHUP)
        found = Spell(time.perf_counter())
        while running is not None and not is_over():
            self._run(0.01)
            if time.perf_counter() - found.began > PATIENCE:
                raise RuntimeError(f"not in use after {PATIENCE} s")
        found.seen_after = time.perf_counter() - found.began
        self._run(after)
        found.gap = max(later - sooner for sooner, later in pairwise(self._came))
        self._settle()
        found.missing = len(self._asks_version)
        self._asks_version.clear()
        return found

    def _run(self, seconds: float) -> None:
        """Ask at the steady rate, and take what comes."""
        due = time.perf_counter()
        until = due + seconds
        while (now := time.perf_counter()) < until:
            if now >= due:
                self._ask()
                due += 1 / RATE
            if select.select([self._sock], [], [], max(0.0, due - time.perf_counter()))[0]:
                self._take()

    def _ask(self) -> None:
        number = self._sent % 65536
        self._sent += 1
        asks_version = number % EVERY == 0
        self._asks_version[number] = asks_version
        what = ("_my.id.enclave", AAAA) if asks_version else ("hot", 1)
        self._sock.send(query(*what, message_id=number))

    def _take(self) -> None:
        packet = self._sock.recv(4096)
        self._came.append(time.perf_counter())
        asks_version = self._asks_version.pop(int.from_bytes(packet[:2]))
        if asks_version:
            [soa] = dns.message.from_wire(packet).authority[0]
            self.version = soa.serial
        else:
            self.address = packet[-4:]

    def _settle(self) -> None:
        """Take what is under way still."""
        while self._asks_version and select.select([self._sock], [], [], 1.0)[0]:
            self._take()


if __name__ == "__main__":
    sys.exit(main())
