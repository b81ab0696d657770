"""What parent and worker say to each other arrives as it was said."""

import asyncio
from pathlib import Path

import pytest

from enclave_dns.config import GatewayConfig, load_gateway_config
from enclave_dns.errors import EnvironmentFault
from enclave_dns.gateway.control import (
    DRAIN,
    TERMS,
    USE,
    Terms,
    pack_terms,
    read_frame,
    read_terms,
    word,
)
from enclave_dns.gateway.frames import FRAME_HEAD

PLAIN = 'system_id = "WZL94"\norganisation = "o.toml"\nlisten = ["100.64.0.70", "[fd00::1]:0"]\n'
FULL = PLAIN + (
    'interface = "wg0"\nhosts_file = "hosts"\nresolv_conf = "resolv.conf"\n'
    'nameservers = ["10.0.0.2", "[fe80::1%eth0]:5353"]\n'
    'only_suffixes = ["corp.net", "b\\\\200.net"]\n'
    'no_answer_pace = "0"\ntimeout = "1.5s"\nadmin = "a.sock"\nmetrics = "127.0.0.1:1"\n'
    'state_dir = "state"\nworkers = 4\nlog_level = "debug"\n'
)


def config(folder: Path, text: str) -> GatewayConfig:
    file = folder / "gateway.toml"
    file.write_text(text)
    return load_gateway_config(file, {})


async def heard(content: bytes) -> list[tuple[bytes, bytes]]:
    stream = asyncio.StreamReader()
    stream.feed_data(content)
    stream.feed_eof()
    frames = []
    while not stream.at_eof():
        frames.append(await read_frame(stream))
    return frames


@pytest.mark.parametrize("text", [PLAIN, FULL], ids=["plain", "full"])
async def test_terms_are_read_as_they_were_packed(tmp_path: Path, text: str) -> None:
    terms = Terms(config(tmp_path, text), 3, is_json=True)
    [(kind, content)] = await heard(pack_terms(terms))
    assert kind == TERMS
    assert read_terms(content) == terms


async def test_words_are_frames_without_content() -> None:
    assert await heard(word(USE) + word(DRAIN)) == [(USE, b""), (DRAIN, b"")]


async def test_a_frame_that_is_cut_or_none_of_ours_is_told_of() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await heard(word(USE)[:-1])
    with pytest.raises(EnvironmentFault, match="none of ours"):
        await heard(FRAME_HEAD.pack(b"u", 0xFFFFFFFF))
