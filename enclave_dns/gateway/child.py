"""A child process that does one piece of work: an order in, frames out.

It is started when there is work, has a deadline, and is gone when this returns, however it does.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Final, TypeVar

from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway.frames import FRAME_HEAD, GARBLED, Taker, read_frame_head

DEADLINE: Final = 60.0
"""Seconds that a child may take; what is largest takes half of them."""

_COMMAND: Final = (sys.executable, "-P", "-m", "enclave_dns.gateway.compiler")
_CHUNK: Final = 1 << 16
_SLICE: Final = 0.002
"""Seconds of putting together after which the replies have their turn."""

_Stream = TypeVar("_Stream", asyncio.StreamReader, asyncio.StreamWriter)


async def have_done(order: bytes, content: bytes, taker: Taker) -> None:
    """Have a child do an order (one line) with a document, and put together what it sends.

    Raises what the taker does, and EnvironmentFault where the child dies, hangs or babbles.
    """
    try:
        async with asyncio.timeout(DEADLINE):
            await _have_done(order, content, taker)
    except TimeoutError:
        reason = f"the child process was not done after {DEADLINE:g} s"
        raise EnvironmentFault(f"{reason}: see what the machine is busy with") from None


async def _have_done(order: bytes, content: bytes, taker: Taker) -> None:
    child = await _start()
    try:
        await _tell(child, order, content)
        await _hear(child, taker)
        await child.wait()
    except (asyncio.IncompleteReadError, ConnectionError):
        status = await child.wait()
        reason = f"the child process ended too early, with exit status {status}"
        raise EnvironmentFault(f"{reason}: see standard error, and the limits on memory") from None
    except GARBLED as error:
        raise EnvironmentFault(f"the child process sent no frame of ours: {error}") from error
    finally:
        await _end(child)


async def _start() -> Process:
    # It finds every module where we do.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        # In a session of its own, for Ctrl-C at our terminal is not meant for it.
        return await asyncio.create_subprocess_exec(
            *_COMMAND,
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            start_new_session=True,
            limit=_CHUNK,
        )
    except OSError as error:
        reason = f"no child process can be started: {error.strerror}"
        raise EnvironmentFault(f"{reason}; see the limits on processes and memory") from error


async def _tell(child: Process, order: bytes, content: bytes) -> None:
    pipe = _pipe(child.stdin)
    pipe.write(order + b"\n")
    for at in range(0, len(content), _CHUNK):
        pipe.write(content[at : at + _CHUNK])
        await pipe.drain()
    pipe.close()


async def _hear(child: Process, taker: Taker) -> None:
    pipe, clock = _pipe(child.stdout), asyncio.get_running_loop().time
    pause_at = clock() + _SLICE
    while not taker.is_whole:
        kind, length = read_frame_head(await pipe.readexactly(FRAME_HEAD.size))
        taker.take(kind, await pipe.readexactly(length))
        if clock() >= pause_at:
            # What has been received already is read without a wait.
            await asyncio.sleep(0)
            pause_at = clock() + _SLICE


async def _end(child: Process) -> None:
    """Leave no process behind, whether it is done or not."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
    # Its pipe is closed only when it has been read to the end.
    while await _pipe(child.stdout).read(_CHUNK):
        pass
    await child.wait()


def _pipe(stream: _Stream | None) -> _Stream:
    """An end of a pipe that was asked for."""
    if stream is None:
        raise TypeError("a child without its pipes")
    return stream
