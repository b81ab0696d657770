"""Names whose own servers are dead, behind a nameserver that is well: they harm nobody else."""

import time

import pytest

from tests.lab.daemons import Daemons
from tests.lab.documents import office_only
from tests.lab.load import start_load
from tests.lab.nftables import counted, table
from tests.lab.office import STATIC, ZONES, start_unbound
from tests.lab.packets import query
from tests.lab.programs import GATEWAY, SECOND_GATEWAY
from tests.lab.sites import DATABASE, SPARE, Sites

pytestmark = pytest.mark.usefixtures("before_others")

DEAD = "10.0.0.9"
"""An address of the office whose machine hears nothing."""

DEAD_ZONE = f"""
stub-zone:
    name: "dead.corp.net."
    stub-addr: {DEAD}
"""
"""Lines of unbound's configuration that follow those of its `server:` clause."""

MANY = 100
RATE = 100
SECONDS = 8.0


def test_a_hundred_dead_names_leave_nameserver_gateway_and_other_names_alone(
    sites: Sites, daemons: Daemons
) -> None:
    start_unbound(daemons, sites.office, SPARE, ZONES, STATIC + DEAD_ZONE)
    document = office_only()
    gateways = [
        sites.start_gateway(daemons, at, document, nameservers=[SPARE])
        for at in (GATEWAY, SECOND_GATEWAY)
    ]
    stub = sites.start_stub(daemons, document)
    sites.office.add_address("lan0", f"{DEAD}/32")
    with (
        counted(sites.office, arriving=f"ip daddr {DEAD}") as unheard,
        table(sites.office, arriving=f"ip daddr {DEAD} drop"),
        sites.laptop_a.socket() as client,
    ):
        load = start_load(daemons, sites.laptop_a, SECONDS, rate=RATE)
        load.wait_until(1)
        for number in range(MANY):
            client.sendto(query(f"n-{number}.dead.corp.net", number=number), ("127.0.0.1", 53))
            time.sleep(0.02)
        replies = {client.recv(4096)[:2] for _ in range(MANY)}
        report = load.report()
        assert unheard.packets > 0
    assert replies == {number.to_bytes(2) for number in range(MANY)}
    assert report.failed == ()
    for program in (stub, *gateways):
        assert "state=down" not in program.daemon.log
    assert sites.laptop_a.dig("@127.0.0.1", "dbserver1.corp.net", "A").addresses == [DATABASE]
