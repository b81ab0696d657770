"""Reading sources and resolving what they import."""

from pathlib import Path

from tests.structure.tree import imports, read_sources, source


def imported(path: str, text: str) -> list[str]:
    return [found.whole for found in imports(source(path, text))]


def test_imports_are_found_at_any_depth_and_resolved() -> None:
    text = """
import a.b as c
from d import e, f as g
from . import h
from .i import j
from ..k.l import m

def function():
    if True:
        import n
"""
    assert imported("enclave_dns/wire/x.py", text) == [
        "a.b",
        "d.e",
        "d.f",
        "enclave_dns.wire.h",
        "enclave_dns.wire.i.j",
        "enclave_dns.k.l.m",
        "n",
    ]


def test_a_package_resolves_relative_imports_from_itself() -> None:
    assert imported("enclave_dns/wire/__init__.py", "from .names import Name") == [
        "enclave_dns.wire.names.Name"
    ]


def test_sources_know_their_module_and_room(tmp_path: Path) -> None:
    for path in ("enclave_dns/__init__.py", "enclave_dns/config.py", "enclave_dns/wire/names.py"):
        tmp_path.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath(path).write_text("")
    assert [(s.path, s.module, s.room) for s in read_sources(tmp_path, "enclave_dns")] == [
        ("enclave_dns/__init__.py", "enclave_dns", ""),
        ("enclave_dns/config.py", "enclave_dns.config", "config"),
        ("enclave_dns/wire/names.py", "enclave_dns.wire.names", "wire"),
    ]
