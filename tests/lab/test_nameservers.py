"""Real unbound and real dnsmasq behind the gateway: one and the same story with either."""

from collections.abc import Callable, Iterator

import pytest

from tests.lab.answer import Answer
from tests.lab.daemons import Daemon, Daemons
from tests.lab.namespaces import Namespace
from tests.lab.office import DNSMASQ, MANY, UNBOUND
from tests.lab.programs import CONTRACTOR, DEVELOPER, GATEWAY, ORGANISATION, start_gateway

Ask = Callable[..., Answer]

WIDER = (
    ORGANISATION.replace("gateway_routes = [", 'gateway_routes = [ { subnet = "fd00:10::/64" },')
    .replace('routes = ["10.0.0.0/24"]', 'routes = ["10.0.0.0/24", "fd00:10::/64"]')
    .replace('routes = ["172.16.1.0/24"]', 'routes = ["172.16.1.0/24", "10.0.0.0/24"]')
    .replace("ip_ranges = [", 'ip_ranges = [ { ip_range = "10.0.0.100 - 10.0.0.149" },')
)
"""The developer reaches the office's IPv6 network, too, the contractor 50 of the 60 addresses."""


@pytest.fixture(scope="module", params=[UNBOUND, DNSMASQ], ids=["unbound", "dnsmasq"])
def ask(
    request: pytest.FixtureRequest,
    shared_daemons: Daemons,
    laptop: Namespace,
    gateway_host: Namespace,
    unbound: Daemon,
    dnsmasq: Daemon,
) -> Iterator[Ask]:
    """Ask the gateway in front of one of the two: `ask("www.corp.net", "A", "+tcp")`."""

    def dig(*words: str) -> Answer:
        return laptop.dig(f"@{GATEWAY}", *words)

    program = start_gateway(shared_daemons, gateway_host, WIDER, nameservers=[request.param])
    yield dig
    assert program.stop() == 0


def rows(answer: Answer) -> list[tuple[str, str, str]]:
    return [(row.name, row.rtype, row.data) for row in answer.answer]


def test_both_families_of_a_name(ask: Ask) -> None:
    name = "dbserver1.corp.net."
    assert rows(ask(name, "A")) == [(name, "A", "10.0.0.30")]
    assert rows(ask(name, "AAAA")) == [(name, "AAAA", "fd00:10::30")]


@pytest.mark.parametrize(("rtype", "address"), [("A", "10.0.0.30"), ("AAAA", "fd00:10::30")])
def test_a_chain_of_three_comes_whole_and_in_order(ask: Ask, rtype: str, address: str) -> None:
    assert rows(ask("www.corp.net", rtype)) == [
        ("www.corp.net.", "CNAME", "web.corp.net."),
        ("web.corp.net.", "CNAME", "front.corp.net."),
        ("front.corp.net.", "CNAME", "dbserver1.corp.net."),
        ("dbserver1.corp.net.", rtype, address),
    ]


def test_a_link_of_a_chain_may_be_asked_for(ask: Ask) -> None:
    assert rows(ask("www.corp.net", "CNAME")) == [("www.corp.net.", "CNAME", "web.corp.net.")]
    assert ask("-b", CONTRACTOR, "www.corp.net", "CNAME").status == "REFUSED"


def test_a_wildcard_answers_for_any_name_below_it(ask: Ask) -> None:
    for name in ("one.dev.corp.net.", "two.dev.corp.net."):
        assert rows(ask(name, "A")) == [(name, "A", "10.0.0.40")]
        other = ask(name, "AAAA")  # dnsmasq says NXDOMAIN to this
        assert (other.status, other.answer) == ("NOERROR", ())


def test_only_the_permitted_one_of_two_addresses_comes(ask: Ask) -> None:
    assert ask("-b", CONTRACTOR, "mixed.corp.net", "A").addresses == ["172.16.1.10"]
    assert ask("-b", DEVELOPER, "mixed.corp.net", "A").status == "REFUSED"


@pytest.mark.parametrize(
    ("sender", "permitted"), [(DEVELOPER, MANY), (CONTRACTOR, MANY[:50])], ids=["all", "fifty"]
)
@pytest.mark.parametrize("size", ["+bufsize=512", "+noedns"])
def test_what_does_not_fit_is_had_over_tcp(
    ask: Ask, sender: str, permitted: list[str], size: str
) -> None:
    cut = ask("-b", sender, "many.corp.net", "A", size, "+ignore")
    assert (cut.status, cut.transport, cut.addresses) == ("NOERROR", "UDP", [])
    assert cut.flags == {"qr", "tc", "rd", "ra"}
    assert cut.size <= 512
    whole = ask("-b", sender, "many.corp.net", "A", size)
    assert whole.was_truncated
    assert whole.transport == "TCP"
    assert "tc" not in whole.flags
    assert sorted(whole.addresses) == permitted


def test_sixty_addresses_fit_into_what_dig_offers(ask: Ask) -> None:
    whole = ask("many.corp.net", "A", "+bufsize=4096")
    assert (whole.transport, whole.was_truncated) == ("UDP", False)
    assert sorted(whole.addresses) == MANY
    assert whole.size <= 1232


def test_every_address_comes_first_at_some_time(ask: Ask) -> None:
    first = {ask("many.corp.net", "A").addresses[0] for _ in range(8)}
    assert len(first) == 8


@pytest.mark.parametrize("name", ["gone.corp.net", "below.gone.corp.net", "example.org"])
@pytest.mark.parametrize("rtype", ["A", "AAAA", "MX", "TXT"])
def test_a_name_that_is_not_there_is_a_bare_refusal(ask: Ask, name: str, rtype: str) -> None:
    answer = ask(name, rtype)
    assert answer.status == "REFUSED"
    assert (answer.answer, answer.authority) == ((), ())


def test_no_data_at_a_name_that_is_there(ask: Ask) -> None:
    answer = ask("mail.corp.net", "AAAA")
    assert (answer.status, answer.answer) == ("NOERROR", ())
    [soa] = answer.authority
    assert soa.data == "mail.corp.net. nobody.invalid. 1 30 30 30 30"


def test_reverse_names(ask: Ask) -> None:
    owner = "30.0.0.10.in-addr.arpa."
    assert rows(ask("-x", "10.0.0.30")) == [(owner, "PTR", "dbserver1.corp.net.")]
    assert ask("-b", CONTRACTOR, "-x", "10.0.0.30").status == "REFUSED"
    assert ask("-x", "10.0.0.77").status == "REFUSED"


def test_nothing_of_the_nameservers_own_reply_is_passed_on(ask: Ask) -> None:
    for question in ("dbserver1.corp.net", "gone.corp.net", "mail.corp.net"):
        answer = ask(question, "A", "+dnssec")
        assert answer.flags == {"qr", "rd", "ra"}
        assert answer.additional == ()
        assert answer.edns is not None
        assert answer.edns.errors == ()
        assert "hostmaster" not in answer.text
