"""Replies by audience, question and DO: rendered once, patched for each client.

A hit costs no look at upstream data and no pass through the rule. Entries of an older epoch have
another key, so they cannot be reached; they leave as the table needs the room. Replies that the
rule gives no lifetime are not kept.
"""

from typing import Final

from enclave_dns.bounded import BoundedTable
from enclave_dns.disclosure.reply import Reply
from enclave_dns.serve.program import Audience
from enclave_dns.serve.query import Query
from enclave_dns.serve.rendering import Rendered

MAX_ENTRIES: Final = 50_000
MAX_BYTES: Final = 32 << 20
MAX_NEW_BYTES: Final = 6 << 20
"""Of replies that were given once so far, some 12,000: what a flood of names can take."""

LONGEST: Final = 30.0
"""Seconds for which a reply is served again at most: its TTLs do not age meanwhile."""

_OVERHEAD: Final = 230
"""Bytes of one entry beside its sections: the key, the object and its numbers."""


class ReplyCache:
    """A bounded table of rendered replies. Times are seconds on the caller's clock.

    `entries` is for the hot path, which makes the keys itself: the audience's, the folded name and
    `question_key`. It looks at `expires` and marks and counts what it serves.
    """

    __slots__ = ("_table", "entries", "hits", "misses")

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._table: BoundedTable[bytes, Rendered] = BoundedTable(
            max_entries, max_bytes, MAX_NEW_BYTES
        )
        self.entries = self._table.entries
        self.hits = 0
        self.misses = 0

    def find(self, audience: Audience, query: Query, limit: int, now: float) -> bytes | None:
        """The reply packet for this client; None where there is none, or none that fits it."""
        found = self._table.get(_key(audience, query))
        if found is not None and now < found.expires:
            packet = found.packet(query, limit)
            if packet is not None:
                self.hits += 1
                return packet
        self.misses += 1
        return None

    def keep(self, audience: Audience, query: Query, reply: Reply, now: float) -> Rendered | None:
        """Keep a reply for its lifetime; None where it has none.

        Its order stands where that of the reply before it stood.
        """
        if reply.lifetime <= 0 or reply.ede is not None:
            return None
        key = _key(audience, query)
        before = self._table.get(key)
        turn = before.turn if before else 0
        rendered = Rendered.of(query, reply, turn, now + min(reply.lifetime, LONGEST))
        self._table.put(key, rendered, _OVERHEAD + len(key) + len(rendered.body))
        return rendered

    def clear(self) -> None:
        """Forget every reply."""
        self._table.clear()

    def __len__(self) -> int:
        return len(self._table)


def _key(audience: Audience, query: Query) -> bytes:
    return audience.key + query.folded.name + question_key(query)


def question_key(query: Query) -> bytes:
    """What follows the folded name in a key: three bytes, for the type and DO."""
    return query.folded.rtype.to_bytes(2) + (b"\1" if query.do else b"\0")
