"""What each setting may be, and what it may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from enclave_dns.config.models import ConfigEntry, GatewayEntry, StubEntry, read_endpoint
from enclave_dns.config.settings import Config, GatewayConfig, StubConfig
from enclave_dns.endpoint import Endpoint
from enclave_dns.wire.names import from_text

BASE = {"system_id": "A", "organisation": "o.toml", "listen": ["100.64.0.1"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", Endpoint("10.0.0.1", 53)),
        (" 10.0.0.1:0 ", Endpoint("10.0.0.1", 0)),
        ("10.0.0.1:5353", Endpoint("10.0.0.1", 5353)),
        ("FD00::1", Endpoint("fd00::1", 53)),
        ("[fd00::1]", Endpoint("fd00::1", 53)),
        ("[fd00::1]:5353", Endpoint("fd00::1", 5353)),
        ("[fe80::1%eth0]:5353", Endpoint("fe80::1", 5353, "eth0")),
        ("fe80::1%eth0", Endpoint("fe80::1", 53, "eth0")),
        ("::ffff:10.0.0.1", Endpoint("10.0.0.1", 53)),
    ],
)
def test_endpoints_are_read(text: str, expected: Endpoint) -> None:
    assert read_endpoint(text) == expected
    assert read_endpoint(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "localhost", "10.0.0", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:65536", "[10.0.0.1]:53",
        "[fd00::1", "[fd00::1]53", "[fd00::1]:", "fd00::1:x", "010.0.0.1", ":53", "[]:53",
    ],
)  # fmt: skip
def test_other_endpoints_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no address|port"):
        read_endpoint(text)


@given(st.ip_addresses(), st.integers(0, 65535))
def test_an_endpoint_is_the_inverse_of_its_text(address: object, port: int) -> None:
    endpoint = read_endpoint(f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}")
    assert endpoint.port == port
    assert read_endpoint(str(endpoint)) == endpoint


def read(model: type[ConfigEntry], key: str, value: object) -> object:
    entry = model.model_validate({**BASE, key: value}, by_name=True, by_alias=False)
    return getattr(entry, key)


@pytest.mark.parametrize(
    ("model", "key", "value", "expected"),
    [
        (GatewayEntry, "listen", "10.0.0.1, [::2]:0", (Endpoint("10.0.0.1"), Endpoint("::2", 0))),
        (GatewayEntry, "nameservers", [], ()),
        (GatewayEntry, "nameservers", "", ()),
        (GatewayEntry, "nameservers", "10.0.0.1 ::2;", (Endpoint("10.0.0.1"), Endpoint("::2"))),
        (GatewayEntry, "only_suffixes", ["Corp.net."], (from_text("corp.net"),)),
        (GatewayEntry, "no_answer_pace", "20ms", 0.02),
        (GatewayEntry, "no_answer_pace", 0, 0.0),
        (GatewayEntry, "no_answer_pace", "0", 0.0),
        (GatewayEntry, "timeout", "1.5s", 1.5),
        (GatewayEntry, "timeout", "800 ms", 0.8),
        (GatewayEntry, "workers", "auto", 0),
        (GatewayEntry, "workers", 4, 4),
        (GatewayEntry, "log_level", "DEBUG", "debug"),
        (GatewayEntry, "metrics", "127.0.0.1", Endpoint("127.0.0.1", 9153)),
        (GatewayEntry, "metrics", "", None),
        (StubEntry, "source_address", "", ""),
        (StubEntry, "source_address", "FD00::1", "fd00::1"),
        (StubEntry, "miss", "NXDomain", "nxdomain"),
        (StubEntry, "fallback", "system", "system"),
    ],
)  # fmt: skip
def test_settings_are_read(
    model: type[ConfigEntry], key: str, value: object, expected: object
) -> None:
    assert read(model, key, value) == expected


@pytest.mark.parametrize(
    ("model", "key", "value", "reason"),
    [
        (GatewayEntry, "listen", ["0.0.0.0"], "overlay's own address"),
        (GatewayEntry, "listen", ["[::]:53"], "overlay's own address"),
        (GatewayEntry, "listen", ["::ffff:0.0.0.0"], "overlay's own address"),
        (GatewayEntry, "listen", ["224.0.0.251"], "one machine"),
        (GatewayEntry, "listen", ["255.255.255.255"], "one machine"),
        (GatewayEntry, "listen", ["fe80::1%eth0"], "scope"),
        (GatewayEntry, "listen", [], "at least 1"),
        (GatewayEntry, "listen", [53], "text"),
        (StubEntry, "listen", ["0.0.0.0"], "overlay's own address"),
        (GatewayEntry, "nameservers", ["10.0.0.1:0"], "nameserver"),
        (GatewayEntry, "nameservers", ["0.0.0.0"], "nameserver"),
        (GatewayEntry, "nameservers", ["dns.corp.net"], "no address"),
        (GatewayEntry, "only_suffixes", ["."], "root"),
        (GatewayEntry, "timeout", "800", "unit"),
        (GatewayEntry, "timeout", 0.8, "unit"),
        (GatewayEntry, "timeout", 0, "from 50ms to 10s"),
        (GatewayEntry, "timeout", "11s", "from 50ms to 10s"),
        (GatewayEntry, "timeout", "-1s", "unit"),
        (GatewayEntry, "timeout", False, "unit"),
        (GatewayEntry, "no_answer_pace", "2s", "from 0ms to 1s"),
        (GatewayEntry, "workers", 0, "auto"),
        (GatewayEntry, "workers", True, "auto"),
        (GatewayEntry, "interface", "a/b", "interface"),
        (GatewayEntry, "hosts_file", "", "path"),
        (GatewayEntry, "organisation", "a\0b", "path"),
        (GatewayEntry, "system_id", "a b", "system id"),
        (GatewayEntry, "log_level", "loud", "debug, info, warning, error"),
        (StubEntry, "source_address", "0.0.0.0", "overlay's own address"),
        (StubEntry, "source_address", "10.0.0.1:53", "not an IP address"),
        (StubEntry, "gateway_port", 0, "greater than or equal to 1"),
        (StubEntry, "gateway_port", "53", "integer"),
        (StubEntry, "manage_dns", "yes", "boolean"),
        (StubEntry, "miss", "servfial", "auto, refused, servfail, nxdomain"),
    ],
)
def test_other_settings_are_refused(
    model: type[ConfigEntry], key: str, value: object, reason: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        read(model, key, value)
    (found,) = caught.value.errors()
    assert found["loc"][0] == key
    assert reason in found["msg"] + str(found.get("ctx", ""))


@pytest.mark.parametrize(
    ("model", "kind"), [(GatewayEntry, GatewayConfig), (StubEntry, StubConfig)]
)
def test_every_key_of_a_file_is_a_setting_and_the_other_way_round(
    model: type[ConfigEntry], kind: type[Config]
) -> None:
    assert model.model_fields.keys() | {"file"} == kind.__dataclass_fields__.keys()
