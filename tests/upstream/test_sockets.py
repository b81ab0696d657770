"""Sockets to other servers: whose packets they take, and what their errors say."""

import errno
import socket

import pytest

from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.sockets import connected, destination, failure_of, opened
from enclave_dns.upstream.transport import Failure


def test_a_connected_socket_takes_packets_of_its_server_alone() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        server.bind(("127.0.0.1", 0))
        stranger.bind(("127.0.0.1", 0))
        with connected(Nameserver("127.0.0.1", port=server.getsockname()[1])) as sock:
            stranger.sendto(b"forged", sock.getsockname())
            server.sendto(b"real", sock.getsockname())
            assert sock.recv(100) == b"real"
            with pytest.raises(BlockingIOError):
                sock.recv(100)


def test_questions_leave_from_the_source_address() -> None:
    with opened(Nameserver("127.0.0.1"), socket.SOCK_STREAM, "127.0.0.9") as sock:
        assert sock.getsockname()[0] == "127.0.0.9"


def test_a_source_address_that_is_not_ours_is_an_error() -> None:
    with pytest.raises(OSError, match="assign"):
        opened(Nameserver("127.0.0.1"), socket.SOCK_DGRAM, "192.0.2.1")


def test_a_scope_is_an_interface_by_name_or_number() -> None:
    index = socket.if_nametoindex("lo")
    for scope in ("lo", str(index)):
        assert destination(Nameserver("fe80::1", scope)) == ("fe80::1", 53, 0, index)
    with pytest.raises(OSError):
        destination(Nameserver("fe80::1", "no such link"))


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (errno.EMFILE, Failure.NO_SOCKET),
        (errno.ENOBUFS, Failure.NO_SOCKET),
        (errno.ECONNREFUSED, Failure.UNREACHABLE),
        (errno.ENETUNREACH, Failure.UNREACHABLE),
    ],
)
def test_errors_are_about_the_server_or_about_us(number: int, failure: Failure) -> None:
    assert failure_of(OSError(number, "")) is failure
