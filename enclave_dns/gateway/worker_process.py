"""One worker as its parent sees it: started, heard, and started again with the same sockets.

The sockets outlive the process, and so does what waits in them: the successor serves it.
"""

import asyncio
import json
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway.control import DRAIN, FAULT, FIGURES, SERVING, read_frame, word
from enclave_dns.gateway.frames import GARBLED
from enclave_dns.observe.figures import Figures
from enclave_dns.observe.summed import read, remains, summed

logger = structlog.get_logger()

START: Final = 60.0
"""Seconds until a worker has to serve; the largest organisation and hosts file take half of them.
"""
SILENCE: Final = 10.0
"""Seconds without a sign of life after which a worker is taken for hung, and ended."""
STEADY: Final = 10.0
"""Seconds that a worker has to last for its end not to count as one at once."""
FIRST_PAUSE: Final = 0.1
LAST_PAUSE: Final = 30.0
"""Seconds before a worker is started again: the first time, and at most."""
_LEAVE: Final = 1.0
"""Seconds that a process has to be gone in, once it has nothing more to say."""

_COMMAND: Final = (sys.executable, "-P", "-m", "enclave_dns.gateway.worker")


def next_pause(before: float, lasted: float) -> float:
    """Seconds to wait after an end: doubled each time while a worker does not last.

    `before` is the pause before it was started (0: there was none), `lasted` its life in seconds.
    """
    if before <= 0 or lasted >= STEADY:
        return FIRST_PAUSE
    return min(2 * before, LAST_PAUSE)


class WorkerProcess:
    """The place of one worker, by number from 1, and whoever has it now.

    `greeting` gives the frames that a new process is told first. `served` is done when the first
    one serves, or has the fault why it never did.
    """

    def __init__(
        self, number: int, sockets: Sequence[socket.socket], greeting: Callable[[], bytes]
    ) -> None:
        self.number = number
        self.sockets = tuple(sockets)
        self.is_serving = False
        self.unready = ""
        self.ended = 0
        self.served: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._greeting = greeting
        self._voice: asyncio.StreamWriter | None = None
        self._process: Process | None = None
        self._figures: Figures | None = None
        self._past: Figures | None = None
        self._is_stopping = asyncio.Event()

    @property
    def pid(self) -> int:
        """The process that has the place; 0 where none has."""
        return 0 if self._process is None else self._process.pid

    @property
    def figures(self) -> tuple[Figures, ...]:
        """What was counted by those that had the place, and by the one that has it."""
        return tuple(figures for figures in (self._past, self._figures) if figures is not None)

    def tell(self, frames: bytes) -> None:
        """Tell the process; one that is not there yet will be greeted."""
        if self._voice is not None:
            self._voice.write(frames)

    def stop(self) -> None:
        """Let the process drain, and start no other."""
        self._is_stopping.set()
        self.tell(word(DRAIN))

    def close(self) -> None:
        """Give the sockets back."""
        for sock in self.sockets:
            sock.close()

    async def keep(self) -> None:
        """Have the place filled until stopped. A first process that cannot serve is the last."""
        clock = asyncio.get_running_loop().time
        pause = 0.0
        while not self._is_stopping.is_set():
            began = clock()
            reason = await self._live()
            if self._is_stopping.is_set():
                break
            if not self.served.done():
                self.served.set_exception(
                    EnvironmentFault(f"worker {self.number} does not start: {reason}")
                )
                return
            self.ended += 1
            pause = next_pause(pause, clock() - began)
            logger.error("worker ended", worker=self.number, reason=reason, again_in=pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._is_stopping.wait()
        # Those that drain still answer what comes here no longer.
        self.close()

    async def _live(self) -> str:
        """One process from its start to its end; why it ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            stream, voice = await asyncio.open_unix_connection(sock=ours)
            # Before the start: what is told from now on stands behind it.
            voice.write(self._greeting())
            self._voice = voice
            try:
                self._process = process = await self._start(theirs)
            except OSError as error:
                return f"no process can be started: {error.strerror}"
            finally:
                if self._process is None:
                    self._forget(voice)
        try:
            told = await self._hear(stream)
            # Its end may be seen before its status.
            with suppress(TimeoutError):
                async with asyncio.timeout(_LEAVE):
                    await process.wait()
            status = process.returncode
        finally:
            self._forget(voice)
            await _end(process)
        return told or f"it ended with exit status {status}: see standard error"

    async def _start(self, control: socket.socket) -> Process:
        numbers = [sock.fileno() for sock in self.sockets]
        return await asyncio.create_subprocess_exec(
            *_COMMAND,
            *map(str, numbers),
            stdin=control.fileno(),
            stdout=DEVNULL,
            pass_fds=numbers,
            # It finds every module where we do.
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            # Ctrl-C at our terminal is not meant for it.
            start_new_session=True,
        )

    async def _hear(self, stream: asyncio.StreamReader) -> str:
        """Take what a worker says until it ends; why it cannot serve, where it says so."""
        patience = START
        try:
            while True:
                async with asyncio.timeout(patience):
                    kind, content = await read_frame(stream)
                if kind == SERVING:
                    self._has_come()
                    patience = SILENCE
                elif kind == FIGURES:
                    figures, self.unready = json.loads(content)
                    self._figures = read(figures)
                elif kind == FAULT:
                    return content.decode()
        except TimeoutError:
            return f"it said nothing for {patience:g} s"
        except (asyncio.IncompleteReadError, ConnectionError):
            return ""
        except (EnvironmentFault, *GARBLED) as error:
            return f"it said what no worker says: {error}"

    def _has_come(self) -> None:
        self.is_serving = True
        if not self.served.done():
            self.served.set_result(None)
        logger.info("worker serves", worker=self.number, pid=self.pid)

    def _forget(self, voice: asyncio.StreamWriter) -> None:
        """The process is gone, or about to be; what it has counted stays."""
        voice.close()
        self.is_serving = False
        self._process = self._voice = None
        if self._figures is not None:
            ended = remains(self._figures)
            past = (ended,) if self._past is None else (self._past, ended)
            self._past = summed(ended.role, past, ended.policy)
            self._figures = None


async def _end(process: Process) -> None:
    """Leave no process behind."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    await process.wait()
