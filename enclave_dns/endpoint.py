"""Where a program listens, or asks: an address and a port."""

from dataclasses import dataclass
from typing import Final

DNS_PORT: Final = 53


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address in canonical text and a port.

    `scope` is the interface of a link-local IPv6 address; only nameservers have one.
    """

    address: str
    port: int = DNS_PORT
    scope: str = ""

    def __str__(self) -> str:
        host = f"{self.address}%{self.scope}" if self.scope else self.address
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
