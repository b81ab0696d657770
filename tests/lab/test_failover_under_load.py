"""500 queries a second while a gateway or a nameserver fails: each of them is answered.

What was noticed is printed (`-s`); what may be noticed is for `python -m tests.lab.failover`, on a
machine that does nothing else. Here latency has a generous bound.
"""

import pytest

from tests.lab.daemons import Daemons
from tests.lab.failover import HEADING, SCENES, Figures
from tests.lab.faults import FAULTS
from tests.lab.sites import Sites

pytestmark = pytest.mark.usefixtures("before_others")

BEFORE, AFTER = 1.0, 4.0
"""Seconds of load before the fault and during it."""

GENEROUS = 1.0
"""Seconds that 99% of the queries may take."""

NOT_OF_NAMESERVERS = {"mute", "without address", "drained"}

CASES = [
    *(("gateway", fault) for fault in FAULTS),
    *(("ordered gateway", fault) for fault in ("killed", "flapping")),
    *(("first group", fault) for fault in ("killed", "blackholed")),
    *(("nameserver", fault) for fault in FAULTS if fault not in NOT_OF_NAMESERVERS),
]


@pytest.mark.parametrize(("scene", "fault"), CASES)
def test_no_query_fails_while_one_of_two_does(
    sites: Sites, daemons: Daemons, scene: str, fault: str
) -> None:
    result = SCENES[scene](sites, daemons).measure(FAULTS[fault], BEFORE, AFTER)
    show(f"{scene} {fault}", result)
    assert [(one.at, one.rcode) for one in result.report.failed] == []
    assert result.report.percentile(99) < GENEROUS


def show(what: str, result: Figures) -> None:
    print(f"\n{HEADING}\n{what:28} | {result.row}")
