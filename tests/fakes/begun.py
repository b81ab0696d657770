"""Look-ups that begin without a task, as those of a gateway do."""

import asyncio

from enclave_dns.resolution import Question, Resolution
from enclave_dns.upstream.nameservers import Nameservers

_by_task = Nameservers.look_up


async def look_up(
    nameservers: Nameservers, question: Question, *, do: bool = False, start: int = 0
) -> Resolution:
    """Begin, and go on with a task where that does not settle it: `Nameservers.look_up`."""
    settled: asyncio.Future[Resolution | None] = asyncio.get_running_loop().create_future()
    begun = nameservers.begin(question, do=do, start=start, then=settled.set_result)
    found = None if begun is None else await settled
    if found is not None:
        return found
    return await _by_task(nameservers, question, do=do, start=start, begun=begun)
