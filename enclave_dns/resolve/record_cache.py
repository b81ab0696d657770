"""Resolutions that are remembered, unfiltered, for all senders (RFC 1035, 2308, 8767, 9520).

Found for an hour with the age told, since who asks says whether that is too old: by the TTLs, or by
what the SOA allows. Failures count for 1 to 5 seconds. What is older stays for up to a day: it may
serve while nothing newer can be had, which the caller decides. Time is an argument, in seconds.
"""

from dataclasses import replace
from typing import Final

from enclave_dns.bounded import BoundedTable
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.values import value

MAX_ENTRIES: Final = 50_000
MAX_BYTES: Final = 32 << 20
MAX_NEW_BYTES: Final = 6 << 20
"""Of resolutions that were asked for once so far, some 7,000: what a flood of names can take."""

MAX_STALE: Final = 86_400.0
"""Seconds past its time for which data may still serve (RFC 8767, section 5)."""

FLOOR: Final = 3600.0
"""Seconds for which every resolution is found, whatever its TTLs: whether it still counts is for
who asks to say, by the TTLs of what is disclosed to them; they must not notice those of the rest,
not even by whether it had to be looked up first or only anew."""

FIRST_FAILURE: Final = 1.0
LONGEST_FAILURE: Final = 5.0
"""Seconds for which a failure is remembered; doubled while it repeats (RFC 9520, section 3.2)."""

CALM: Final = 30.0
"""Seconds without a look-up that failed, past its pause, after which the next failure is the first
of a streak again: what was wrong half a minute ago says little about now."""

_KNOWN: Final = (Outcome.ANSWER, Outcome.NXDOMAIN)


@value(frozen=True, slots=True)
class _Kept:
    """One remembered resolution and the failure that may have come after it."""

    resolution: Resolution | None
    stored: float = 0.0
    expires: float = 0.0
    failure: Resolution | None = None
    failed_until: float = 0.0
    pause: float = 0.0


class RecordCache:
    """Resolutions by question and DNSSEC wish, bounded in entries and bytes.

    `hits` counts what was found here; whoever has to ask somebody after all counts a miss.
    """

    __slots__ = ("_table", "hits", "misses")

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._table: BoundedTable[tuple[Question, bool], _Kept] = BoundedTable(
            max_entries, max_bytes, MAX_NEW_BYTES
        )
        self.hits = 0
        self.misses = 0

    def fresh(self, question: Question, do: bool, now: float) -> Resolution | None:
        """What may still be valid, its age told; a remembered failure too.

        It may be past its TTL: which of its records count, and so whether it is old, depends on who
        asks.
        """
        kept = self._table.get((question, do))
        if kept is None:
            return None
        if kept.resolution is not None and now < kept.expires:
            self.hits += 1
            return replace(kept.resolution, age=now - kept.stored)
        return self.failure(question, do, now)

    def failure(self, question: Question, do: bool, now: float) -> Resolution | None:
        """The failure of the last look-up, while it is to be remembered."""
        kept = self._table.get((question, do))
        if kept is not None and kept.failure is not None and now < kept.failed_until:
            return kept.failure
        return None

    def stale(self, question: Question, do: bool, now: float) -> Resolution | None:
        """Positive data past its time, at most a day; None where there is none."""
        kept = self._table.get((question, do))
        if kept is None or kept.resolution is None or now >= kept.expires + MAX_STALE:
            return None
        if kept.resolution.outcome is not Outcome.ANSWER:
            return None
        age = now - kept.stored
        return replace(kept.resolution, age=age, is_stale=age >= kept.resolution.ttl)

    def keep(self, question: Question, do: bool, resolution: Resolution, now: float) -> None:
        """Remember a resolution. A failure does not displace the data that it could not renew."""
        key = (question, do)
        if resolution.outcome in _KNOWN:
            kept = _Kept(resolution, now, now + FLOOR)
        elif resolution.outcome is Outcome.FAILED:
            kept = _after_failure(self._table.get(key), resolution, now)
        else:
            return  # no nameserver is up: that is a state of theirs, not of this name
        self._table.put(key, kept, _size(question, kept))

    def clear(self) -> None:
        """Forget everything."""
        self._table.clear()

    def __len__(self) -> int:
        return len(self._table)


def _after_failure(kept: _Kept | None, failure: Resolution, now: float) -> _Kept:
    kept = kept or _Kept(None)
    is_repeated = kept.pause and now < kept.failed_until + CALM
    pause = min(kept.pause * 2, LONGEST_FAILURE) if is_repeated else FIRST_FAILURE
    return replace(kept, failure=failure, failed_until=now + pause, pause=pause)


def _size(question: Question, kept: _Kept) -> int:
    records = (*kept.resolution.chain, *kept.resolution.rrset) if kept.resolution else ()
    return (
        600
        + len(question.name)
        + sum(200 + len(record.name) + len(record.rdata) for record in records)
    )
