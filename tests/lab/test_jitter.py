"""The uneven way, and a stub and a gateway at its ends: replies out of order, none of them lost."""

import dns.rcode
import pytest

from tests.lab.daemons import Daemons
from tests.lab.documents import sites_document
from tests.lab.jitter import Delays, start_jitter
from tests.lab.load import start_load
from tests.lab.office import UNBOUND
from tests.lab.packets import query, read
from tests.lab.programs import DEVELOPER, GATEWAY
from tests.lab.sites import BUILD, LAN_SIDE, Sites

before_others = pytest.mark.usefixtures("before_others")

WAY = "127.0.0.70"
"""Where the developer's laptop finds the gateway at the other end of an uneven way."""

RATE = 100
SECONDS = 4
MANY = 50


@pytest.mark.parametrize("seed", [1, 2])
def test_delays_are_repeated_by_their_seed(seed: int) -> None:
    delays = Delays(seed, 0.005, 0.05)
    drawn = [delays() for _ in range(1000)]
    again = Delays(seed, 0.005, 0.05)
    assert drawn == [again() for _ in range(1000)]
    assert 0.005 <= min(drawn) < 0.01
    assert 0.045 < max(drawn) <= 0.05


@before_others
def test_datagrams_overtake_each_other_on_an_uneven_way(sites: Sites, daemons: Daemons) -> None:
    sites.start_gateway(daemons)
    uneven_way_to_the_gateway(sites, daemons)
    with sites.laptop_a.socket() as client:
        for number in range(MANY):
            client.sendto(query(f"n-{number}.dev.corp.net", number=number), (WAY, 53))
        replies = [client.recv(4096) for _ in range(MANY)]
    assert all(read(reply).rcode() == dns.rcode.NOERROR for reply in replies)
    numbers = [int.from_bytes(reply[:2]) for reply in replies]
    assert sorted(numbers) == list(range(MANY))
    assert numbers != sorted(numbers)


@before_others
def test_an_uneven_way_to_the_gateway_costs_no_answer(sites: Sites, daemons: Daemons) -> None:
    """The stub's own document says that the gateway is at this end of the way."""
    sites.start_gateway(daemons)
    uneven_way_to_the_gateway(sites, daemons)
    sites.start_stub(daemons, sites_document().replace(f'"{GATEWAY}"', f'"{WAY}"'))
    report = start_load(daemons, sites.laptop_a, SECONDS, rate=RATE).report()
    assert report.failed == ()
    assert sites.laptop_a.dig("@127.0.0.1", "a.dev.corp.net", "A", "+tcp").addresses == [BUILD]


@before_others
def test_an_uneven_way_to_the_nameserver_costs_no_answer(sites: Sites, daemons: Daemons) -> None:
    side = LAN_SIDE[GATEWAY]
    office = sites.gateways[GATEWAY]
    start_jitter(daemons, office, "127.0.0.53", UNBOUND, source=side, milliseconds=(5, 50))
    sites.start_gateway(daemons, nameservers=["127.0.0.53"])
    load = start_load(daemons, sites.laptop_a, SECONDS, server=GATEWAY, rate=RATE)
    assert load.report().failed == ()


def uneven_way_to_the_gateway(sites: Sites, daemons: Daemons) -> None:
    laptop = sites.laptop_a
    start_jitter(daemons, laptop, WAY, GATEWAY, source=DEVELOPER, milliseconds=(0, 40))
