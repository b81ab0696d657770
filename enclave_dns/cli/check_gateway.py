"""What `check` sees only on the gateway itself: networks of its own that count as public.

With `public_names` every globally routable address is disclosed. A gateway often has such addresses
on an interface (an uplink, a server network with public addresses); unless a route or `not_public`
names them, their names are shown to every sender.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_interface

from enclave_dns.disclosure.ranges import Range, prefix
from enclave_dns.errors import EnvironmentFault, Problem
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.public import public_ranges
from enclave_dns.sources.netlink import netlink
from enclave_dns.validation import path_in


@dataclass(frozen=True, slots=True)
class InterfacePrefix:
    """A prefix that one of this machine's interfaces is in."""

    interface: str
    span: Range


def gateway_warnings(organisation: Organisation, gateway: System) -> tuple[Problem, ...]:
    """What is odd about a gateway on this machine; netlink is read only where it matters."""
    if not gateway.public_names:
        return ()
    try:
        prefixes = tuple(interface_prefixes())
    except EnvironmentFault as fault:
        reason = f"cannot compare it with this machine's interfaces: {fault}"
        return (Problem(organisation.file, _not_public(organisation, gateway), reason),)
    return public_interfaces(organisation, gateway, prefixes)


def public_interfaces(
    organisation: Organisation, gateway: System, prefixes: Iterable[InterfacePrefix]
) -> tuple[Problem, ...]:
    """One warning for each prefix with addresses that this gateway discloses as public ones.

    None unless the gateway has `public_names`. Prefixes that lie in another one are left out.
    """
    public = public_ranges(organisation, gateway)
    where = _not_public(organisation, gateway)
    shown: dict[Range, InterfacePrefix] = {}
    for entry in prefixes:
        if any(entry.span.intersection(span) for span in public):
            shown.setdefault(entry.span, entry)
    return tuple(
        Problem(
            organisation.file,
            where,
            f"lacks {entry.span}, where this machine is by its interface {entry.interface}: "
            "with `public_names` its addresses are disclosed to every sender of this gateway",
            f'add "{entry.span}", or offer it as a route',
        )
        for entry in shown.values()
        if not any(entry.span != other and entry.span.is_within(other) for other in shown)
    )


def _not_public(organisation: Organisation, gateway: System) -> str:
    at = organisation.systems.index(gateway)
    return path_in(organisation.file, "systems", at, "not_public")


def interface_prefixes() -> Iterator[InterfacePrefix]:
    """The prefixes of every interface of this machine, in the kernel's order.

    Blocks, and may not be called where an event loop runs: netlink wants a thread of its own.
    Raises EnvironmentFault.
    """
    with netlink("list this machine's interfaces") as route:
        owned = list(route.get_addr())
        names = {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in route.get_links()}
    for entry in owned:
        # A point-to-point link has two: our own address, and the prefix of the other end.
        local, peer = entry.get_attr("IFA_LOCAL"), entry.get_attr("IFA_ADDRESS")
        name = names.get(entry["index"], str(entry["index"]))
        if peer:
            yield InterfacePrefix(name, prefix_of(peer, entry["prefixlen"]))
        if local and local != peer:
            yield InterfacePrefix(name, prefix_of(local))


def prefix_of(address: str, length: int | None = None) -> Range:
    """The prefix that an address is in, in text; without a length the address alone."""
    network = ip_interface(address if length is None else f"{address}/{length}").network
    return prefix(network.version, int(network.network_address), network.prefixlen)
