"""A bounded walk over one packet: bytes, integers and names, within a budget of steps.

A step is one label, one pointer or one record. The budget grows with the packet (`allowance`), and
a name that several records point at is expanded once and remembered by its offset; so the work is
O(bytes) however names refer to each other. Pointers must lead strictly backwards, and never into
the header: that rules out loops by construction (RFC 1035, 4.1.4; RFC 9267, section 2).
"""

from typing import Final

from enclave_dns.errors import MessageError
from enclave_dns.wire.names import MAX_NAME, ROOT, Name

HEADER_SIZE: Final = 12
_POINTER: Final = 0xC0
_LABORIOUS: Final = "the message is too laborious to read"


def allowance(size: int) -> int:
    """How many steps a packet of `size` bytes may cost.

    Real messages need about one step for every six bytes. The constant lets a small message hold
    several names of the most labels.
    """
    return 1024 + size // 5


class Cursor:
    """A reading position in one packet.

    `at` is the offset of the next byte, `steps` the work done so far. Every method raises
    MessageError where the packet ends too early or breaks a rule.
    """

    __slots__ = ("_budget", "_names", "at", "packet", "steps")

    def __init__(self, packet: bytes, at: int = 0) -> None:
        self.packet = packet
        self.at = at
        self.steps = 0
        self._budget = allowance(len(packet))
        self._names: dict[int, Name] = {}

    def spend(self, steps: int) -> None:
        """Count work; raises MessageError when the packet has used up its budget."""
        self.steps += steps
        if self.steps > self._budget:
            raise MessageError(_LABORIOUS)

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self.at + size
        if end > len(self.packet):
            raise MessageError("the message ends inside a record")
        taken = self.packet[self.at : end]
        self.at = end
        return taken

    def integer(self, size: int) -> int:
        """The next `size` bytes as an unsigned number."""
        return int.from_bytes(self.take(size))

    def name(self) -> Name:
        """The name at the current position, expanded; the position moves behind it."""
        at, packet = self.at, self.packet
        # What nearly all names of a large message are: a pointer to a name read before, or none.
        if at + 1 < len(packet) and self.steps < self._budget:
            first = packet[at]
            if first >= _POINTER:
                offset = (first & 0x3F) << 8 | packet[at + 1]
                known = self._names.get(offset)
                if known is not None and offset < at:
                    self.steps += 1
                    self.at = at + 2
                    return known
            elif not first:
                self.steps += 1
                self.at = at + 1
                return ROOT
        return self._name_here()

    def _run(self, start: int) -> int:
        """The offset of the byte that ends the labels from `start` on: a zero or a pointer.

        Never goes further than the longest name, and counts each label that it passes, also where
        the name turns out to be bad: whoever sends many bad names pays for them.
        """
        packet, at, steps = self.packet, start, 1
        border = start + MAX_NAME
        try:
            while 0 < (length := packet[at]) < 64 and at < border:
                at += 1 + length
                steps += 1
        except IndexError:
            self.spend(steps)
            raise MessageError("the message ends inside a name") from None
        self.steps += steps
        if self.steps > self._budget:
            raise MessageError(_LABORIOUS)
        if at >= border:
            raise MessageError(f"a name has more than {MAX_NAME} bytes")
        if length and (length < _POINTER or at + 1 >= len(packet)):
            raise MessageError("a label has a reserved length byte")
        return at

    def _pointer(self, at: int) -> int:
        """The offset that the pointer at `at` leads to."""
        return (self.packet[at] & 0x3F) << 8 | self.packet[at + 1]

    def _name_here(self) -> Name:
        """`name` for a name with labels of its own, or a pointer to one that was not read yet."""
        packet, start = self.packet, self.at
        at = self._run(start)
        if packet[at] == 0:
            self.at = at + 1
            name = packet[start : at + 1]
        else:
            offset = (packet[at] & 0x3F) << 8 | packet[at + 1]
            known = self._names.get(offset) if offset < start else None
            self.at = at + 2
            name = packet[start:at] + (known or self._target(offset, start))
            if len(name) > MAX_NAME:
                raise MessageError(f"a name has more than {MAX_NAME} bytes")
        self._names[start] = name
        return name

    def _target(self, offset: int, start: int) -> Name:
        """The name that a pointer inside the name at `start` leads to.

        Each hop must begin before the name it came from begins, so the hops of one chain only ever
        go back; a chain costs a step per hop, and every name on it is then remembered.
        """
        pending: list[tuple[int, int]] = []  # names on the way: where each starts, its pointer
        while True:
            if not HEADER_SIZE <= offset < start:
                raise MessageError("a compression pointer does not lead backwards")
            if offset in self._names:
                break
            at = self._run(offset)
            if self.packet[at] == 0:
                self._names[offset] = self.packet[offset : at + 1]
                break
            pending.append((offset, at))
            start, offset = offset, self._pointer(at)
        name = self._names[offset]
        for begin, end in reversed(pending):
            name = self.packet[begin:end] + name
            if len(name) > MAX_NAME:
                raise MessageError(f"a name has more than {MAX_NAME} bytes")
            self._names[begin] = name
        return name
