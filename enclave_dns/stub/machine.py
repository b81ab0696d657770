"""The stub's side of the machine's own resolver: what it wants there, and who keeps it so."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from enclave_dns.config import StubConfig
from enclave_dns.endpoint import Endpoint
from enclave_dns.machine.integration import Wanted
from enclave_dns.machine.journal import Journal
from enclave_dns.machine.keeper import Keeper
from enclave_dns.machine.ways import find, way_into
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.sources.own_zones import ENCLAVE
from enclave_dns.stub.answer import State
from enclave_dns.wire.names import Name


def keeper_of(config: StubConfig, resolv_conf: Path, on_change: Callable[[], None]) -> Keeper:
    """The keeper for this machine; nothing is touched yet."""
    journal = Journal(config.state_dir)
    return Keeper(
        journal, partial(find, resolv_conf), way_into(resolv_conf, journal.path), on_change
    )


def wanted(
    organisation: Organisation, state: State, listen: Iterable[Endpoint], gateways: Iterable[System]
) -> Wanted:
    """What the machine's resolver is to do with a stub that answers from `state`.

    Our zones are always ours; unknown names come to us where there is somebody to ask. Each of the
    `gateways` that we may use hands out its search suffixes, in the document's order.
    """
    custom = [zone.name for zone in organisation.dns_zones if zone.name in state.zones.zones]
    search: dict[Name, None] = {}
    for gateway in gateways:
        search.update(dict.fromkeys(gateway.search_suffixes))
    return Wanted(
        servers=tuple(listen),
        domains=tuple(dict.fromkeys((ENCLAVE, *custom))),
        search=tuple(search),
        is_default=bool(state.asking.groups) or state.fallback is not None,
    )
