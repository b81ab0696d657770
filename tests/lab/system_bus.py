"""A system bus, and what manages DNS over it, on a machine of the lab and without systemd.

The programs of one `Desktop` share a /run, an /etc and a D-Bus of their own by bind mounts; nothing
outside sees them. systemd-resolved and NetworkManager are unpacked by `make deps` and never
installed: they would take over this machine's /etc/resolv.conf.
"""

import os
import shutil
import time
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from subprocess import CompletedProcess

from tests.lab.answer import Answer, read_answer
from tests.lab.daemons import LOOKS_EVERY, Daemon, Daemons
from tests.lab.namespaces import Namespace

UNPACKED = Path("/var/cache/enclave-dns-lab")
"""Where `make deps` puts them, each in a folder of its package's name."""

USER = "systemd-resolve"
USER_ID = 64_992

STUB_RESOLVER = "127.0.0.53"

RESOLV_CONF = f"nameserver {STUB_RESOLVER}\noptions edns0 trust-ad\n"

QUIET = """[Resolve]
Cache=no
DNSSEC=no
LLMNR=no
MulticastDNS=no
FallbackDNS=
"""

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_type="method_return"/>
    <allow send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="signal"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
  </policy>
</busconfig>
"""

MOUNTS = "".join(f'mount --bind "$0"/{name} /{name} && ' for name in ("run", "etc"))

WRITES_FILE = """[main]
plugins=keyfile
dns=default
rc-manager=file
auth-polkit=false
"""

ALONE = "mount -o remount,bind,ro /sys && mount -t tmpfs tmpfs /var/lib"
"""NetworkManager finds no udev where /sys is read-only; what it keeps stays in here."""


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def unpacked(path: str) -> Path:
    """A program that `make deps` has unpacked."""
    program = UNPACKED / path
    if not program.exists():
        raise RuntimeError(f"the lab needs {program}: make deps")
    return program


class Desktop:
    """A machine with a system bus; if wanted, systemd-resolved or NetworkManager are on it."""

    def __init__(self, daemons: Daemons, machine: Namespace, resolv_conf: str = "") -> None:
        self.machine = machine
        self._daemons = daemons
        self._folder = daemons.folder(f"desktop-{machine.name}")
        for name in ("run/dbus", "run/systemd/resolve", "run/systemd/netif"):
            self._folder.joinpath(name).mkdir(parents=True)
        os.chown(self._folder / "run/systemd/resolve", USER_ID, USER_ID)
        self._folder.joinpath("bus.conf").write_text(BUS)
        self._etc = self._folder / "etc"
        shutil.copytree("/etc", self._etc, symlinks=True)
        for name, line in (("passwd", f"{USER_ID}::/:/usr/sbin/nologin"), ("group", "")):
            with self._etc.joinpath(name).open("a", encoding="utf-8") as file:
                file.write(f"{USER}:x:{USER_ID}:{line}\n")
        self._write("systemd/resolved.conf", QUIET)
        self._etc.joinpath("resolv.conf").unlink(missing_ok=True)
        self._write("resolv.conf", resolv_conf)

    def _write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self._etc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    @property
    def resolv_conf(self) -> str:
        """The content of its /etc/resolv.conf."""
        return self._etc.joinpath("resolv.conf").read_text(encoding="utf-8")

    @property
    def before(self) -> list[str]:
        """What stands before a command that is to see this desktop's files."""
        return ["unshare", "--mount", "sh", "-c", MOUNTS + 'exec "$@"', str(self._folder)]

    def start(
        self, name: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> Daemon:
        """Start a program on it."""
        return self._daemons.start(self.machine, name, [*self.before, *arguments], environment)

    def run(self, *arguments: str, timeout: float = 30) -> CompletedProcess[str]:
        """Run a command on it to its end."""
        return self.machine.run(*self.before, *arguments, timeout=timeout)

    def start_bus(self) -> Daemon:
        """D-Bus, ready."""
        config = f"--config-file={self._folder}/bus.conf"
        bus = self.start("dbus", "dbus-daemon", "--nofork", "--nopidfile", config)
        socket = self._folder / "run/dbus/system_bus_socket"
        bus.wait_until(socket.is_socket, "the socket of D-Bus", within=15)
        return bus

    def start_resolved(self) -> Daemon:
        """systemd-resolved, ready; the bus has to run."""
        program = unpacked("systemd-resolved/lib/systemd/systemd-resolved")
        environment = dict(os.environ, SYSTEMD_LOG_TARGET="console")
        resolved = self.start("resolved", str(program), environment=environment)
        resolved.wait_until(
            lambda: self.run(*self._resolvectl, "dns").returncode == 0, "its D-Bus", within=15
        )
        return resolved

    def start_network_manager(self, *profiles: str) -> Daemon:
        """NetworkManager that writes /etc/resolv.conf, ready, with keyfiles of connections."""
        self._write("NetworkManager/NetworkManager.conf", WRITES_FILE)
        for number, profile in enumerate(profiles):
            self._write(f"NetworkManager/system-connections/{number}.nmconnection", profile, 0o600)
        program = unpacked("network-manager/usr/sbin/NetworkManager")
        script = f'{ALONE} && mkdir /var/lib/NetworkManager && exec "$0" --no-daemon --debug'
        daemon = self.start("NetworkManager", "sh", "-c", script, str(program))
        daemon.wait_until(
            lambda: "Generated by NetworkManager" in self.resolv_conf, "a resolv.conf of its", 30
        )
        return daemon

    @property
    def _resolvectl(self) -> tuple[str, ...]:
        return (str(unpacked("systemd-resolved/usr/bin/resolvectl")), "--no-pager")

    def resolvectl(self, *arguments: str) -> str:
        """Run resolvectl; returns what it says. Raises AssertionError where it fails."""
        run = self.run(*self._resolvectl, *arguments)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def query(self, name: str) -> list[str]:
        """The addresses that resolved itself finds, asked over D-Bus in both families."""
        run = self.run(*self._resolvectl, "--legend=no", "query", name)
        return [word for word in run.stdout.split() if _is_address(word)]

    def dig(self, *arguments: str) -> Answer:
        """Ask 127.0.0.53 with real dig; it may take as long as resolved needs for a dead server."""
        run = self.run("dig", "-r", "+time=10", "+tries=1", f"@{STUB_RESOLVER}", *arguments)
        return read_answer(run.stdout + run.stderr)

    def dig_until(self, name: str, addresses: list[str], within: float = 15) -> None:
        """Ask until the addresses are these."""
        deadline = time.monotonic() + within
        while (answer := self.dig(name, "A")).addresses != addresses:
            assert time.monotonic() < deadline, answer.text
            time.sleep(LOOKS_EVERY)
