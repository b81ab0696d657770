"""Sockets to other servers, and what their errors say: something about the server, or about us."""

import errno
import os
import socket
from typing import Final

from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.transport import Failure

_OURS: Final = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EAGAIN,  # no free port, or the send buffer is full
        errno.EADDRINUSE,
    }
)

FROM_AFAR: Final = frozenset(
    {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EPROTO}
)
"""Errors that a connected UDP socket tells of an earlier datagram: what ICMP brought."""

Destination = tuple[str, int] | tuple[str, int, int, int]


def opened(server: Nameserver, kind: socket.SocketKind, source: str = "") -> socket.socket:
    """A non-blocking socket to a server, from the address `source`; raises OSError."""
    family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        if source:
            sock.bind((source, 0))
    except BaseException:
        sock.close()
        raise
    return sock


def connected(server: Nameserver, source: str = "") -> socket.socket:
    """A UDP socket that takes nothing but what comes from the server. Raises OSError."""
    sock = opened(server, socket.SOCK_DGRAM, source)
    try:
        sock.connect(destination(server))
    except BaseException:
        sock.close()
        raise
    return sock


def destination(server: Nameserver) -> Destination:
    """What `connect` takes. Raises OSError where the scope names no interface."""
    scope = server.scope
    if not scope:
        return server.address, server.port
    try:
        is_index = scope.isdecimal() and len(scope) < 10
        index = int(scope) if is_index else socket.if_nametoindex(scope)
    except ValueError:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from None
    return server.address, server.port, 0, index


def failure_of(error: OSError) -> Failure:
    """What an error of a socket says."""
    return Failure.NO_SOCKET if error.errno in _OURS else Failure.UNREACHABLE
