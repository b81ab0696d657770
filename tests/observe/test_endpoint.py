"""Metrics and health over real HTTP."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from enclave_dns.config import read_endpoint
from enclave_dns.endpoint import Endpoint
from enclave_dns.errors import EnvironmentFault
from enclave_dns.observe import endpoint as endpoint_module
from enclave_dns.observe.endpoint import MetricsEndpoint
from enclave_dns.observe.figures import Figures, Policy
from enclave_dns.tally import Traffic
from tests.fakes.running import Log

HEAVY = ("aiohttp", "prometheus_client")


class Program:
    """Something with figures; `reason` is why it is not ready."""

    def __init__(self) -> None:
        self.reason = ""
        self.traffic = Traffic()
        self.made = MetricsEndpoint(self.figures, lambda: self.reason)

    def figures(self) -> Figures:
        return Figures("gateway", self.traffic, 0, {}, (), 0, Policy(1))

    async def get(self, path: str) -> tuple[int, str]:
        return await asyncio.to_thread(self._get, f"http://{self.made.endpoint}{path}")

    @staticmethod
    def _get(url: str) -> tuple[int, str]:
        try:
            with urlopen(url, timeout=20) as reply:
                return reply.status, reply.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    made = Program()
    yield made
    await made.made.close()


@pytest.mark.parametrize("place", ["127.0.0.1:0", "[::1]:0"])
async def test_it_serves_figures_of_the_moment(program: Program, place: str) -> None:
    await program.made.open(read_endpoint(place))
    assert str(program.made.endpoint).startswith(place[:-1])
    assert "enclave_dns_inflight" in (await program.get("/metrics"))[1]
    program.traffic.udp[0][1] = 42
    status, text = await program.get("/metrics")
    assert (status, 'type="A"} 42.0' in text) == (200, True)
    assert (await program.get("/"))[0] == 404


async def test_ready_says_why_not_and_health_is_alive_all_the_same(program: Program) -> None:
    await program.made.open(Endpoint("127.0.0.1", 0))
    status, body = await program.get("/ready")
    assert (status, json.loads(body)) == (200, {"ready": True})
    program.reason = "no nameserver is up"
    status, body = await program.get("/ready")
    assert (status, json.loads(body)) == (503, {"ready": False, "reason": "no nameserver is up"})
    assert body.count("\n") == 1
    assert (await program.get("/health"))[0] == 200


async def test_a_program_without_the_setting_serves_nothing(program: Program) -> None:
    await program.made.open(None)
    assert program.made.endpoint is None


async def test_after_close_the_port_is_free(program: Program) -> None:
    await program.made.open(Endpoint("127.0.0.1", 0))
    place = program.made.endpoint
    await program.made.close()
    await program.made.close()
    await program.made.open(place)
    assert (await program.get("/health"))[0] == 200


async def test_a_port_in_use_is_one_line_with_the_remedy(program: Program) -> None:
    await program.made.open(Endpoint("127.0.0.1", 0))
    second = Program()
    with pytest.raises(EnvironmentFault, match=r"in use; .* change `metrics`$") as told:
        await second.made.open(program.made.endpoint)
    assert "\n" not in str(told.value)


async def test_an_address_that_others_reach_is_served_with_a_warning(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, endpoint_module.__name__)
    await program.made.open(Endpoint("0.0.0.0", 0))
    assert len(log.of("metrics can be read by whoever reaches them")) == 1


def test_its_libraries_are_loaded_when_it_is_opened_and_not_before() -> None:
    code = (
        "import sys, enclave_dns.gateway.program, enclave_dns.stub.program;"
        f"sys.exit(not set({HEAVY}).isdisjoint(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
