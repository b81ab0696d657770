"""Which names an asker sees, and which of two of the same name counts."""

import pytest

from enclave_dns.organisation.document import DnsRecord, DnsZone, Organisation
from enclave_dns.organisation.names import host_name, seen_systems, seen_zones
from enclave_dns.wire.names import from_labels, from_text, to_text
from tests.fakes.organisations import USER, organisation, system

A = system("A", "100.64.0.21", "lab", hostname="alpha")
B = system("B", "100.64.0.22", "lab", "site", hostname="Beta Box.corp.net")
HIDDEN = system("HIDDEN", "100.64.0.99", "lab", hostname="hidden")
VISIBLE = frozenset({"A", "B"})


def record(name: str, *systems: str, tags: tuple[str, ...] = (), auto: bool = False) -> DnsRecord:
    return DnsRecord(from_text(name), frozenset(tags), systems, auto)


def zone(
    name: str, *records: DnsRecord, auto: tuple[str, ...] = (), closed: bool = False
) -> DnsZone:
    return DnsZone(from_text(name), frozenset(auto), records, closed)


def with_zones(*zones: DnsZone) -> Organisation:
    return organisation(systems=(HIDDEN, B, A), dns_zones=zones)


def names(*zones: DnsZone) -> dict[str, list[tuple[str, list[str], bool]]]:
    """What is seen: names, ids and whether automatic, by zone."""
    whole = with_zones(*zones)
    return {
        to_text(found.name): [
            (to_text(e.name), [s.system_id for s in e.systems], e.is_automatic) for e in entries
        ]
        for found, entries in seen_zones(whole, seen_systems(whole, USER, VISIBLE))
    }


def test_the_asker_and_the_visible_are_seen_in_the_order_of_their_ids() -> None:
    whole = with_zones()
    assert list(seen_systems(whole, USER, VISIBLE)) == ["A", "B", "USER"]
    assert list(seen_systems(whole, USER, frozenset())) == ["USER"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (record("db.enclave", "B", "A"), [("db.enclave.", ["A", "B"], False)]),
        (record("db.enclave", "HIDDEN", "B"), [("db.enclave.", ["B"], False)]),
        (record("db.enclave", tags=("lab",)), [("db.enclave.", ["A", "B"], False)]),
        (record("db.enclave", "USER", tags=("site",)), [("db.enclave.", ["B", "USER"], False)]),
        (record("enclave", "A"), [("enclave.", ["A"], False)]),
        (record("*.x.enclave", "A"), [("*.x.enclave.", ["A"], False)]),
        (record("db.enclave", "A", auto=True), [("db.enclave.", ["A"], True)]),
    ],
)
def test_records_lead_to_the_systems_that_are_seen(
    found: DnsRecord, expected: list[tuple[str, list[str], bool]]
) -> None:
    assert names(zone("enclave", found)) == {"enclave.": expected}


@pytest.mark.parametrize(
    "found",
    [record("db.enclave", "HIDDEN"), record("db.enclave", tags=("none",)), record("db.enclave")],
)
def test_a_zone_without_a_seen_name_is_seen_only_where_it_is_closed(found: DnsRecord) -> None:
    assert names(zone("enclave", found)) == {}
    assert names(zone("enclave", found, closed=True)) == {"enclave.": []}


def test_host_names_are_names_for_the_systems_with_a_tag() -> None:
    assert names(zone("enclave", auto=("lab",))) == {
        "enclave.": [("alpha.enclave.", ["A"], True), ("beta-box.enclave.", ["B"], True)]
    }
    assert names(zone("enclave", auto=("site",))) == {
        "enclave.": [("beta-box.enclave.", ["B"], True)]
    }


def test_people_beat_host_names_and_what_control_planes_made_of_them() -> None:
    records = (record("alpha.enclave", "B"), record("alpha.enclave", "A", auto=True))
    found = names(zone("enclave", *records, auto=("lab",)))
    assert found["enclave."] == [
        ("alpha.enclave.", ["B"], False),
        ("beta-box.enclave.", ["B"], True),
    ]


def test_a_record_whose_systems_are_hidden_shadows_nothing() -> None:
    found = names(zone("enclave", record("alpha.enclave", "HIDDEN"), auto=("lab",)))
    assert ("alpha.enclave.", ["A"], True) in found["enclave."]


def test_names_below_a_deeper_zone_are_that_zones() -> None:
    outer = zone("enclave", record("a.dev.enclave", "A"), record("*.dev.enclave", "A"))
    inner = zone("dev.enclave", record("b.dev.enclave", "B"))
    assert names(outer, inner) == {"dev.enclave.": [("b.dev.enclave.", ["B"], False)]}
    hidden = zone("dev.enclave", record("b.dev.enclave", "HIDDEN"))
    assert len(names(outer, hidden)["enclave."]) == 2


def test_ids_have_their_zone_to_themselves() -> None:
    outer = zone("enclave", record("hidden.id.enclave", "A"), record("*.id.enclave", "A"))
    inner = zone("id.enclave", record("b.id.enclave", "A"), closed=True)
    assert names(outer, inner, zone("x.id.enclave", closed=True)) == {}


@pytest.mark.parametrize(
    ("hostname", "label"),
    [
        ("laptop-7", b"laptop-7"),
        ("Laptop", b"laptop"),
        (" My Mac Mini ", b"my-mac-mini"),
        ("db1.corp.net", b"db1"),
        ("bücher", b"xn--bcher-kva"),
        ("a。b", b"a"),
        ("@", b"@"),
        ("", None),
        (".corp.net", None),
        ("*", None),
        ("*.corp.net", None),
        ("＊", None),  # noqa: RUF001 - the very asterisk that IDNA turns into a plain one
        ("x" * 64, None),
        ("ü" * 63, None),
    ],
)
def test_a_host_name_makes_a_label_or_none(hostname: str, label: bytes | None) -> None:
    found = host_name(system("A", "100.64.0.1", hostname=hostname), zone("enclave"))
    assert found == (None if label is None else from_labels([label, b"enclave"]))


def test_a_name_that_would_be_too_long_is_none() -> None:
    deep = DnsZone(from_labels([b"z" * 63] * 3 + [b"y" * 60]))
    assert host_name(A, deep) is None
