"""What may befall a nameserver or a gateway, each for the length of a `with` block.

Packets are lost or refused by nftables where the server is, so that whoever asks it sees what a
broken machine or way shows; only DNS to and from the server's address is touched. Afterwards all is
as it was, except for a program that was killed.
"""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.lab.daemons import Daemon
from tests.lab.namespaces import Namespace
from tests.lab.nftables import table


@dataclass(frozen=True, slots=True)
class Target:
    """A server: where it runs, the address it answers at, its program."""

    namespace: Namespace
    address: str
    daemon: Daemon

    @property
    def queries(self) -> str:
        """What matches the packets that come to it, in the words of nftables."""
        return f"ip daddr {self.address} meta l4proto {{ tcp, udp }} th dport 53"

    @property
    def replies(self) -> str:
        """What matches the packets that it sends back."""
        return f"ip saddr {self.address} meta l4proto {{ tcp, udp }} th sport 53"


Fault = Callable[[Target], AbstractContextManager[None]]


@contextmanager
def blackholed(target: Target) -> Iterator[None]:
    """Nothing reaches it."""
    with table(target.namespace, arriving=f"{target.queries} drop"):
        yield


@contextmanager
def mute(target: Target) -> Iterator[None]:
    """It hears everything, and nothing that it says arrives."""
    with table(target.namespace, leaving=f"{target.replies} drop"):
        yield


@contextmanager
def rejected(target: Target) -> Iterator[None]:
    """Every datagram is met with port unreachable, every connection with a reset."""
    datagrams = f"ip daddr {target.address} udp dport 53 reject with icmp port-unreachable"
    connections = f"ip daddr {target.address} tcp dport 53 reject with tcp reset"
    with table(target.namespace, arriving=f"{datagrams}\n{connections}"):
        yield


@contextmanager
def lossy(target: Target, percent: int = 30) -> Iterator[None]:
    """That part of the packets is lost, both of those that come and of those that leave."""
    lost = f"numgen random mod 100 < {percent} drop"
    with table(
        target.namespace,
        arriving=f"{target.queries} {lost}",
        leaving=f"{target.replies} {lost}",
    ):
        yield


@contextmanager
def flapping(target: Target, every: float = 2.0) -> Iterator[None]:
    """A black hole and nothing in turns, each for `every` seconds."""
    is_over = threading.Event()

    def flap() -> None:
        while not is_over.is_set():
            with blackholed(target):
                is_over.wait(every)
            is_over.wait(every)

    thread = threading.Thread(target=flap, name=f"flapping {target.address}")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@contextmanager
def frozen(target: Target) -> Iterator[None]:
    """It hangs: the kernel takes its packets, nobody reads them before the end."""
    target.daemon.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        target.daemon.signal(signal.SIGCONT)


@contextmanager
def killed(target: Target) -> Iterator[None]:
    """It is gone, without a word and for good."""
    target.daemon.signal(signal.SIGKILL)
    status = target.daemon.wait()
    assert status == -signal.SIGKILL, status
    yield


@contextmanager
def drained(target: Target) -> Iterator[None]:
    """It is told to stop, sends those who ask elsewhere, and ends well."""
    target.daemon.signal(signal.SIGTERM)
    yield
    status = target.daemon.wait()
    assert status == 0, status


@contextmanager
def without_address(target: Target) -> Iterator[None]:
    """Its machine does not have its address any more.

    The kernel takes the routes of an interface away with its last address.
    """
    machine = target.namespace
    listed = json.loads(machine.succeed("ip", "-j", "address", "show"))
    ((interface, length),) = [
        (link["ifname"], own["prefixlen"])
        for link in listed
        for own in link["addr_info"]
        if own["local"] == target.address
    ]
    prefix = f"{target.address}/{length}"
    routes = machine.succeed("ip", "route", "show", "dev", interface).splitlines()
    machine.succeed("ip", "address", "delete", prefix, "dev", interface)
    try:
        yield
    finally:
        machine.add_address(interface, prefix)
        for route in routes:
            machine.succeed("ip", "route", "replace", *route.split(), "dev", interface)


FAULTS: dict[str, Fault] = {
    "killed": killed,
    "blackholed": blackholed,
    "rejected": rejected,
    "frozen": frozen,
    "flapping": flapping,
    "lossy": lossy,
    "mute": mute,
    "without address": without_address,
    "drained": drained,
}
