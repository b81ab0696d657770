"""What the parent of the workers and each of them say to each other: frames over one socket.

Down go the terms of service, packed views as a compiler sends them, and words; up come words and
figures. What is on the way arrives in order: a word to use views stands behind them.
"""

import asyncio
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from enclave_dns.config import Endpoint, GatewayConfig
from enclave_dns.gateway.frames import FRAME_HEAD, frame, json_frame, read_frame_head

TERMS: Final = b"t"
USE: Final = b"u"
"""Serve with the views that came last."""
HOSTS: Final = b"h"
"""Read the hosts file anew."""
NAMESERVERS: Final = b"n"
"""Read anew which nameservers to ask."""
DRAIN: Final = b"d"
SERVING: Final = b"s"
FIGURES: Final = b"f"
FAULT: Final = b"x"
"""Why a worker cannot serve, in one line; it ends then."""

REPORT_EVERY: Final = 1.0
"""Seconds between two reports of a worker's figures, which are its sign of life too."""

_PATHS: Final = ("file", "organisation", "hosts_file", "resolv_conf", "admin", "state_dir")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a worker is told first: the gateway's settings, its own number, and how to log."""

    config: GatewayConfig
    number: int
    is_json: bool


def word(kind: bytes) -> bytes:
    """A frame that says it all by its kind."""
    return frame(kind, b"")


def pack_terms(terms: Terms) -> bytes:
    """The frame of these terms."""
    settings = asdict(terms.config)
    settings["only_suffixes"] = [name.hex() for name in terms.config.only_suffixes]
    for key in _PATHS:
        settings[key] = None if settings[key] is None else str(settings[key])
    return json_frame(TERMS, [settings, terms.number, terms.is_json])


def read_terms(content: bytes) -> Terms:
    """The terms in a frame."""
    settings, number, is_json = json.loads(content)
    for key in _PATHS:
        settings[key] = None if settings[key] is None else Path(settings[key])
    for key in ("listen", "nameservers"):
        settings[key] = tuple(_endpoint(one) for one in settings[key])
    if settings["metrics"] is not None:
        settings["metrics"] = _endpoint(settings["metrics"])
    settings["only_suffixes"] = tuple(map(bytes.fromhex, settings["only_suffixes"]))
    return Terms(GatewayConfig(**settings), int(number), bool(is_json))


async def read_frame(stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next frame: its kind and its content.

    Raises IncompleteReadError or ConnectionError at the end, EnvironmentFault for what is none.
    """
    kind, length = read_frame_head(await stream.readexactly(FRAME_HEAD.size))
    return kind, await stream.readexactly(length)


def _endpoint(fields: dict[str, Any]) -> Endpoint:
    return Endpoint(**fields)
