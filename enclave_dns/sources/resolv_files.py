"""Whom the machine asks, read from its files: resolv.conf, and systemd's list behind its stub."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from enclave_dns.endpoint import Endpoint
from enclave_dns.sources.files import NoContent, read_file
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.sources.resolv_conf import (
    SYSTEMD_UPSTREAM,
    ResolvConf,
    choose_nameservers,
    parse_resolv_conf,
)

SYSTEMD: Final = Path(SYSTEMD_UPSTREAM)
"""Where the nameservers behind systemd's stub are listed, whatever the configuration says."""

MAX_RESOLV_CONF: Final = 1 << 20


def select_nameservers(
    resolv_conf: Path,
    configured: Iterable[Endpoint],
    listening: frozenset[tuple[str, int]],
    saved: bytes | None = None,
    *,
    is_behind_systemd: bool = False,
) -> Selected:
    """The nameservers to ask as the files are now; `configured` ones go before the files.

    `listening` are our own addresses and ports, which are never asked. `saved` is the content that
    counts instead of the file's, where the file is one of ours; `is_behind_systemd`: this machine's
    systemd-resolved asks us, and is never asked.
    """
    own = _read(resolv_conf) if saved is None else parse_resolv_conf(saved)
    return choose_nameservers(
        own or ResolvConf(),
        _read(SYSTEMD),
        listening,
        tuple(Nameserver(e.address, e.scope, e.port) for e in configured),
        is_behind_systemd=is_behind_systemd,
    )


def _read(path: Path) -> ResolvConf | None:
    content = read_file(path, MAX_RESOLV_CONF)
    return None if isinstance(content, NoContent) else parse_resolv_conf(content.data)
