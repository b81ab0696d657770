"""The names that never go upstream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.sources.special import SPECIAL_NAMES, Treatment, special_name
from enclave_dns.wire.names import from_labels, from_text, is_at_or_below, to_text


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("localhost", "localhost."),
        ("db.localhost", "localhost."),
        ("LOCALHOST", "localhost."),
        ("x.invalid", "invalid."),
        ("abc.onion", "onion."),
        ("x.alt", "alt."),
        ("printer.local", "local."),
        ("_dns.resolver.arpa", "resolver.arpa."),
        ("ipv4only.arpa", "ipv4only.arpa."),
        ("wpad", "wpad."),
        ("ISATAP", "isatap."),
        ("1.0.0.127.in-addr.arpa", "127.in-addr.arpa."),
        ("254.169.in-addr.arpa", "254.169.in-addr.arpa."),
        ("b.e.f.ip6.arpa", "b.e.f.ip6.arpa."),
        ("1." + "0." * 31 + "ip6.arpa", "1." + "0." * 31 + "ip6.arpa."),
    ],
)
def test_a_special_name_has_its_row(name: str, zone: str) -> None:
    row = special_name(from_text(name))
    assert row is not None
    assert to_text(row.zone) == zone
    assert row.rfc


@pytest.mark.parametrize(
    "name",
    [
        ".",
        "corp.net",
        "localhost.corp.net",
        "wpad.corp.net",
        "proxy.wpad",
        "mylocalhost",
        r"a\.localhost",
        "arpa",
        "1.0.0.10.in-addr.arpa",
        "128.in-addr.arpa",
        "e.f.ip6.arpa",
        "c.e.f.ip6.arpa",
        "enclave",
    ],
)
def test_an_ordinary_name_has_none(name: str) -> None:
    assert special_name(from_text(name)) is None


def test_multicast_names_are_left_to_the_operating_system() -> None:
    row = special_name(from_text("printer.local"))
    assert row is not None
    assert row.treatment is Treatment.MISS


@given(
    st.lists(st.sampled_from([b"a", b"local", b"arpa", b"wpad", b"ip6", b"0", b"127"]), max_size=6)
)
def test_the_table_is_searched_as_a_walk_over_all_rows_would(labels: list[bytes]) -> None:
    name = from_labels(labels)
    plain = [
        row
        for row in SPECIAL_NAMES.values()
        if name == row.zone or (is_at_or_below(name, row.zone) and not row.is_exact)
    ]
    row = special_name(name)
    assert row == (max(plain, key=lambda r: len(r.zone)) if plain else None)
