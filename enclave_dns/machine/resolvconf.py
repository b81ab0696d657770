"""resolvconf, by its command line: Debian's and openresolv's alike.

Both keep one record per interface and program, and list the nameservers of the record named `lo.*`
first; the machine's own stand behind us, for both cut the list at a loopback address unless told
otherwise. That is looked at after every change and refused: a machine must not be left with us
alone.

Source: resolvconf(8) of Debian's resolvconf 1.91 and of openresolv 3.12.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from enclave_dns.endpoint import DNS_PORT
from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.integration import Entry, Manager, Wanted
from enclave_dns.sources.files import NoContent, read_file
from enclave_dns.sources.resolv_conf import parse_resolv_conf
from enclave_dns.wire.names import display
from enclave_dns.wire.numbers import RCode

COMMAND: Final = "resolvconf"
RECORD: Final = "lo.enclave-dns"
"""Debian's interface-order and openresolv's `interface_order` both begin with `lo.*`."""

TIMEOUT: Final = 10.0
"""Seconds for one run: it calls the scripts of everybody who wants to know."""

_CUT: Final = (
    "resolvconf lists no nameserver behind ours, as it cuts the list at a loopback address; "
    "set TRUNCATE_NAMESERVER_LIST_AFTER_LOOPBACK_ADDRESS=no in /etc/default/resolvconf "
    "(openresolv: resolv_conf_local_only=NO in /etc/resolvconf.conf), or `listen` at this "
    "system's virtual address, and restart the stub"
)

_RESOLV_CONF: Final = Path("/etc/resolv.conf")
_READ: Final = 64 << 10
_MOST_SAID: Final = 64 << 10


class Resolvconf:
    """The integration for resolvconf. Nothing but its record is ours."""

    manager = Manager.RESOLVCONF
    miss = RCode.REFUSED

    def __init__(self, path: Path = _RESOLV_CONF, timeout: float = TIMEOUT) -> None:
        self._path = path
        self._timeout = timeout
        self._cut: Wanted | None = None

    async def prepare(self, wanted: Wanted) -> Entry:
        """The record's name is what an undo needs, and our servers tell whether it worked."""
        if any(server.port != DNS_PORT for server in wanted.servers):
            raise EnvironmentFault(
                f"resolv.conf knows no ports but {DNS_PORT}; listen there, too: "
                f'listen = ["127.0.0.1:{DNS_PORT}"]'
            )
        _command()
        if wanted == self._cut:
            # It takes a change to see that, and everybody on the machine hears of each.
            raise EnvironmentFault(_CUT)
        servers = [server.address for server in wanted.servers]
        return Entry(Manager.RESOLVCONF, {"record": RECORD, "servers": servers})

    async def apply(self, wanted: Wanted, entry: Entry) -> None:
        """Put our record in, and see that the machine's servers are still behind us."""
        record = str(entry.data["record"])
        before = self._others(wanted)
        fault = await self._run("-a", record, text=_text(wanted))
        if before and not self._others(wanted):
            await self.undo(entry)
            self._cut = wanted
            raise EnvironmentFault(_CUT)
        if missing := self._missing(wanted):
            await self.undo(entry)
            if fault:
                raise EnvironmentFault(fault)
            raise EnvironmentFault(
                f"resolvconf has run, but {missing}; is {self._path} a symlink to its file? "
                "`dpkg-reconfigure resolvconf` makes it one"
            )

    async def difference(self, wanted: Wanted, entry: Entry) -> str:
        """Whether the list still begins with us."""
        return self._missing(wanted)

    async def undo(self, entry: Entry) -> None:
        """Take our record out. openresolv finds fault with one that is not there."""
        if shutil.which(COMMAND) is None:
            return
        fault = await self._run("-d", str(entry.data["record"]))
        if fault and set(self._listed()) & set(_servers(entry)):
            raise EnvironmentFault(fault)

    def _missing(self, wanted: Wanted) -> str:
        first = self._listed()[: len(wanted.servers)]
        if first == [server.address for server in wanted.servers]:
            return ""
        return f"{self._path} does not list our nameserver first"

    def _others(self, wanted: Wanted) -> bool:
        ours = {server.address for server in wanted.servers}
        return any(address not in ours for address in self._listed())

    def _listed(self) -> list[str]:
        content = read_file(self._path, _READ)
        if isinstance(content, NoContent):
            return []
        return [server.address for server in parse_resolv_conf(content.data).nameservers]

    async def _run(self, *arguments: str, text: str = "") -> str:
        """Run the command to its end. Returns what was wrong: one of the scripts that it calls may
        fail, and the list be as it should. Raises EnvironmentFault where it cannot be run."""
        words = f"{COMMAND} {' '.join(arguments)}"
        try:
            # No pipes: what a script leaves running keeps them open, and we would wait for it.
            with _memory(text.encode()) as given, _memory() as said:
                status = await self._status(words, arguments, given, said)
                lines = _text_in(said).splitlines()
        except OSError as error:
            raise EnvironmentFault(f"cannot run {words}: {error.strerror}") from error
        if not status:
            return ""
        reason = lines[-1] if lines else f"status {status}"
        return f"{words} failed: {reason}; run it by hand, as root"

    async def _status(
        self, words: str, arguments: Sequence[str], given: BinaryIO, said: BinaryIO
    ) -> int:
        """The command's exit status, when it has ended; it may take as long as our timeout."""
        process = await asyncio.create_subprocess_exec(
            _command(), *arguments, stdin=given, stdout=asyncio.subprocess.DEVNULL, stderr=said
        )
        try:
            async with asyncio.timeout(self._timeout):
                return await process.wait()
        except TimeoutError:
            raise EnvironmentFault(
                f"{words} did not end within {self._timeout:g} s; run it by hand to see why"
            ) from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


@contextlib.contextmanager
def _memory(data: bytes = b"") -> Iterator[BinaryIO]:
    """A file in memory (memfd_create(2)), at its start; without `data` of a size that is a bound
    to whoever keeps it open longer than we do. Raises OSError."""
    descriptor = os.memfd_create(COMMAND, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(descriptor, "w+b", 0) as file:
        if data:
            file.write(data)
        else:
            file.truncate(_MOST_SAID)
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
        file.seek(0)
        yield file


def _text_in(file: BinaryIO) -> str:
    file.seek(0)
    return file.read(_MOST_SAID).replace(b"\0", b"").decode("utf-8", "replace").strip()


def _command() -> str:
    """Where the command is. Raises EnvironmentFault where there is none, or another one."""
    found = shutil.which(COMMAND)
    if found is None:
        raise EnvironmentFault("there is no command resolvconf; install resolvconf again")
    if Path(found).resolve().name == "resolvectl":
        raise EnvironmentFault(
            "the command resolvconf is systemd-resolved's here; point /etc/resolv.conf at "
            "/run/systemd/resolve/stub-resolv.conf"
        )
    return found


def _servers(entry: Entry) -> list[str]:
    servers = entry.data.get("servers")
    return [str(server) for server in servers] if isinstance(servers, list) else []


def _text(wanted: Wanted) -> str:
    """Our record, in the words of resolv.conf(5)."""
    lines = [f"nameserver {server.address}" for server in wanted.servers]
    if wanted.search:
        lines.append(f"search {' '.join(display(name) for name in wanted.search)}")
    return "".join(f"{line}\n" for line in lines)
