"""The programs under test, started as a user starts them, in the namespace where they belong.

A program's files (organisation, configuration, hosts, resolv.conf) lie in one folder; a test that
changes one does it through `Program`, by rename.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.daemons import STARTS_WITHIN, Daemon, Daemons
from tests.lab.namespaces import Namespace
from tests.lab.office import UNBOUND, write_atomically

ROOT = Path(__file__).parents[2]

GATEWAY = "100.64.0.70"
SECOND_GATEWAY = "100.64.0.71"
DEVELOPER = "100.64.0.12"
CONTRACTOR = "100.64.0.13"
BYSTANDER = "100.64.0.14"
STRANGER = "100.64.0.99"

SYSTEMD = "run/systemd/resolve/resolv.conf"
"""The file of `Program.write` for the list that systemd-resolved keeps."""

ORGANISATION = f"""
version = 1

[[systems]]
system_id = "WZL94"
description = "Menlo Park Office"
hostname = "menlo-park"
virtual_address = "{GATEWAY}"
tags = ["gateways"]
gateway_routes = [ {{ subnet = "10.0.0.0/24" }}, {{ subnet = "172.16.1.0/24" }} ]

[[systems]]
system_id = "KD9Q2"
description = "a developer's laptop"
hostname = "laptop-7"
virtual_address = "{DEVELOPER}"
tags = ["developers"]

[[systems]]
system_id = "C4X8M"
description = "a contractor's laptop"
hostname = "laptop-8"
virtual_address = "{CONTRACTOR}"
tags = ["contractors"]

[[systems]]
system_id = "B7TN1"
description = "a system that no policy lets through the gateway"
hostname = "laptop-9"
virtual_address = "{BYSTANDER}"
tags = ["bystanders"]

[[policies]]
description = "Developers reach the office"
type = "gateway"
sender_tags = ["developers"]
gateways = [ {{ system_id = "WZL94", routes = ["10.0.0.0/24"] }} ]
acls = [ {{ protocol = "any" }} ]

[[policies]]
description = "Contractors reach the domain controllers"
type = "gateway"
sender_tags = ["contractors"]
gateways = [ {{ system_id = "WZL94", routes = ["172.16.1.0/24"] }} ]
gateway_allowed_ip_ranges = [ {{ ip_range = "172.16.1.10 - 172.16.1.11" }} ]
acls = [ {{ protocol = "any" }} ]
"""
"""One gateway; a developer who may reach 10.0.0.0/24, a contractor who may reach two addresses,
a bystander who may reach nothing. The laptop has a fourth address, STRANGER, of no system."""


@dataclass(frozen=True, slots=True)
class Program:
    """A gateway or stub that has said it is ready: `ready` is that line, without its end."""

    daemon: Daemon
    folder: Path
    ready: str

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self.daemon.log

    def write(self, name: str, text: str) -> None:
        """Replace one of its files: `organisation.toml`, `hosts`, `resolv.conf`, SYSTEMD."""
        write_atomically(self.folder / name, text)

    def reload(self) -> None:
        """Send SIGHUP."""
        self.daemon.signal(signal.SIGHUP)

    def stop(self) -> int:
        """Send SIGTERM, wait for the end, and return the exit status."""
        return self.daemon.stop()


def start_gateway(
    daemons: Daemons,
    namespace: Namespace,
    organisation: str = ORGANISATION,
    *,
    hosts: str = "",
    nameservers: Sequence[str] = (UNBOUND,),
    system_id: str = "WZL94",
    listen: str = f"{GATEWAY}:53",
    systemd: str | None = None,
    **settings: object,
) -> Program:
    """`enclave-dns gateway` with a resolv.conf that names `nameservers`.

    `systemd` is the content of the list that systemd-resolved keeps of its own nameservers; then
    the program sees a /run of its own. `settings` are further keys of gateway.toml, or other
    values for those that are set here.
    """
    folder = daemons.folder(f"gateway-{system_id}-files")
    resolv_conf = resolv_conf_of(nameservers)
    configuration = {
        "system_id": system_id,
        "organisation": "organisation.toml",
        "listen": [listen],
        "hosts_file": str(folder / "hosts"),
        "resolv_conf": str(folder / "resolv.conf"),
        **settings,
    }
    files = {"organisation.toml": organisation, "hosts": hosts, "resolv.conf": resolv_conf}
    expected = f"ready gateway {system_id} {listen}"
    before: list[str] = []
    if systemd is not None:
        files[SYSTEMD] = systemd
        before = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /run && exec "$@"']
        before.append(str(folder / "run"))
    return _start(daemons, namespace, "gateway", folder, files, configuration, expected, before)


def resolv_conf_of(nameservers: Sequence[str]) -> str:
    """The text of a resolv.conf that names these addresses."""
    return "".join(f"nameserver {address}\n" for address in nameservers)


def start_stub(
    daemons: Daemons,
    namespace: Namespace,
    organisation: str = ORGANISATION,
    *,
    system_id: str = "KD9Q2",
    listen: str = "127.0.0.1:53",
    before: Sequence[str] = (),
    **settings: object,
) -> Program:
    """`enclave-dns stub`; `settings` as with `start_gateway`.

    `before` is a command that runs the rest of its line in a place of its own.
    """
    folder = daemons.folder(f"stub-{system_id}-files")
    configuration = {
        "system_id": system_id,
        "organisation": "organisation.toml",
        "listen": [listen],
        "state_dir": str(folder / "state"),
        **settings,
    }
    files = {"organisation.toml": organisation}
    expected = f"ready stub {system_id} {listen}"
    return _start(daemons, namespace, "stub", folder, files, configuration, expected, before)


def _start(
    daemons: Daemons,
    namespace: Namespace,
    verb: str,
    folder: Path,
    files: Mapping[str, str],
    configuration: Mapping[str, object],
    expected: str,
    before: Sequence[str] = (),
) -> Program:
    for name, text in files.items():
        folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(name).write_text(text)
    path = folder / f"{verb}.toml"
    path.write_text(_toml(configuration))
    command = [*before, sys.executable, "-m", "enclave_dns", verb, "-c", str(path)]
    daemon = daemons.start(namespace, verb, command, environment())
    daemon.wait_until(lambda: "\n" in daemon.said, f"the line {expected!r}", STARTS_WITHIN)
    ready = daemon.said.splitlines()[0]
    assert ready == expected, daemon.log
    return Program(daemon, folder, ready)


def _toml(configuration: Mapping[str, object]) -> str:
    """Keys and plain values; TOML writes strings, numbers, booleans and lists as JSON does."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in configuration.items())


def environment() -> dict[str, str]:
    """Ours without the settings that the programs read, and with this checkout in front."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("ENCLAVE_")
    }
    before = inherited.get("PYTHONPATH")
    return inherited | {"PYTHONPATH": os.pathsep.join([str(ROOT), *([before] if before else [])])}
