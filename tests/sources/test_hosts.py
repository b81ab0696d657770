"""The hosts file: what is read, what is skipped, and at what cost."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.sources.hosts import MAX_BYTES, MAX_LINES, parse_hosts
from enclave_dns.wire.names import from_text


def raw(text: str) -> bytes:
    return ip_address(text).packed


def addresses(text: bytes, name: str) -> list[str]:
    return [str(ip_address(a)) for a in parse_hosts(text).addresses.get(from_text(name), ())]


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        (b"10.0.0.30 db", "db", ["10.0.0.30"]),
        (b"10.0.0.30\tdb.corp.net\tdb", "db", ["10.0.0.30"]),
        (b"  10.0.0.30   db  ", "db", ["10.0.0.30"]),
        (b"10.0.0.30 db # the database", "db", ["10.0.0.30"]),
        (b"10.0.0.30 db#glued", "db", ["10.0.0.30"]),
        (b"10.0.0.30 db\r\n10.0.0.31 db\r\n", "db", ["10.0.0.30", "10.0.0.31"]),
        (b"\xef\xbb\xbf10.0.0.30 db", "db", ["10.0.0.30"]),
        (b"10.0.0.30 DB.Corp.NET.", "db.corp.net", ["10.0.0.30"]),
        (b"10.0.0.30 _srv.my_host", "_srv.my_host", ["10.0.0.30"]),
        (b"fd00::1 db", "db", ["fd00::1"]),
        (b"fe80::1%eth0 db", "db", ["fe80::1"]),
        (b"::ffff:10.0.0.1 db", "db", ["::ffff:a00:1"]),
        (b"0.0.0.0 ads.example", "ads.example", ["0.0.0.0"]),
        (b"127.0.1.1 me", "me", ["127.0.1.1"]),
        (b":: ads.example", "ads.example", ["::"]),
        (b"10.0.0.1 db\n10.0.0.2 other\nfd00::1 DB\n10.0.0.1 db", "db", ["10.0.0.1", "fd00::1"]),
    ],
)
def test_an_address_is_found_by_name(line: bytes, name: str, expected: list[str]) -> None:
    assert addresses(line, name) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"10.0.0.30",
        b"# 10.0.0.30 db",
        b"10.0.0.256 db",
        b"10.0.0 db",
        b"010.0.0.1 db",
        b"10.0.0.1%eth0 db",
        b"fe80::1% db",
        b"db 10.0.0.30",
        b"10.0.0.30 " + b"a" * 64,
        b"10.0.0.30 " + b".".join([b"a" * 63] * 4),
        b"10.0.0.30 a..b",
        b"10.0.0.30 .a",
        b"10.0.0.30 .",
        b"10.0.0.30 *.corp.net",
        b"10.0.0.30 10.0.0.31",
        b"10.0.0.30 b\xc3\xbccher",
        b"10.0.0.30 a\\.b",
        b"10.0.0.30 a\0b",
        b"\xff\xfe1\x000\x00",
    ],
)
def test_a_bad_line_costs_only_itself(line: bytes) -> None:
    table = parse_hosts(b"10.0.0.1 before\n" + line + b"\n10.0.0.2 after\n")
    assert set(table.addresses) == {from_text("before"), from_text("after")}


def test_an_illegal_name_leaves_the_others_of_its_line() -> None:
    assert addresses(b"10.0.0.1 good b\xffd also-good", "also-good") == ["10.0.0.1"]


def test_the_reverse_names_come_canonical_first_in_the_case_of_the_file() -> None:
    table = parse_hosts(b"10.0.0.30 DB1.corp.net db1\n10.0.0.30 alias DB1.CORP.NET\n")
    assert table.names[raw("10.0.0.30")] == tuple(
        from_text(name) for name in ("DB1.corp.net", "db1", "alias")
    )


def test_an_unspecified_address_has_no_reverse_names() -> None:
    table = parse_hosts(b"0.0.0.0 ads\n:: ads\n127.0.0.1 localhost\n")
    assert set(table.names) == {raw("127.0.0.1")}
    assert table.addresses[from_text("ads")] == (raw("0.0.0.0"), raw("::"))


def test_a_large_block_list_is_read_whole() -> None:
    text = b"".join(b"0.0.0.0 host%d.ads.example\n" % n for n in range(100_000))
    assert len(parse_hosts(text).addresses) == 100_000


def test_many_addresses_of_one_name_and_many_names_of_one_address_are_kept() -> None:
    many = b"".join(b"10.%d.%d.1 db\n" % (n >> 8, n & 255) for n in range(20_000))
    assert len(parse_hosts(many).addresses[from_text("db")]) == 20_000
    wide = b"10.0.0.1 " + b" ".join(b"n%d" % n for n in range(20_000))
    assert len(parse_hosts(wide).names[raw("10.0.0.1")]) == 20_000


def test_what_lies_past_a_bound_is_not_read_and_no_line_is_cut_in_two() -> None:
    filler = b"#" * (MAX_BYTES - 20) + b"\n"
    table = parse_hosts(filler + b"10.0.0.1 a\n10.0.0.2 corp.net\n10.0.0.3 b\n")
    assert set(table.addresses) == {from_text("a")}
    assert parse_hosts(b"\n" * MAX_LINES + b"10.0.0.1 late").addresses == {}


@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_raise_and_give_legal_tables(text: bytes) -> None:
    table = parse_hosts(text)
    for name, found in table.addresses.items():
        assert name == name.lower()
        assert len(name) <= 255
        assert len(set(found)) == len(found) > 0
        assert all(len(address) in (4, 16) for address in found)


_NAME = st.sampled_from(["db", "DB", "www.corp.net", "a_b", "x-1"])
_ADDRESS = st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::1", "127.0.0.1"])


@given(st.lists(st.tuples(_ADDRESS, st.lists(_NAME, min_size=1, max_size=3)), max_size=12))
def test_both_directions_hold_the_same_pairs(lines: list[tuple[str, list[str]]]) -> None:
    text = "\n".join(f"{address} {' '.join(names)}" for address, names in lines)
    table = parse_hosts(text.encode())
    written = {(raw(a), from_text(n).lower()) for a, names in lines for n in names}
    assert {(a, n) for n, found in table.addresses.items() for a in found} == written
    assert {(a, n.lower()) for a, names in table.names.items() for n in names} == written
