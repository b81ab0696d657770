"""A running stub, watched over HTTP while it serves."""

from pathlib import Path

from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.running import GATEWAY, gateway_program, running, stub_program
from tests.fakes.scraped import got, scraped, total, unready

ZONE = "db.corp.net 300 A 10.0.0.30"


async def test_a_stub_tells_its_gateways_by_their_ids(tmp_path: Path) -> None:
    async with (
        FakeNameserver(zone(ZONE)) as nameserver,
        running(gateway_program(tmp_path / "gateway", [nameserver]), tmp_path) as office,
        running(stub_program(tmp_path, office.at[1], metrics="127.0.0.1:0"), tmp_path) as stub,
    ):
        assert await unready(stub) == ""
        assert (await got(stub, "/health"))[0] == 200
        client = stub.client("127.0.0.1")
        for _ in range(2):
            assert await client.hears("db.corp.net") == "NOERROR 10.0.0.30"
        assert await client.hears("wzl94.id.enclave") == f"NOERROR {GATEWAY}"
        samples = await scraped(stub)
    assert total(samples, "requests_total", role="stub", type="A") == 3
    assert total(samples, "responses_total", source="gateway", rcode="NOERROR") == 1
    assert total(samples, "responses_total", source="cache") == 1
    assert total(samples, "responses_total", source="zone") == 1
    assert total(samples, "inflight") == 0
    assert total(samples, "upstream_healthy", to="WZL94") == 1
    assert total(samples, "upstream_duration_seconds_count", to="WZL94") >= 1
    assert total(samples, "cache_misses_total", cache="gateways") == 1
    assert total(samples, "policy_revision") == 1
