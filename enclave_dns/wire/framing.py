"""DNS over TCP: each message behind two bytes of length (RFC 1035, 4.2.2; RFC 7766, section 8).

A `FrameReader` belongs to one connection and one direction. It holds at most one unfinished
message, so a peer that drips bytes costs no more than that.
"""

from enclave_dns.errors import MessageError


def frame(packet: bytes) -> bytes:
    """The message with its length in front. Raises MessageError past 65,535 bytes."""
    if len(packet) > 0xFFFF:
        raise MessageError(f"a message has {len(packet)} bytes; 65535 are allowed over TCP")
    return len(packet).to_bytes(2) + packet


class FrameReader:
    """Cuts a stream of bytes into messages."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take further bytes of the stream; returns the messages that are now complete."""
        buffer = self._buffer
        buffer += data
        packets = []
        at = 0
        while len(buffer) - at >= 2:
            end = at + 2 + int.from_bytes(buffer[at : at + 2])
            if end > len(buffer):
                break
            packets.append(bytes(buffer[at + 2 : end]))
            at = end
        del buffer[:at]
        return packets

    @property
    def has_part(self) -> bool:
        """Whether an unfinished message is waiting for more bytes."""
        return bool(self._buffer)
