"""Names: text and back, escapes, and what lies below what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.errors import MessageError
from enclave_dns.wire.names import (
    MAX_NAME,
    ROOT,
    ancestors,
    count_labels,
    display,
    folded,
    from_labels,
    from_text,
    is_at_or_below,
    labels,
    parent,
    to_text,
)
from tests.fakes.dns_messages import names

FEW_LETTERS = b"aAb.\0\\\x01"


@given(names())
def test_text_of_any_name_reads_back_as_the_same_name(name: bytes) -> None:
    assert from_text(to_text(name)) == name
    assert from_text(display(name)) == name
    assert to_text(name).isascii()


@given(names())
def test_a_name_is_made_of_its_labels(name: bytes) -> None:
    assert from_labels(labels(name)) == name
    assert count_labels(name) == len(labels(name))
    assert len(name) <= MAX_NAME


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (".", []),
        ("db.enclave", [b"db", b"enclave"]),
        ("db.enclave.", [b"db", b"enclave"]),
        ("DB.Enclave", [b"DB", b"Enclave"]),
        (r"a\.enclave", [b"a.enclave"]),
        (r"a\.", [b"a."]),
        (r"a\..", [b"a."]),
        (r"\046", [b"."]),
        (r"a\000b.c", [b"a\0b", b"c"]),
        (r"\255\\x", [b"\xff\\x"]),
        (r"\a\b", [b"ab"]),
        ("_ldap._tcp.dc", [b"_ldap", b"_tcp", b"dc"]),
        ("a" * 63, [b"a" * 63]),
    ],
)
def test_text_is_read(text: str, parts: list[bytes]) -> None:
    assert labels(from_text(text)) == parts


@pytest.mark.parametrize(
    "text",
    [
        *("..", ".a", "a..b", "a..", "a\\", "\\", r"\1", r"\12", r"a\25", r"\256", r"\999"),
        *("a" * 64, ".".join(["a" * 63] * 4), ".".join(["a"] * 128), "bücher.example"),
    ],
)
def test_text_that_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(MessageError):
        from_text(text)


@given(st.text(alphabet="ab.\\019", max_size=12) | st.text(max_size=8))
def test_any_text_is_a_name_or_a_message_error(text: str) -> None:
    try:
        name = from_text(text)
    except MessageError:
        return
    assert from_text(to_text(name)) == name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (ROOT, "."),
        (b"\x09a.enclave\0", r"a\.enclave."),
        (b"\x03a\\b\0", r"a\\b."),
        (b"\x02 \x7f\0", r"\032\127."),
        (b"\x03\x80(;\0", r"\128\(\;."),
    ],
)
def test_bytes_that_are_not_plain_are_escaped(name: bytes, text: str) -> None:
    assert to_text(name) == text


@pytest.mark.parametrize("part", [b"", b"a" * 64])
def test_labels_of_a_size_that_the_wire_cannot_hold_are_refused(part: bytes) -> None:
    with pytest.raises(MessageError):
        from_labels([b"a", part])


def test_the_longest_name_has_255_bytes() -> None:
    assert len(from_labels([b"a"] * 127)) == MAX_NAME
    with pytest.raises(MessageError):
        from_labels([b"a"] * 126 + [b"aa"])


@pytest.mark.parametrize(
    ("name", "zone", "is_below"),
    [
        ("enclave", "enclave", True),
        ("db.enclave", "enclave", True),
        ("a.b.enclave", "enclave", True),
        ("db.enclave", ".", True),
        (".", ".", True),
        (r"a\.enclave", "enclave", False),
        ("aenclave", "enclave", False),
        ("enclave.corp", "enclave", False),
        ("enclave", "db.enclave", False),
        (".", "enclave", False),
        # The bytes of the zone end the label by chance: a length byte inside a label.
        (r"x\007enclave", "enclave", False),
    ],
)
def test_what_lies_below_what(name: str, zone: str, is_below: bool) -> None:
    assert is_at_or_below(from_text(name), from_text(zone)) is is_below


@given(names(FEW_LETTERS), names(FEW_LETTERS), st.integers(0, 130))
def test_below_means_that_the_last_labels_are_the_same(name: bytes, zone: bytes, cut: int) -> None:
    for other in (zone, from_labels(labels(name)[cut:]), name[cut:]):
        if other[-1:] != b"\0" or other not in set(ancestors(zone)) | set(ancestors(name)):
            continue
        mine, theirs = labels(name), labels(other)
        is_suffix = theirs == mine[len(mine) - len(theirs) :] and len(theirs) <= len(mine)
        assert is_at_or_below(name, other) is is_suffix


@given(names(FEW_LETTERS), names(FEW_LETTERS))
def test_folding_changes_letters_only(name: bytes, other: bytes) -> None:
    lower = folded(name)
    assert labels(lower) == [part.lower() for part in labels(name)]
    assert (folded(other) == lower) is ([p.lower() for p in labels(other)] == labels(lower))


@given(names())
def test_ancestors_go_from_the_name_up_to_the_root(name: bytes) -> None:
    found = list(ancestors(name))
    parts = labels(name)
    assert found == [from_labels(parts[at:]) for at in range(len(parts) + 1)]
    assert parent(name) == found[min(1, len(parts))]
    assert all(is_at_or_below(name, above) for above in found)
