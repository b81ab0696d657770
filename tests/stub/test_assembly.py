"""From a document, a configuration and an instant to the state of a stub."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enclave_dns.config import StubConfig
from enclave_dns.organisation.document import GatewayPriority, Organisation, System
from enclave_dns.sources.own_zones import MY_ID
from enclave_dns.stub.answer import State
from enclave_dns.stub.assembly import GATEWAY_SIGNS, assemble, gateways_for, source_address
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode, RRType
from tests.fakes.dns_worlds import packed, view_of
from tests.fakes.organisations import (
    NOON,
    USER,
    gateway,
    gateway_policy,
    organisation,
    system,
)

CONFIG = StubConfig(system_id="USER", organisation=Path("organisation.toml"))
PARIS = gateway("PARIS", "100.64.0.71", "10.2.0.0/16", dns_suffixes=(from_text("paris.net"),))


def config(**settings: Any) -> StubConfig:
    return replace(CONFIG, **settings)


def found(made: Organisation, user: System = USER, **settings: Any) -> list[tuple[str, str]]:
    """The gateways and where they are asked."""
    gateways = gateways_for(made, user, config(**settings), NOON)
    return [(one.system_id, str(one.server)) for one in gateways]


def state(made: Organisation, **settings: Any) -> State:
    exchange = Exchange("127.0.0.1")
    vitals = Vitals(exchange, GATEWAY_SIGNS)
    return assemble(made, USER, config(**settings), NOON, epoch=3, exchange=exchange, vitals=vitals)


def test_gateways_come_in_the_order_of_the_policies_with_our_view_of_each() -> None:
    made = organisation(
        gateway_policy("10.2.0.0/24", at="PARIS", gateway_priority=GatewayPriority.ORDERED),
        gateway_policy("10.0.0.0/24"),
        systems=(PARIS,),
    )
    first, second = gateways_for(made, USER, config(gateway_port=5300), NOON)
    assert (first.system_id, str(first.server)) == ("PARIS", "100.64.0.71:5300")
    assert (first.view, first.suffixes) == (view_of("10.2.0.0/24"), (from_text("paris.net"),))
    assert first.priority is GatewayPriority.ORDERED
    assert (second.system_id, second.view) == ("GW", view_of("10.0.0.0/24"))
    assert (second.suffixes, second.priority) == ((), GatewayPriority.BALANCED)


def test_a_gateway_through_which_we_reach_nothing_is_left_out() -> None:
    made = organisation(gateway_policy("10.9.0.0/24", at="PARIS"), systems=(PARIS,))
    assert found(made) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", [("GW", "100.64.0.70")]),
        ("127.0.0.1", [("GW", "100.64.0.70")]),
        ("fd00:64::12", [("BOTH", "fd00:64::72")]),
    ],
)
def test_a_gateway_without_an_address_of_our_family_is_left_out(
    source: str, expected: list[tuple[str, str]]
) -> None:
    both = gateway("BOTH", "100.64.0.72", "10.3.0.0/16")
    both = replace(both, virtual_addresses=(packed("fd00:64::72"),))
    made = organisation(
        gateway_policy("10.0.0.0/24"),
        gateway_policy("10.3.0.0/24", at="BOTH"),
        systems=(both,),
    )
    assert found(made, source_address=source) == expected


def test_gateways_are_asked_from_our_own_address_unless_told_otherwise() -> None:
    both = system("BOTH", "100.64.0.13", "users")
    assert source_address(CONFIG, both) == "100.64.0.13"
    assert source_address(config(source_address="127.0.0.1"), both) == "127.0.0.1"


@pytest.mark.parametrize(
    ("miss", "expected"),
    [
        ("auto", RCode.REFUSED),
        ("refused", RCode.REFUSED),
        ("servfail", RCode.SERVFAIL),
        ("nxdomain", RCode.NXDOMAIN),
    ],
)
async def test_the_miss_is_what_the_settings_say(miss: str, expected: RCode) -> None:
    assert state(organisation(), miss=miss).miss is expected


async def test_the_state_is_that_of_the_document() -> None:
    made = state(organisation(gateway_policy("10.0.0.0/24")))
    assert (made.audience.sender, made.audience.key) == ("USER", (3).to_bytes(8))
    assert [str(group) for group in made.asking.groups] == ["GW"]
    own = made.zones.answer(MY_ID, RRType.A, lambda count: 0)
    assert own is not None
    assert [record.rdata for record in own.records] == [packed("100.64.0.12")]
    assert made.fallback is None
    assert made.is_like(state(organisation(gateway_policy("10.0.0.0/24"))))
    assert not made.is_like(state(organisation(gateway_policy("10.0.1.0/24"))))
