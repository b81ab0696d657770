"""A network link of our own, to which the machine's resolver ties our nameserver.

systemd-resolved keeps one list of nameservers per link and asks its links in parallel, so ours must
not share one. Measured with 252: any address of this machine can be asked by way of any link (for
one in 127.0.0.0/8 or ::1 resolved takes `lo` by itself), but a link counts only while it is up and
has an address of a scope wider than "link". A TUN device serves best, as it lives exactly as long
as the process that holds it: after `kill -9` the kernel removes it, whatever was tied to it is
forgotten, and nothing has to be cleaned up. The overlay's own link is somebody else's: who set a
nameserver there would lose it to us, and ours would outlive us.

Its address is the IPv4 dummy address 192.0.0.8 (RFC 7600, section 4.8), which is no machine's, with
the scope "site", so that Linux never picks it as the source of what leaves for elsewhere.
"""

import contextlib
import errno
import fcntl
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from enclave_dns.errors import EnvironmentFault
from enclave_dns.sources.netlink import netlink

if TYPE_CHECKING:
    from pyroute2 import IPRoute

NAME: Final = "enclave-dns0"
ALIAS: Final = "made by enclave-dns, for this machine's resolver; ends with the stub"
"""What marks a link of this name as ours."""

ADDRESS: Final = "192.0.0.8"

_MAKE: Final = f"make the interface {NAME}"
_TUN: Final = "/dev/net/tun"
_SCOPE_SITE: Final = 200
_SET_INTERFACE: Final = 0x400454CA
_IS_TUN_WITHOUT_HEADER: Final = 0x1001
_MODE_NONE: Final = 1

_HELD: Final = "another stub holds it; stop that one first"

_REMEDIES: Final = {
    errno.ENOENT: "there is no /dev/net/tun; load it with `modprobe tun`",
    errno.ENODEV: "the kernel has no TUN driver; load it with `modprobe tun`",
    errno.EBUSY: _HELD,
    errno.EPERM: "no permission; run as root, or with CAP_NET_ADMIN",
    errno.EACCES: "no permission; run as root, or with CAP_NET_ADMIN and access to /dev/net/tun",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What is there by our name: the index, and whether it is ours. Index 0: nothing."""

    index: int = 0
    is_ours: bool = False


class OwnLink:
    """A link that exists as long as this object is not closed, and at most as long as we live.

    What has our mark and is not the one that we opened is another stub's, which lives: nothing here
    touches it. All methods block for some milliseconds and belong in a thread (netlink does, too).
    """

    def __init__(self) -> None:
        self._descriptor = -1
        self.index = 0

    def open(self) -> None:
        """Make the link and bring it up. Raises EnvironmentFault and leaves nothing behind."""
        self.require_free()
        try:
            self._descriptor = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            request = struct.pack("16sH22x", NAME.encode(), _IS_TUN_WITHOUT_HEADER)
            fcntl.ioctl(self._descriptor, _SET_INTERFACE, request)
            self.index = _bring_up()
        except OSError as error:
            self.close()
            reason = _REMEDIES.get(error.errno or 0, str(error.strerror))
            raise EnvironmentFault(f"cannot {_MAKE}: {reason}") from error
        except EnvironmentFault:
            self.close()
            raise

    def close(self) -> None:
        """Remove the link; may be called at any time, repeatedly."""
        descriptor, self._descriptor, self.index = self._descriptor, -1, 0
        if descriptor >= 0:
            os.close(descriptor)

    @property
    def is_there(self) -> bool:
        """Whether the link that was opened is still the one that has the name, and is up."""
        return self.index > 0 and _is_up(self.index)

    def require_free(self) -> None:
        """Raises EnvironmentFault where somebody else has a link of our name."""
        found = self.find()
        if not found.index or found.index == self.index:
            return
        if found.is_ours:
            raise EnvironmentFault(f"cannot {_MAKE}: {_HELD}")
        raise EnvironmentFault(
            f"there is an interface {NAME} that is not ours; remove it: ip link delete {NAME}"
        )

    @staticmethod
    def find() -> Found:
        """The link of our name, whoever holds it. Blocks."""
        link = _link(ifname=NAME)
        if link is None:
            return Found()
        return Found(int(link["index"]), link.get_attr("IFLA_IFALIAS") == ALIAS)


def _bring_up() -> int:
    """Give the new link its mark and its address, and bring it up. Raises EnvironmentFault."""
    with netlink(_MAKE, _REMEDIES) as route:
        index = int(next(iter(route.link("get", ifname=NAME)))["index"])
        route.link("set", index=index, ifalias=ALIAS)
        _without_own_addresses(route, index)
        route.addr("add", index=index, address=ADDRESS, prefixlen=32, scope=_SCOPE_SITE)
        route.link("set", index=index, state="up")
        return index


def _without_own_addresses(route: "IPRoute", index: int) -> None:
    """Let the kernel give the link no IPv6 address; where it has no IPv6, it does so anyway."""
    from pyroute2.netlink.exceptions import NetlinkError

    mode = {"attrs": [("IFLA_INET6_ADDR_GEN_MODE", _MODE_NONE)]}
    with contextlib.suppress(NetlinkError):
        route.link("set", index=index, IFLA_AF_SPEC={"attrs": [("AF_INET6", mode)]})


def _is_up(index: int) -> bool:
    link = _link(index=index)
    return link is not None and bool(link["flags"] & 1) and link.get_attr("IFLA_IFNAME") == NAME


def _link(**by: object) -> Any:
    """One link as the kernel has it, asked once; None where it has gone or never was."""
    from pyroute2.netlink.exceptions import NetlinkError

    with netlink(f"look for the interface {NAME}") as route:
        try:
            return next(iter(route.link("get", **by)), None)
        except NetlinkError as error:
            if error.code != errno.ENODEV:
                raise
            return None
