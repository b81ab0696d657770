"""EDNS: the OPT record as a value and as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.wire.edns import MAX_OPTIONS, Edns
from tests.fakes.dns_messages import opts


def read(opt: bytes) -> Edns:
    size, ttl = int.from_bytes(opt[3:5]), int.from_bytes(opt[5:9])
    return Edns.read(size, ttl, opt[11:])


@given(opts())
def test_what_is_rendered_reads_back(edns: Edns) -> None:
    opt = edns.rendered()
    assert opt[:3] == b"\0\0\x29"
    assert int.from_bytes(opt[9:11]) == len(opt) - 11
    assert read(opt) == edns


@pytest.mark.parametrize(
    ("size", "ttl", "edns"),
    [
        (1232, 0x00000000, Edns()),
        (4096, 0x00008000, Edns(4096, do=True)),
        (0, 0x00010000, Edns(0, version=1)),
        (512, 0x01000000, Edns(512, extended_rcode=1)),
        # Bits that must be zero are ignored (RFC 6891, 6.1.4).
        (1232, 0x00007FFF, Edns()),
    ],
)
def test_class_and_ttl_hold_the_fixed_fields(size: int, ttl: int, edns: Edns) -> None:
    assert Edns.read(size, ttl, b"") == edns


@pytest.mark.parametrize(
    ("rdata", "options"),
    [
        (b"", ()),
        (b"\0\x0a\0\0", ((10, b""),)),
        (b"\0\x0a\0\2ab\0\x0c\0\1\0", ((10, b"ab"), (12, b"\0"))),
        # A cookie of a wrong size is for who understands cookies to judge.
        (b"\0\x0a\0\1a\0\x0a\0\1b", ((10, b"a"), (10, b"b"))),
    ],
)
def test_options_are_codes_and_bytes_in_their_order(
    rdata: bytes, options: tuple[tuple[int, bytes], ...]
) -> None:
    assert Edns.read(1232, 0, rdata).options == options


@pytest.mark.parametrize(
    "rdata", [b"\0", b"\0\x0a\0", b"\0\x0a\0\1", b"\0\x0a\xff\xff" + bytes(99), b"\0\x0a\0\1ab"]
)
def test_options_that_do_not_end_with_the_record_are_refused(rdata: bytes) -> None:
    with pytest.raises(MessageError):
        Edns.read(1232, 0, rdata)


def test_more_options_than_there_are_kinds_are_refused() -> None:
    option = b"\xfd\xe9\0\0"
    assert len(Edns.read(1232, 0, option * MAX_OPTIONS).options) == MAX_OPTIONS
    with pytest.raises(MessageError):
        Edns.read(1232, 0, option * (MAX_OPTIONS + 1))


@given(st.binary(max_size=30))
def test_any_rdata_is_options_or_a_message_error(rdata: bytes) -> None:
    try:
        edns = Edns.read(1232, 0, rdata)
    except MessageError:
        return
    assert edns.rendered()[11:] == rdata


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), None),
        (((10, b"\0\x0e"),), None),
        (((15, b"\0\x0e"),), 14),
        (((15, b"\0\x12why"), (15, b"\0\x0e")), 18),
        (((15, b"\0"), (15, b"\0\x0e")), 14),
    ],
    ids=["none", "another option", "a code", "the first of two", "one that is too short"],
)
def test_the_extended_error_is_the_first_whole_code(
    options: tuple[tuple[int, bytes], ...], expected: int | None
) -> None:
    assert Edns(options=options).extended_error == expected
