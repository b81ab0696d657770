"""What a whole stub forgets, and when: a new document, other members of a group, other sites."""

from pathlib import Path

import pytest

from tests.fakes.nameserver import rcode, zone
from tests.fakes.running import Log
from tests.fakes.sites import document, sites

REFUSED = "REFUSED"
DB = "db.corp.net"


async def test_a_new_version_forgets_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.stub.program")
    async with sites(tmp_path) as made:
        assert await made.client.hears(DB) == "NOERROR 10.0.0.30"
        made.gateways["LON01"].respond = zone(f"{DB} 60 A 10.0.0.99")
        assert await made.client.hears(DB) == "NOERROR 10.0.0.30"
        made.stub.replace("organisation.toml", document(version=2))
        await log.until("organisation reloaded")
        assert await made.client.hears(DB) == "NOERROR 10.0.0.99"


async def test_a_new_order_decides_at_once_and_what_was_learned_is_gone(tmp_path: Path) -> None:
    async with sites(tmp_path) as made:
        assert await made.client.hears(DB) == "NOERROR 10.0.0.30"
        made.stub.replace("organisation.toml", document("PAR01", "LON01", "BER01", version=2))
        await made.client.until_hears("NOERROR 10.0.1.30", DB)


async def test_a_gateway_that_leaves_takes_its_answers_along(tmp_path: Path) -> None:
    async with sites(tmp_path) as made:
        assert await made.client.hears(DB) == "NOERROR 10.0.0.30"
        assert await made.client.hears("lab.berlin.net") == "NOERROR 10.0.2.30"
        made.stub.replace("organisation.toml", document("PAR01", "BER01", version=2))
        await made.client.until_hears("NOERROR 10.0.1.30", DB)
        assert await made.client.hears("v6.corp.net", "AAAA") == REFUSED
        assert await made.client.hears("lab.berlin.net") == "NOERROR 10.0.2.30"


async def test_a_site_that_fails_is_refused_in_time_and_answers_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with sites(tmp_path, miss="nxdomain") as made:
        respond = made.gateways["BER01"].respond
        made.gateways["BER01"].respond = rcode("SERVFAIL")
        # It might know the name: nobody may be told that there is no such name.
        assert await made.client.hears("lab.berlin.net") == REFUSED
        assert await made.client.hears("nas.paris.net") == "NOERROR 10.0.1.31"
        made.gateways["BER01"].respond = respond
        assert await made.client.hears("lab.berlin.net") == "NOERROR 10.0.2.30"
        assert await made.client.hears("absent.berlin.net") == "NXDOMAIN"
