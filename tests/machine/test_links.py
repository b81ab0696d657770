"""What counts as another network, and what the network of this machine looks like."""

import asyncio
from dataclasses import replace

import pytest

from enclave_dns.machine.links import Link, Network, changes, look

WLAN = Link(is_up=True, losses=3, addresses=frozenset({"192.168.1.7", "fe80::7"}))
HOME = Network(
    (
        ("docker0", Link(is_up=True, counts=False)),
        ("eth0", Link(is_up=False)),
        ("wlan0", WLAN),
    ),
    frozenset({"192.168.1.1 3"}),
)


def _with(name: str, link: Link | None) -> Network:
    """Home, with one interface as told; None: without it."""
    links = dict(HOME.links) | ({name: link} if link else {})
    if link is None:
        del links[name]
    return Network(tuple(sorted(links.items(), key=lambda item: item[0])), HOME.routes)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (HOME, ""),
        (_with("wlan0", None), "wlan0 is gone"),
        (_with("tun0", Link(is_up=True)), "tun0 is new"),
        (_with("wlan0", replace(WLAN, number=9)), "wlan0 is another one"),
        # What comes and goes with containers is no other network for us.
        (_with("veth0", Link(is_up=True, counts=False)), ""),
        (_with("docker0", Link(is_up=False, counts=False)), ""),
        # The last that is seen of a link that has led out.
        (_with("wlan0", replace(WLAN, is_up=False, counts=False)), "wlan0 is down"),
        (_with("eth0", Link(is_up=True)), "eth0 is up"),
        (
            _with("wlan0", Link(False, 4)),
            "wlan0 is down; wlan0 lost 192.168.1.7; wlan0 lost fe80::7",
        ),
        (
            _with("wlan0", Link(True, 3, frozenset({"10.9.8.7", "fe80::7"}))),
            "wlan0 has 10.9.8.7; wlan0 lost 192.168.1.7",
        ),
        # Down and up again, and the same address: still another network, perhaps.
        (_with("wlan0", Link(True, 5, WLAN.addresses)), "wlan0 was down"),
        (Network(HOME.links, frozenset({"192.168.1.254 3"})), "another default route"),
        (Network(HOME.links), "no default route"),
        (
            Network(tuple((f"veth{n}", Link(True)) for n in range(5)), HOME.routes),
            "eth0 is gone; veth0 is new; veth1 is new; veth2 is new; and 3 more",
        ),
    ],
)
def test_a_change_is_told_in_words(after: Network, reason: str) -> None:
    assert changes(HOME, after) == reason


async def test_this_machines_network_is_read() -> None:
    network = await asyncio.to_thread(look)
    loopback = dict(network.links)["lo"]
    assert loopback.is_up
    assert loopback.number == 1
    assert not loopback.counts
    assert "127.0.0.1" in loopback.addresses
    assert changes(network, network) == ""


async def test_a_link_with_an_address_of_ours_counts() -> None:
    network = await asyncio.to_thread(look, frozenset({"192.0.2.99", "127.0.0.1"}))
    assert dict(network.links)["lo"].counts
