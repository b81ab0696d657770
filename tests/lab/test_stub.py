"""The stub on the laptop, asked by real dig as a program would ask it, in front of the gateway."""

from collections.abc import Callable, Iterator

import pytest

from tests.lab.answer import SILENCE, Answer
from tests.lab.conftest import Start
from tests.lab.daemons import Daemon, Daemons
from tests.lab.namespaces import Namespace
from tests.lab.office import MANY
from tests.lab.packets import query
from tests.lab.programs import CONTRACTOR, DEVELOPER, GATEWAY, ORGANISATION, Program, start_stub

Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def shared_stub(shared_daemons: Daemons, laptop: Namespace, shared_gateway: Program) -> Program:
    """One stub for all tests of this file, in front of the shared gateway."""
    return start_stub(shared_daemons, laptop)


@pytest.fixture
def ask(laptop: Namespace, shared_stub: Program) -> Ask:
    """Ask the stub with dig: `ask("dbserver1.corp.net", "A", "+tcp")`."""

    def dig(*words: str) -> Answer:
        return laptop.dig("@127.0.0.1", *words)

    return dig


over_both = pytest.mark.parametrize("transport", ["+notcp", "+tcp"])


@over_both
def test_names_behind_the_gateway_are_answered(ask: Ask, transport: str) -> None:
    answer = ask("dbserver1.corp.net", "A", transport)
    assert answer.status == "NOERROR"
    assert answer.flags == {"qr", "rd", "ra"}
    assert answer.addresses == ["10.0.0.30"]
    assert answer.answer[0].ttl <= 30
    assert ask("wiki", "A", transport).addresses == ["10.0.0.60"]
    assert ask("any.dev.corp.net", "A", transport).addresses == ["10.0.0.40"]
    assert ask("-x", "10.0.0.30", transport).data("PTR") == ["dbserver1.corp.net."]


@over_both
def test_a_chain_comes_whole(ask: Ask, transport: str) -> None:
    answer = ask("www.corp.net", "A", transport)
    assert answer.data("CNAME") == ["web.corp.net.", "front.corp.net.", "dbserver1.corp.net."]
    assert answer.addresses == ["10.0.0.30"]


@over_both
@pytest.mark.parametrize("name", ["hidden", "controller", "mixed", "gone", "below"])
@pytest.mark.parametrize("rtype", ["A", "AAAA", "TXT", "HTTPS"])
def test_what_nobody_knows_is_a_miss(ask: Ask, name: str, rtype: str, transport: str) -> None:
    answer = ask(f"{name}.corp.net", rtype, transport)
    assert answer.status == "REFUSED"
    assert (answer.answer, answer.authority, answer.additional) == ((), (), ())


@pytest.mark.parametrize("rtype", ["AAAA", "MX", "HTTPS"])
def test_a_name_that_has_an_address_is_never_a_miss(ask: Ask, rtype: str) -> None:
    answer = ask("dbserver1.corp.net", rtype)
    assert (answer.status, answer.answer) == ("NOERROR", ())
    assert [row.rtype for row in answer.authority] == ["SOA"]


@over_both
@pytest.mark.parametrize(
    ("name", "status", "addresses"),
    [
        ("_my.id.enclave", "NOERROR", [DEVELOPER]),
        ("kd9q2.id.enclave", "NOERROR", [DEVELOPER]),
        ("WZL94.ID.Enclave", "NOERROR", [GATEWAY]),
        ("c4x8m.id.enclave", "NXDOMAIN", []),
        ("b7tn1.id.enclave", "NXDOMAIN", []),
        ("nobody.id.enclave", "NXDOMAIN", []),
        ("other.enclave", "NXDOMAIN", []),
        ("id.enclave", "NOERROR", []),
        ("enclave", "NOERROR", []),
    ],
)
def test_ids_are_answered_by_the_stub_itself(
    ask: Ask, name: str, status: str, addresses: list[str], transport: str
) -> None:
    answer = ask(name, "A", transport)
    assert answer.status == status
    assert answer.addresses == addresses
    assert answer.flags == {"qr", "aa", "rd", "ra"}
    assert [row.name for row in answer.authority] == ([] if addresses else ["enclave."])


def test_special_names_stay_on_the_laptop(ask: Ask) -> None:
    assert ask("db.localhost", "A").addresses == ["127.0.0.1"]
    assert ask("localhost", "AAAA").addresses == ["::1"]
    assert ask("x.invalid", "A").status == "NXDOMAIN"
    assert ask("printer.local", "A").status == "REFUSED"


@pytest.mark.parametrize("size", ["+bufsize=512", "+noedns"])
def test_what_does_not_fit_is_had_over_tcp(ask: Ask, size: str) -> None:
    cut = ask("many.corp.net", "A", size, "+ignore")
    assert (cut.transport, cut.addresses) == ("UDP", [])
    assert "tc" in cut.flags
    whole = ask("many.corp.net", "A", size)
    assert (whole.was_truncated, whole.transport) == (True, "TCP")
    assert sorted(whole.addresses) == MANY


def test_protocol_errors_are_the_same_as_the_gateways(ask: Ask) -> None:
    assert ask("dbserver1.corp.net", "A", "+opcode=STATUS").status == "NOTIMP"
    assert ask("-c", "CH", "version.bind", "TXT").status == "REFUSED"
    assert ask("dbserver1.corp.net", "A", "+edns=1", "+noednsnegotiation").status == "BADVERS"
    assert ask("dbserver1.corp.net", "ANY", "+notcp").data("HINFO") == ['"RFC8482" ""']


def test_other_machines_are_met_with_silence(
    stub: Start, laptop: Namespace, gateway_host: Namespace, shared_gateway: Program
) -> None:
    stub(listen=f"{DEVELOPER}:53")
    question = (f"@{DEVELOPER}", "_my.id.enclave", "A", "+time=1")
    assert laptop.dig(*question).addresses == [DEVELOPER]
    assert gateway_host.dig(*question).status == SILENCE
    assert gateway_host.dig(*question, "+tcp").status == SILENCE


@pytest.fixture
def pretender(gateway_host: Namespace) -> Iterator[Namespace]:
    """The gateway's machine, with one of the laptop's addresses as its own."""
    address = (f"{DEVELOPER}/32", "dev", "lo")
    gateway_host.add_address("lo", f"{DEVELOPER}/32")
    yield gateway_host
    assert gateway_host.run("ip", "address", "del", *address).returncode == 0


def test_a_machine_that_claims_to_be_this_one_is_not_heard(
    stub: Start, laptop: Namespace, pretender: Namespace, unbound: Daemon, shared_gateway: Program
) -> None:
    place = (CONTRACTOR, 53)
    stub(system_id="C4X8M", listen=f"{CONTRACTOR}:53")
    with laptop.socket() as genuine, pretender.socket() as pretended:
        genuine.bind((DEVELOPER, 0))
        pretended.bind(genuine.getsockname())
        pretended.sendto(query("pretended.dev.corp.net", number=1), place)
        genuine.sendto(query("genuine.dev.corp.net", number=2), place)
        reply = genuine.recv(4096)
    assert reply[:2] == b"\0\2"
    asked = "genuine.dev.corp.net"
    unbound.wait_until(lambda: asked in unbound.log.lower(), f"a question for {asked}", within=5)
    assert "pretended.dev.corp.net" not in unbound.log.lower()


def test_it_asks_as_the_system_that_it_is(
    stub: Start, laptop: Namespace, shared_gateway: Program
) -> None:
    stub(system_id="C4X8M", listen="127.0.0.2:53")
    for name, status, addresses in (
        ("controller.corp.net", "NOERROR", ["172.16.1.10"]),
        ("mixed.corp.net", "NOERROR", ["172.16.1.10"]),
        ("dbserver1.corp.net", "REFUSED", []),
        ("_my.id.enclave", "NOERROR", [CONTRACTOR]),
    ):
        answer = laptop.dig("@127.0.0.2", name, "A")
        assert (answer.status, answer.addresses) == (status, addresses), name


@pytest.mark.parametrize("miss", ["servfail", "nxdomain"])
def test_a_miss_is_what_the_configuration_says(
    stub: Start, laptop: Namespace, shared_gateway: Program, miss: str
) -> None:
    stub(listen="127.0.0.2:53", miss=miss)
    answer = laptop.dig("@127.0.0.2", "gone.corp.net", "A")
    assert (answer.status, answer.authority) == (miss.upper(), ())


def test_an_address_that_the_gateway_should_not_have_given_is_not_believed(
    stub: Start, laptop: Namespace, shared_gateway: Program
) -> None:
    """The stub's own document is narrower than the gateway's."""
    narrow = (
        'routes = ["10.0.0.0/24"] } ]\ngateway_allowed_ip_ranges = [ { ip_range = "10.0.0.30" } ]'
    )
    stub(ORGANISATION.replace('routes = ["10.0.0.0/24"] } ]', narrow), listen="127.0.0.2:53")
    assert laptop.dig("@127.0.0.2", "dbserver1.corp.net", "A").addresses == ["10.0.0.30"]
    assert laptop.dig("@127.0.0.2", "mail.corp.net", "A").status == "REFUSED"
