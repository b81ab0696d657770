"""How an endpoint is written."""

import pytest

from enclave_dns.endpoint import Endpoint


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (Endpoint("100.64.0.70"), "100.64.0.70:53"),
        (Endpoint("100.64.0.70", 5300), "100.64.0.70:5300"),
        (Endpoint("fd00::1", 53), "[fd00::1]:53"),
        (Endpoint("fe80::1", 53, "eth0"), "[fe80::1%eth0]:53"),
    ],
)
def test_an_endpoint_is_written_with_its_port(endpoint: Endpoint, text: str) -> None:
    assert str(endpoint) == text
