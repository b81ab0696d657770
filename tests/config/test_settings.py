"""Endpoints show themselves as people write them; settings cannot be changed."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from enclave_dns.config.settings import GatewayConfig, StubConfig, not_in_effect
from enclave_dns.endpoint import Endpoint


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        (Endpoint("100.64.0.70"), "100.64.0.70:53"),
        (Endpoint("fd00::1", 5353), "[fd00::1]:5353"),
        (Endpoint("fe80::1", 53, "eth0"), "[fe80::1%eth0]:53"),
    ],
)
def test_an_endpoint_shows_its_port(endpoint: Endpoint, expected: str) -> None:
    assert str(endpoint) == expected


def test_settings_are_frozen() -> None:
    config = StubConfig(system_id="A", organisation=Path("o.toml"))
    assert config.listen == (Endpoint("127.0.0.1", 53),)
    with pytest.raises(FrozenInstanceError):
        config.miss = "refused"  # type: ignore[misc] # what a frozen value is there to refuse


def test_settings_that_are_not_served_yet_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enclave_dns.config.settings._LATER", ("workers",))
    listen = (Endpoint("127.0.0.1", 53),)
    plain = GatewayConfig(system_id="A", organisation=Path("o.toml"), listen=listen)
    assert not_in_effect(plain) == ()
    changed = GatewayConfig(system_id="A", organisation=Path("o.toml"), listen=listen, workers=2)
    assert not_in_effect(changed) == ("workers",)
