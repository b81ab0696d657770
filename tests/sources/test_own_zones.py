"""Zones as tables: what exists, what answers, and where a wildcard reaches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.sources.own_zones import (
    ENCLAVE,
    MY_ID,
    Node,
    OwnZones,
    Zone,
    id_name,
    sign_of_life,
)
from enclave_dns.wire.names import Name, from_labels, from_text, is_at_or_below, labels, parent
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.rdata import name_in
from tests.fakes.dns_worlds import packed

OWN = (packed("100.64.0.12"), packed("fd00:64::12"))
TWO = (packed("100.64.0.70"), packed("100.64.0.71"))
V6 = (packed("fd00:64::6"),)


def node(*systems: tuple[bytes, ...]) -> Node:
    return Node(systems)


ZONES = OwnZones.of(
    7,
    [
        Zone(
            ENCLAVE,
            {
                MY_ID: node(OWN),
                id_name("WZL94"): node(TWO),
                id_name("V6"): node(V6),
                from_text("a.b.enclave"): node(TWO),
                from_text("*.dev.enclave"): node(OWN),
                from_text("fixed.dev.enclave"): node(V6),
                from_text("shared.enclave"): node(OWN, V6, TWO),
            },
        ),
        Zone(from_text("lab.test"), {from_text("www.lab.test"): node(OWN)}, is_closed=False),
        Zone(from_text("apex.test"), {from_text("apex.test"): node(OWN)}, is_closed=False),
        Zone(
            from_text("0.64.100.in-addr.arpa"),
            {from_text("12.0.64.100.in-addr.arpa"): Node(pointer=id_name("KD9Q2"))},
        ),
    ],
)


def first(count: int) -> int:
    assert count > 0
    return 0


def rdata(name: str, rtype: int) -> list[bytes]:
    """The RDATA at a name that exists."""
    found = ZONES.answer(from_text(name), rtype, first)
    assert found is not None
    assert found.exists
    assert all((r.name, r.rtype, r.ttl) == (from_text(name), rtype, 0) for r in found.records)
    return [record.rdata for record in found.records]


@pytest.mark.parametrize(
    ("name", "rtype", "expected"),
    [
        ("_my.id.enclave", RRType.A, ["100.64.0.12"]),
        ("_my.id.enclave", RRType.AAAA, ["fd00:64::12"]),
        ("wzl94.id.enclave", RRType.A, ["100.64.0.70", "100.64.0.71"]),
        ("wzl94.id.enclave", RRType.AAAA, []),
        ("v6.id.enclave", RRType.A, []),
        ("v6.id.enclave", RRType.AAAA, ["fd00:64::6"]),
        ("www.lab.test", RRType.A, ["100.64.0.12"]),
        ("apex.test", RRType.AAAA, ["fd00:64::12"]),
        # Wildcards reach names at any depth, and not the names that stand beside them.
        ("x.dev.enclave", RRType.A, ["100.64.0.12"]),
        ("y.x.dev.enclave", RRType.A, ["100.64.0.12"]),
        ("*.dev.enclave", RRType.A, ["100.64.0.12"]),
        ("fixed.dev.enclave", RRType.A, []),
        # Names in between exist, and hold nothing (RFC 8020).
        ("id.enclave", RRType.A, []),
        ("b.enclave", RRType.A, []),
        ("dev.enclave", RRType.A, []),
        ("enclave", RRType.A, []),
    ],
)
def test_names_that_are_there(name: str, rtype: int, expected: list[str]) -> None:
    assert rdata(name, rtype) == list(map(packed, expected))


@pytest.mark.parametrize(
    "rtype",
    [RRType.TXT, RRType.HINFO, RRType.ANY, RRType.SRV, RRType.PTR, RRType.NS, RRType.MX, 0],
)
@pytest.mark.parametrize(
    "name", ["_my.id.enclave", "x.dev.enclave", "id.enclave", "apex.test", "shared.enclave"]
)
def test_other_types_hold_nothing(name: str, rtype: int) -> None:
    assert rdata(name, rtype) == []


@pytest.mark.parametrize(
    "name",
    [
        "other.id.enclave",
        "a.wzl94.id.enclave",
        "a._my.id.enclave",
        "x.enclave",
        "x.b.enclave",
        # A name that is there ends the wildcard's reach (RFC 4592, 2.2.1).
        "x.fixed.dev.enclave",
        "13.0.64.100.in-addr.arpa",
        "x.12.0.64.100.in-addr.arpa",
    ],
)
def test_every_other_name_of_a_closed_zone_does_not_exist(name: str) -> None:
    found = ZONES.answer(from_text(name), RRType.A, first)
    assert found is not None
    assert (found.exists, found.records) == (False, ())


@pytest.mark.parametrize(
    "name",
    [
        ".",
        "corp.net",
        "enclave.net",
        "xenclave",
        "id.enclave.net",
        "12.1.64.100.in-addr.arpa",
        "64.100.in-addr.arpa",
        "lab.test",
        "other.lab.test",
        "x.www.lab.test",
        "www.apex.test",
    ],
)
def test_names_elsewhere_and_the_rest_of_an_open_zone_are_not_ours(name: str) -> None:
    for rtype in (RRType.A, RRType.SOA):
        assert ZONES.answer(from_text(name), rtype, first) is None


def test_a_label_with_a_dot_in_it_is_not_below_enclave() -> None:
    assert ZONES.answer(from_labels([b"x.enclave"]), RRType.A, first) is None


def test_a_reverse_name_points_and_holds_nothing_else() -> None:
    assert rdata("12.0.64.100.in-addr.arpa", RRType.PTR) == [id_name("KD9Q2")]
    assert rdata("12.0.64.100.in-addr.arpa", RRType.A) == []


@pytest.mark.parametrize(
    ("rtype", "index", "count", "expected"),
    [
        (RRType.A, 0, 2, ["100.64.0.12"]),
        (RRType.A, 1, 2, ["100.64.0.70", "100.64.0.71"]),
        (RRType.AAAA, 0, 2, ["fd00:64::12"]),
        (RRType.AAAA, 1, 2, ["fd00:64::6"]),
    ],
)
def test_one_system_that_has_the_family_answers_a_shared_name(
    rtype: int, index: int, count: int, expected: list[str]
) -> None:
    asked: list[int] = []

    def choose(among: int) -> int:
        asked.append(among)
        return index

    found = ZONES.answer(from_text("shared.enclave"), rtype, choose)
    assert found is not None
    assert [record.rdata for record in found.records] == list(map(packed, expected))
    assert asked == [count]


def test_the_soa_is_that_of_the_zone_with_the_version_as_its_serial() -> None:
    for name in ("other.id.enclave", "_my.id.enclave", "enclave"):
        found = ZONES.answer(from_text(name), RRType.TXT, first)
        assert found is not None
        soa = found.soa
        assert (soa.name, soa.rtype, soa.ttl) == (ENCLAVE, RRType.SOA, 0)
        assert name_in(soa.rdata) == ENCLAVE
        # Nothing is kept, the absence of a name included (RFC 2308, 5).
        assert soa.rdata[-20:-16] == (7).to_bytes(4)
        assert soa.rdata[-4:] == bytes(4)


@pytest.mark.parametrize(
    ("name", "is_there"),
    [("enclave", True), ("apex.test", True), ("id.enclave", False), ("www.lab.test", False)],
)
def test_the_soa_can_be_asked_for_at_the_zone_and_nowhere_else(name: str, is_there: bool) -> None:
    found = ZONES.answer(from_text(name), RRType.SOA, first)
    assert found is not None
    assert found.records == ((found.soa,) if is_there else ())


def test_a_version_past_32_bits_still_makes_a_serial() -> None:
    zones = OwnZones.of((1 << 40) + 5, [sign_of_life(OWN)])
    assert zones.soa(zones.zones[ENCLAVE]).rdata[-20:-16] == (5).to_bytes(4)


def test_the_deepest_zone_is_that_of_a_name() -> None:
    inner = Zone(from_text("dev.enclave"), {})
    zones = OwnZones.of(1, [Zone(ENCLAVE, {from_text("*.enclave"): node(OWN)}), inner])
    found = zones.answer(from_text("a.dev.enclave"), RRType.A, first)
    assert found is not None
    assert (found.exists, found.soa.name) == (False, inner.name)
    outer = zones.answer(from_text("a.other.enclave"), RRType.A, first)
    assert outer is not None
    assert len(outer.records) == 1


def test_every_program_has_its_sign_of_life() -> None:
    zones = OwnZones.of(1, [sign_of_life(OWN)])
    found = zones.answer(MY_ID, RRType.A, first)
    assert found is not None
    assert [record.rdata for record in found.records] == [OWN[0]]


def test_the_name_of_an_id_is_folded() -> None:
    assert id_name("WZL94") == from_text("wzl94.id.enclave")


def test_zones_are_equal_when_they_answer_alike() -> None:
    assert OwnZones.of(7, [sign_of_life(OWN)]) == OwnZones.of(7, [sign_of_life(OWN)])
    assert OwnZones.of(7, [sign_of_life(OWN)]) != OwnZones.of(8, [sign_of_life(OWN)])
    assert OwnZones.of(7, [sign_of_life(OWN)]) != OwnZones.of(7, [sign_of_life(TWO)])


def by_the_letter(nodes: set[Name], zone: Name, name: Name) -> tuple[bool, Name | None]:
    """RFC 4592, 3.3.1, spelled out: whether the name exists, and which node answers for it."""
    if name in nodes:
        return True, name
    if name == zone or any(is_at_or_below(node, name) for node in nodes):
        return True, None
    encloser = parent(name)
    while encloser != zone and not any(is_at_or_below(node, encloser) for node in nodes):
        encloser = parent(encloser)
    source = from_labels([b"*", *labels(encloser)])
    return (True, source) if source in nodes else (False, None)


INNER = st.lists(st.sampled_from([b"a", b"b"]), max_size=3).map(tuple)
OWNERS = st.sets(
    st.tuples(st.booleans(), INNER).map(
        lambda drawn: from_labels([*([b"*"] if drawn[0] else []), *drawn[1], b"zone"])
    ),
    max_size=5,
)
ASKED = st.lists(st.sampled_from([b"a", b"b", b"c", b"*"]), max_size=4).map(
    lambda parts: from_labels([*parts, b"zone"])
)


@given(OWNERS, ASKED)
def test_wildcards_follow_the_closest_encloser(owners: set[Name], name: Name) -> None:
    zone = from_text("zone")
    numbered = {owner: (at.to_bytes(4),) for at, owner in enumerate(sorted(owners))}
    nodes = {owner: node(address) for owner, address in numbered.items()}
    zones = OwnZones.of(1, [Zone(zone, nodes)])
    found = zones.answer(name, RRType.A, first)
    exists, source = by_the_letter(owners, zone, name)
    assert found is not None
    assert found.exists is exists
    expected = numbered[source] if source is not None else ()
    assert tuple(record.rdata for record in found.records) == expected
