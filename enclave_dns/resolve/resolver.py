"""Looking questions up: what is decided here, then the record cache, then the nameservers.

Everything a look-up can end in is a `Resolution`. A client waits until its deadline and no longer;
the look-up itself goes on and fills the cache.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.resolve.in_flight import InFlight
from enclave_dns.resolve.local import HERE, decided_here, without_local_ends
from enclave_dns.resolve.record_cache import RecordCache
from enclave_dns.upstream.first_try import FirstTry, Then

LOOK_UP_BUDGET: Final = 2.5
"""Seconds after which a look-up is given up. The nameservers end theirs before, and must: what they
learn of each other from the last try would be lost with it."""


_Key = tuple[Question, bool, int]
"""Question, DNSSEC wish, and the generation of nameservers that is asked."""


class Source(Protocol):
    """What the nameservers look like from here; they are one source."""

    @property
    def is_up(self) -> bool:
        """Whether any nameserver is up, as probes of a fixed question have settled it."""

    def next_start(self) -> int:
        """At which nameserver the questions of the next client question start."""

    def start_of(self, name: str) -> int:
        """The place of the nameserver that a resolution names."""

    def begin(self, question: Question, *, do: bool, start: int, then: Then) -> FirstTry | None:
        """Ask one nameserver; `then` is called with what settles it, or with None.

        None: it cannot be begun so.
        """

    async def look_up(
        self, question: Question, *, do: bool, start: int, begun: FirstTry | None = None
    ) -> Resolution:
        """Ask, from the nameserver at place `start` on; never raises. `begun` is the first try."""


class Resolver:
    """The nameservers with their cache and the look-ups under way."""

    def __init__(self, source: Source, cache: RecordCache | None = None) -> None:
        self._source = source
        self.cache = RecordCache() if cache is None else cache
        self._in_flight: InFlight[_Key, Resolution] = InFlight()
        self._generation = 0
        self._clock = asyncio.get_running_loop().time

    @property
    def is_up(self) -> bool:
        """Whether any nameserver is up."""
        return self._source.is_up

    def next_start(self) -> int:
        """At which nameserver the questions of the next client question start."""
        return self._source.next_start()

    def start_after(self, found: Iterable[Resolution], start: int) -> int:
        """Where companion, chain and target questions start: at the server that answered."""
        servers = (resolution.server for resolution in found)
        named = next((server for server in servers if server not in ("", HERE)), "")
        return self._source.start_of(named) if named else start

    def known(self, question: Question, *, do: bool) -> Resolution | None:
        """What can be told without asking anybody: decided here, or remembered."""
        local = decided_here(question)
        if local is not None:
            return local
        now = self._clock()
        found = self.cache.fresh(question, do, now)
        if found is not None and found.outcome is Outcome.FAILED:
            return self.cache.stale(question, do, now) or found
        return found

    def look_up_soon(self, question: Question, *, do: bool, start: int, then: Then) -> bool:
        """Look up a question that is not known, where asking one nameserver may settle it.

        `then` is called once, later: with the resolution, or with None where it takes longer. False
        where nothing was begun: then, and after None, `look_up` is what remains.
        """
        key = (question, do, self._generation)
        in_flight = self._in_flight
        if in_flight.hear(key, then):
            self.cache.misses += 1
            return True
        if in_flight.is_task(key) or in_flight.is_full:
            return False

        def heard(found: Resolution | None) -> None:
            kept: Resolution | None = None
            try:
                if found is not None:
                    kept = self._kept(question, do, key[2], found)
            finally:
                # Whatever happens, nobody is left waiting for it.
                if kept is None:
                    in_flight.go_on(key, self._ask(question, do, start, key[2], begun))
                else:
                    in_flight.settle(key, kept)

        begun = self._source.begin(question, do=do, start=start, then=heard)
        if begun is None:
            return False
        self.cache.misses += 1
        in_flight.begin(key, then)
        return True

    async def look_up(
        self,
        questions: Iterable[Question],
        *,
        do: bool,
        start: int,
        deadline: float,
        refresh: bool = False,
    ) -> Mapping[Question, Resolution]:
        """Resolve questions, all at once, until `deadline` (the loop's clock, seconds).

        `refresh`: what is remembered is too old for who asks.
        """
        wanted = tuple(questions)
        found = await asyncio.gather(
            *(self._one(question, do, start, deadline, refresh) for question in wanted)
        )
        return dict(zip(wanted, found, strict=True))

    async def _one(
        self, question: Question, do: bool, start: int, deadline: float, refresh: bool
    ) -> Resolution:
        now = self._clock()
        known = self.cache.failure(question, do, now) if refresh else self.known(question, do=do)
        if known is not None:
            return (self._old(question, do) or known) if refresh else known
        was_up = self.is_up
        self.cache.misses += 1
        found = await self._in_flight.share(
            (question, do, self._generation),
            lambda: self._ask(question, do, start, self._generation),
            deadline - self._clock(),
        )
        if found is None:
            found = Resolution(
                Outcome.FAILED if was_up else Outcome.DOWN,
                question.name,
                elapsed=max(0.0, deadline - now),
            )
        if found.outcome in (Outcome.FAILED, Outcome.DOWN):
            return self._old(question, do) or found
        return found

    def _old(self, question: Question, do: bool) -> Resolution | None:
        """What is remembered, where nothing newer can be had.

        It counts as stale even within its TTL: to whom it was too old, it would be so for ever.
        """
        found = self.cache.stale(question, do, self._clock())
        return None if found is None else replace(found, is_stale=True)

    async def _ask(
        self,
        question: Question,
        do: bool,
        start: int,
        generation: int,
        begun: FirstTry | None = None,
    ) -> Resolution:
        was_up = self.is_up
        began = self._clock()
        try:
            async with asyncio.timeout(LOOK_UP_BUDGET):
                found = await self._source.look_up(question, do=do, start=start, begun=begun)
        except TimeoutError:
            found = Resolution(Outcome.FAILED if was_up else Outcome.DOWN, question.name)
        if not found.elapsed:
            found = replace(found, elapsed=self._clock() - began)
        return self._kept(question, do, generation, found)

    def _kept(self, question: Question, do: bool, generation: int, found: Resolution) -> Resolution:
        """What was found, as it counts here, and remembered for whoever asks next."""
        found = without_local_ends(found)
        if not do and found.signatures:
            # Some servers send them unasked; who did not ask must not get them (RFC 4035, 3.2.1).
            found = replace(found, signatures=())
        if generation == self._generation:
            self.cache.keep(question, do, found, self._clock())
        return found

    def forget(self) -> None:
        """Other nameservers answer from now on: what earlier ones say no longer counts.

        Look-ups under way still serve those who wait for them, and nobody else.
        """
        self._generation += 1
        self.cache.clear()

    async def close(self) -> None:
        """End the look-ups that are under way."""
        await self._in_flight.close()
