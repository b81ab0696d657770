"""The office's real nameservers, asked directly: what the gateway's tests can rely on."""

import pytest

from tests.lab.answer import SILENCE
from tests.lab.conftest import SPARE, StartServer
from tests.lab.daemons import Daemon
from tests.lab.namespaces import Namespace
from tests.lab.office import DNSMASQ, MANY, UNBOUND

BOTH = pytest.mark.parametrize("server", [UNBOUND, DNSMASQ], ids=["unbound", "dnsmasq"])

pytestmark = pytest.mark.usefixtures("unbound", "dnsmasq")


@BOTH
@pytest.mark.parametrize(
    ("question", "addresses"),
    [
        (("dbserver1.corp.net", "A"), ["10.0.0.30"]),
        (("dbserver1.corp.net", "AAAA"), ["fd00:10::30"]),
        (("www.corp.net", "A"), ["10.0.0.30"]),
        (("anything.dev.corp.net", "A"), ["10.0.0.40"]),
        (("mixed.corp.net", "A"), ["172.16.1.10", "192.168.0.30"]),
        (("hidden.corp.net", "A"), ["192.168.0.30"]),
    ],
)
def test_names_have_their_addresses(
    gateway_host: Namespace, server: str, question: tuple[str, str], addresses: list[str]
) -> None:
    answer = gateway_host.dig(f"@{server}", *question)
    assert answer.status == "NOERROR"
    assert sorted(answer.addresses) == addresses
    assert answer.transport == "UDP"


@BOTH
def test_a_chain_of_three_comes_whole(gateway_host: Namespace, server: str) -> None:
    answer = gateway_host.dig(f"@{server}", "www.corp.net", "A")
    assert answer.data("CNAME") == ["web.corp.net.", "front.corp.net.", "dbserver1.corp.net."]


@BOTH
def test_sixty_addresses_need_tcp(gateway_host: Namespace, server: str) -> None:
    whole = gateway_host.dig(f"@{server}", "many.corp.net", "A")
    assert sorted(whole.addresses) == MANY
    assert whole.was_truncated
    assert whole.transport == "TCP"
    cut = gateway_host.dig(f"@{server}", "many.corp.net", "A", "+ignore")
    assert "tc" in cut.flags


@BOTH
def test_addresses_have_names(gateway_host: Namespace, server: str) -> None:
    answer = gateway_host.dig(f"@{server}", "-x", "10.0.0.30")
    assert answer.data("PTR") == ["dbserver1.corp.net."]


@BOTH
def test_other_types_are_there(gateway_host: Namespace, server: str) -> None:
    assert gateway_host.dig(f"@{server}", "dbserver1.corp.net", "TXT").data("TXT") == [
        '"the database"'
    ]
    assert gateway_host.dig(f"@{server}", "corp.net", "MX").data("MX") == ["10 mail.corp.net."]


@BOTH
def test_a_name_that_is_not_there(gateway_host: Namespace, server: str) -> None:
    assert gateway_host.dig(f"@{server}", "gone.corp.net", "A").status == "NXDOMAIN"


def test_a_static_zone_of_unbound_leaves_the_target_out(gateway_host: Namespace) -> None:
    answer = gateway_host.dig(f"@{UNBOUND}", "laser.printers.corp.net", "A")
    assert answer.status == "NOERROR"
    assert [(row.rtype, row.data) for row in answer.answer] == [("CNAME", "dbserver1.corp.net.")]


def test_a_name_outside_is_refused_or_denied_at_once(gateway_host: Namespace) -> None:
    assert gateway_host.dig(f"@{UNBOUND}", "example.org", "A").status == "NXDOMAIN"
    assert gateway_host.dig(f"@{DNSMASQ}", "example.org", "A").status == "REFUSED"


def test_the_laptop_has_no_way_into_the_office(laptop: Namespace) -> None:
    assert laptop.dig(f"@{UNBOUND}", "dbserver1.corp.net", "A", "+time=1").status == SILENCE


@pytest.mark.parametrize("tool", ["start_another_unbound", "start_another_dnsmasq"])
def test_a_test_may_have_a_nameserver_of_its_own(
    request: pytest.FixtureRequest, gateway_host: Namespace, tool: str
) -> None:
    start: StartServer = request.getfixturevalue(tool)
    if tool == "start_another_unbound":
        own = start(zones={"a.net.": "@ 60 SOA ns 1 1 1 1 1 1\n@ 60 NS ns\nx 60 A 10.9.9.9\n"})
    else:
        own = start(conf="local=/a.net/\n", hosts="10.9.9.9 x.a.net\n")
    assert gateway_host.dig(f"@{SPARE}", "x.a.net", "A").addresses == ["10.9.9.9"]
    assert own.stop() == 0
    assert gateway_host.dig(f"@{SPARE}", "x.a.net", "A", "+time=1").status == SILENCE


def test_a_server_that_cannot_start_says_why(start_another_unbound: StartServer) -> None:
    with pytest.raises(AssertionError, match="unbound ended with status 1"):
        start_another_unbound(options="    no-such-option: yes\n")


def test_logs_name_the_questions(gateway_host: Namespace, unbound: Daemon) -> None:
    gateway_host.dig(f"@{UNBOUND}", "seen-in-the-log.corp.net", "A")
    unbound.wait_for_log("seen-in-the-log.corp.net")
