"""The two programs, whole, in the test's own event loop, on loopback addresses and port 0.

Their files lie in one folder, where a test changes them. Virtual addresses are in 127.100.0.0/16:
whatever a client in there binds to is its source address, without root.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from enclave_dns.config import load_gateway_config, load_stub_config
from enclave_dns.gateway.parent import GatewayParent
from enclave_dns.gateway.program import GatewayProgram
from enclave_dns.stub.program import StubProgram
from tests.fakes.clients import PATIENCE, PAUSE, TRIES, Client
from tests.fakes.nameserver import FakeNameserver

GATEWAY = "127.100.64.70"
SECOND_GATEWAY = "127.100.64.71"
DEVELOPER = "127.100.64.12"
CONTRACTOR = "127.100.64.13"
BYSTANDER = "127.100.64.14"
STRANGER = "127.100.64.99"
"""A developer may reach 10.0.0.0/24, a contractor two addresses, a bystander nothing; a stranger is
no system at all."""


NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
"""A Wednesday."""

A_SECOND = timedelta(seconds=1)
UNTIL_NOON = f"auto_expire = {{ at = {NOON.isoformat()} }}"
FROM_NOON = """
active_hours = { time_zone = "Etc/UTC", days = ["wed"], start = "12:00", end = "13:00" }
"""
"""Keys of a policy that ends, and of one that starts, at noon."""


def document(version: int = 1, developers: str = "10.0.0.0/24", more: str = "") -> str:
    """An organisation in which developers reach that subnet of the gateway WZL94.

    `more` are further keys of the developers' policy, one a line.
    """
    systems = (
        ("KD9Q2", DEVELOPER, "developers"),
        ("C4X8M", CONTRACTOR, "contractors"),
        ("B7TN1", BYSTANDER, "bystanders"),
    )
    laptops = "".join(
        f'[[systems]]\nsystem_id = "{name}"\nvirtual_address = "{at}"\ntags = ["{tag}"]\n'
        for name, at, tag in systems
    )
    gateways = "".join(
        f'[[systems]]\nsystem_id = "{name}"\nvirtual_address = "{at}"\n'
        'gateway_routes = [{ subnet = "10.0.0.0/8" }, { subnet = "172.16.1.0/24" }]\n'
        for name, at in (("WZL94", GATEWAY), ("WZL95", SECOND_GATEWAY))
    )
    return f"""
version = {version}
virtual_networks = ["127.100.64.0/24"]
{gateways}
{laptops}
[[policies]]
description = "Developers"
type = "gateway"
sender_tags = ["developers"]
gateways = [ {{ system_id = "WZL94", routes = ["{developers}"] }} ]
acls = [ {{ protocol = "any" }} ]
{more}
[[policies]]
description = "Contractors"
type = "gateway"
sender_tags = ["contractors"]
gateways = [ {{ system_id = "WZL94", routes = ["172.16.1.0/24"] }} ]
gateway_allowed_ip_ranges = [ {{ ip_range = "172.16.1.10 - 172.16.1.11" }} ]
acls = [ {{ protocol = "any" }} ]
"""


AnyProgram = GatewayProgram | GatewayParent | StubProgram


@dataclass(frozen=True, slots=True)
class Running:
    """A program that has said it is ready: `ready` is that line, `port` is in it."""

    program: AnyProgram
    folder: Path
    ready: str
    task: "asyncio.Task[None]"

    @property
    def at(self) -> tuple[str, int]:
        """The address and port that it listens on."""
        address, _, port = self.ready.split()[3].rpartition(":")
        return address, int(port)

    def client(self, address: str) -> Client:
        """A client at an address of its own."""
        return Client(address, self.at)

    def replace(self, name: str, text: str) -> None:
        """Change one of its files as editors do: written beside, then renamed."""
        replace(self.folder / name, text)


def replace(file: Path, text: str) -> None:
    """Write beside a file and rename."""
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(text)
    fresh.rename(file)


def gateway_program(
    folder: Path, nameservers: Iterable[FakeNameserver] = (), **settings: Any
) -> GatewayProgram:
    """The gateway of `gateway_file`."""
    return GatewayProgram(load_gateway_config(gateway_file(folder, nameservers, **settings), {}))


def gateway_parent(
    folder: Path, nameservers: Iterable[FakeNameserver] = (), *, workers: int = 2, **settings: Any
) -> GatewayParent:
    """The same, in several processes."""
    file = gateway_file(folder, nameservers, workers=workers, **settings)
    return GatewayParent(load_gateway_config(file, {}), workers)


def gateway_file(
    folder: Path,
    nameservers: Iterable[FakeNameserver] = (),
    *,
    organisation: str | None = None,
    hosts: str = "",
    **settings: object,
) -> Path:
    """The gateway WZL94 with its files in `folder`; `settings` are keys of gateway.toml."""
    folder.mkdir(exist_ok=True)
    folder.joinpath("organisation.toml").write_text(organisation or document())
    folder.joinpath("hosts").write_text(hosts)
    keys = {
        "system_id": "WZL94",
        "organisation": "organisation.toml",
        "listen": [f"{GATEWAY}:0"],
        "hosts_file": "hosts",
        "resolv_conf": "resolv.conf",
        "nameservers": [f"127.0.0.1:{fake.port}" for fake in nameservers],
        # Long enough that no test hears a no-answer because the machine was busy.
        "timeout": "5s",
    }
    file = folder / "gateway.toml"
    file.write_text(_toml(keys | settings))
    return file


def stub_program(folder: Path, gateway_port: int = 1, **settings: Any) -> StubProgram:
    """The stub of `stub_file`."""
    return StubProgram(load_stub_config(stub_file(folder, gateway_port, **settings), {}))


def stub_file(
    folder: Path, gateway_port: int = 1, *, organisation: str | None = None, **settings: object
) -> Path:
    """The stub of KD9Q2 with its files in `folder`; `settings` are keys of stub.toml."""
    folder.mkdir(exist_ok=True)
    folder.joinpath("organisation.toml").write_text(organisation or document())
    keys = {
        "system_id": "KD9Q2",
        "organisation": "organisation.toml",
        "listen": ["127.0.0.1:0"],
        "gateway_port": gateway_port,
        # Not the machine's own: what a stub of its own has left there is none of ours.
        "state_dir": "state",
    }
    file = folder / "stub.toml"
    file.write_text(_toml(keys | settings))
    return file


def _toml(keys: dict[str, object]) -> str:
    """Keys and plain values, which TOML writes as JSON does."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


@contextlib.asynccontextmanager
async def running(program: AnyProgram, folder: Path) -> AsyncIterator[Running]:
    """Run a program until the end of the block. What it raises comes out of the block."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[str] = loop.create_future()
    task = loop.create_task(program.run(ready.set_result))
    try:
        await asyncio.wait((task, ready), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            await task
        yield Running(program, folder, ready.result(), task)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Log:
    """What a program has logged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
        self._kept = LogCapture()
        logger = structlog.wrap_logger(None, processors=[self._kept])
        for module in modules:
            monkeypatch.setattr(f"{module}.logger", logger)

    def of(self, event: str) -> list[dict[str, object]]:
        """The entries of one kind, in order."""
        return [dict(entry) for entry in self._kept.entries if entry["event"] == event]

    async def until(self, event: str, count: int = 1) -> list[dict[str, object]]:
        """Wait for so many entries of one kind."""
        for _ in range(TRIES):
            if len(self.of(event)) >= count:
                return self.of(event)
            await asyncio.sleep(PAUSE)
        raise AssertionError(f"{event!r} was not logged: {self._kept.entries}")


class Clock:
    """The wall clock, as the program reads it, set to an instant; it goes on from there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: str, instant: datetime) -> None:
        self.set(instant)
        monkeypatch.setattr(f"{module}.datetime", self)

    def set(self, instant: datetime) -> None:
        self._ahead = instant - datetime.now(UTC)

    def now(self, zone: tzinfo) -> datetime:
        return datetime.now(zone) + self._ahead
