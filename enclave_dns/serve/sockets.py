"""Sockets for listen addresses, bound to the interface that owns the address.

A host takes packets for its own addresses on every interface; only the overlay's interface vouches
for source addresses. So the socket is bound to that interface, and a spoofed packet from the LAN
never reaches us.
"""

import errno
import resource
import socket
from ipaddress import ip_address
from typing import Any, Final

from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.sources.netlink import netlink

_ATTEMPTS: Final = 20

DESCRIPTORS: Final = 10_000
"""Open files that a daemon may need: 4,096 look-ups under way, each with two sockets while a second
server is asked beside the first, the TCP connections, and what else there is. Many systems start a
daemon with 1,024, and let it have more if it asks."""

_REMEDIES: Final = {
    errno.EADDRINUSE: "the port is in use; `ss -lnp` shows by whom: stop it, or change `listen`",
    errno.EADDRNOTAVAIL: "no interface has this address; connect the overlay first, "
    "or correct `listen`",
    errno.EACCES: "no permission for this port; run as root, or with CAP_NET_BIND_SERVICE",
    errno.EPERM: "no permission to bind to {device}; run as root, or with CAP_NET_RAW",
    errno.ENODEV: "there is no interface {device}; correct `interface`",
}


def interface_of(address: str) -> str:
    """The name of the interface that owns an address. Raises EnvironmentFault where none does.

    Blocks, and may not be called where an event loop runs: netlink wants a thread of its own.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with netlink(f"find the interface of {address}") as route:
        owned = list(route.get_addr(family=family))
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in route.get_links()}
    wanted = socket.inet_pton(family, address)
    for entry in owned:
        # An interface may go between the two lists.
        if _has(entry, family, wanted) and (name := names.get(entry["index"])):
            return str(name)
    raise EnvironmentFault(
        f"cannot listen on {address}: no interface has this address; "
        "connect the overlay first, or correct `listen`"
    )


def _has(entry: Any, family: int, wanted: bytes) -> bool:
    """Whether this entry of the kernel's list is for this address."""
    local = entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS")
    if not local:
        return False
    # The whole of 127.0.0.0/8 belongs to lo, whichever of it is written there.
    both_loopback = family == socket.AF_INET and local.startswith("127.") and wanted[0] == 127
    return both_loopback or socket.inet_pton(family, local) == wanted


def own_addresses() -> frozenset[str]:
    """Every address of this machine, as the kernel writes source addresses. In a thread, too.

    Raises EnvironmentFault.
    """
    with netlink("list the addresses of this machine") as route:
        found = (
            entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS")
            for entry in route.get_addr()
        )
        return frozenset(str(ip_address(address)) for address in found if address)


def allow_descriptors() -> int:
    """Ask the kernel for as many open files as we may need; returns how many it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return DESCRIPTORS
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def bound(endpoint: Endpoint, device: str) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same address and port; port 0 picks a free one for both.

    Raises EnvironmentFault with one line that names the remedy.
    """
    for _ in range(_ATTEMPTS):
        tcp = _socket(endpoint.address, endpoint.port, socket.SOCK_STREAM, device)
        port = tcp.getsockname()[1]
        try:
            udp = _socket(endpoint.address, port, socket.SOCK_DGRAM, device)
        except EnvironmentFault:
            tcp.close()
            if endpoint.port:
                raise
            continue  # somebody has this port for UDP: pick another one
        return udp, tcp
    raise EnvironmentFault(
        f"cannot listen on {endpoint.address}: no port is free for both UDP and TCP"
    )


def shared(
    endpoint: Endpoint, device: str, count: int
) -> list[tuple[socket.socket, socket.socket]]:
    """Pairs like that of `bound`, all on one address and port, among which the kernel spreads.

    One source address and port always meets the same one (SO_REUSEPORT). Raises EnvironmentFault.
    """
    # Whoever shares its port lets in others that do: first see that nobody has it.
    udp, tcp = bound(endpoint, device)
    port = udp.getsockname()[1]
    udp.close()
    tcp.close()
    pairs: list[tuple[socket.socket, socket.socket]] = []
    try:
        for _ in range(count):
            udp = _socket(endpoint.address, port, socket.SOCK_DGRAM, device, is_shared=True)
            try:
                tcp = _socket(endpoint.address, port, socket.SOCK_STREAM, device, is_shared=True)
            except EnvironmentFault:
                udp.close()
                raise
            pairs.append((udp, tcp))
    except EnvironmentFault:
        for pair in pairs:
            for sock in pair:
                sock.close()
        raise
    return pairs


def _socket(
    address: str, port: int, kind: int, device: str, *, is_shared: bool = False
) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        sock = socket.socket(family, kind)
    except OSError as error:
        raise EnvironmentFault(_explained(error, address, port, device)) from error
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bind_to_device(sock, device)
        sock.bind((address, port))
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise EnvironmentFault(_explained(error, address, port, device)) from error
    return sock


def _bind_to_device(sock: socket.socket, device: str) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
    except PermissionError:
        # Loopback needs no such binding: the kernel drops 127.0.0.0/8 and ::1 from elsewhere.
        if device != "lo":
            raise


def _explained(error: OSError, address: str, port: int, device: str) -> str:
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    reason = _REMEDIES.get(error.errno or 0, str(error.strerror)).format(device=device)
    return f"cannot listen on {place}: {reason}"
