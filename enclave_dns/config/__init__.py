"""What the two programs are told: `GatewayConfig` and `StubConfig`, frozen, complete, checked.

`settings` holds the values with every default and unit, `models` the shape of the files, `loading`
reads files from disk and lays flags and environment over them.
"""

from enclave_dns.config.loading import (
    load_config,
    load_gateway_config,
    load_newer_organisation,
    load_organisation,
    load_stub_config,
    read_organisation,
)
from enclave_dns.config.models import read_endpoint
from enclave_dns.config.settings import Config, GatewayConfig, StubConfig, not_in_effect
from enclave_dns.endpoint import Endpoint

__all__ = [
    "Config",
    "Endpoint",
    "GatewayConfig",
    "StubConfig",
    "load_config",
    "load_gateway_config",
    "load_newer_organisation",
    "load_organisation",
    "load_stub_config",
    "not_in_effect",
    "read_endpoint",
    "read_organisation",
]
