"""The system's message bus, as far as we need it: is a name owned, call a method, read a property.

One connection with a deadline for every step. What goes wrong on the way (no bus, a slow bus, a
method that fails) is an EnvironmentFault of one line. The library is imported on first use: a stub
that leaves the machine's resolver alone does not need it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from enclave_dns.errors import EnvironmentFault

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

TIMEOUT: Final = 5.0
"""Seconds for one step. A name that is started on demand may take a while."""

_T = TypeVar("_T")

_DAEMON: Final = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_DENIED: Final = (
    "org.freedesktop.DBus.Error.AccessDenied",
    "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
)


@dataclass(frozen=True, slots=True)
class Place:
    """One interface of one object of one service."""

    service: str
    path: str
    interface: str


class SystemBus:
    """A connection to the system's bus. Use it as an async context manager, or close it.

    `timeout`: seconds for each step. All methods raise EnvironmentFault.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._bus: MessageBus | None = None
        self._end: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether the connection still stands."""
        return self._bus is not None and self._bus.connected

    async def open(self) -> None:
        """Connect, with DBUS_SYSTEM_BUS_ADDRESS or the usual address."""
        from dbus_fast import BusType
        from dbus_fast.aio import MessageBus
        from dbus_fast.errors import AuthError, DBusError, InvalidAddressError

        try:
            bus = MessageBus(bus_type=BusType.SYSTEM)
        except InvalidAddressError as error:
            raise EnvironmentFault(
                f"the address of D-Bus cannot be used: {error}; correct DBUS_SYSTEM_BUS_ADDRESS"
            ) from error
        self._bus = bus
        try:
            await asyncio.wait_for(bus.connect(), self._timeout)
        except TimeoutError:
            self.close()
            raise EnvironmentFault(_slow("D-Bus", self._timeout)) from None
        except (OSError, EOFError, AuthError, DBusError) as error:
            self.close()
            raise EnvironmentFault(
                f"cannot connect to D-Bus: {_words(error)}; start the service dbus, "
                "or set `manage_dns = false`"
            ) from error
        self._end = asyncio.get_running_loop().create_task(_until_the_end(bus))

    def close(self) -> None:
        """Give the connection back; what is bound to it ends."""
        bus, self._bus = self._bus, None
        if bus is not None:
            with contextlib.suppress(OSError, AttributeError):
                # One that never came about has no socket to close.
                bus.disconnect()

    async def is_owned(self, name: str) -> bool:
        """Whether somebody has this name now; nobody is started."""
        (answer,) = await self.call(Place(*_DAEMON), "NameHasOwner", "s", [name])
        return bool(answer)

    async def get(self, place: Place, name: str) -> Any:
        """A property's value."""
        properties = Place(place.service, place.path, _PROPERTIES)
        (variant,) = await self.call(properties, "Get", "ss", [place.interface, name])
        return variant.value

    async def call(
        self, place: Place, method: str, signature: str = "", body: Sequence[object] = ()
    ) -> list[Any]:
        """Call a method; returns what it returns."""
        answer = await self.call_if(place, method, signature, body, ())
        return [] if answer is None else answer

    async def call_if(
        self,
        place: Place,
        method: str,
        signature: str,
        body: Sequence[object],
        expected: Collection[str],
    ) -> list[Any] | None:
        """Call a method; None where it fails with one of the error names in `expected`."""
        from dbus_fast import Message, MessageType

        if self._bus is None or not self._bus.connected:
            # The library would wait for a reply that cannot come.
            raise EnvironmentFault("the connection to D-Bus is gone; is the service dbus running?")
        message = Message(
            destination=place.service,
            path=place.path,
            interface=place.interface,
            member=method,
            signature=signature,
            body=list(body),
        )
        reply = await self._within(self._bus.call(message), f"{place.service} {method}")
        if reply is None:
            raise EnvironmentFault(f"{place.service} gave no reply to {method}")
        if reply.message_type is not MessageType.ERROR:
            return list(reply.body)
        name = str(reply.error_name)
        if name in expected:
            return None
        raise EnvironmentFault(_refused(place, method, name, reply.body))

    async def _within(self, work: Awaitable[_T], what: str) -> _T:
        try:
            return await asyncio.wait_for(work, self._timeout)
        except TimeoutError:
            raise EnvironmentFault(_slow(what, self._timeout)) from None
        except (OSError, EOFError) as error:
            raise EnvironmentFault(
                f"the connection to D-Bus broke: {_words(error)}; is the service dbus running?"
            ) from error


async def _until_the_end(bus: "MessageBus") -> None:
    """Take note of how the connection ends, for the library wants somebody to."""
    with contextlib.suppress(OSError, EOFError):
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # the library's


def _slow(what: str, timeout: float) -> str:
    return f"{what} did not answer within {timeout:g} s; is the service alive? restart it"


def _refused(place: Place, method: str, name: str, body: Sequence[object]) -> str:
    said = str(body[0]) if body else name
    if name in _DENIED:
        return f"{place.service} does not let us call {method}: run as root ({said})"
    return f"{place.service} failed in {method}: {said} ({name.rpartition('.')[2]})"


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
