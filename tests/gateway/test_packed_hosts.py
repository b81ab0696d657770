"""A packed table says what the dict said, and a hosts file comes back as it was read."""

from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.gateway.frames import FRAME_HEAD, GARBLED, read_frame_head
from enclave_dns.gateway.packed_hosts import HostsUnpacker, PackedTable, pack_hosts
from enclave_dns.resolution import HostsTable
from enclave_dns.sources.files import NoContent
from enclave_dns.sources.hosts import parse_hosts

SHORT = st.binary(max_size=255)
TABLES = st.dictionaries(SHORT, st.lists(SHORT, max_size=3).map(tuple), max_size=30)


def unpacked(frames: Iterable[bytes]) -> HostsTable | NoContent:
    unpacker = HostsUnpacker()
    for one in frames:
        kind, _ = read_frame_head(one[: FRAME_HEAD.size])
        unpacker.take(kind, one[FRAME_HEAD.size :])
    assert unpacker.is_whole
    return unpacker.whole()


@given(TABLES, st.lists(SHORT, max_size=5))
def test_a_packed_table_says_what_the_dict_said(
    table: dict[bytes, tuple[bytes, ...]], others: list[bytes]
) -> None:
    packed = PackedTable.of(table)
    assert packed == table
    assert len(packed) == len(table)
    assert list(packed) == list(table)
    for key in others:
        assert packed.get(key) == table.get(key)
        assert (key in packed) is (key in table)


def test_a_key_that_begins_like_another_is_another() -> None:
    packed = PackedTable.of({b"ab": (b"1",), b"a": (b"2",), b"": (b"3",)})
    assert (packed[b"a"], packed[b"ab"], packed[b""]) == ((b"2",), (b"1",), (b"3",))
    with pytest.raises(KeyError):
        packed[b"abc"]


def test_many_keys_with_one_hash_each_have_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enclave_dns.gateway.packed_hosts.crc32", lambda key: 0xFFFFFFFF)
    table = {bytes((n,)): (bytes((n, n)),) for n in range(100)}
    packed = PackedTable.of(table)
    assert packed == table
    assert b"absent" not in packed


HOSTS = b"""
10.0.0.30 DB.corp.net db
fd00::1   db
0.0.0.0   ads.example ads2.example
10.0.0.31 db
"""


@pytest.mark.parametrize("text", [b"", HOSTS, b"".join(b"10.1.2.3 h%d\n" % n for n in range(9000))])
def test_a_hosts_file_comes_back_as_it_was_read(text: bytes) -> None:
    hosts = parse_hosts(text)
    assert unpacked(pack_hosts(hosts)) == hosts


@pytest.mark.parametrize("reason", [NoContent("no such file", is_missing=True), NoContent("x")])
def test_why_there_is_none_comes_back_too(reason: NoContent) -> None:
    assert unpacked(pack_hosts(reason)) == reason


def test_what_is_not_whole_says_so() -> None:
    frames = list(pack_hosts(parse_hosts(HOSTS)))
    unpacker = HostsUnpacker()
    assert not unpacker.is_whole
    for one in frames[:-1]:
        unpacker.take(one[:1], one[FRAME_HEAD.size :])
        assert not unpacker.is_whole


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"[[1], [8, 1, 8, 1]]",
        b"[[1, 1], [8, 1, 8]]",
        b"[[1, 1], [8, -1, 8, 1]]",
        b"[[1, 1], [8, 1e99, 8, 1]]",
        b'[["a", 1], "abcd"]',
    ],
)
def test_tables_of_no_sensible_size_are_refused(content: bytes) -> None:
    with pytest.raises(GARBLED):
        HostsUnpacker().take(b"T", content)


@given(st.sampled_from([b"T", b"N", b"a", b"d", b"x"]), st.binary(max_size=40))
def test_garbage_is_refused_or_leaves_it_unfinished(kind: bytes, content: bytes) -> None:
    unpacker = HostsUnpacker()
    with suppress(GARBLED):
        unpacker.take(kind, content)
    assert not unpacker.is_whole or kind == b"N"
