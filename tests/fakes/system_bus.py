"""A system bus in this process, with services that a test scripts: the real wire, no daemon.

It speaks D-Bus over a Unix socket (authentication, Hello, names) and hands every other call to the
function of its interface and method. A client's connection that ends is noticed, as services that
bind something to it do.
"""

import asyncio
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from dbus_fast import ErrorType, Message, MessageType, Variant
from dbus_fast._private.unmarshaller import Unmarshaller

PROPERTIES = "org.freedesktop.DBus.Properties"

Reply = tuple[str, list[Any]]
Method = Callable[..., Reply]


class RefusedError(Exception):
    """The service's error reply: its name and what it says."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(name, text)
        self.name = name
        self.text = text


@dataclass
class FakeService:
    """One service. `methods` by `interface.method`, `properties` by (path, interface, name).

    `calls` is what it was asked, `on_gone` is called when a client's connection ends.
    """

    methods: Mapping[str, Method]
    properties: dict[tuple[str, str, str], Variant] = field(default_factory=dict)
    calls: list[tuple[str, list[Any]]] = field(default_factory=list)
    on_gone: Callable[[], None] = lambda: None

    def answer(self, message: Message) -> Reply:
        """What it says to a call. Raises RefusedError."""
        if message.interface == PROPERTIES and message.member == "Get":
            interface, name = message.body
            found = self.properties.get((str(message.path), interface, name))
            if found is None:
                raise RefusedError(ErrorType.UNKNOWN_OBJECT.value, f"no {name}")
            return "v", [found]
        self.calls.append((str(message.member), list(message.body)))
        method = self.methods.get(f"{message.interface}.{message.member}")
        if method is None:
            raise RefusedError(ErrorType.UNKNOWN_METHOD.value, f"no {message.member}")
        return method(*message.body)


class FakeSystemBus:
    """The bus. Use it as an async context manager; `services` may change at any time.

    `is_mute`: it takes calls and never answers; `is_deaf`: not even the first line of a client.
    """

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "bus"
        self.address = f"unix:path={self.socket}"
        self.services: dict[str, FakeService] = {}
        self.is_mute = False
        self.is_deaf = False
        self.clients = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._accept, self.socket)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End, and all connections with it."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.clients += 1
        try:
            if self.is_deaf:
                await reader.read()
            await self._authenticate(reader, writer)
            while True:
                await self._serve(await _read(reader), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            for service in self.services.values():
                service.on_gone()
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            self.clients -= 1
            self._tasks.discard(task)
            writer.close()

    @staticmethod
    async def _authenticate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        while (line := await reader.readuntil(b"\r\n")) != b"BEGIN\r\n":
            known = line.startswith(b"AUTH EXTERNAL")
            writer.write(b"OK 0123456789abcdef0123456789abcdef\r\n" if known else b"ERROR\r\n")
            await writer.drain()

    async def _serve(self, message: Message, writer: asyncio.StreamWriter) -> None:
        if message.message_type is not MessageType.METHOD_CALL:
            return
        if self.is_mute and message.member != "Hello":
            return
        try:
            signature, body = self._answer(message)
            reply = Message.new_method_return(message, signature, body)
        except RefusedError as refused:
            reply = Message.new_error(message, refused.name, refused.text)
        reply.sender = message.destination
        reply.serial = 1
        writer.write(bytes(reply._marshall(False)))
        await writer.drain()

    def _answer(self, message: Message) -> Reply:
        if message.destination == "org.freedesktop.DBus":
            return self._about_names(str(message.member), message.body)
        service = self.services.get(str(message.destination))
        if service is None:
            raise RefusedError(ErrorType.SERVICE_UNKNOWN.value, f"no {message.destination}")
        return service.answer(message)

    def _about_names(self, member: str, body: Sequence[Any]) -> Reply:
        if member == "Hello":
            return "s", [f":1.{self.clients}"]
        if member == "NameHasOwner":
            return "b", [body[0] in self.services]
        return "", []


async def _read(reader: asyncio.StreamReader) -> Message:
    """The next message: a header of 16 bytes, its fields, padding, and the body (D-Bus 1.0)."""
    start = await reader.readexactly(16)
    order = "little" if start[:1] == b"l" else "big"
    body = int.from_bytes(start[4:8], order)
    fields = int.from_bytes(start[12:16], order)
    rest = await reader.readexactly(-(-fields // 8) * 8 + body)
    message = Unmarshaller(io.BytesIO(start + rest)).unmarshall()
    assert message is not None
    return message
