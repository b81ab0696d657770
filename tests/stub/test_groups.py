"""Which gateways form a group, and the order in which groups are asked."""

from collections.abc import Sequence

import pytest

from enclave_dns.disclosure.view import View
from enclave_dns.organisation.document import GatewayPriority
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.stub.groups import (
    LAST,
    LEARNED,
    ORDER,
    ROUTE,
    Gateway,
    Group,
    grouped,
    way,
)
from enclave_dns.wire.names import from_text
from tests.fakes.dns_worlds import asked, view_of

LONDON = view_of("10.1.0.0/16")
PARIS = view_of("10.2.0.0/16")
WIDE = view_of("10.0.0.0/8", "fd00::/8")
SERVER_ROOM = view_of("10.1.7.0/24", "192.168.0.0/16")
OPEN = view_of("0.0.0.0/0", "::/0")


def gateway(
    name: str,
    view: View = LONDON,
    *suffixes: str,
    priority: GatewayPriority = GatewayPriority.BALANCED,
) -> Gateway:
    server = Nameserver(f"100.64.0.{len(name)}")
    return Gateway(name, server, view, priority, tuple(map(from_text, suffixes)))


def named(groups: Sequence[Group]) -> list[str]:
    return [str(group) for group in groups]


def stops(question: str, *gateways: Gateway, learned: str = "") -> list[tuple[str, str]]:
    """Who is asked in turn, and why; `learned` names the group that knows the parent."""
    groups = grouped(gateways)
    known = next((group for group in groups if str(group) == learned), None)
    return [(str(stop.group), stop.reason) for stop in way(asked(question), groups, known)]


@pytest.mark.parametrize(
    ("gateways", "expected"),
    [
        ([], []),
        ([gateway("A")], ["A"]),
        ([gateway("A"), gateway("B"), gateway("C")], ["A, B, C"]),
        ([gateway("A"), gateway("B", PARIS), gateway("C")], ["A, C", "B"]),
        ([gateway("A", PARIS), gateway("B"), gateway("C")], ["A", "B, C"]),
        ([gateway("A"), gateway("B", view_of("10.1.0.0/17", "10.1.128.0/17"))], ["A, B"]),
        ([gateway("A"), gateway("B", LONDON, "corp.net")], ["A", "B"]),
        ([gateway("A", LONDON, "corp.net"), gateway("B", LONDON, "corp.net")], ["A, B"]),
    ],
    ids=[
        *("none", "one", "one view", "two views", "the first is alone", "one set, other words"),
        *("other suffixes", "the same suffixes"),
    ],
)
def test_gateways_with_one_view_and_the_same_suffixes_are_a_group(
    gateways: list[Gateway], expected: list[str]
) -> None:
    assert named(grouped(gateways)) == expected


def test_a_group_is_ordered_when_its_first_gateway_is() -> None:
    ordered = gateway("A", priority=GatewayPriority.ORDERED)
    [first] = grouped([ordered, gateway("B")])
    assert first.is_ordered
    [balanced] = grouped([gateway("B"), ordered])
    assert not balanced.is_ordered


@pytest.mark.parametrize(
    ("gateways", "learned", "expected"),
    [
        (
            [gateway("A"), gateway("B", PARIS), gateway("C", WIDE)],
            "",
            [("A", ORDER), ("B", ORDER), ("C", ORDER)],
        ),
        (
            [gateway("A"), gateway("B", PARIS), gateway("C", WIDE)],
            "B",
            [("B", LEARNED), ("A", ORDER), ("C", ORDER)],
        ),
        ([gateway("A", OPEN), gateway("B")], "", [("B", ORDER), ("A", LAST)]),
        ([gateway("A", OPEN), gateway("B")], "A", [("B", ORDER), ("A", LAST)]),
        (
            [gateway("A"), gateway("B", PARIS), gateway("C", OPEN)],
            "B",
            [("B", LEARNED), ("A", ORDER), ("C", LAST)],
        ),
        ([gateway("A", OPEN)], "", [("A", LAST)]),
        ([], "", []),
    ],
    ids=[
        *("the document's order", "what was learned first", "open last", "open is not learned"),
        *("all three", "open alone", "nobody"),
    ],
)
def test_the_way_of_a_name(
    gateways: list[Gateway], learned: str, expected: list[tuple[str, str]]
) -> None:
    assert stops("db.corp.net A", *gateways, learned=learned) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("db.corp.net A", ["A", "B", "D"]),
        ("corp.net A", ["A", "B", "D"]),
        ("notcorp.net A", ["B", "D"]),
        ("db.corp.org A", ["B", "C", "D"]),
        ("lab.corp.org AAAA", ["B", "C", "D"]),
        ("net A", ["B", "D"]),
    ],
)
def test_a_gateway_with_suffixes_is_asked_for_names_below_them_alone(
    question: str, expected: list[str]
) -> None:
    found = stops(
        question,
        gateway("A", LONDON, "corp.net"),
        gateway("B", PARIS),
        gateway("C", LONDON, "corp.org", "example"),
        gateway("D", OPEN),
    )
    assert [name for name, _ in found] == expected


def test_what_was_learned_does_not_lead_around_the_suffixes() -> None:
    found = stops("db.other.net A", gateway("A", LONDON, "corp.net"), learned="A")
    assert found == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("9.7.1.10.in-addr.arpa PTR", ["ROOM", "LONDON", "WIDE", "OPEN"]),
        ("9.8.1.10.in-addr.arpa PTR", ["LONDON", "WIDE", "OPEN"]),
        ("1.0.2.10.in-addr.arpa PTR", ["WIDE", "OPEN"]),
        ("1.1.168.192.in-addr.arpa PTR", ["ROOM", "OPEN"]),
        ("1.1.168.172.in-addr.arpa PTR", ["OPEN"]),
        (f"1.{'0.' * 29}d.f.ip6.arpa PTR", ["WIDE", "OPEN"]),
        # Nobody but an open gateway discloses anything at these.
        ("7.1.10.in-addr.arpa PTR", ["OPEN"]),
        ("10.in-addr.arpa PTR", ["OPEN"]),
        ("09.7.1.10.in-addr.arpa PTR", ["OPEN"]),
        ("lb._dns-sd._udp.0.7.1.10.in-addr.arpa PTR", ["OPEN"]),
        ("9.7.1.10.in-addr.arpa A", ["OPEN"]),
        ("9.7.1.10.in-addr.arpa TXT", ["OPEN"]),
    ],
)
def test_a_reverse_name_goes_to_who_routes_the_address_the_narrowest_first(
    question: str, expected: list[str]
) -> None:
    found = stops(
        question,
        gateway("OPEN", OPEN),
        gateway("WIDE", WIDE),
        gateway("LONDON"),
        gateway("ROOM", SERVER_ROOM),
        learned="WIDE",
    )
    assert [name for name, _ in found] == expected


def test_the_reasons_of_a_reverse_way_are_routes_and_openness() -> None:
    both = (gateway("A"), gateway("B", OPEN))
    assert stops("9.7.1.10.in-addr.arpa PTR", *both)[0] == ("A", ROUTE)
    assert stops("7.1.10.in-addr.arpa PTR", *both) == [("B", LAST)]


def test_suffixes_do_not_stand_in_the_way_of_reverse_names() -> None:
    found = stops("9.7.1.10.in-addr.arpa PTR", gateway("A", LONDON, "corp.net"))
    assert found == [("A", ROUTE)]
