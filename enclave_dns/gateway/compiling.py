"""Costly input without a pause in the replies: read here where it is small, else in a child.

A thread would not do: decoding, validation and garbage collection hold the interpreter for as long
as they run. What comes back from the child is put together piece by piece, between the replies.
"""

import asyncio
from pathlib import Path
from typing import Final

from enclave_dns.gateway.child import have_done
from enclave_dns.gateway.compilation import Compilation, Order, compile_document
from enclave_dns.gateway.compiler import hosts_order, views_order
from enclave_dns.gateway.inputs import read_hosts
from enclave_dns.gateway.packed_hosts import HostsUnpacker
from enclave_dns.gateway.packed_views import Unpacker
from enclave_dns.resolution import HostsTable
from enclave_dns.sources.files import NoContent, identify

SMALL: Final = 16 << 10
"""Bytes of a file that is read here, at once: 6 ms for TOML, 3 for JSON or a hosts file, and a few
times that where many kinds of senders meet many ranges. The start of a child alone takes 300 ms."""


async def compiled(order: Order, content: bytes, epoch: int) -> Compilation:
    """`compile_document`, in this process or in a child.

    Raises DocumentError as it does, and EnvironmentFault where the child fails.
    """
    if len(content) <= SMALL:
        return compile_document(order, content, epoch)
    unpacker = Unpacker(epoch)
    await have_done(views_order(order), content, unpacker)
    return unpacker.whole()


async def hosts_in(path: Path) -> HostsTable | NoContent:
    """`read_hosts`, in this process or in a child.

    Raises EnvironmentFault where the child fails.
    """
    identity = await asyncio.to_thread(identify, path)
    if identity is None or identity.size <= SMALL:
        return read_hosts(path)
    unpacker = HostsUnpacker()
    await have_done(hosts_order(path), b"", unpacker)
    return unpacker.whole()
