"""Address hints of SVCB and HTTPS records, held against a view (D4, D1).

A hint that the view does not permit is taken out; an emptied hint leaves no trace, also not in
`mandatory`. `ech`, `dohpath` and keys that we do not know go too: what we cannot judge may hold
addresses or lead around us.
"""

from collections.abc import Callable
from typing import Final

from enclave_dns.disclosure.view import View
from enclave_dns.wire.svcb import (
    ALPN,
    IPV4HINT,
    IPV6HINT,
    MANDATORY,
    NO_DEFAULT_ALPN,
    PORT,
    Service,
    addresses,
)

_KEPT: Final = frozenset((ALPN, NO_DEFAULT_ALPN, PORT))
_HINTS: Final = frozenset((IPV4HINT, IPV6HINT))


def trimmed(view: View, service: Service) -> Service:
    """The record with only what a sender with a restricted view may learn from its parameters."""
    return _with(service, lambda key: key in _KEPT, view)


def without_hidden_hints(view: View, service: Service) -> Service:
    """The record for an open view: every key, but only hints that the view permits (D7)."""
    return _with(service, lambda key: key != MANDATORY, view)


def _with(service: Service, is_kept: Callable[[int], bool], view: View) -> Service:
    kept: dict[int, bytes] = {}
    for key, value in service.params:
        if key in _HINTS:
            permitted = b"".join(hint for hint in addresses(key, value) if view.permits(hint))
            if permitted:
                kept[key] = permitted
        elif is_kept(key):
            kept[key] = value
    mandatory = dict(service.params).get(MANDATORY, b"")
    listed = [mandatory[at : at + 2] for at in range(0, len(mandatory), 2)]
    still = b"".join(key for key in listed if int.from_bytes(key) in kept)
    if still:
        kept[MANDATORY] = still
    return Service(service.priority, service.target, tuple(sorted(kept.items())))


def has_hint(service: Service) -> bool:
    """Whether any address hint is left."""
    return any(key in _HINTS for key, _ in service.params)
