"""How a nameserver is written."""

import pytest

from enclave_dns.sources.nameserver import Nameserver, read_nameserver


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", Nameserver("10.0.0.1")),
        ("10.0.0.1:5300", Nameserver("10.0.0.1", "", 5300)),
        ("fd00:0::1", Nameserver("fd00::1")),
        ("[fd00::1]", Nameserver("fd00::1")),
        ("[fd00::1]:5300", Nameserver("fd00::1", "", 5300)),
        ("fe80::1%eth0", Nameserver("fe80::1", "eth0")),
        ("[fe80::1%eth0]:54", Nameserver("fe80::1", "eth0", 54)),
        ("::ffff:10.0.0.1", Nameserver("10.0.0.1")),
        ("0.0.0.0", Nameserver("127.0.0.1")),
        ("::", Nameserver("::1")),
    ],
)
def test_a_nameserver_is_read_and_written_back(text: str, expected: Nameserver) -> None:
    assert read_nameserver(text) == expected
    assert read_nameserver(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dns.corp.net",
        "10.0.0",
        "10.0.0.1:",
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:x",
        "10.0.0.1%eth0",
        "[10.0.0.1]:53",
        "[fd00::1",
        "[fd00::1]53",
        "[fd00::1]:",
        "fe80::1%",
        "invalid IP",
    ],
)
def test_what_is_no_nameserver_is_none(text: str) -> None:
    assert read_nameserver(text) is None
