"""What is asked, and what the answer has to be: the other half of nameserver.c."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from tests.benchmarks.rig import SENDERS

PERMITTED = "44.128.0.0/16"
"""Where every answer has an address that may pass. No product takes it for a private network."""

HIDDEN = "192.168.0.0/16"
"""Where the other address of an answer lies, which no sender may learn."""

MIXED = "mixed0.corp.net"
"""A name with both addresses whichever way the nameserver was started."""

NAMES = 10_000
_PERMITTED_NET = 44 << 24 | 128 << 16
_HIDDEN_NET = 192 << 24 | 168 << 16
_OFFSET, _PRIME = 2166136261, 16777619


def hash_of(name: str) -> int:
    """FNV-1a of the first label in lower case, folded to 16 bits."""
    found = _OFFSET
    for byte in name.partition(".")[0].lower().encode():
        found = (found ^ byte) * _PRIME & 0xFFFFFFFF
    return (found ^ found >> 16) & 0xFFFF


def permitted(name: str) -> str:
    """The address of a name that its sender may learn."""
    return str(IPv4Address(_PERMITTED_NET | hash_of(name)))


def hidden(name: str) -> str:
    """The other one."""
    return str(IPv4Address(_HIDDEN_NET | hash_of(name)))


def hot() -> list[str]:
    """The names that are asked for again and again."""
    return [f"host{number}.corp.net" for number in range(NAMES)]


def unique(start: str, count: int) -> list[str]:
    """Names that are asked for once."""
    return [f"{start}x{number}.corp.net" for number in range(count)]


MACHINES = {f"machine-{n}.enclave": at for n, at in enumerate(SENDERS) if n}
"""Names of the stub's own zone and their addresses; the first sender is the one who asks."""


@dataclass(frozen=True, slots=True)
class Questions:
    """A file of questions for dnsperf, and names for the samples beside it."""

    file: Path
    samples: Iterator[str]


def written(file: Path, names: Iterable[str], samples: Iterable[str]) -> Questions:
    """Write the file, all of type A."""
    file.write_text("".join(f"{name} A\n" for name in names))
    return Questions(file, iter(samples))
