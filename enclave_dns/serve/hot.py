"""The hot path: from a datagram straight to the bytes of a kept reply, and None for all the rest.

Most of what a gateway is asked it has just answered. The plain way (`Server.receive`) takes 11 us
of processor time for such a query beside the system calls, mostly for values that the next line
takes apart again; here it is 1.4 us (CPython 3.11): four look-ups of slices of the packet, and
nothing is parsed. None of it decides anything: it recognises what the plain way has judged before,
octet for octet, and what it does not recognise goes the plain way. A test holds the two ways
against each other.
"""

from typing import Final

from enclave_dns.serve.program import Program
from enclave_dns.serve.query import REFLECTING_PORTS, Query
from enclave_dns.serve.rendering import form_of, kept_opt
from enclave_dns.serve.reply_cache import ReplyCache, question_key
from enclave_dns.tally import ANY_OTHER, CACHE, TYPES, Traffic
from enclave_dns.wire.cursor import HEADER_SIZE
from enclave_dns.wire.message import AD, CD, RD

Tail = tuple[bytes, int, bytes, int]
"""What a query's bytes behind its name mean: the end of the reply's key, the most bytes that the
reply may have, our OPT, and the type's place among the counters."""

MAX_TAILS: Final = 512
"""Tails remembered for queries with, and for those without an OPT: a dozen types, each with the few
sizes that clients offer. Somebody who sends others without end costs everybody else one plain reply
for every so many of theirs."""

MAX_TAIL: Final = 64
"""Bytes of the longest: an OPT with both cookies has 39 (RFC 7873), and the question 4."""

_OPT_AT: Final = 4
_OPT: Final = b"\0\0\x29"


class HotPath:
    """Knows the headers and tails of plain queries, and looks up what is between them.

    A packet is an id, ten bytes of header, a name, and a tail: type, class and maybe an OPT record.
    Each part is read by itself, which is sound because

    - the ten bytes fix the counts: one question, and at most one record behind it;
    - a name without a zero octet in a label ends at its first one. Whatever stands there is the
      folded name of a kept reply, octet for octet, or it is not found; and those were read in full.
      Folding changes letters only and makes only letters, so label lengths (at most 63) and with
      them all labels are the same. Names with a zero octet in a label, or with a pointer, agree
      with none of those, since what is cut off at the first zero octet holds no other;
    - a tail is remembered from a message that was taken, and how it is read depends on nothing in
      front of it: the OPT's owner is written out.
    """

    __slots__ = ("_counts", "_entries", "_headers", "_program", "_rcodes", "_replies", "_times")

    def __init__(self, program: Program, replies: ReplyCache, traffic: Traffic) -> None:
        self._program = program
        self._replies = replies
        self._entries = replies.entries
        self._counts, self._rcodes = traffic.udp, traffic.kept
        self._times = traffic.times[CACHE]
        self._headers = _plain_headers()

    def reply(self, packet: bytes, source: str, port: int, now: float) -> bytes | None:
        """The kept reply to a UDP packet, counted but for its time; None: go the plain way.

        `source` and `port` are where it came from; `now` is on the clock of the reply cache.
        """
        header = self._headers.get(packet[2:HEADER_SIZE])
        if header is None:
            return None
        form, tails = header
        end = packet.find(0, HEADER_SIZE) + 1
        tail = tails.get(packet[end:])
        if tail is None or port in REFLECTING_PORTS:
            return None
        audience = self._program.identify(source)
        if audience is None or audience.refusal is not None:
            return None
        key_end, limit, opt, place = tail
        name = packet[HEADER_SIZE:end]
        entry = self._entries.get(audience.key + name.lower() + key_end)
        if entry is None or now >= entry.value.expires:
            return None
        kept = entry.value
        body = kept.body if kept.turns < 2 else kept.turned()
        reply = b"".join((packet[:2], kept.heads[form], name, body, opt))
        if len(reply) > limit:
            return None
        entry.is_used = True
        kept.turn += 1
        self._counts[":" in source][place] += 1
        self._rcodes[reply[3] & 0xF] += 1
        self._replies.hits += 1
        return reply

    def took(self, seconds: float, count: int) -> None:
        """Count the time of `count` replies that were made in one go: each took the average.

        A look at the clock for each would be a tenth of what it costs. What else was read in that
        go, and the sending, is in it.
        """
        self._times.add_alike(seconds, count)

    def learn(self, packet: bytes, query: Query) -> None:
        """Remember the tail of a UDP packet that the plain way has read as this query."""
        header = self._headers.get(packet[2:HEADER_SIZE])
        # The name is the first one in its packet: there is nothing that it could point at.
        tail = packet[HEADER_SIZE + len(query.question.name) :]
        if header is None or len(tail) > MAX_TAIL:
            return
        # A record that is no OPT, or whose owner is a pointer, is not for here.
        if len(tail) > _OPT_AT and not tail.startswith(_OPT, _OPT_AT):
            return
        tails = header[1]
        if len(tails) >= MAX_TAILS:
            tails.clear()
        rtype = query.question.rtype
        tails[tail] = (
            question_key(query),
            query.limit(is_tcp=False),
            kept_opt(query.edns),
            rtype if rtype < TYPES else ANY_OTHER,
        )

    def close(self) -> None:
        """Leave everything to the plain way from now on."""
        self._headers.clear()


def _plain_headers() -> dict[bytes, tuple[int, dict[bytes, Tail]]]:
    """Bytes 2 to 12 of plain queries: which form of reply they get, and the tails seen with them.

    Plain is: QR clear, opcode QUERY, no flags but RD, AD and CD, one question, no OPT or one.
    """
    headers = {}
    for additional in (0, 1):
        tails: dict[bytes, Tail] = {}
        for flags in (rd | ad | cd for rd in (0, RD) for ad in (0, AD) for cd in (0, CD)):
            header = flags.to_bytes(2) + b"\0\1\0\0\0\0" + additional.to_bytes(2)
            headers[header] = (form_of(flags, additional > 0), tails)
    return headers
