"""A phone with plain WireGuard: the gateway is its only resolver, for public names too."""

from collections.abc import Callable

import pytest

from tests.lab.answer import Answer
from tests.lab.conftest import SPARE
from tests.lab.daemons import Daemon, Daemons
from tests.lab.namespaces import Namespace
from tests.lab.office import start_unbound
from tests.lab.packets import client, query, without_question
from tests.lab.programs import (
    BYSTANDER,
    CONTRACTOR,
    ORGANISATION,
    start_gateway,
)

Ask = Callable[..., Answer]

PHONES = ORGANISATION.replace(
    "gateway_routes = [",
    'public_names = true\nnot_public = ["93.184.215.0/24"]\nno_answer = "nxdomain"\n'
    'gateway_routes = [ { subnet = "185.7.7.0/24" }, { subnet = "0.0.0.0/0" },',
)

CORP = """$ORIGIN corp.net.
$TTL 300
@        SOA    ns hostmaster 1 3600 600 86400 60
db       A      10.0.0.30
hidden   A      192.168.0.30
public   CNAME  www.example.org.
"""
EXAMPLE = """$ORIGIN example.org.
$TTL 300
@        SOA    ns hostmaster 1 3600 600 86400 60
@        MX     10 www
@        MX     20 inside
www      A      93.184.216.34
www      AAAA   2606:2800:220:1::34
mixed    A      93.184.216.35
mixed    A      192.168.0.35
inside   A      192.168.0.36
rebound  A      10.0.0.30
uplink   A      93.184.215.9
routed   A      185.7.7.7
overlay  A      100.64.0.12
mapped   AAAA   64:ff9b::c0a8:1e
tunnel   AAAA   2002:c0a8:1e::1
local    A      127.0.0.1
spf      A      93.184.216.36
spf      TXT    "v=spf1 ip4:93.184.216.36 -all"
spf      TXT    "v=spf1 ip4:192.168.0.36 -all"
"""
"""`uplink` is in `not_public`, `routed` in a route of the gateway that the phone may not use."""

ZONES = {"corp.net.": CORP, "example.org.": EXAMPLE, ".": "$ORIGIN .\n@ 300 SOA a b 1 1 1 1 60\n"}


@pytest.fixture(scope="module")
def unbound(shared_daemons: Daemons, office: Namespace) -> Daemon:
    """Unbound with an internet of two zones."""
    return start_unbound(shared_daemons, office, SPARE, ZONES, options="")


@pytest.fixture(scope="module")
def phones(shared_daemons: Daemons, gateway_host: Namespace, unbound: Daemon) -> None:
    """A gateway whose senders have no resolver but it."""
    start_gateway(shared_daemons, gateway_host, PHONES, nameservers=[SPARE])


@pytest.mark.usefixtures("phones")
def test_public_addresses_pass_and_so_do_the_permitted_private_ones(ask: Ask) -> None:
    assert ask("www.example.org", "A").addresses == ["93.184.216.34"]
    assert ask("www.example.org", "AAAA").addresses == ["2606:2800:220:1::34"]
    assert ask("db.corp.net", "A").addresses == ["10.0.0.30"]
    assert ask("public.corp.net", "A").data("CNAME") == ["www.example.org."]
    assert ask("mixed.example.org", "A").addresses == ["93.184.216.35"]
    assert ask("example.org", "MX").data("MX") == ["10 www.example.org."]
    assert ask("spf.example.org", "TXT").data("TXT") == ['"v=spf1 ip4:93.184.216.36 -all"']
    assert ask("www.example.org", "MX").status == "NOERROR"


@pytest.mark.usefixtures("phones")
@pytest.mark.parametrize(
    "name",
    [
        "hidden.corp.net",
        "gone.corp.net",
        *(
            f"{label}.example.org"
            for label in (
                *("inside", "uplink", "routed", "overlay", "mapped", "tunnel", "local", "gone"),
            )
        ),
    ],
)
def test_all_else_does_not_exist(laptop: Namespace, ask: Ask, name: str) -> None:
    for rtype in ("A", "AAAA", "TXT"):
        answer = ask(name, rtype)
        assert answer.status == "NXDOMAIN"
        assert (answer.answer, answer.authority) == ((), ())
    with client(laptop, "UDP") as gateway:
        asked = [query(one) for one in (name, "absent.example.net", name)]
        assert len({without_question(gateway.ask(one), one) for one in asked}) == 1


@pytest.mark.usefixtures("phones")
def test_each_sender_has_the_public_names_and_its_own_private_ones(ask: Ask) -> None:
    assert ask("-b", CONTRACTOR, "www.example.org", "A").addresses == ["93.184.216.34"]
    assert ask("-b", CONTRACTOR, "db.corp.net", "A").status == "NXDOMAIN"
    for name in ("www.example.org", "db.corp.net"):
        answer = ask("-b", BYSTANDER, name, "A")
        assert answer.status == "REFUSED"
        assert answer.edns is not None
        assert answer.edns.errors == (18,)


@pytest.mark.usefixtures("phones")
def test_the_view_stays_restricted(ask: Ask) -> None:
    for rtype in ("SOA", "DNSKEY"):
        assert ask("example.org", rtype, "+dnssec").status == "NXDOMAIN"
    assert ask("-x", "93.184.216.34").status == "NXDOMAIN"
    assert {row.ttl for row in ask("www.example.org", "A").answer} == {30}
