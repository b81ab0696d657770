"""A relay that hands datagrams on as they are: how a program's questions can lead back to it.

The questions of a program to its nameserver would come from whatever address the kernel picks; the
relay gives them one that is a sender of the program behind it.
"""

import asyncio
import socket
from types import TracebackType
from typing import Self

HERE = "127.0.0.1"


class Relay:
    """Listens on one port; what comes is sent to `target`, from `source`, and its replies back.

    Without a target it is silent. `passed` counts the datagrams on their way to the target.
    """

    def __init__(self, source: str = HERE, *, address: str = HERE, port: int = 0) -> None:
        self.source = source
        self._place = address, port
        self.target: tuple[str, int] | None = None
        self.passed = 0
        self._loop = asyncio.get_running_loop()
        self._way_back: dict[socket.socket, tuple[str, int]] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    async def __aenter__(self) -> Self:
        self._socket.setblocking(False)
        self._socket.bind(self._place)
        self._loop.add_reader(self._socket, self._to_target)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for sock in (self._socket, *self._way_back):
            self._loop.remove_reader(sock)
            sock.close()

    def _to_target(self) -> None:
        packet, asker = self._socket.recvfrom(65535)
        if self.target is None:
            return
        self.passed += 1
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind((self.source, 0))
        sock.connect(self.target)
        sock.send(packet)
        self._way_back[sock] = asker
        self._loop.add_reader(sock, self._back, sock)

    def _back(self, sock: socket.socket) -> None:
        try:
            packet = sock.recv(65535)
        except OSError:
            return  # nobody is there any more
        self._socket.sendto(packet, self._way_back[sock])
