"""The tunnel vouches for a sender's address; the same address from anywhere else is nobody's."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.lab.answer import SILENCE
from tests.lab.daemons import Daemons
from tests.lab.namespaces import RUN, Namespace, Network
from tests.lab.nftables import Counter, counted
from tests.lab.packets import addresses, query
from tests.lab.programs import CONTRACTOR, DEVELOPER, GATEWAY, STRANGER
from tests.lab.sites import BUILD, LAN_SIDE, Sites
from tests.lab.wireguard import INTERFACE, start_wireguard

MANY = 100_000
BATCH = 2_000
"""Datagrams between two looks at what has arrived."""

PORT = 40_053
QUERIES = f"ip saddr {DEVELOPER} ip daddr {GATEWAY} udp dport 53"
REPLIES = f"ip saddr {GATEWAY} udp sport 53"


@pytest.fixture(scope="module")
def gateway_host(sites: Sites, shared_daemons: Daemons) -> Namespace:
    """The machine of a running gateway; the kernel's own check of source addresses is off."""
    host = sites.gateways[GATEWAY]
    for interface in ("all", "lan0", INTERFACE):
        host.succeed("sysctl", "-qw", f"net.ipv4.conf.{interface}.rp_filter=0")
    sites.start_gateway(shared_daemons)
    return host


@contextmanager
def also_at(namespace: Namespace, address: str, interface: str) -> Iterator[None]:
    """The machine has one more address."""
    namespace.add_address(interface, f"{address}/32")
    try:
        yield
    finally:
        namespace.succeed("ip", "address", "delete", f"{address}/32", "dev", interface)


@contextmanager
def routed(namespace: Namespace, *route: str) -> Iterator[None]:
    """The machine has another way to somewhere."""
    namespace.succeed("ip", "route", "replace", *route)
    try:
        yield
    finally:
        namespace.succeed("ip", "route", "delete", *route)


def test_nothing_is_left_of_a_tunnel_not_even_after_a_failure(
    network: Network, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("short-lived")
    tunnels = []

    def fail() -> None:
        with Network() as second, Daemons(folder) as daemons:
            place = second.namespace("tunnel")
            tunnels.append(start_wireguard(daemons, place, "192.0.2.99", STRANGER))
            assert INTERFACE not in place.succeed("ip", "link")

    with pytest.raises(AssertionError, match=INTERFACE):
        fail()
    (tunnel,) = tunnels
    assert not tunnel.daemon.is_running
    assert not RUN.joinpath(tunnel.namespace.path).exists()
    assert not tunnel.control.exists()
    assert not Path("/run/wireguard", tunnel.control.name).exists()


def test_a_peer_cannot_use_the_address_of_another(sites: Sites, gateway_host: Namespace) -> None:
    """The contractor's laptop asks as the developer: its tunnel ends at the gateway's WireGuard."""
    question = (f"@{GATEWAY}", "dbserver1.corp.net", "A", "+time=1")
    with (
        also_at(sites.laptop_b, DEVELOPER, INTERFACE),
        counted(sites.laptop_b, leaving=QUERIES) as sent,
        counted(gateway_host, arriving=QUERIES) as arrived,
    ):
        assert sites.laptop_b.dig(*question, "-b", DEVELOPER).status == SILENCE
        assert (sent.packets, arrived.packets) == (1, 0)
        assert sites.laptop_b.dig(*question, "-b", CONTRACTOR).status == "REFUSED"
        own = sites.laptop_b.dig(f"@{GATEWAY}", "a.dev.corp.net", "A", "-b", CONTRACTOR)
        assert own.addresses == [BUILD]
        assert sites.laptop_a.dig(*question).addresses == ["10.0.0.30"]
        assert arrived.packets == 1


def test_a_sender_address_that_arrives_from_the_office_gets_no_reply_of_100_000(
    sites: Sites, gateway_host: Namespace
) -> None:
    """A machine of the office has the developer's address, and asks the gateway from behind."""
    side = LAN_SIDE[GATEWAY]
    with ExitStack() as stack:
        # The office's way to the developer gives way to the address itself.
        sites.office.succeed("ip", "route", "delete", f"{DEVELOPER}/32", "via", side)
        stack.callback(sites.office.succeed, "ip", "route", "add", f"{DEVELOPER}/32", "via", side)
        stack.enter_context(also_at(sites.office, DEVELOPER, "lan0"))
        stack.enter_context(routed(sites.office, f"{GATEWAY}/32", "via", side))
        arrived = stack.enter_context(counted(gateway_host, arriving=f'iifname "lan0" {QUERIES}'))
        replies = stack.enter_context(counted(gateway_host, leaving=REPLIES))
        sent = flood(sites.office, arrived)
        assert arrived.packets >= MANY, f"{sent} sent"
        assert replies.packets == 0
        with sites.laptop_a.socket() as genuine:
            genuine.bind((DEVELOPER, PORT))
            genuine.sendto(query("genuine.dev.corp.net", number=1), (GATEWAY, 53))
            reply = genuine.recv(4096)
        assert (reply[:2], addresses(reply)) == (b"\0\1", [BUILD])
        assert replies.packets == 1


def flood(office: Namespace, arrived: Counter) -> int:
    """Send until MANY queries have arrived, twice as many at most; how many were sent."""
    sent = 0
    pattern = query("spoofed-000000.dev.corp.net")[2:]
    with office.socket() as spoofed:
        spoofed.bind((DEVELOPER, PORT))
        while sent < 2 * MANY and (sent < MANY or arrived.packets < MANY):
            for number in range(sent, sent + BATCH):
                name = pattern.replace(b"000000", b"%06d" % number)
                spoofed.sendto((number % 65_536).to_bytes(2) + name, (GATEWAY, 53))
            sent += BATCH
    return sent
