"""Two laptops, an office with two gateways, a branch: who learns what, and gets where."""

import socket

import pytest

from tests.lab.daemons import Daemons
from tests.lab.documents import BRANCH_GATEWAY
from tests.lab.greeter import greeter
from tests.lab.namespaces import Namespace
from tests.lab.programs import CONTRACTOR, DEVELOPER, GATEWAY, SECOND_GATEWAY
from tests.lab.sites import BUILD, DATABASE, DESKS, PRINTER, Sites

GREETING_PORT = 8080


@pytest.fixture(scope="module")
def sites(sites: Sites, shared_daemons: Daemons) -> Sites:
    """With every gateway and both stubs running for all tests of this file."""
    for address in (GATEWAY, SECOND_GATEWAY, BRANCH_GATEWAY):
        sites.start_gateway(shared_daemons, address)
    sites.start_stub(shared_daemons)
    sites.start_contractors_stub(shared_daemons)
    return sites


def greeting(laptop: Namespace, name: str) -> str:
    """Resolve a name through the laptop's stub, connect to its address, and read what is said."""
    (address,) = laptop.dig("@127.0.0.1", name, "A").addresses
    with laptop.socket(socket.SOCK_STREAM) as client:
        client.connect((address, GREETING_PORT))
        return client.recv(100).decode()


def test_a_laptop_resolves_a_name_and_connects_through_the_tunnel(sites: Sites) -> None:
    with greeter(sites.office, DATABASE, GREETING_PORT):
        said = greeting(sites.laptop_a, "dbserver1.corp.net")
    assert said == f"{DATABASE} greets {DEVELOPER}"


def test_the_other_laptop_gets_where_its_policy_lets_it(sites: Sites) -> None:
    with greeter(sites.office, BUILD, GREETING_PORT):
        said = greeting(sites.laptop_b, "build.dev.corp.net")
    assert said == f"{BUILD} greets {CONTRACTOR}"


@pytest.mark.parametrize(
    ("name", "developers", "contractors"),
    [
        ("dbserver1.corp.net", [DATABASE], []),
        ("mail.corp.net", ["10.0.0.25"], []),
        ("build.dev.corp.net", [BUILD], [BUILD]),
        ("printer.branch.net", [PRINTER], []),
        ("any.dev.branch.net", [PRINTER], []),
        ("hidden.corp.net", [], []),
        ("gone.corp.net", [], []),
        ("gone.branch.net", [], []),
    ],
)
def test_each_laptop_learns_what_its_policy_permits(
    sites: Sites, name: str, developers: list[str], contractors: list[str]
) -> None:
    for laptop, expected in ((sites.laptop_a, developers), (sites.laptop_b, contractors)):
        answer = laptop.dig("@127.0.0.1", name, "A")
        assert answer.addresses == expected, laptop.name
        assert answer.status == ("NOERROR" if expected else "REFUSED"), laptop.name


def test_names_and_reverse_names_of_the_branch_come_from_its_gateway(sites: Sites) -> None:
    asked_branch = sites.laptop_a.dig(f"@{BRANCH_GATEWAY}", "printer.branch.net", "A")
    asked_office = sites.laptop_a.dig(f"@{GATEWAY}", "printer.branch.net", "A")
    assert asked_branch.addresses == [PRINTER]
    assert asked_office.status == "REFUSED"
    assert sites.laptop_a.dig("@127.0.0.1", "printer.branch.net", "A").addresses == [PRINTER]


def test_both_gateways_of_the_office_serve_the_sender_that_the_tunnel_vouches_for(
    sites: Sites,
) -> None:
    for gateway in (GATEWAY, SECOND_GATEWAY):
        for laptop, expected in ((sites.laptop_a, [DESKS[gateway]]), (sites.laptop_b, [])):
            assert laptop.dig(f"@{gateway}", "desk-0.corp.net", "A").addresses == expected
