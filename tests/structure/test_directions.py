"""Which imports the check of directions lets through, and which it reports."""

import pytest

from tests.structure.directions import upward_imports
from tests.structure.tree import source


def findings(path: str, text: str) -> list[str]:
    return list(upward_imports([source(f"enclave_dns/{path}", text)]))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cli/demo.py", "from enclave_dns.gateway.assembly import run"),
        ("cli/check.py", "from enclave_dns.config import GatewayConfig"),
        ("__main__.py", "from enclave_dns.cli import main"),
        ("gateway/answer.py", "from enclave_dns.disclosure.decide import decide"),
        ("gateway/answer.py", "from enclave_dns.resolve.resolver import Resolver"),
        ("stub/group.py", "from enclave_dns.upstream import health"),
        ("serve/server.py", "from enclave_dns.disclosure.reply import Reply"),
        ("serve/server.py", "from .query import Query"),
        ("serve/server.py", "from ..disclosure.reply import Reply"),
        ("organisation/permission.py", "from enclave_dns.disclosure.ranges import Ranges"),
        ("organisation/permission.py", "from enclave_dns.disclosure import special"),
        ("upstream/reading.py", "from enclave_dns.resolution import Resolution"),
        ("resolution.py", "from enclave_dns.wire.names import Name"),
        ("wire/names.py", "from enclave_dns.errors import MessageError"),
        ("wire/names.py", "import dns.name"),
        ("observe/status.py", "from enclave_dns import __version__"),
    ],
)
def test_downward_imports_pass(path: str, text: str) -> None:
    assert findings(path, text) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("wire/names.py", "from enclave_dns.resolution import Question"),
        ("wire/names.py", "from enclave_dns.config import StubConfig"),
        ("disclosure/decide.py", "from enclave_dns.organisation.document import Policy"),
        ("disclosure/decide.py", "from enclave_dns.resolve.resolver import Resolver"),
        ("resolve/resolver.py", "from enclave_dns.disclosure.view import View"),
        ("resolve/resolver.py", "import enclave_dns.disclosure.view"),
        ("resolve/resolver.py", "from enclave_dns import disclosure"),
        ("resolve/resolver.py", "def f():\n    from ..disclosure.view import View"),
        ("resolve/resolver.py", "from enclave_dns.serve.query import Query"),
        ("organisation/permission.py", "from enclave_dns.disclosure.view import View"),
        ("organisation/permission.py", "from enclave_dns import disclosure"),
        ("upstream/exchange.py", "from enclave_dns.config import GatewayConfig"),
        ("gateway/assembly.py", "from enclave_dns.stub.miss import miss"),
        ("stub/assembly.py", "from enclave_dns.gateway.answer import answer"),
        ("gateway/assembly.py", "from enclave_dns.cli.demo import show"),
        ("serve/server.py", "from enclave_dns.gateway.assembly import Gateway"),
        ("errors.py", "from enclave_dns.wire.names import Name"),
        ("config.py", "from enclave_dns.serve.server import Server"),
        ("__init__.py", "from enclave_dns.cli import main"),
    ],
)
def test_other_imports_are_reported(path: str, text: str) -> None:
    assert len(findings(path, text)) == 1


def test_a_file_outside_every_room_is_reported() -> None:
    assert findings("toolbox/hammer.py", "") == [
        "enclave_dns/toolbox/hammer.py:1: toolbox is no room and no leaf of the package"
    ]


def test_a_finding_names_the_place() -> None:
    text = '"""."""\n\nfrom enclave_dns.stub.miss import miss\n'
    assert findings("gateway/x.py", text) == [
        "enclave_dns/gateway/x.py:3: gateway must not import stub.miss.miss"
    ]
