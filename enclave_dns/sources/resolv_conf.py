"""resolv.conf as a value, and the choice of nameservers from it and its like.

`parse_resolv_conf` reads what resolv.conf(5) describes and what programs really write: comments
after values, scoped addresses, more than three servers. `choose_nameservers` then settles whom we
ask: never ourselves, never systemd's stub when its own upstream list is known, nobody twice.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from enclave_dns.sources.nameserver import (
    DEFAULT_ATTEMPTS,
    DEFAULT_TIMEOUT,
    DNS_PORT,
    Nameserver,
    Origin,
    Selected,
    Skipped,
    read_nameserver,
)

MAX_BYTES: Final = 1 << 20
MAX_NAMESERVERS: Final = 32
_MAX_SKIPPED: Final = 32
_MAX_TEXT: Final = 100

# The caps of glibc (RES_MAXRETRANS, RES_MAXRETRY, RES_MAXNDOTS in resolv.h).
_MAX_TIMEOUT: Final = 30
_MAX_ATTEMPTS: Final = 5
_MAX_NDOTS: Final = 15

SYSTEMD_STUBS: Final = frozenset({"127.0.0.53", "127.0.0.54"})
"""Where systemd-resolved listens (systemd-resolved.service(8))."""

SYSTEMD_UPSTREAM: Final = "/run/systemd/resolve/resolv.conf"
"""The nameservers that systemd-resolved itself uses, kept by it (systemd-resolved.service(8))."""


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """What a resolv.conf says; the default is what a missing or empty one says.

    `timeout` is in seconds (1 to 30), `attempts` counts rounds over all servers (1 to 5). `ndots`,
    `edns0` and `trust_ad` are read for display only: names go out verbatim, EDNS is ours, and AD
    is nobody's word to us.
    """

    nameservers: tuple[Nameserver, ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    attempts: int = DEFAULT_ATTEMPTS
    rotate: bool = False
    use_vc: bool = False
    ndots: int = 1
    edns0: bool = False
    trust_ad: bool = False
    skipped: tuple[Skipped, ...] = ()


@dataclass
class _Draft:
    """A ResolvConf in the making; lives only inside `parse_resolv_conf`."""

    nameservers: list[Nameserver] = field(default_factory=list)
    options: ResolvConf = field(default_factory=ResolvConf)
    skipped: list[Skipped] = field(default_factory=list)

    def skip(self, what: str, why: str) -> None:
        if len(self.skipped) < _MAX_SKIPPED:
            self.skipped.append(Skipped(what[:_MAX_TEXT], why))


def parse_resolv_conf(text: bytes) -> ResolvConf:
    """Read a resolv.conf. Never raises: nonsense is skipped, and bad nameservers are reported.

    `#` and `;` start a comment anywhere in a line, as they do for glibc inside `nameserver`. Later
    options win over earlier ones. Nothing past MAX_BYTES or MAX_NAMESERVERS is read.
    """
    draft = _Draft()
    for line in text[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff").split("\n"):
        fields = line.partition("#")[0].partition(";")[0].split()
        if len(fields) < 2:
            continue
        if fields[0] == "nameserver":
            _read_server(draft, fields[1])
        elif fields[0] == "options":
            for option in fields[1:]:
                draft.options = _with_option(draft.options, option)
    return replace(
        draft.options, nameservers=tuple(draft.nameservers), skipped=tuple(draft.skipped)
    )


def _read_server(draft: _Draft, text: str) -> None:
    server = read_nameserver(text)
    # The file's format knows neither ports nor brackets: glibc skips such a line too.
    if server is None or "[" in text or text.count(":") == 1:
        draft.skip(text, "not an IP address")
    elif len(draft.nameservers) >= MAX_NAMESERVERS:
        draft.skip(text, f"more than {MAX_NAMESERVERS} nameservers")
    else:
        draft.nameservers.append(server)


def _with_option(conf: ResolvConf, option: str) -> ResolvConf:
    """The same with one word of an `options` line applied, if it is one that we know."""
    key, colon, value = option.partition(":")
    if not colon:
        return _with_flag(conf, key)
    if not (value.isascii() and value.isdigit()):
        return conf
    number = int(value) if len(value) < 6 else 99_999
    if key == "timeout":
        return replace(conf, timeout=float(min(max(number, 1), _MAX_TIMEOUT)))
    if key == "attempts":
        return replace(conf, attempts=min(max(number, 1), _MAX_ATTEMPTS))
    if key == "ndots":
        return replace(conf, ndots=min(number, _MAX_NDOTS))
    return conf


def _with_flag(conf: ResolvConf, flag: str) -> ResolvConf:
    if flag == "rotate":
        return replace(conf, rotate=True)
    if flag in ("use-vc", "usevc"):
        return replace(conf, use_vc=True)
    if flag == "edns0":
        return replace(conf, edns0=True)
    if flag == "trust-ad":
        return replace(conf, trust_ad=True)
    return conf


def choose_nameservers(
    own: ResolvConf,
    systemd: ResolvConf | None = None,
    listening: frozenset[tuple[str, int]] = frozenset(),
    configured: tuple[Nameserver, ...] = (),
    *,
    is_behind_systemd: bool = False,
) -> Selected:
    """Whom to ask.

    A `configured` list replaces `own` with its options altogether. In `own`, a stub of systemd is
    replaced by the servers of `systemd` (the content of SYSTEMD_UPSTREAM, None where there is no
    such file); where that names none, the stub itself is asked. `listening` holds our own listen
    addresses and ports: asking them would go in circles. So would a stub of systemd that asks us
    (`is_behind_systemd`): it is left out altogether.

    A file that is missing or names nobody means 127.0.0.1, as it does to glibc (resolv.conf(5)),
    whether something listens there or not: the health check finds that out within a second. If
    that is ourselves, or everyone named is, the list is empty and every look-up ends as DOWN.
    """
    if is_behind_systemd:
        listening |= {(address, DNS_PORT) for address in SYSTEMD_STUBS}
    if configured:
        return _without_loops(configured, ResolvConf(), listening, Origin.CONFIGURED)
    if not own.nameservers:
        loopback = (Nameserver("127.0.0.1"),)
        return _without_loops(loopback, own, listening, Origin.DEFAULT)
    behind = () if systemd is None else systemd.nameservers
    behind = tuple(server for server in behind if not _is_systemd_stub(server))
    servers: list[Nameserver] = []
    origin = Origin.RESOLV_CONF
    for server in own.nameservers:
        if behind and _is_systemd_stub(server):
            servers.extend(behind)
            origin = Origin.SYSTEMD
        else:
            servers.append(server)
    return _without_loops(tuple(servers), own, listening, origin)


def _is_systemd_stub(server: Nameserver) -> bool:
    return server.address in SYSTEMD_STUBS and server.port == DNS_PORT


def _loop(server: Nameserver) -> str:
    return "systemd-resolved asks us" if _is_systemd_stub(server) else "our own listen address"


def _without_loops(
    servers: tuple[Nameserver, ...],
    conf: ResolvConf,
    listening: frozenset[tuple[str, int]],
    origin: Origin,
) -> Selected:
    kept: dict[Nameserver, None] = {}
    skipped = list(conf.skipped)
    for server in servers:
        if (server.address, server.port) in listening:
            skipped.append(Skipped(str(server), _loop(server)))
        elif server in kept:
            skipped.append(Skipped(str(server), "named twice"))
        else:
            kept[server] = None
    return Selected(
        nameservers=tuple(kept)[:MAX_NAMESERVERS],
        timeout=conf.timeout,
        attempts=conf.attempts,
        rotate=conf.rotate,
        use_vc=conf.use_vc,
        origin=origin,
        skipped=tuple(skipped),
    )
