"""UDP sockets to one server, each for a few questions and for a short while.

A socket for every question costs 30 us more than one out of a pool whose ports nobody can follow:
SOCKETS of them, which of them carries a question drawn anew each time, each given up after
QUESTIONS or LIFETIME. A socket keeps every question that it sent until it is closed, so that a late
reply is told from a forged one. What answers none of them is a mismatch for all
that wait at it.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Final

from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.echoes import Echoes
from enclave_dns.upstream.match import (
    Verdict,
    is_truncated,
    judge,
    with_plain_case,
    with_random_case,
)
from enclave_dns.upstream.sockets import FROM_AFAR, connected, failure_of
from enclave_dns.upstream.transport import Failure
from enclave_dns.wire.edns import Edns
from enclave_dns.wire.names import ROOT, Name
from enclave_dns.wire.numbers import IN, RRType
from enclave_dns.wire.render import render_query

SOCKETS: Final = 64
"""Open at once, beside those that are given up and still waited at; a power of two."""

QUESTIONS: Final = 64
LIFETIME: Final = 5.0
"""Questions and seconds after which a socket gets no further question."""

_LARGEST: Final = 65535
_HEADER: Final = 12
_HEAD: Final = render_query(0, ROOT, RRType.A)[2:_HEADER]
_IN: Final = IN.to_bytes(2)
_OPT: Final = {do: Edns(do=do).rendered() for do in (False, True)}

Then = Callable[[bytes | Failure], None]


class Asked:
    """One question on its way. `result` is None until a reply or a failure has come.

    `then` is called with it, once, unless the question was given up before. A reply that can be
    read is yet to be read: it has the question's name in plain case.
    """

    __slots__ = ("_name", "_section", "_socket", "began", "question", "result", "then")

    def __init__(
        self, question: Question, name: Name, section: bytes, at: "_Socket", began: float
    ) -> None:
        self.question = question
        self.began = began
        self.result: bytes | Failure | None = None
        self.then: Then | None = None
        self._name = name
        self._section = section
        self._socket = at

    def judged(self, packet: bytes, message_id: int) -> Verdict:
        """What a packet is to this question."""
        return judge(packet, message_id, self._section)

    def take(self, packet: bytes) -> None:
        """The reply has come."""
        if is_truncated(packet):
            self.end(Failure.TRUNCATED)
        else:
            self.end(with_plain_case(packet, self.question.name))

    def end(self, result: bytes | Failure) -> None:
        """Nothing more is waited for."""
        if self.result is not None:
            return
        self.result = result
        if self._socket.left(self._name):
            self.result = Failure.LOOP
        then, self.then = self.then, None
        if then is not None:
            then(self.result)

    def forget(self) -> None:
        """Its reply has been read: it need not be kept for as long as the socket is open."""
        self.result = b""

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        self.then = None
        self.end(Failure.SILENCE)

    async def heard(self, deadline: float) -> bytes | Failure:
        """What came of it by `deadline` (the loop's clock); whoever awaits this takes it over."""
        loop = asyncio.get_running_loop()
        if self.result is None:
            waiter: asyncio.Future[None] = loop.create_future()
            self.then = lambda _: None if waiter.done() else waiter.set_result(None)
            try:
                await asyncio.wait((waiter,), timeout=max(0.0, deadline - loop.time()))
            finally:
                self.give_up()
        return Failure.SILENCE if self.result is None else self.result


class Pool:
    """Asks one server over UDP. To be closed."""

    def __init__(self, server: Nameserver, echoes: Echoes) -> None:
        self._server = server
        self._echoes = echoes
        self._sockets: list[_Socket | None] = [None] * SOCKETS
        self._all: set[_Socket] = set()
        self._now = asyncio.get_running_loop().time

    def ask(self, question: Question, do: bool) -> Asked | Failure:
        """Send a question; a failure where it did not even leave."""
        drawn = os.urandom(3 + len(question.name))
        place = drawn[0] & (SOCKETS - 1)
        try:
            at = self._sockets[place]
            if at is None or at.is_spent:
                at = self._sockets[place] = self._open()
            name = with_random_case(question.name, drawn[3:])
            message_id = at.unused(drawn[1] << 8 | drawn[2])
            section = name + question.rtype.to_bytes(2) + _IN
            asked = Asked(question, name, section, at, self._now())
            at.send(message_id, _HEAD + section + _OPT[do], asked)
        except OSError as error:
            return failure_of(error)
        self._echoes.sent(name, self._server)
        return asked

    def _open(self) -> "_Socket":
        opened = _Socket(self._server, self._echoes, self._all.discard)
        self._all.add(opened)
        return opened

    @property
    def is_open(self) -> bool:
        """Whether any of its sockets is."""
        return bool(self._all)

    def retire(self) -> None:
        """Ask nothing more; what is under way comes to its end, and with it the sockets."""
        for at in tuple(self._all):
            at.spend()

    def close(self) -> None:
        """Give all sockets back. What is waited for has met silence, and nobody hears of it."""
        for at in tuple(self._all):
            at.close()


class _Socket:
    """One socket of a pool and the questions that it carried."""

    def __init__(
        self, server: Nameserver, echoes: Echoes, on_close: Callable[["_Socket"], None]
    ) -> None:
        self._echoes = echoes
        self._on_close = on_close
        self._loop = asyncio.get_running_loop()
        self._sent: dict[int, Asked] = {}
        self._waiting = 0
        self.is_spent = False
        self._sock = connected(server)
        self._loop.add_reader(self._sock, self._read)
        self._timer = self._loop.call_later(LIFETIME, self.spend)

    def unused(self, drawn: int) -> int:
        """An id that no question of this socket has, as it was drawn if need be anew."""
        while drawn in self._sent:
            drawn = int.from_bytes(os.urandom(2))
        return drawn

    def send(self, message_id: int, query: bytes, asked: Asked) -> None:
        """Send a question (what follows the id). Raises OSError; all here hear of that."""
        try:
            self._sock.send(message_id.to_bytes(2) + query)
        except OSError as error:
            if error.errno in FROM_AFAR:
                # It is about an earlier question, and is told only once.
                self._unreachable()
            raise
        self._sent[message_id] = asked
        self._waiting += 1
        if len(self._sent) >= QUESTIONS:
            self.spend()

    def left(self, name: Name) -> bool:
        """A question is no longer waited for; whether it came back to us."""
        self._waiting -= 1
        if self.is_spent and not self._waiting:
            self.close()
        return self._echoes.settled(name)

    def close(self) -> None:
        """Give the socket back."""
        if self._sock.fileno() < 0:
            return
        self.is_spent = True
        self._timer.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()
        self._on_close(self)
        for asked in self._sent.values():
            if asked.result is None:
                asked.give_up()
        # They know the socket, and it them: a circle that only the garbage collector would find.
        self._sent.clear()

    def spend(self) -> None:
        """Carry no further question, and close once none is waited for."""
        self.is_spent = True
        if not self._waiting:
            self.close()

    def _read(self) -> None:
        """Take one datagram: the loop calls again while there are more."""
        try:
            packet = self._sock.recv(_LARGEST)
        except (BlockingIOError, InterruptedError):
            return  # a datagram with a bad checksum woke us, and is gone
        except OSError:
            self._unreachable()
            return
        if len(packet) < _HEADER:
            return
        message_id = packet[0] << 8 | packet[1]
        asked = self._sent.get(message_id)
        if asked is None:
            # A guess at any of those that wait here.
            self._end_all(Failure.MISMATCH, Failure.MISMATCH)
        elif asked.judged(packet, message_id) is not Verdict.ACCEPTED:
            # A guess at this question, or a server that spells it otherwise: no matter of others.
            self.is_spent = True
            asked.end(Failure.MISMATCH)
        elif asked.result is None:
            asked.take(packet)

    def _unreachable(self) -> None:
        """One question was refused or had no way, and with it all: but it is one event."""
        self._end_all(Failure.UNREACHABLE, Failure.NO_SOCKET)

    def _end_all(self, first: Failure, others: Failure) -> None:
        """A word that is about every question here, or about none that we know of."""
        self.is_spent = True
        failure = first
        for asked in tuple(self._sent.values()):
            if asked.result is None:
                asked.end(failure)
                failure = others
        self.spend()
