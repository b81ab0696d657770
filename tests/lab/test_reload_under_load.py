"""Everything is rewritten while queries stream in: not one is lost, failed or answered wrongly."""

import asyncio
import contextlib
import socket
from collections import defaultdict
from collections.abc import Iterator

import dns.rcode

from tests.lab.conftest import Start
from tests.lab.daemons import Daemon
from tests.lab.namespaces import Namespace
from tests.lab.office import DNSMASQ, UNBOUND
from tests.lab.packets import addresses, query, read
from tests.lab.programs import DEVELOPER, GATEWAY, ORGANISATION, Program, resolv_conf_of

RELOADS = 10
EVERY = 0.5
"""Seconds between two reloads."""

RATE = 100
"""Queries per second over each transport."""

PATIENCE = 5.0
"""Seconds for the last replies to come in."""

MORE = ORGANISATION.replace('routes = ["10.0.0.0/24"]', 'routes = ["10.0.0.0/24", "172.16.1.0/24"]')
"""The developer reaches the domain controllers, too."""

REFUSED: tuple[str, ...] = ()
NAMES = {
    "dbserver1.corp.net": {("10.0.0.30",)},
    "www.corp.net": {("10.0.0.30",)},
    "fresh-{}.dev.corp.net": {("10.0.0.40",)},
    "gone-{}.corp.net": {REFUSED},
    "hidden.corp.net": {REFUSED},
    "controller.corp.net": {("172.16.1.10",), REFUSED},
    "desk.corp.net": {("10.0.0.71",), ("10.0.0.72",)},
}
"""What each name may be answered with: by one version or by the other. `{}` is a number, so that
no cache holds the name."""

Seen = dict[str, set[tuple[str, ...]]]


class Load(asyncio.DatagramProtocol):
    """Queries over one transport, numbered by their ids, and the replies that have come."""

    def __init__(self) -> None:
        self.asked: dict[int, str] = {}
        self.replies: dict[int, bytes] = {}
        self.surplus = 0
        self._came = asyncio.Event()

    def next_query(self) -> bytes:
        number = len(self.asked)
        pattern = list(NAMES)[number % len(NAMES)]
        self.asked[number] = pattern
        return query(pattern.format(number), number=number)

    def datagram_received(self, data: bytes, addr: object) -> None:
        number = int.from_bytes(data[:2])
        self.surplus += number in self.replies
        self.replies[number] = data
        self._came.set()

    async def whole(self) -> None:
        """Wait until every query has its reply."""
        while len(self.replies) < len(self.asked):
            self._came.clear()
            await self._came.wait()


async def receive(reader: asyncio.StreamReader, load: Load) -> None:
    """Take the replies that come on a TCP connection until it is closed."""
    while size := await reader.read(2):
        load.datagram_received(await reader.readexactly(int.from_bytes(size)), None)


async def rewrite(running: Program, pause: float) -> None:
    """Change organisation, hosts file and resolv.conf, each in a rhythm of its own, and SIGHUP."""
    for version in range(2, 2 + RELOADS):
        await asyncio.sleep(pause)
        document = MORE if version % 4 < 2 else ORGANISATION
        running.write("organisation.toml", document.replace("version = 1", f"version = {version}"))
        running.write("hosts", f"10.0.0.{71 + version % 2} desk.corp.net\n")
        running.write("resolv.conf", resolv_conf_of([(UNBOUND, DNSMASQ)[version % 3 == 0]]))
        running.reload()


async def ask_all(laptop: Namespace, running: Program) -> dict[str, Load]:
    """The whole load over both transports, while everything is rewritten."""
    loop = asyncio.get_running_loop()
    over_udp, over_tcp = Load(), Load()
    with laptop.socket() as datagrams, laptop.socket(socket.SOCK_STREAM) as stream:
        for client in (datagrams, stream):
            client.bind((DEVELOPER, 0))
            client.connect((GATEWAY, 53))
            client.setblocking(False)
        transport, _ = await loop.create_datagram_endpoint(lambda: over_udp, sock=datagrams)
        reader, writer = await asyncio.open_connection(sock=stream)
        async with asyncio.TaskGroup() as tasks:
            receiving = tasks.create_task(receive(reader, over_tcp))
            rewriting = tasks.create_task(rewrite(running, EVERY))
            while not rewriting.done() or len(over_udp.asked) < RELOADS * EVERY * RATE:
                transport.sendto(over_udp.next_query())
                asked = over_tcp.next_query()
                writer.write(len(asked).to_bytes(2) + asked)
                await asyncio.sleep(1 / RATE)
            with contextlib.suppress(TimeoutError):  # what is missing then is told by name
                async with asyncio.timeout(PATIENCE):
                    await over_udp.whole()
                    await over_tcp.whole()
            receiving.cancel()
            transport.close()
            writer.close()
    return {"UDP": over_udp, "TCP": over_tcp}


def outcomes(load: Load) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name that was asked for, and its addresses; none stands for REFUSED."""
    for number, name in load.asked.items():
        reply = load.replies[number]
        rcode = read(reply).rcode()
        found = tuple(addresses(reply))
        assert rcode == (dns.rcode.NOERROR if found else dns.rcode.REFUSED), (number, name, rcode)
        yield name, found


async def test_no_query_is_lost_failed_or_answered_wrongly(
    gateway: Start, laptop: Namespace, dnsmasq: Daemon
) -> None:
    running = gateway(hosts="10.0.0.71 desk.corp.net\n")
    loads = await ask_all(laptop, running)
    for transport, load in loads.items():
        missing = {load.asked[number] for number in load.asked.keys() - load.replies.keys()}
        assert not missing, f"no reply over {transport}"
        assert load.surplus == 0
        seen: Seen = defaultdict(set)
        for name, found in outcomes(load):
            seen[name].add(found)
        assert seen == NAMES
    running.daemon.wait_for_log(f"version={1 + RELOADS}")
    assert "error" not in running.log
