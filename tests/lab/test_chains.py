"""Chains that the nameserver does not finish: the gateway asks on, and judges by the end alone."""

from collections.abc import Callable, Iterator

import pytest

from tests.lab.answer import Answer
from tests.lab.conftest import SPARE
from tests.lab.daemons import Daemons
from tests.lab.namespaces import Namespace
from tests.lab.office import start_unbound
from tests.lab.programs import CONTRACTOR, DEVELOPER, GATEWAY, start_gateway

Ask = Callable[..., Answer]

LONG = "".join(f"c{n:02} CNAME c{n - 1:02}\n" for n in range(2, 15))
ZONE = f"""$ORIGIN corp.net.
$TTL 300
@         SOA   ns nobody.invalid. 1 3600 600 86400 60
@         NS    ns
target    A     10.0.0.30
shown     A     10.0.0.31
shown     A     192.168.0.31
hidden    A     192.168.0.30
c01       CNAME target
{LONG}
"""
"""`c12` is a chain of twelve, the most that is followed; `c13` is longer."""

STATIC = "".join(
    f"""
    local-zone: "{zone}.corp.net." static
    local-data: "{zone}.corp.net. 300 IN CNAME {target}"
"""
    for zone, target in {
        "one": "target.corp.net.",
        "two": "one.corp.net.",
        "three": "two.corp.net.",
        "to-mixed": "shown.corp.net.",
        "to-hidden": "hidden.corp.net.",
        "to-nothing": "gone.corp.net.",
        "to-ours": "_my.id.enclave.",
        "to-itself": "to-itself.corp.net.",
        "there": "back.corp.net.",
        "back": "there.corp.net.",
    }.items()
)
"""Static local zones of unbound: each answers with its CNAME and nothing of where that leads."""


@pytest.fixture(scope="module")
def ask(
    shared_daemons: Daemons, laptop: Namespace, gateway_host: Namespace, office: Namespace
) -> Iterator[Ask]:
    """Ask the gateway in front of an unbound that knows nothing but these names."""
    start_unbound(shared_daemons, office, SPARE, {"corp.net.": ZONE}, STATIC)
    start_gateway(shared_daemons, gateway_host, nameservers=[SPARE])

    def dig(*words: str) -> Answer:
        return laptop.dig(f"@{GATEWAY}", *words)

    return dig


def test_the_nameserver_really_leaves_the_target_out(ask: Ask, gateway_host: Namespace) -> None:
    answer = gateway_host.dig(f"@{SPARE}", "one.corp.net", "A")
    assert [(row.rtype, row.data) for row in answer.answer] == [("CNAME", "target.corp.net.")]


def test_a_missing_target_is_asked_for(ask: Ask) -> None:
    answer = ask("one.corp.net", "A")
    assert answer.status == "NOERROR"
    assert [(row.name, row.rtype, row.data) for row in answer.answer] == [
        ("one.corp.net.", "CNAME", "target.corp.net."),
        ("target.corp.net.", "A", "10.0.0.30"),
    ]


def test_link_by_link_where_every_answer_holds_one(ask: Ask) -> None:
    answer = ask("three.corp.net", "A")
    assert answer.data("CNAME") == ["two.corp.net.", "one.corp.net.", "target.corp.net."]
    assert answer.addresses == ["10.0.0.30"]
    again = ask("three.corp.net", "A")
    assert again.answer == answer.answer


def test_what_is_hidden_at_the_end_is_left_out(ask: Ask) -> None:
    answer = ask("to-mixed.corp.net", "A")
    assert answer.data("CNAME") == ["shown.corp.net."]
    assert answer.addresses == ["10.0.0.31"]


def test_no_data_at_the_end_keeps_the_chain(ask: Ask) -> None:
    answer = ask("three.corp.net", "AAAA")
    assert answer.status == "NOERROR"
    assert answer.data("CNAME") == ["two.corp.net.", "one.corp.net.", "target.corp.net."]
    assert [row.name for row in answer.authority] == ["target.corp.net."]


@pytest.mark.parametrize(
    "name", ["to-hidden", "to-nothing", "to-ours", "to-itself", "there", "back", "c14"]
)
@pytest.mark.parametrize("rtype", ["A", "AAAA", "CNAME", "TXT"])
def test_a_chain_to_nothing_that_may_be_learnt_is_refused(ask: Ask, name: str, rtype: str) -> None:
    answer = ask("-b", DEVELOPER, f"{name}.corp.net", rtype)
    assert answer.status == "REFUSED"
    assert (answer.answer, answer.authority) == ((), ())


def test_twelve_links_are_followed_and_no_more(ask: Ask) -> None:
    answer = ask("c12.corp.net", "A")
    assert len(answer.data("CNAME")) == 12
    assert answer.addresses == ["10.0.0.30"]
    assert ask("c13.corp.net", "A").status == "REFUSED"


def test_a_chain_to_what_another_sender_may_reach_is_refused(ask: Ask) -> None:
    for name in ("one", "three", "to-mixed", "c12"):
        assert ask("-b", CONTRACTOR, f"{name}.corp.net", "A").status == "REFUSED"
