"""Nameservers as values: one server as a file names it, and the list that was settled on."""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Final

DNS_PORT: Final = 53
DEFAULT_TIMEOUT: Final = 5.0
DEFAULT_ATTEMPTS: Final = 2


@dataclass(frozen=True, slots=True)
class Nameserver:
    """Where questions are sent to.

    `address` is in its canonical text form, IPv4-mapped IPv6 as IPv4; `scope` is the interface of
    a link-local IPv6 address (`eth0` or an index), otherwise empty.
    """

    address: str
    scope: str = ""
    port: int = DNS_PORT

    def __str__(self) -> str:
        host = f"{self.address}%{self.scope}" if self.scope else self.address
        if self.port == DNS_PORT:
            return host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A nameserver that is not used, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


class Origin(Enum):
    """Where the list of nameservers comes from."""

    CONFIGURED = "configured"
    RESOLV_CONF = "resolv.conf"
    SYSTEMD = "systemd"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Selected:
    """The nameservers to ask, in order, how to ask them, and whom we left out and why."""

    nameservers: tuple[Nameserver, ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    attempts: int = DEFAULT_ATTEMPTS
    rotate: bool = False
    use_vc: bool = False
    origin: Origin = Origin.RESOLV_CONF
    skipped: tuple[Skipped, ...] = ()


def read_nameserver(text: str) -> Nameserver | None:
    """Read `ADDRESS`, `ADDRESS:PORT`, `[V6]`, `[V6]:PORT`; V6 may carry `%scope`. None: neither.

    The inverse of `str(nameserver)`. An unspecified address means this machine, as it does to the
    C library, and becomes its loopback address.
    """
    host, port = text, ""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or ":" not in host or (rest and not rest.startswith(":")):
            return None
        port = rest
    elif text.count(":") == 1:
        host, colon, digits = text.partition(":")
        port = colon + digits
    number = DNS_PORT if not port else _port(port[1:])
    return None if number is None else _at(host, number)


def _port(digits: str) -> int | None:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5):
        return None
    number = int(digits)
    return number if 0 < number <= 65535 else None


def _at(host: str, port: int) -> Nameserver | None:
    try:
        if ":" not in host:
            v4 = IPv4Address(host)
            return Nameserver(str(IPv4Address("127.0.0.1") if v4.is_unspecified else v4), "", port)
        v6 = IPv6Address(host)
    except ValueError:
        return None
    if v6.ipv4_mapped is not None:
        return _at(str(v6.ipv4_mapped), port)
    if v6.packed == bytes(16):
        return Nameserver("::1", "", port)
    scope = v6.scope_id if v6.scope_id is not None else ""
    return Nameserver(str(IPv6Address(v6.packed)), scope, port)
