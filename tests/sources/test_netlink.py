"""What becomes of the failures of netlink, and of interfaces that go while they are listed."""

import errno
from collections.abc import Callable

import pyroute2
import pytest
from pyroute2.netlink.exceptions import NetlinkDumpInterrupted, NetlinkError

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.links import look
from enclave_dns.machine.own_link import OwnLink
from enclave_dns.serve.sockets import interface_of, own_addresses
from enclave_dns.sources.netlink import netlink


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NetlinkError(errno.ENODEV, "No such device"), "cannot look: No such device"),
        (NetlinkError(errno.EPERM, "no"), "cannot look: run as root"),
        (NetlinkDumpInterrupted(), "cannot look: "),
        (OSError(errno.ENOBUFS, "No buffer space"), "cannot look: No buffer space available"),
        (TimeoutError("timed out"), "cannot look: timed out"),
        (KeyError("index"), "cannot look: an interface went meanwhile; try again"),
    ],
)
def test_every_failure_is_one_line(error: Exception, line: str) -> None:
    with pytest.raises(EnvironmentFault) as raised, netlink("look", {errno.EPERM: "run as root"}):
        raise error
    assert str(raised.value).startswith(line)
    assert "\n" not in str(raised.value)


def test_faults_of_our_own_pass() -> None:
    with pytest.raises(EnvironmentFault, match=r"^as it was$"), netlink("look"):
        raise EnvironmentFault("as it was")


@pytest.mark.parametrize(
    "use", [look, own_addresses, OwnLink.find, lambda: interface_of("127.0.0.1")]
)
def test_without_a_descriptor_left_it_is_a_fault_as_well(
    monkeypatch: pytest.MonkeyPatch, use: Callable[[], object]
) -> None:
    def none_left() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(pyroute2, "IPRoute", none_left)
    with pytest.raises(EnvironmentFault, match=r"^cannot .*: Too many open files$"):
        use()
