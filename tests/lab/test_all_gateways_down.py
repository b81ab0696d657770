"""No gateway is left: the stub steps aside at once, and comes back with the first that returns.

A gateway that is down is left in peace: one probe per pause, whatever is asked meanwhile.
"""

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

import pytest

from tests.lab.answer import Answer
from tests.lab.daemons import Daemons
from tests.lab.documents import office_only
from tests.lab.failover import two_gateways
from tests.lab.faults import Fault, Target, blackholed, frozen, rejected
from tests.lab.load import start_load
from tests.lab.nftables import counted
from tests.lab.programs import GATEWAY, SECOND_GATEWAY
from tests.lab.sites import BUILD, Sites

pytestmark = pytest.mark.usefixtures("before_others")

ALWAYS_WITHIN = 1000
AT_ONCE = 50
"""Milliseconds that a miss takes at most: always, and while every gateway is known to be down."""

IS_KNOWN_AFTER = 3.0
"""Seconds of questions after which every gateway is known to be down."""

IS_BACK_AFTER = 12.0
"""Seconds after which one that returns is up again: the pause by then, and two good probes."""

SERVES_WITHIN = 1.0
"""Seconds after that within which it serves."""

DEAD_FOR = 8.0
PROBES = 5
"""Probes that pauses of 0.5, 1, 2 and 4 s let through in DEAD_FOR, and one under way before."""

_UP = re.compile(r"gateway state .*state=up")
_QUERY_TIME = re.compile(r"^;; Query time: (\d+) msec$", re.MULTILINE)

Ask = Callable[[], Answer]


@pytest.fixture
def gateways(sites: Sites, daemons: Daemons) -> list[Target]:
    """Both gateways of the office."""
    return [sites.start_gateway(daemons, at, office_only()) for at in (GATEWAY, SECOND_GATEWAY)]


@pytest.fixture
def developers_stub(sites: Sites, daemons: Daemons, gateways: list[Target]) -> Target:
    """The stub before them."""
    return sites.start_stub(daemons, office_only())


@pytest.fixture
def ask(sites: Sites) -> Ask:
    """Ask the developer's stub for a name that nobody has asked for yet."""
    names = (f"fresh-{number}.dev.corp.net" for number in range(10_000))
    return lambda: sites.laptop_a.dig("@127.0.0.1", next(names), "A", "+time=3")


def milliseconds(answer: Answer) -> int:
    """How long dig waited."""
    found = _QUERY_TIME.search(answer.text)
    assert found is not None, answer.text
    return int(found[1])


@pytest.mark.parametrize("fault", [blackholed, rejected, frozen])
def test_without_gateways_the_stub_steps_aside_at_once_and_comes_back(
    developers_stub: Target, gateways: list[Target], ask: Ask, fault: Fault
) -> None:
    assert ask().addresses == [BUILD]
    with ExitStack() as faults:
        for gateway in gateways:
            faults.enter_context(fault(gateway))
        took = []
        known_at = time.monotonic() + IS_KNOWN_AFTER
        while time.monotonic() < known_at:
            answer = ask()
            assert answer.status == "REFUSED"
            took.append(milliseconds(answer))
        assert max(took) < ALWAYS_WITHIN
        misses = [ask() for _ in range(9)]
        assert {miss.status for miss in misses} == {"REFUSED"}
        assert median(map(milliseconds, misses)) <= AT_ONCE
    log = developers_stub.daemon
    seen = len(log.log)
    log.wait_until(lambda: _UP.search(log.log[seen:]) is not None, "up again", IS_BACK_AFTER)
    is_up = time.monotonic()
    while ask().addresses != [BUILD]:
        assert time.monotonic() < is_up + SERVES_WITHIN


def test_a_dead_gateway_receives_one_probe_per_pause_at_most(
    sites: Sites, daemons: Daemons
) -> None:
    dead = two_gateways(sites, daemons).victim()
    with blackholed(dead):
        load = start_load(daemons, sites.laptop_a, IS_KNOWN_AFTER + DEAD_FOR + 2, rate=50)
        load.wait_until(IS_KNOWN_AFTER)
        with counted(dead.namespace, arriving=dead.queries) as arrived:
            load.wait_until(IS_KNOWN_AFTER + DEAD_FOR)
            probes = arrived.packets
        report = load.report()
    print(f"{probes} probes in {DEAD_FOR:g} s")
    assert 1 <= probes <= PROBES
    assert report.failed == ()
