"""The settings of the two programs as frozen values: every default, every unit.

Paths are absolute, durations float seconds, names folded wire format.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Literal

from enclave_dns.endpoint import DNS_PORT, Endpoint
from enclave_dns.wire.names import Name

LogLevel = Literal["debug", "info", "warning", "error"]
Fallback = Literal["os", "system"]
Miss = Literal["auto", "refused", "servfail", "nxdomain"]

STATE_DIR: Final = Path("/var/lib/enclave-dns")
"""Where a stub keeps its state, unless it is told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What both programs have in common."""

    file: Path = Path()
    """Where the settings were read from."""
    system_id: str
    """Which system of the organisation this program is. No default."""
    organisation: Path
    """The organisation document. No default."""
    listen: tuple[Endpoint, ...]
    """Where UDP and TCP are served; port 53 by default, port 0 picks a free one for both. Never a
    wildcard. A gateway has no default."""
    nameservers: tuple[Endpoint, ...] = ()
    """Asked instead of those of resolv.conf (for a stub: those saved from it)."""
    admin: Path | None = None
    """The admin socket. By default `gateway.sock` or `stub.sock` in $RUNTIME_DIRECTORY, else beside
    the file; None only where no file was read."""
    metrics: Endpoint | None = None
    """Where metrics and health are served over HTTP, without a password; nowhere by default."""
    log_level: LogLevel = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig(Config):
    """The gateway's settings (`gateway.toml`)."""

    interface: str = ""
    """The interface that queries come in by; empty: the one that owns the listen address."""
    hosts_file: Path = Path("/etc/hosts")
    resolv_conf: Path = Path("/etc/resolv.conf")
    only_suffixes: tuple[Name, ...] = ()
    """Resolve only names at or below these; empty: every name."""
    no_answer_pace: float = 0.020
    """Seconds: the first step of the pace at which no-answers leave; 0: at once."""
    timeout: float = 0.800
    """Seconds: the whole time that one query may take."""
    state_dir: Path | None = None
    """Where state outlives a restart. By default $STATE_DIRECTORY, else nowhere."""
    workers: int = 1
    """Processes that serve; 0 (`"auto"`): as many as there are processors that we may use. Every
    one has caches of its own, and limits on senders, queries and connections hold for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StubConfig(Config):
    """The stub's settings (`stub.toml`)."""

    listen: tuple[Endpoint, ...] = (Endpoint("127.0.0.1"),)
    source_address: str = ""
    """The address that gateways are asked from; empty: our own virtual address."""
    gateway_port: int = DNS_PORT
    """The port that gateways are asked on."""
    fallback: Fallback = "os"
    """Who is asked when no gateway knows: the operating system goes on, or we ask the `system`'s
    own nameservers."""
    miss: Miss = "auto"
    """The rcode of a name that nobody knows; `auto` follows the integration in use."""
    manage_dns: bool = False
    """Whether to make the operating system ask this stub."""
    state_dir: Path = STATE_DIR
    """Where it is written down how to undo that. By default $STATE_DIRECTORY comes first."""


_LATER: Final[tuple[str, ...]] = ()


def not_in_effect(config: Config) -> tuple[str, ...]:
    """The changed settings of a configuration that this version does not serve yet."""
    return tuple(
        field.name
        for field in fields(config)
        if field.name in _LATER and getattr(config, field.name) != field.default
    )
