"""Each fault does what it says to one server, and leaves its machine as it was."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.lab.answer import SILENCE
from tests.lab.daemons import Daemons
from tests.lab.faults import FAULTS, Target, flapping, killed, lossy, without_address
from tests.lab.namespaces import Namespace
from tests.lab.nftables import counted
from tests.lab.office import UNBOUND, start_unbound
from tests.lab.packets import query
from tests.lab.programs import GATEWAY
from tests.lab.sites import SPARE, Sites

RETURNING = sorted(FAULTS.keys() - {"killed", "drained", "flapping", "lossy"})
QUESTION = ("dbserver1.corp.net", "A", "+time=1")


@pytest.fixture(scope="module")
def target(sites: Sites, shared_daemons: Daemons) -> Target:
    """A nameserver of the office, which serves nobody else."""
    return Target(sites.office, SPARE, start_unbound(shared_daemons, sites.office, SPARE))


@pytest.fixture
def office(sites: Sites) -> Iterator[Namespace]:
    """The office, which must be afterwards as it was before."""
    before = state(sites.office)
    yield sites.office
    assert state(sites.office) == before


def state(machine: Namespace) -> tuple[str, list[str], list[str]]:
    addresses = machine.succeed("ip", "-brief", "address").split()
    routes = machine.succeed("ip", "route").splitlines()
    return machine.succeed("nft", "list", "ruleset"), sorted(addresses), sorted(routes)


def status(office: Namespace, address: str, *words: str) -> str:
    return office.dig(f"@{address}", *QUESTION, *words).status


@pytest.mark.parametrize("fault", RETURNING)
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_one_server_falls_silent_and_comes_back(
    office: Namespace, target: Target, fault: str, transport: str
) -> None:
    assert status(office, SPARE, transport) == "NOERROR"
    with FAULTS[fault](target):
        assert status(office, SPARE, transport) == SILENCE
        assert status(office, UNBOUND, transport) == "NOERROR"
    assert status(office, SPARE, transport) == "NOERROR"


@pytest.mark.parametrize("fault", RETURNING)
def test_a_failure_leaves_nothing_behind(office: Namespace, target: Target, fault: str) -> None:
    with pytest.raises(AssertionError, match="it failed"), FAULTS[fault](target):
        raise AssertionError("it failed")
    assert status(office, SPARE) == "NOERROR"


def test_with_its_address_a_machine_has_its_ways_again(sites: Sites, target: Target) -> None:
    gateway = sites.gateways[GATEWAY]
    before = state(gateway)
    with without_address(Target(gateway, GATEWAY, target.daemon)):
        assert state(gateway) != before
    assert state(gateway) == before
    with pytest.raises(ConnectionRefusedError):  # by the machine itself: nobody listens there
        sites.laptop_a.exchange(b"hello", GATEWAY, port=5300)


def test_a_part_of_the_packets_is_lost(office: Namespace, target: Target) -> None:
    queries = 1000
    with (
        lossy(target, percent=30),
        counted(office, leaving=target.replies) as replies,
        office.socket() as client,
    ):
        for _ in range(queries):
            client.sendto(query(QUESTION[0]), (SPARE, 53))
        target.daemon.wait_until(lambda: replies.packets > queries * 0.6, "replies", within=5)
        time.sleep(0.1)
        assert replies.packets < queries * 0.8


def test_flapping_is_a_black_hole_by_turns(office: Namespace, target: Target) -> None:
    with flapping(target, every=0.7):
        seen = {status(office, SPARE) for _ in range(6)}
    assert seen == {"NOERROR", SILENCE}


def test_who_is_killed_is_gone(office: Namespace, daemons: Daemons) -> None:
    victim = daemons.start(office, "sleep", ["sleep", "1000"])
    with killed(Target(office, SPARE, victim)):
        assert not victim.is_running
        shown = subprocess.run(["ps", "-p", str(victim.pid)], capture_output=True, check=False)
        assert shown.returncode == 1
