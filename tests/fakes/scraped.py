"""What a running program says of itself over HTTP, read as its readers read it."""

import asyncio
import json
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from enclave_dns.observe.metrics import PREFIX
from tests.fakes.running import Running

Samples = list[tuple[str, dict[str, str], float]]


async def got(running: Running, path: str) -> tuple[int, str]:
    """Status and body of a page of its metrics endpoint."""
    place = running.program.metrics.endpoint
    return await asyncio.to_thread(_got, f"http://{place}{path}")


def _got(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=20) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


async def unready(running: Running) -> str:
    """Why it is not ready; empty where it is."""
    status, body = await got(running, "/ready")
    said = json.loads(body)
    assert (status == 200) is said["ready"]
    return str(said.get("reason", ""))


async def scraped(running: Running) -> Samples:
    """Every sample of `/metrics`: name without our prefix, labels, value."""
    status, text = await got(running, "/metrics")
    assert status == 200
    return [
        (sample.name.removeprefix(PREFIX), sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def total(samples: Samples, name: str, **labels: str) -> float:
    """The sum of the samples of that name with these labels."""
    return sum(
        value
        for found, carried, value in samples
        if found == name and labels.items() <= carried.items()
    )
