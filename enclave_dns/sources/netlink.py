"""The kernel's view of links, addresses and routes: how it is asked, and what a failure becomes.

Interfaces come and go while they are listed, and descriptors run out: whatever pyroute2 makes of
that is an EnvironmentFault of one line. The library is imported on first use.

Blocks, and may not be used where an event loop runs: netlink wants a thread of its own.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from enclave_dns.errors import EnvironmentFault

if TYPE_CHECKING:
    from pyroute2 import IPRoute


@contextmanager
def netlink(doing: str, remedies: Mapping[int, str] | None = None) -> Iterator["IPRoute"]:
    """A connection to the kernel (rtnetlink(7)), closed in the end.

    `doing` says in the fault's line what could not be done; `remedies` has words for some errno.
    """
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        with IPRoute() as route:
            yield route
    except NetlinkError as error:
        raise _fault(doing, remedies, error.code, str(error)) from error
    except OSError as error:
        raise _fault(doing, remedies, error.errno or 0, str(error)) from error
    except LookupError as error:
        # What was listed a moment ago is gone, and with it what the library looks for.
        raise EnvironmentFault(f"cannot {doing}: an interface went meanwhile; try again") from error


def _fault(
    doing: str, remedies: Mapping[int, str] | None, number: int, words: str
) -> EnvironmentFault:
    known = os.strerror(number) if number > 0 else words
    return EnvironmentFault(f"cannot {doing}: {(remedies or {}).get(number, known)}")
