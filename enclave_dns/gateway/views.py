"""Who may ask this gateway, and with which view: compiled from the organisation for one instant.

Every enabled system is a sender, known by its virtual addresses. Senders to whom the same policies
apply share one view; a sender without an applicable policy gets the same refusal for every name.
Whatever is not in the table is nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from enclave_dns.disclosure.ranges import EMPTY, Range, Ranges
from enclave_dns.disclosure.reply import EDE_PROHIBITED, Reply, protocol_error
from enclave_dns.disclosure.view import View
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.permission import Permission, permissions_at
from enclave_dns.organisation.public import public_ranges
from enclave_dns.serve.program import Audience
from enclave_dns.wire.numbers import RCode

_NO_POLICY: Final = protocol_error(RCode.REFUSED, EDE_PROHIBITED)
_NOTHING: Final = View(EMPTY)


@dataclass(frozen=True, slots=True)
class Sender(Audience):
    """A sender of this gateway and its view."""

    view: View = _NOTHING


@dataclass(frozen=True, slots=True)
class Views:
    """All senders by source address, until `valid_until` (UTC; None: until the next document)."""

    senders: Mapping[str, Sender]
    valid_until: datetime | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class SenderClass:
    """What all senders of one view share, the key of their replies among it."""

    key: bytes
    view: View
    refusal: Reply | None

    @classmethod
    def of(cls, view: View, number: int, epoch: int) -> "SenderClass":
        """The class with this number among those of the epoch, from 0."""
        key = number.to_bytes(4) + epoch.to_bytes(4)
        return cls(key, view, None if view.ranges else _NO_POLICY)

    def sender(self, system_id: str) -> Sender:
        """A sender of this class."""
        return Sender(self.key, system_id, self.refusal, self.view)


def compile_views(organisation: Organisation, gateway: System, now: datetime, epoch: int) -> Views:
    """The senders of a gateway at `now`. `epoch` makes their keys differ from all earlier ones."""
    granted = permissions_at(organisation, gateway, now)
    public = public_ranges(organisation, gateway)
    classes: dict[View, SenderClass] = {}
    known: dict[int, SenderClass] = {}
    senders: dict[str, Sender] = {}
    for system in organisation.systems:
        if not system.is_enabled:
            continue
        permission = granted[system.system_id]
        # Equal permissions are one object, which is much faster to tell than to compare.
        found = known.get(id(permission))
        if found is None:
            view = view_of(permission, gateway, public)
            found = classes.setdefault(view, SenderClass.of(view, len(classes), epoch))
            known[id(permission)] = found
        sender = found.sender(system.system_id)
        for address in system.virtual_addresses:
            senders[str(ip_address(address))] = sender
    limits = [p.valid_until for p in granted.values() if p.valid_until is not None]
    return Views(senders, min(limits, default=None), len(classes))


def view_of(permission: Permission, gateway: System, public: tuple[Range, ...] = ()) -> View:
    """The view that a permission gives at a gateway.

    `public` addresses are added to it where it is restricted and holds anything at all: without a
    policy that applies, nothing is disclosed.
    """
    ranges = permission.ranges
    if public and ranges and not permission.is_open:
        ranges = Ranges.of((*ranges.spans, *public))
    return View(ranges, permission.is_open, permission.disclosed_suffixes, gateway.no_answer)
