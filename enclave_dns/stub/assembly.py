"""The state of a stub, put together from one document at one instant."""

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from enclave_dns.config import StubConfig
from enclave_dns.disclosure.view import View
from enclave_dns.organisation.connections import connected, gateways_of
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.permission import permission
from enclave_dns.resolution import Question
from enclave_dns.serve.program import Audience
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.sources.own_zones import MY_ID
from enclave_dns.stub.answer import State
from enclave_dns.stub.asking import Asking
from enclave_dns.stub.fallback import SystemNameservers
from enclave_dns.stub.groups import Gateway, grouped
from enclave_dns.stub.zones import compile_zones
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.transport import Failure
from enclave_dns.upstream.vitals import Signs, Vitals
from enclave_dns.wire.message import Message
from enclave_dns.wire.numbers import RCode, RRType


def _is_well(result: Message | Failure) -> bool:
    """A gateway that drains or does not know us speaks too, but serves us nothing."""
    return isinstance(result, Message) and result.rcode == RCode.NOERROR


GATEWAY_SIGNS: Final = Signs(
    Question(MY_ID, RRType.A),
    _is_well,
    frozenset((Failure.SILENCE, Failure.UNREACHABLE, Failure.MISMATCH, Failure.GARBAGE)),
    declining_loses=True,
    is_ours=True,
)
"""The fixed question is the one that every gateway answers, whatever its nameservers do."""

_MISS: Final = {
    "refused": RCode.REFUSED,
    "servfail": RCode.SERVFAIL,
    "nxdomain": RCode.NXDOMAIN,
}
"""`auto` follows how the operating system asks."""


def assemble(
    organisation: Organisation,
    system: System,
    config: StubConfig,
    now: datetime,
    *,
    epoch: int,
    exchange: Exchange,
    vitals: Vitals,
    local_addresses: frozenset[str] = frozenset(),
    fallback: SystemNameservers | None = None,
    miss: RCode | None = None,
) -> State:
    """What the stub of `system` answers from at `now`.

    `epoch` makes its cache keys differ from all others; exchange, vitals and fallback live longer
    than one state. `miss` is what the operating system needs to hear in order to ask on, if that is
    known; in a list of nameservers it is REFUSED.
    """
    gateways = gateways_for(organisation, system, config, now)
    return State(
        Audience(epoch.to_bytes(8), system.system_id),
        compile_zones(organisation, system, connected(organisation, system, now)),
        Asking(grouped(gateways), exchange, vitals),
        local_addresses,
        _MISS.get(config.miss, miss or RCode.REFUSED),
        fallback,
    )


def source_address(config: StubConfig, system: System) -> str:
    """The address that gateways are asked from: ours in the overlay, unless configured."""
    return config.source_address or str(ip_address(system.virtual_addresses[0]))


def gateways_for(
    organisation: Organisation, system: System, config: StubConfig, now: datetime
) -> Iterator[Gateway]:
    """The gateways that we may use at `now`, in the document's order.

    Each is asked at its first address of the family that we ask from; one that has none is out of
    reach and left out.
    """
    family = ip_address(source_address(config, system)).version
    for choice in gateways_of(organisation, system, now):
        gateway = choice.gateway
        granted = permission(organisation, system, gateway, now)
        view = View(granted.ranges, granted.is_open)
        for raw in gateway.virtual_addresses:
            address = ip_address(raw)
            if address.version == family:
                server = Nameserver(str(address), port=config.gateway_port)
                yield Gateway(
                    gateway.system_id, server, view, choice.priority, gateway.dns_suffixes
                )
                break
