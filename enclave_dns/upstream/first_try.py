"""The first try of a look-up, without a task: what nearly every question is settled by.

A task, a race and a socket for one question cost some 200 us, a question out of a pool whose reply
is read where it comes in a fifth of that. Only the plain beginning is here: one healthy server,
asked over UDP, that settles the question before another would be asked beside it. Whatever goes
otherwise is told with None; the plain look-up then takes over the try that is under way.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from enclave_dns.resolution import Question, Resolution
from enclave_dns.sources.nameserver import Nameserver, Selected
from enclave_dns.upstream.exchange import read_reply
from enclave_dns.upstream.plain_reading import plain_reading
from enclave_dns.upstream.pool import Asked, Pool
from enclave_dns.upstream.reading import Retry, interpret
from enclave_dns.upstream.transport import Failure
from enclave_dns.upstream.vitals import Vitals

Then = Callable[[Resolution | None], None]


class FirstTry:
    """One question put to `server`, one of the list that was `selected` then.

    The caller of `FirstTries.begin` is told once: what settled it, or None.
    """

    __slots__ = ("_then", "_vitals", "asked", "late_at", "selected", "server")

    def __init__(
        self, asked: Asked, selected: Selected, server: Nameserver, vitals: Vitals, then: Then
    ) -> None:
        self.asked = asked
        self.selected = selected
        self.server = server
        self.late_at = asked.began + vitals.hedge_delay(server)
        self._vitals = vitals
        self._then: Then | None = then
        asked.then = self._heard

    def goes_on(self) -> None:
        """It was not settled in time, or not by this: whoever waits for it looks it up."""
        then, self._then = self._then, None
        if then is not None:
            then(None)

    def _heard(self, result: bytes | Failure) -> None:
        if self._then is None:
            return
        found = self._settled(result)
        if found is None:
            self.goes_on()
            return
        then, self._then = self._then, None
        then(found)

    def _settled(self, result: bytes | Failure) -> Resolution | None:
        if isinstance(result, Failure):
            return None
        asked, vitals = self.asked, self._vitals
        elapsed = vitals.now() - asked.began
        name = vitals.name_of(self.server)
        found = plain_reading(result, asked.question, server=name, elapsed=elapsed)
        if found is None:
            message = read_reply(result)
            if isinstance(message, Failure):
                return None
            reading = interpret(message, asked.question, server=name, elapsed=elapsed)
            if isinstance(reading, Retry):
                return None
            found = reading
        vitals.settled_at_once(self.server, asked.began)
        asked.forget()
        return found


class FirstTries:
    """Owner of the sockets and of the watch over who is late. To be closed."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals
        self._askers: dict[Nameserver, _Asker] = {}
        self._retired: list[_Asker] = []

    def replace(self, servers: Iterable[Nameserver]) -> None:
        """These may be asked from now on; what others were asked comes to its end."""
        kept = set(servers)
        self._retired = [asker for asker in self._retired if asker.pool.is_open]
        for server in set(self._askers) - kept:
            asker = self._askers.pop(server)
            asker.pool.retire()
            self._retired.append(asker)

    def begin(
        self, question: Question, selected: Selected, server: Nameserver, *, do: bool, then: Then
    ) -> FirstTry | None:
        """Ask a server of the list in use; None where nothing could be sent."""
        asker = self._askers.get(server)
        if asker is None:
            asker = self._askers[server] = _Asker(Pool(server, self._vitals.echoes))
        asked = asker.pool.ask(question, do)
        if isinstance(asked, Failure):
            return None
        begun = FirstTry(asked, selected, server, self._vitals, then)
        asker.watch(begun)
        return begun

    def close(self) -> None:
        """Give all sockets back; nobody hears of what is under way."""
        for asker in (*self._askers.values(), *self._retired):
            asker.close()


class _Asker:
    """The sockets to one server, and the watch over what it was asked.

    One timer for all: they become late about in the order in which they were asked.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._waiting: deque[FirstTry] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def watch(self, begun: FirstTry) -> None:
        """Tell it when it is late."""
        self._waiting.append(begun)
        if self._timer is None:
            self._timer = self._loop.call_at(begun.late_at, self._look_who_is_late)

    def close(self) -> None:
        """Watch nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting.clear()
        self.pool.close()

    def _look_who_is_late(self) -> None:
        now, waiting = self._loop.time(), self._waiting
        while waiting and (waiting[0].asked.result is not None or waiting[0].late_at <= now):
            waiting.popleft().goes_on()
        self._timer = None
        if waiting:
            self._timer = self._loop.call_at(waiting[0].late_at, self._look_who_is_late)
