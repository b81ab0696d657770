"""SVCB and HTTPS RDATA (RFC 9460, section 2.2), read strictly and written back.

Strictly, because whoever reads it more loosely than we do may see addresses where we saw none: keys
ascending and unique, lengths exact, `mandatory` well-formed and met, hints whole addresses. What
breaks a rule is no record at all. dnspython reads the same, but sorts what `mandatory` lists and
refuses alias mode with parameters, which RFC 9460 has us ignore.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from enclave_dns.wire.names import MAX_NAME, Name

MANDATORY, ALPN, NO_DEFAULT_ALPN, PORT, IPV4HINT, ECH, IPV6HINT, DOHPATH = range(8)

_HINT_SIZES: Final = {IPV4HINT: 4, IPV6HINT: 16}


@dataclass(frozen=True, slots=True)
class Service:
    """One SVCB or HTTPS record: priority 0 is alias mode; `params` as (key, value), ascending."""

    priority: int
    target: Name
    params: tuple[tuple[int, bytes], ...] = ()

    @property
    def is_alias(self) -> bool:
        """Alias mode: the target stands for the owner, as with a CNAME."""
        return self.priority == 0

    def rdata(self) -> bytes:
        """The record's RDATA."""
        pieces = [self.priority.to_bytes(2), self.target]
        for key, value in self.params:
            pieces.append(key.to_bytes(2) + len(value).to_bytes(2) + value)
        return b"".join(pieces)


def read_service(rdata: bytes) -> Service | None:
    """Read RDATA; None where it breaks RFC 9460."""
    target = _target(rdata)
    if target is None:
        return None
    params = _params(rdata[2 + len(target) :])
    if params is None or not all(_is_well_formed(key, value) for key, value in params):
        return None
    keys = {key for key, _ in params}
    priority = int.from_bytes(rdata[:2])
    if priority == 0 and params:
        # RFC 9460, 2.4.2: parameters in alias mode are to be ignored.
        return Service(0, target)
    mandatory = dict(params).get(MANDATORY, b"")
    listed = [int.from_bytes(mandatory[at : at + 2]) for at in range(0, len(mandatory), 2)]
    if not keys.issuperset(listed) or (NO_DEFAULT_ALPN in keys and ALPN not in keys):
        return None
    return Service(priority, target, params)


def _target(rdata: bytes) -> Name | None:
    at = 2
    while at < len(rdata) and 0 < rdata[at] < 64:
        at += 1 + rdata[at]
    if at >= len(rdata) or rdata[at] != 0 or at - 1 > MAX_NAME:
        return None
    return rdata[2 : at + 1]


def _params(data: bytes) -> tuple[tuple[int, bytes], ...] | None:
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4])
        key = int.from_bytes(data[at : at + 2])
        if at + 4 > len(data) or end > len(data) or (found and key <= found[-1][0]):
            return None
        found.append((key, data[at + 4 : end]))
        at = end
    return tuple(found)


def _is_well_formed(key: int, value: bytes) -> bool:
    """Whether the value of a key that we know has its form (RFC 9460, section 7 and 8)."""
    size = _HINT_SIZES.get(key)
    if size is not None:
        return bool(value) and len(value) % size == 0
    if key == MANDATORY:
        listed = [int.from_bytes(value[at : at + 2]) for at in range(0, len(value), 2)]
        ascending = all(one < other for one, other in pairwise(listed))
        return bool(value) and len(value) % 2 == 0 and ascending and MANDATORY not in listed
    if key == ALPN:
        return _are_strings(value)
    if key == NO_DEFAULT_ALPN:
        return not value
    return key != PORT or len(value) == 2


def _are_strings(value: bytes) -> bool:
    at = 0
    while at < len(value):
        if value[at] == 0:
            return False
        at += 1 + value[at]
    return bool(value) and at == len(value)


def addresses(key: int, value: bytes) -> tuple[bytes, ...]:
    """The addresses of a hint; none for any other key."""
    size = _HINT_SIZES.get(key)
    if size is None:
        return ()
    return tuple(value[at : at + size] for at in range(0, len(value), size))
