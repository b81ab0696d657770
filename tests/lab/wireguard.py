"""Tunnels of real WireGuard in user space: one end per machine, keys made anew in every run.

An end takes a datagram from a peer only where its inner source address is one of those that were
allowed to the peer's key: thus the address that a gateway sees is authenticated. Each end sees a
/run of its own, in the folder of its program, so that its control socket is nowhere else.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.lab.daemons import Daemon, Daemons
from tests.lab.namespaces import Namespace

INTERFACE = "overlay0"
PORT = 51_820

_WITH_OWN_RUN = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /run && exec "$@"')


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One end: the machine, its place in the underlay, its address inside, its key."""

    namespace: Namespace
    daemon: Daemon
    run: Path
    endpoint: str
    address: str
    public_key: str

    @property
    def control(self) -> Path:
        """The socket that `wg` speaks to."""
        return self.run / "wireguard" / f"{INTERFACE}.sock"

    def trust(self, peer: "Tunnel", *more: str) -> None:
        """Let a peer use its own address, and those of `more`, which are routed to it."""
        allowed = (f"{peer.address}/32", *more)
        self._wg(
            *("set", INTERFACE, "peer", peer.public_key),
            *("endpoint", f"{peer.endpoint}:{PORT}", "allowed-ips", ",".join(allowed)),
        )
        for network in allowed:
            self.namespace.succeed("ip", "route", "add", network, "dev", INTERFACE)

    def _wg(self, *arguments: str) -> None:
        self.namespace.succeed(*_WITH_OWN_RUN, str(self.run), "wg", *arguments)


def start_wireguard(daemons: Daemons, namespace: Namespace, endpoint: str, address: str) -> Tunnel:
    """`wireguard-go` with a new key at `endpoint` (an address of the machine, without port).

    The interface `overlay0` has `address` and no peer: see `Tunnel.trust`.
    """
    folder = daemons.folder(f"wireguard-{namespace.name}")
    run = folder / "run"
    run.mkdir()
    private_key, public_key = _keys(namespace)
    secret = folder / "private.key"
    secret.touch(mode=0o600)
    secret.write_text(private_key)
    command = [*_WITH_OWN_RUN, str(run), "wireguard-go", "-f", INTERFACE]
    daemon = daemons.start(
        namespace, f"wireguard-{namespace.name}", command, {**os.environ, "LOG_LEVEL": "error"}
    )
    tunnel = Tunnel(namespace, daemon, run, endpoint, address, public_key)
    daemon.wait_until(tunnel.control.exists, "its control socket", within=5)
    tunnel._wg("set", INTERFACE, "listen-port", str(PORT), "private-key", str(secret))
    namespace.add_address(INTERFACE, f"{address}/32")
    namespace.succeed("ip", "link", "set", INTERFACE, "up")
    return tunnel


def _keys(namespace: Namespace) -> tuple[str, str]:
    """A private key and its public key."""
    private_key = namespace.succeed("wg", "genkey").strip()
    public_key = namespace.succeed("sh", "-c", 'printf %s "$0" | wg pubkey', private_key)
    return private_key, public_key.strip()
