r"""Domain names in uncompressed wire format: length byte, label, ..., a zero byte.

One representation for every room. It hashes and compares as plain bytes, `folded` is one C call
(a length byte is at most 63 and so never mistaken for a letter), and a label that holds a dot or a
zero byte can not be confused with two labels: `a\.enclave` is not below `enclave`.
"""

from collections.abc import Iterator
from typing import Final

from enclave_dns.errors import MessageError

Name = bytes

ROOT: Final[Name] = b"\0"
MAX_NAME: Final = 255
MAX_LABEL: Final = 63

_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*/+")


def folded(name: Name) -> Name:
    """The name in ASCII lower case (RFC 4343): the form that is compared and used as a key."""
    return name.lower()


def labels(name: Name) -> list[bytes]:
    """The labels of a name from left to right, without the root's empty one."""
    found = []
    at = 0
    while length := name[at]:
        found.append(name[at + 1 : at + 1 + length])
        at += 1 + length
    return found


def from_labels(parts: list[bytes] | tuple[bytes, ...]) -> Name:
    """The name made of these labels. Raises MessageError where it would break RFC 1035, 2.3.4."""
    pieces = []
    for label in parts:
        if not 0 < len(label) <= MAX_LABEL:
            raise MessageError(f"a label has {len(label)} bytes; 1 to {MAX_LABEL} are allowed")
        pieces.append(bytes((len(label),)) + label)
    name = b"".join(pieces) + b"\0"
    if len(name) > MAX_NAME:
        raise MessageError(f"a name has {len(name)} bytes; {MAX_NAME} are allowed")
    return name


def from_text(text: str) -> Name:
    r"""Read presentation format (RFC 1035, 5.1): `\.` and `\ddd` escapes, the final dot optional.

    Text outside ASCII is refused: the caller decides how an internationalised name is meant.
    """
    if text in ("", "."):
        return ROOT
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        raise MessageError(f"{text!r} is not ASCII; write the xn-- form") from None
    parts: list[bytes] = []
    label = bytearray()
    at = 0
    while at < len(raw):
        byte = raw[at]
        if byte == 0x2E:
            parts.append(bytes(label))
            label.clear()
        elif byte == 0x5C:
            byte, at = _unescape(raw, at)
            label.append(byte)
        else:
            label.append(byte)
        at += 1
    if label or raw[-1] != 0x2E:
        parts.append(bytes(label))
    return from_labels(parts)


def _unescape(raw: bytes, at: int) -> tuple[int, int]:
    """The byte that the escape at `at` stands for, and the place of its last character."""
    digits = raw[at + 1 : at + 4]
    if len(digits) == 3 and digits.isdigit():
        value = int(digits)
        if value > 255:
            raise MessageError(f"\\{digits.decode()} is no byte")
        return value, at + 3
    if not digits or digits[:1].isdigit():
        raise MessageError("a backslash at the end of a name, or before fewer than three digits")
    return digits[0], at + 1


def to_text(name: Name) -> str:
    """Presentation format with a final dot; every byte that is not plain is escaped."""
    if name == ROOT:
        return "."
    return "".join(_label_text(label) + "." for label in labels(name))


def display(name: Name) -> str:
    """Presentation format without the final dot, as people write names."""
    return to_text(name).removesuffix(".") or "."


def _label_text(label: bytes) -> str:
    if _PLAIN.issuperset(label):
        return label.decode("ascii")
    return "".join(
        chr(byte)
        if byte in _PLAIN
        else "\\" + chr(byte)
        if 0x21 <= byte <= 0x7E
        else f"\\{byte:03d}"
        for byte in label
    )


def parent(name: Name) -> Name:
    """The name without its leftmost label; the root is its own parent."""
    return name[1 + name[0] :] if name[0] else name


def ancestors(name: Name) -> Iterator[Name]:
    """The name itself, then its parents, the root last: longest suffix first."""
    yield name
    while name[0]:
        name = name[1 + name[0] :]
        yield name


def is_at_or_below(name: Name, zone: Name) -> bool:
    """Whether `name` is `zone` or lies below it. Both must be folded."""
    if not name.endswith(zone):
        return False
    cut = len(name) - len(zone)
    at = 0
    while at < cut:
        at += 1 + name[at]
    return at == cut


def count_labels(name: Name) -> int:
    """How many labels the name has; the root has none."""
    count = at = 0
    while length := name[at]:
        count += 1
        at += 1 + length
    return count
