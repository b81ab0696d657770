"""Pure modules: bytes and values in, values out. Time, chance and the outside come as arguments."""

import ast
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from tests.structure.tree import PACKAGE, Import, Source, dotted, imports

PURE = (
    "bounded",
    "disclosure",
    "disclosure.*",
    "errors",
    "organisation",
    "organisation.*",
    "resolution",
    "sources",
    "sources.hosts",
    "sources.nameserver",
    "sources.own_zones",
    "sources.resolv_conf",
    "sources.special",
    "tally",
    "upstream",
    "upstream.health",
    "upstream.match",
    "upstream.plain_reading",
    "upstream.reading",
    "upstream.selection",
    "validation",
    "values",
    "wire",
    "wire.*",
)
"""Modules of the package that know nothing outside, as patterns."""

IMPURE = frozenset(
    (
        "aiohttp",
        "asyncio",
        "builtins",
        "concurrent",
        "contextvars",
        "ctypes",
        "dbus_fast",
        "fcntl",
        "fileinput",
        "getpass",
        "glob",
        "importlib",
        "io",
        "logging",
        "mmap",
        "multiprocessing",
        "os",
        "pathlib",
        "platform",
        "prometheus_client",
        "pwd",
        "pyroute2",
        "queue",
        "random",
        "resource",
        "sched",
        "secrets",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "ssl",
        "structlog",
        "subprocess",
        "sys",
        "syslog",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
        "uvloop",
        "watchfiles",
    )
)
"""Libraries that reach a socket, file, clock, randomness, log, thread or event loop."""

IMPURE_PARTS = frozenset(
    (
        "dns.asyncquery",
        "dns.asyncresolver",
        "dns.query",
        "dns.resolver",
        "dns.zone",
        "dnslib.server",
    )
)
"""The same, inside libraries whose other parts are pure."""

PURE_NAMES = {
    "organisation.*": frozenset(
        f"socket.{name}" for name in ("AF_INET", "AF_INET6", "inet_ntop", "inet_pton")
    )
}
"""Names of impure libraries that do nothing outside, for the modules that need them."""

IMPURE_CALLS = frozenset(("__import__", "breakpoint", "exec", "eval", "input", "open"))
CLOCKS = frozenset(("now", "today", "utcnow"))


def is_pure(module: str) -> bool:
    """Whether a dotted module of the package is declared pure."""
    return any(fnmatch(module, f"{PACKAGE}.{pattern}") for pattern in PURE)


def impurities(sources: Iterable[Source]) -> Iterator[str]:
    """What pure modules import or call that they must not know."""
    for source in sources:
        if not is_pure(source.module):
            continue
        for found in imports(source):
            if _is_impure(source, found):
                yield source.at(found.node, f"a pure module imports {found.whole}")
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and (name := _impure_call(node)):
                yield source.at(node, f"a pure module calls {name}()")


def _is_impure(source: Source, found: Import) -> bool:
    if found.module.split(".")[0] == PACKAGE:
        return found.module != PACKAGE and not is_pure(found.module) and not is_pure(found.whole)
    allowed = any(
        fnmatch(source.module, f"{PACKAGE}.{pattern}") and found.whole in names
        for pattern, names in PURE_NAMES.items()
    )
    is_part = found.module in IMPURE_PARTS or found.whole in IMPURE_PARTS
    return is_part or (found.module.split(".")[0] in IMPURE and not allowed)


def _impure_call(node: ast.Call) -> str:
    name = dotted(node.func)
    last = name.rpartition(".")[2]
    if name in IMPURE_CALLS or (last in CLOCKS and "date" in name.rpartition(".")[0]):
        return name
    return ""
