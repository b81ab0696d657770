"""What a stub wants of the machine's resolver."""

from datetime import UTC, datetime
from pathlib import Path

from enclave_dns.config import StubConfig
from enclave_dns.endpoint import Endpoint
from enclave_dns.machine.integration import Wanted
from enclave_dns.organisation.connections import gateways_of
from enclave_dns.organisation.reading import parse_organisation
from enclave_dns.organisation.versions import own_system
from enclave_dns.stub.assembly import GATEWAY_SIGNS, assemble
from enclave_dns.stub.machine import wanted
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.names import from_text
from tests.fakes.running import document

ZONES = """
[[dns_zones]]
name = "enclave"
[[dns_zones]]
name = "lab.corp"
records = [ { name = "db", systems = ["KD9Q2"] } ]
"""
HERE = (Endpoint("127.0.0.1"),)


async def wanted_by(text: str) -> Wanted:
    """The wishes of the developer's stub with this document."""
    organisation = parse_organisation(text.encode(), "organisation.toml")
    system = own_system(organisation, "KD9Q2")
    config = StubConfig(system_id="KD9Q2", organisation=Path("organisation.toml"))
    exchange, now = Exchange(), datetime.now(UTC)
    vitals = Vitals(exchange, GATEWAY_SIGNS)
    state = assemble(organisation, system, config, now, epoch=1, exchange=exchange, vitals=vitals)
    gateways = [choice.gateway for choice in gateways_of(organisation, system, now)]
    found = wanted(organisation, state, HERE, gateways)
    await vitals.close()
    return found


async def test_zones_are_always_ours_and_suffixes_those_of_our_gateways() -> None:
    suffixed = document().replace(
        'virtual_address = "127.100.64.70"',
        'virtual_address = "127.100.64.70"\nsearch_suffixes = ["Corp.net", "corp.org", "corp.net"]',
    )
    other = suffixed.replace(
        'virtual_address = "127.100.64.71"',
        'virtual_address = "127.100.64.71"\nsearch_suffixes = ["not-mine.net"]',
    )
    assert await wanted_by(other + ZONES) == Wanted(
        HERE,
        domains=(from_text("enclave"), from_text("lab.corp")),
        search=(from_text("corp.net"), from_text("corp.org")),
        is_default=True,
    )


async def test_without_a_gateway_unknown_names_are_not_for_us() -> None:
    alone = document().replace('tags = ["developers"]', 'tags = ["guests"]', 1)
    assert await wanted_by(alone) == Wanted(HERE, (from_text("enclave"),), (), is_default=False)
