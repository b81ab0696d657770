"""resolv.conf as a plain file: ourselves first, the machine's nameservers behind us.

A symlink (to a file that no manager of its own rules) is replaced as such; the file behind it is
never written. What others write later is the new original.
"""

import asyncio
import socket
from pathlib import Path

import structlog

from enclave_dns.endpoint import DNS_PORT
from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.integration import Entry, Manager, Wanted
from enclave_dns.machine.journal import NAME, Journal
from enclave_dns.machine.resolv_conf_file import (
    Saved,
    Whose,
    another_stubs,
    put,
    read_now,
    restore,
    save,
    whose,
)
from enclave_dns.machine.resolv_conf_text import OurText, our_text, written_by
from enclave_dns.wire.names import display
from enclave_dns.wire.numbers import RCode

logger = structlog.get_logger()


class PlainFile:
    """The integration (an `Integration`) of one file."""

    manager = Manager.PLAIN_FILE
    miss = RCode.REFUSED
    """NXDOMAIN would be final in a list of nameservers."""

    def __init__(self, path: Path, journal: Path | None = None) -> None:
        self._path = path
        self._journal = journal

    async def prepare(self, wanted: Wanted) -> Entry:
        """The file as it is, once it is known that ours can stand in its place."""
        return await asyncio.to_thread(self._prepare, wanted)

    async def apply(self, wanted: Wanted, entry: Entry) -> None:
        """Write ours."""
        saved = Saved.from_data(entry.data)
        text = _text(saved, wanted)
        if text.dropped:
            logger.warning("no place for search suffixes", suffixes=text.dropped)
        await asyncio.to_thread(put, saved, text.data)

    async def difference(self, wanted: Wanted, entry: Entry) -> str:
        """What is not as `apply` left it."""
        return await asyncio.to_thread(self._difference, wanted, entry)

    async def undo(self, entry: Entry) -> None:
        """The original again, unless somebody else's file is there."""
        done = await asyncio.to_thread(restore, Saved.from_data(entry.data))
        logger.info("resolv.conf given back", result=done)

    def _prepare(self, wanted: Wanted) -> Entry:
        # Two stubs with a journal each would take each other for the machine's own nameserver.
        theirs = journal_in(self._path)
        is_another = theirs is not None and theirs.path != self._journal
        if theirs is not None and is_another and (theirs.is_there or theirs.is_held()):
            raise another_stubs(self._path)
        saved = save(self._path, str(self._journal or ""))
        _text(saved, wanted)
        return Entry(self.manager, saved.as_data())

    def _difference(self, wanted: Wanted, entry: Entry) -> str:
        saved = Saved.from_data(entry.data)
        found = whose(saved.path, saved)
        if found is not Whose.OURS:
            return f"{saved.path} is {found.value}"
        if saved.link and read_now(saved.path.parent / saved.link) != saved.content:
            return f"{saved.link}, to which {saved.path} was a symlink, has changed"
        if read_now(saved.path) != _text(saved, wanted).data:
            return f"{saved.path} is of earlier settings"
        return ""


def journal_in(path: Path) -> Journal | None:
    """The journal that a file of ours (or an edited one) names; None where there is none."""
    named = Path(written_by(read_now(path)).journal)
    return Journal(named.parent) if named.is_absolute() and named.name == NAME else None


def original(entry: Entry, path: Path) -> bytes | None:
    """What stood in the file before us; None where this entry is not about it, or it is not ours.

    Raises EnvironmentFault where the entry cannot be read.
    """
    if entry.manager is not Manager.PLAIN_FILE:
        return None
    saved = Saved.from_data(entry.data)
    is_in_place = saved.path == path and whose(path, saved) in (Whose.OURS, Whose.EDITED)
    return saved.content if is_in_place else None


def _text(saved: Saved, wanted: Wanted) -> OurText:
    """Our file for what is wanted. Of several listen addresses the first one of port 53."""
    stub = next((at.address for at in wanted.servers if at.port == DNS_PORT), None)
    if stub is None:
        raise EnvironmentFault(
            f"{saved.path} knows no ports: let the stub listen on port {DNS_PORT}, "
            "or set `manage_dns = false`"
        )
    search = [display(name) for name in wanted.search]
    try:
        return our_text(saved.content, stub, search, _local_domain(), saved.written)
    except ValueError as error:
        raise EnvironmentFault(
            f"{saved.path} {error}: name the network's nameservers there, "
            "or set `manage_dns = false`"
        ) from error


def _local_domain() -> str:
    return socket.gethostname().partition(".")[2]
