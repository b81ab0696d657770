"""Address literals in text: what a reader of a TXT record could take for an address (D6).

Found are dotted IPv4 addresses of two to four parts in every spelling of inet_aton (decimal, octal,
hexadecimal; where a part can be read two ways, both count), prefixes, ranges, names under
in-addr.arpa and ip6.arpa, and IPv6 in the forms of RFC 4291. Each gives the addresses that it
stands for. Names are not looked for. Work is O(characters): patterns have no nested repetition.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv6Address, IPv6Network
from itertools import product
from typing import Final

from enclave_dns.disclosure.ranges import Range, prefix
from enclave_dns.disclosure.view import View

_PART: Final = r"(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,11})"
_DOTTED: Final = re.compile(
    rf"(?<![0-9A-Za-z.])({_PART}(?:\.{_PART}){{1,3}})(?![0-9A-Za-z]|\.[0-9])"
    rf"(?:/([0-9]{{1,2}})(?![0-9])|\s{{0,4}}-\s{{0,4}}({_PART}(?:\.{_PART}){{0,3}})(?![0-9A-Za-z]))?"
)
_REVERSE4: Final = re.compile(
    r"(?<![0-9A-Za-z])([0-9]{1,3}(?:\.[0-9]{1,3}){0,3})\.in-addr\.arpa", re.IGNORECASE
)
_REVERSE6: Final = re.compile(
    r"(?<![0-9A-Za-z])([0-9a-f](?:\.[0-9a-f]){0,31})\.ip6\.arpa", re.IGNORECASE
)
_QUAD: Final = re.compile(r"(?<![0-9])(?=([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?![0-9]))")
"""Four decimal parts wherever they stand: glued to letters, or within a longer row."""
_COLONS: Final = re.compile(
    r"(?<![0-9A-Za-z])((?:[0-9A-Fa-f]{0,4}:){2,8}"
    r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}))"
    r"(?:%[0-9A-Za-z]{1,15})?(?:/([0-9]{1,3}))?"
)
_LAST4: Final = (1 << 32) - 1


def holds_hidden(view: View, text: str) -> bool:
    """Whether a text holds a literal that is not wholly in the view."""
    return any(not view.permits_all(span) for span in literals(text))


def literals(text: str) -> Iterator[Range]:
    """The spans that a text names; one literal may be read in several ways."""
    for match in _REVERSE4.finditer(text):
        yield from _reversed4(match[1])
    for match in _REVERSE6.finditer(text):
        nibbles = match[1].replace(".", "")[::-1]
        yield prefix(6, int(nibbles.ljust(32, "0"), 16), 4 * len(nibbles))
    bare = _REVERSE6.sub(" ", _REVERSE4.sub(" ", text))
    for match in _DOTTED.finditer(bare):
        yield from _dotted(match)
    for match in _QUAD.finditer(bare):
        yield from (Range(4, value, value) for value in readings(match[1]))
    for match in _COLONS.finditer(bare):
        yield from _with_colons(match[1], match[2])


def _reversed4(text: str) -> Iterator[Range]:
    octets = [int(part) for part in reversed(text.split("."))]
    if all(octet < 256 for octet in octets):
        first = int.from_bytes(bytes(octets).ljust(4, b"\0"))
        yield prefix(4, first, 8 * len(octets))


def _dotted(match: re.Match[str]) -> Iterator[Range]:
    whole, length, end = match[1], match[2], match[3]
    for first in readings(whole):
        if length is not None and int(length) <= 32:
            size = 1 << (32 - int(length))
            yield Range(4, first & -size & _LAST4, first | (size - 1))
        elif end is not None:
            yield from _range(first, end)
        else:
            yield Range(4, first, first)


def _range(first: int, end: str) -> Iterator[Range]:
    """`a.b.c.d - e.f.g.h`, or the shorthand `a.b.c.d-n` for the last octet."""
    lasts = readings(end) if "." in end else _numbers(end)
    for value in lasts:
        last = value if "." in end else (first & 0xFFFFFF00) | min(value, 255)
        yield Range(4, min(first, last), max(first, last))


def readings(text: str) -> list[int]:
    """Every IPv4 address that a dotted spelling can be read as, as numbers (inet_aton(3))."""
    choices = [_numbers(part) for part in text.split(".")]
    found = set()
    for parts in product(*choices):
        *heads, tail = parts
        room = 8 * (4 - len(heads))
        if all(head < 256 for head in heads) and tail < 1 << room:
            value = 0
            for head in heads:
                value = value << 8 | head
            found.add(value << room | tail)
    return sorted(found)


def _numbers(part: str) -> list[int]:
    """The values of one part: hexadecimal, or decimal and, with a leading zero, octal too."""
    if part[:2].lower() == "0x":
        return [int(part, 16)]
    values = {int(part)}
    if part.startswith("0") and set(part) <= set("01234567"):
        values.add(int(part, 8))
    return sorted(values)


def _with_colons(text: str, length: str | None) -> Iterator[Range]:
    address = _address6(text)
    if address is not None and length is not None and int(length) <= 128:
        network = IPv6Network((address, int(length)), strict=False)
        yield prefix(6, int(network.network_address), network.prefixlen)
    elif address is not None:
        yield Range(6, int(address), int(address))
    else:
        # More groups than an address has, or a colon behind it: the longest at either end.
        cuts = [at for at, character in enumerate(text) if character == ":"]
        heads = (_address6(text[:at]) for at in reversed(cuts))
        tails = (_address6(text[at + 1 :]) for at in cuts)
        for found in (next(filter(None, heads), None), next(filter(None, tails), None)):
            if found is not None:
                yield Range(6, int(found), int(found))


def _address6(text: str) -> IPv6Address | None:
    try:
        return IPv6Address(text)
    except ValueError:
        return None
