"""Over what a question travels, and what may come of one exchange. Pure.

UDP first; a reply that was cut short is asked for again over TCP. The first datagram that is not
ours ends the trust in UDP for the whole question: TCP from then on, whoever is asked, and where
that fails a fresh UDP socket and id, twice at most.
"""

from enum import Enum
from typing import Final

FRESH_UDP: Final = 2
"""How often UDP is used again after a mismatch, where TCP fails."""


class Transport(Enum):
    """How a question travels."""

    UDP = "udp"
    TCP = "tcp"


class Failure(Enum):
    """Why an exchange brought no message."""

    SILENCE = "silence"
    """Nothing came in time."""
    UNREACHABLE = "unreachable"
    """Refused, reset or unroutable: nobody is there now."""
    MISMATCH = "mismatch"
    """Something came that answers another query than ours."""
    TRUNCATED = "truncated"
    """Our answer, cut short (TC); the same question over TCP brings all of it."""
    GARBAGE = "garbage"
    """Our answer, but it cannot be read."""
    LOOP = "loop"
    """Our question came back to us, so that whatever was said is our own word."""
    NO_SOCKET = "no socket"
    """This machine has no socket or memory left; says nothing about the server."""


class Transports:
    """The transports of one question, over all the servers that it is put to.

    `use_tcp`: TCP alone, as resolv.conf's `use-vc` asks for. `takes_cut`: a reply that was cut
    short is good enough.
    """

    __slots__ = ("_fresh", "_fresh_out", "_is_udp_owed", "_takes_cut", "_use_tcp")

    def __init__(self, *, use_tcp: bool = False, takes_cut: bool = False) -> None:
        self._use_tcp = use_tcp
        self._takes_cut = takes_cut
        self._fresh: int | None = None  # UDP exchanges left after a mismatch; None: none was seen
        self._fresh_out = 0  # of those, how many are under way
        self._is_udp_owed = False

    def first(self) -> Transport:
        """What a try begins with."""
        if self._is_udp_owed:
            self._is_udp_owed = False
            self._fresh_out += 1
            return Transport.UDP
        if self._use_tcp or self._fresh is not None:
            return Transport.TCP
        return Transport.UDP

    def after(self, transport: Transport, failure: Failure) -> Transport | None:
        """What the same server is asked over next; None: its try is over.

        A TCP connection that was dropped in silence has used up its try: then the next try, of
        whichever server, begins over UDP.
        """
        if transport is Transport.UDP:
            return self._after_udp(failure)
        if not self._fresh:
            return None
        if failure is Failure.UNREACHABLE:
            self._fresh -= 1
            self._fresh_out += 1
            return Transport.UDP
        if failure is Failure.SILENCE:
            self._fresh -= 1
            self._is_udp_owed = True
        return None

    def _after_udp(self, failure: Failure) -> Transport | None:
        if failure is Failure.TRUNCATED:
            return None if self._takes_cut else Transport.TCP
        was_fresh = self._fresh_out > 0
        self._fresh_out -= was_fresh
        if failure is not Failure.MISMATCH or was_fresh:
            return None
        # Another server's first datagram may be forged as well, while it is asked beside this one.
        if self._fresh is None:
            self._fresh = 0 if self._use_tcp else FRESH_UDP
        return Transport.TCP
