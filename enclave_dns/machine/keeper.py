"""The owner of our place in the machine's resolver, from the start of the stub to its end.

Before the first change the journal says how to undo it. What others change is undone on our side,
looked at anew, and applied to what they left; where they do so all the time, they win. A fault is
one line in the log, and tried again later: the stub serves on.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.detection import Found
from enclave_dns.machine.integration import Entry, Integration, Manager, Wanted
from enclave_dns.machine.journal import Damaged, Journal
from enclave_dns.machine.plain_file import original
from enclave_dns.wire.numbers import RCode

logger = structlog.get_logger()

RECHECK: Final = 30.0
"""Seconds between two looks without any news."""

MOST: Final = 5
"""How often our settings are applied within WINDOW seconds, whoever changes them."""
WINDOW: Final = 60.0

_NOT_UNDONE: Final = "the machine's DNS is not as it was; `enclave-dns os restore` tries again"

Find = Callable[[], Awaitable[Found]]
IntegrationOf = Callable[[Manager], Integration]


class Keeper:
    """Holds one integration at a time. Call `recover` first, `run` where DNS is to be managed,
    and `close` in any case."""

    def __init__(
        self,
        journal: Journal,
        find: Find,
        integration_of: IntegrationOf,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._find = find
        self._integration_of = integration_of
        self._on_change = on_change
        self._wanted = Wanted(())
        self._held: tuple[Integration, Entry, Wanted] | None = None
        self._news = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._applied: deque[float] = deque(maxlen=MOST)
        self._told = ""
        self._is_closed = False
        self._found: Found | None = None

    @property
    def miss(self) -> RCode | None:
        """The rcode that the integration in use needs for a miss; None where there is none."""
        return None if self._held is None else self._held[0].miss

    def want(self, wanted: Wanted) -> None:
        """What the machine's resolver is to do from now on."""
        if wanted != self._wanted:
            self._wanted = wanted
            self.notice()

    def notice(self) -> None:
        """Something has changed in the machine: look soon."""
        self._news.set()

    async def recover(self) -> None:
        """Undo what an earlier run has left behind; where it has not, nothing is touched."""
        if not self._journal.is_there:
            return
        try:
            # What a stub that runs has made is not left behind.
            if await asyncio.to_thread(self._journal.hold):
                logger.warning("an earlier run has left its changes: undoing them")
                await self._undo_journal()
            else:
                journal = str(self._journal.path)
                logger.warning("somebody else uses the journal: nothing undone", journal=journal)
        except EnvironmentFault as fault:
            self._tell(fault)
        except Exception:
            logger.exception("what an earlier run has left is not undone")
        finally:
            self._journal.release()

    async def run(self) -> None:
        """Keep our place until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            # A step is never cut: its thread would go on behind the back of `close`.
            self._work = loop.create_task(self._look())
            await asyncio.shield(self._work)
            with suppress(TimeoutError):
                async with asyncio.timeout(RECHECK):
                    await self._news.wait()

    async def close(self) -> None:
        """Undo everything, let go of the journal, and take nothing any more. Never raises."""
        self._is_closed = True
        if self._work is not None:
            await asyncio.wait((self._work,))
        try:
            await self._give_back()
            # What could not be undone when somebody changed it may be undone now.
            if self._journal.is_mine and self._journal.is_there:
                await self._undo_journal()
        except EnvironmentFault as fault:
            logger.error(_NOT_UNDONE, problem=str(fault))
        except Exception as error:
            logger.exception(_NOT_UNDONE, problem=repr(error))
        finally:
            self._journal.release()

    async def _look(self) -> None:
        if self._is_closed:
            return
        before = self.miss
        try:
            await self._hold_journal()
            await self._settle()
        except EnvironmentFault as fault:
            self._tell(fault)
        except Exception as error:
            # The stub serves on, whatever a library raises here.
            if self._is_news(repr(error)):
                logger.exception("the machine's DNS is not managed", problem=repr(error))
        else:
            self._told = ""
        if self.miss != before:
            try:
                self._on_change()
            except Exception:
                logger.exception("another miss is not in use yet")

    async def _hold_journal(self) -> None:
        if not await asyncio.to_thread(self._journal.hold):
            raise EnvironmentFault(
                f"another stub keeps its journal in {self._journal.path.parent}: stop it, "
                "or give this one a `state_dir` of its own"
            )

    async def _settle(self) -> None:
        if self._held is not None:
            integration, entry, made = self._held
            changed = await self._elsewhere(integration) or await integration.difference(
                made, entry
            )
            if not changed:
                await self._follow(integration, entry, made)
                return
            self._refuse_too_often(changed)
            logger.warning("the machine's DNS is not as we left it", found=changed)
            await self._give_back()
        await self._take()

    async def _elsewhere(self, integration: Integration) -> str:
        """Who manages the machine's DNS instead, in words; one that is only away still does."""
        found = await self._find()
        is_same = integration.manager in (found.manager, found.absent)
        return "" if is_same else f"managed otherwise now: {found.why}"

    async def _follow(self, integration: Integration, entry: Entry, made: Wanted) -> None:
        """Where our wishes have changed, change what we made, without a moment out of place."""
        wanted = self._wanted
        if wanted != made:
            await integration.apply(wanted, entry)
            self._held = integration, entry, wanted
            servers = [str(server) for server in wanted.servers]
            logger.info("the machine's DNS asks us otherwise", servers=servers)

    def _refuse_too_often(self, why: str) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._applied) == MOST and now - self._applied[0] < WINDOW:
            raise EnvironmentFault(
                f"{why}, again and again: left as it is for a minute; find out who writes it, "
                "or set `manage_dns = false`"
            )

    async def _take(self) -> None:
        """Detect, prepare, write the journal, apply: in this order."""
        await self._undo_journal()
        found = await self._find()
        if found != self._found:
            self._found = found
            who = found.manager.value if found.manager else "nobody we can talk to"
            logger.info("the machine's DNS is managed by", manager=who, why=found.why)
        if found.manager is None:
            raise EnvironmentFault(found.why)
        self._refuse_too_often("what we set does not last")
        self._applied.append(asyncio.get_running_loop().time())
        integration = self._integration_of(found.manager)
        wanted = self._wanted
        entry = await integration.prepare(wanted)
        await asyncio.to_thread(self._journal.write, entry)
        try:
            await integration.apply(wanted, entry)
        except Exception:
            await self._undo_journal()
            raise
        self._held = integration, entry, wanted
        servers = [str(server) for server in wanted.servers]
        logger.info("the machine's DNS asks us", manager=found.manager.value, servers=servers)

    async def _give_back(self) -> None:
        if self._held is not None:
            integration, entry, _ = self._held
            self._held = None
            await integration.undo(entry)
            await asyncio.to_thread(self._journal.clear)

    async def _undo_journal(self) -> None:
        """Undo what the journal says, if it says anything."""
        entry = await asyncio.to_thread(self._journal.read)
        if isinstance(entry, Damaged):
            aside = await asyncio.to_thread(self._journal.set_aside)
            logger.error("set aside", problem=str(entry), aside=str(aside))
        elif entry is not None:
            await self._integration_of(entry.manager).undo(entry)
            await asyncio.to_thread(self._journal.clear)

    def _tell(self, fault: EnvironmentFault) -> None:
        """Say each problem once."""
        if self._is_news(str(fault)):
            logger.error("the machine's DNS is not managed", problem=str(fault))

    def _is_news(self, problem: str) -> bool:
        told, self._told = self._told, problem
        return problem != told


def saved_resolv_conf(state_dir: Path, path: Path) -> bytes | None:
    """The machine's own resolv.conf, where ours stands in its place just now; else None."""
    try:
        entry = Journal(state_dir).read()
        return original(entry, path) if isinstance(entry, Entry) else None
    except EnvironmentFault:
        return None
