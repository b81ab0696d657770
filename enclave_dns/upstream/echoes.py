"""Recognising our own questions when they come back to us: a loop.

Every question leaves with its letters in random case (0x20); one that comes in with the very same
spelling while ours is waited for has gone in a circle, through whoever we asked. A server on the
way that spells names anew (another one of ours does) leaves only the name, which others may ask
too. It proves something where nobody else would ask it, so such names are made up, and where the
server that it was sent to is known to lead back. Pure; bounded by the questions in flight.
"""

from typing import Final

from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.wire.names import Name, from_labels

LETTERS: Final = 16
"""Letters that a name needs: its spelling is met by chance once in 2 ** 16 times."""

NOBODYS: Final = 32
"""Letters of a name that nobody else asks."""

_NO_LETTERS: Final = bytes(byte for byte in range(256) if byte > 127 or not chr(byte).isalpha())


def name_of_nobody(random: bytes) -> Name:
    """A name that nobody else asks, from NOBODYS random bytes."""
    return from_labels([bytes(97 + byte % 26 for byte in random)])


class Echoes:
    """The names under way, and which of them have come back.

    `looping` are the servers that are known to lead back to us; `seen` counts what came back.
    """

    __slots__ = ("_in_any_spelling", "_under_way", "looping", "seen")

    def __init__(self) -> None:
        self._under_way: dict[Name, bool] = {}
        self._in_any_spelling: dict[Name, Name] = {}
        self.looping: set[Nameserver] = set()
        self.seen = 0

    def sent(self, name: Name, server: Nameserver) -> None:
        """A question leaves with its name spelled so."""
        folded = name.lower()
        if server in self.looping or _is_nobodys(folded):
            self._in_any_spelling[folded] = name
            self._under_way[name] = False
        elif _letters(name) >= LETTERS:
            self._under_way[name] = False

    def came_in(self, name: Name) -> bool:
        """Whether a question that came in is one of ours; that it did is remembered."""
        ours = name if name in self._under_way else self._in_any_spelling.get(name.lower())
        if ours is None:
            return False
        self._under_way[ours] = True
        self.seen += 1
        return True

    def settled(self, name: Name) -> bool:
        """A question is no longer under way; whether it came back meanwhile."""
        folded = name.lower()
        if self._in_any_spelling.get(folded) == name:
            del self._in_any_spelling[folded]
        return self._under_way.pop(name, False)


def _letters(name: Name) -> int:
    return len(name.translate(None, _NO_LETTERS))


def _is_nobodys(folded: Name) -> bool:
    return len(folded) == NOBODYS + 2 and folded[0] == NOBODYS == _letters(folded)
