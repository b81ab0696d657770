"""What counts as impure, and where nobody looks."""

import pytest

from tests.structure.purity import impurities
from tests.structure.tree import source


def findings(path: str, text: str) -> list[str]:
    return list(impurities([source(f"enclave_dns/{path}", text)]))


@pytest.mark.parametrize(
    "text",
    [
        "import socket",
        "import os.path",
        "from pathlib import Path",
        "from io import BytesIO",
        "from time import monotonic",
        "from secrets import token_bytes",
        "from concurrent.futures import Future",
        "import dns.resolver",
        "from dns import query",
        "import structlog",
        "def f():\n    import asyncio",
        "from enclave_dns.config import GatewayConfig",
        "from enclave_dns.sources.files import read",
        "import enclave_dns.sources.watching",
        "open('/etc/hosts')",
        "datetime.now()",
        "datetime.datetime.utcnow()",
        "__import__('socket')",
    ],
)
@pytest.mark.parametrize("path", ["wire/names.py", "sources/hosts.py", "upstream/health.py"])
def test_the_outside_is_reported_in_a_pure_module(path: str, text: str) -> None:
    assert len(findings(path, text)) == 1


@pytest.mark.parametrize("path", ["sources/files.py", "upstream/exchange.py", "serve/udp.py"])
def test_other_modules_may_know_it(path: str) -> None:
    assert findings(path, "import asyncio\nimport socket\nopen('/etc/hosts')") == []


def test_pure_things_pass() -> None:
    text = """
import dns.rdata
from datetime import datetime
from ipaddress import IPv4Address
from enclave_dns.errors import MessageError
from enclave_dns.wire import names
from enclave_dns.disclosure.ranges import Range

def f(now: datetime) -> datetime:
    return now.replace(tzinfo=None)
"""
    assert findings("disclosure/decide.py", text) == []


def test_the_organisation_may_read_addresses_with_the_c_library() -> None:
    text = "from socket import AF_INET, inet_pton"
    assert findings("organisation/addresses.py", text) == []
    assert len(findings("organisation/addresses.py", "from socket import socket")) == 1
    assert len(findings("organisation/addresses.py", "import socket")) == 1
    assert len(findings("wire/names.py", text)) == 2
