"""What the machine's network looks like, and whether it is another one than before.

Compared are the default routes, and the interfaces that count: those with a default route, and
those with an address that the stub listens at or asks from. Of these: whether they are up, their
usable addresses, and how often a cable or radio connection was lost, so that a change of network
that ends with the same addresses counts as well. Lifetimes that are renewed, our own link, and
whatever containers and virtual machines come and go with do not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from enclave_dns.machine.own_link import NAME
from enclave_dns.sources.netlink import netlink

if TYPE_CHECKING:
    from pyroute2 import IPRoute

_UP_AND_RUNNING: Final = 0x1 | 0x10000
"""IFF_UP and IFF_LOWER_UP (netdevice(7))."""

_TENTATIVE: Final = 0x40
_HALF: Final = 1
"""The length of the prefixes 0.0.0.0/1 and 128.0.0.0/1, which go before a default route."""

_UNICAST: Final = 1
_MOST: Final = 4
"""Changes that a reason names; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Link:
    """One interface. `losses`: how often its carrier came or went; `number`: the kernel's;
    `counts`: whether a change of it is one of our network."""

    is_up: bool
    losses: int = 0
    addresses: frozenset[str] = frozenset()
    number: int = 0
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Network:
    """The interfaces by name, and the default routes as text, at one instant."""

    links: tuple[tuple[str, Link], ...] = ()
    routes: frozenset[str] = frozenset()


def changes(before: Network, after: Network) -> str:
    """What is different, in words for the log; empty where nothing is."""
    found = list(_differences(before, after))
    shown = "; ".join(found[:_MOST])
    return f"{shown}; and {len(found) - _MOST} more" if len(found) > _MOST else shown


def _differences(before: Network, after: Network) -> Iterator[str]:
    old, new = dict(before.links), dict(after.links)
    for name in sorted(old.keys() | new.keys()):
        yield from _of_link(name, old.get(name), new.get(name))
    if before.routes != after.routes:
        yield "another default route" if after.routes else "no default route"


def _of_link(name: str, old: Link | None, new: Link | None) -> Iterator[str]:
    # One that has lost its default route, or an address of ours, still counts: for the last time.
    if not any(link is not None and link.counts for link in (old, new)):
        return
    if old is None or new is None:
        yield f"{name} is {'new' if old is None else 'gone'}"
        return
    if old.number != new.number:
        yield f"{name} is another one"
    elif old.is_up != new.is_up:
        yield f"{name} is {'up' if new.is_up else 'down'}"
    elif old.losses != new.losses:
        yield f"{name} was down"
    yield from (f"{name} has {address}" for address in sorted(new.addresses - old.addresses))
    yield from (f"{name} lost {address}" for address in sorted(old.addresses - new.addresses))


def look(ours: frozenset[str] = frozenset()) -> Network:
    """The network as it is. Blocks, and may not be called where an event loop runs.

    `ours`: the addresses that the stub listens at and asks from. Raises EnvironmentFault.
    """
    with netlink("look at the network") as route:
        addresses: dict[int, set[str]] = {}
        for entry in route.get_addr():
            address = entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS")
            if address and not entry["flags"] & _TENTATIVE:
                addresses.setdefault(entry["index"], set()).add(str(ip_address(address)))
        hops = list(_default_hops(route))
        leads_out = {hop.link for hop in hops}
        links: dict[str, Link] = {}
        for link in route.get_links():
            number = int(link["index"])
            has = frozenset(addresses.get(number, ()))
            links[str(link.get_attr("IFLA_IFNAME"))] = Link(
                is_up=link["flags"] & _UP_AND_RUNNING == _UP_AND_RUNNING,
                losses=int(link.get_attr("IFLA_CARRIER_CHANGES") or 0),
                addresses=has,
                number=number,
                counts=number in leads_out or not ours.isdisjoint(has),
            )
        links.pop(NAME, None)
        return Network(
            tuple(sorted(links.items(), key=lambda item: item[0])),
            frozenset(f"{hop.text} {hop.link}" for hop in hops),
        )


@dataclass(frozen=True, slots=True)
class _Hop:
    """One way out: the interface's number, and table, metric, prefix and gateway as text."""

    link: int
    text: str


def _default_hops(route: "IPRoute") -> Iterator[_Hop]:
    """The default routes, in all tables: VPNs have one of their own, or two halves of one."""
    for entry in route.get_routes():
        if entry["dst_len"] > _HALF or entry["type"] != _UNICAST:
            continue
        table = entry.get_attr("RTA_TABLE") or entry["table"]
        of = f"{table} {entry.get_attr('RTA_PRIORITY') or 0} {entry.get_attr('RTA_DST')}"
        for hop in entry.get_attr("RTA_MULTIPATH") or (entry,):
            link = hop["oif"] if hop is not entry else entry.get_attr("RTA_OIF")
            yield _Hop(int(link or 0), f"{of} {hop.get_attr('RTA_GATEWAY')}")
