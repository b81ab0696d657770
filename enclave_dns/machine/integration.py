"""What every way into the machine's resolver has in common.

An integration writes its undo information into the journal before it changes anything, applies what
is wanted, notices what others changed, and undoes all of it from that entry alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from enclave_dns.endpoint import Endpoint
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode


class Manager(Enum):
    """What manages the nameservers of a machine."""

    RESOLVED = "systemd-resolved"
    NETWORK_MANAGER = "NetworkManager"
    RESOLVCONF = "resolvconf"
    PLAIN_FILE = "resolv.conf"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the machine's resolver is to do with us.

    `servers`: where the stub listens; `domains`: names that are always ours (`enclave` and the
    custom zones); `search`: suffixes for short names; `is_default`: whether unknown names come to
    us too.
    """

    servers: tuple[Endpoint, ...]
    domains: tuple[Name, ...] = ()
    search: tuple[Name, ...] = ()
    is_default: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: how to undo what an integration has done or was about to do.

    `data` is plain JSON; only the integration of `manager` reads it.
    """

    manager: Manager
    data: Mapping[str, object]


class Integration(Protocol):
    """One way into the machine's resolver.

    All methods raise EnvironmentFault (one line, with the remedy) and leave nothing half done.
    """

    @property
    def manager(self) -> Manager:
        """Whom it talks to."""

    @property
    def miss(self) -> RCode:
        """The rcode of a miss that makes this resolver ask its other servers."""

    async def prepare(self, wanted: Wanted) -> Entry:
        """What undoes `apply`: in the journal before `apply` is called. Nothing is changed yet."""

    async def apply(self, wanted: Wanted, entry: Entry) -> None:
        """Make it so. May be called again, for other wishes or where somebody changed it."""

    async def difference(self, wanted: Wanted, entry: Entry) -> str:
        """What others have changed since, in words; empty: it is as we left it."""

    async def undo(self, entry: Entry) -> None:
        """Put everything back as it was. May be called twice, and where `apply` never was."""
