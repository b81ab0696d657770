"""Whom one look-up asks next, over what transport, and for how long. No I/O, no clock.

The caller asks `next_try`, performs it, and tells how it ended with one of the `after_...` methods;
when `next_try` gives None the look-up is over. Servers that are down are left out while another is
not; `attempts` rounds over the rest, UDP first; who has replied without settling the question is
not asked again. TC asks the same server over TCP. A mismatch ends the trust in UDP for the whole
question: TCP from then on, and where that is refused a fresh UDP socket and id, twice at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from enclave_dns.upstream.health import State

FRESH_UDP: Final = 2
"""How often UDP is used again after a mismatch, where TCP is refused."""

BUDGET: Final = 2.0
"""Seconds after which a look-up ends, whether somebody still waits for it or not."""

_MIN_TRY: Final = 0.005  # seconds; what is shorter is not worth a socket


class Transport(Enum):
    """How a question travels."""

    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of one look-up, in seconds.

    `timeout`: of one try, as resolv.conf says; `attempts`: rounds; `reply_in`: when whoever waits
    gets an answer, shared by the servers; `budget`: when the look-up itself ends; `longest_try`:
    the bound of one try. The last try of a look-up may use up the budget, so that a slow answer
    still reaches the cache.
    """

    timeout: float = 5.0
    attempts: int = 2
    reply_in: float = 0.8
    budget: float = BUDGET
    longest_try: float = 0.4
    use_tcp: bool = False


@dataclass(frozen=True, slots=True)
class Try:
    """Ask the server at this place in the list, until `deadline` (the clock of `now`)."""

    server: int
    transport: Transport
    deadline: float


def order(states: Sequence[State], start: int) -> tuple[int, ...]:
    """The places of the servers to ask: from `start` on in a circle, the healthy before suspects.

    Servers that are down are asked only when all are: then any reply at all is a way back.
    """
    count = len(states)
    circle = [(start + step) % count for step in range(count)]
    up = [place for place in circle if states[place] is State.UP]
    suspected = [place for place in circle if states[place] is State.SUSPECTED]
    return tuple(up + suspected or circle)


class Selection:
    """The state of one look-up: the servers still to be asked, the first of them now."""

    __slots__ = ("_end", "_fresh", "_pace", "_plan", "_share", "_transport")

    def __init__(self, servers: Sequence[int], pace: Pace, now: float) -> None:
        self._plan = list(servers) * max(pace.attempts, 1)
        self._pace = pace
        self._end = now + pace.budget
        self._share = min(pace.timeout, pace.reply_in / max(len(servers), 1), pace.longest_try)
        self._fresh: int | None = None  # UDP tries left after a mismatch; None: none was seen
        self._transport = self._first_transport()

    def next_try(self, now: float) -> Try | None:
        """What to do now; None when the look-up is over."""
        if not self._plan or now > self._end - _MIN_TRY:
            return None
        time = self._share if len(self._plan) > 1 else self._pace.timeout
        return Try(self._plan[0], self._transport, min(now + time, self._end))

    def after_answer(self) -> None:
        """The question is settled."""
        self._plan.clear()

    def after_truncated(self) -> None:
        """TC over UDP: the same server over TCP. A truncated reply over TCP is no reply."""
        if self._transport is Transport.TCP:
            self._to_next_server()
        else:
            self._transport = Transport.TCP

    def after_mismatch(self) -> None:
        """A datagram that is not ours: UDP is no longer believed."""
        if self._fresh is None and self._transport is Transport.UDP:
            self._fresh = FRESH_UDP
            self._transport = Transport.TCP
        else:
            self._to_next_server()

    def after_failure(self) -> None:
        """Silence, or nobody there: the next server; after a mismatch first UDP once more."""
        if self._transport is Transport.TCP and self._fresh:
            self._fresh -= 1
            self._transport = Transport.UDP
        else:
            self._to_next_server()

    def after_retry(self) -> None:
        """A reply that settles nothing (SERVFAIL, garbage, ...): this server has had its say."""
        server = self._plan[0]
        self._plan = [place for place in self._plan if place != server]
        self._transport = self._first_transport()

    def _to_next_server(self) -> None:
        del self._plan[0]
        self._transport = self._first_transport()

    def _first_transport(self) -> Transport:
        if self._pace.use_tcp or self._fresh is not None:
            return Transport.TCP
        return Transport.UDP
