"""The names that a program is itself the authority of."""

import pytest

from enclave_dns.sources.own_zones import ENCLAVE, OwnZones, id_name
from enclave_dns.wire.names import from_labels, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.rdata import name_in
from tests.fakes.dns_worlds import packed

ZONES = OwnZones.of(
    7,
    (packed("100.64.0.12"), packed("fd00:64::12")),
    {
        "KD9Q2": (packed("100.64.0.12"), packed("fd00:64::12")),
        "WZL94": (packed("100.64.0.70"), packed("100.64.0.71")),
        "V6": (packed("fd00:64::6"),),
    },
)


@pytest.mark.parametrize(
    ("name", "rtype", "expected"),
    [
        ("_my.id.enclave", RRType.A, ["100.64.0.12"]),
        ("_my.id.enclave", RRType.AAAA, ["fd00:64::12"]),
        ("_my.id.enclave", RRType.TXT, []),
        ("kd9q2.id.enclave", RRType.A, ["100.64.0.12"]),
        ("wzl94.id.enclave", RRType.A, ["100.64.0.70", "100.64.0.71"]),
        ("wzl94.id.enclave", RRType.AAAA, []),
        ("v6.id.enclave", RRType.A, []),
        ("v6.id.enclave", RRType.AAAA, ["fd00:64::6"]),
        # Names in between exist, and hold nothing (RFC 8020).
        ("id.enclave", RRType.A, []),
        ("enclave", RRType.A, []),
    ],
)
def test_names_that_are_there(name: str, rtype: int, expected: list[str]) -> None:
    found = ZONES.answer(from_text(name), rtype)
    assert found is not None
    assert found.exists
    assert [record.rdata for record in found.records] == list(map(packed, expected))
    assert all((r.name, r.rtype, r.ttl) == (from_text(name), rtype, 0) for r in found.records)


@pytest.mark.parametrize(
    "name",
    ["other.id.enclave", "a.kd9q2.id.enclave", "a._my.id.enclave", "kd9q2.enclave", "x.enclave"],
)
def test_every_other_name_below_enclave_does_not_exist(name: str) -> None:
    found = ZONES.answer(from_text(name), RRType.A)
    assert found is not None
    assert (found.exists, found.records) == (False, ())


@pytest.mark.parametrize(
    "name",
    [".", "corp.net", "enclave.net", "xenclave", "id.enclave.net", "12.0.64.100.in-addr.arpa"],
)
def test_names_elsewhere_are_not_ours(name: str) -> None:
    assert ZONES.answer(from_text(name), RRType.A) is None


def test_a_label_with_a_dot_in_it_is_not_below_enclave() -> None:
    assert ZONES.answer(from_labels([b"x.enclave"]), RRType.A) is None


def test_the_soa_is_that_of_enclave_with_the_version_as_its_serial() -> None:
    for name in ("other.id.enclave", "_my.id.enclave", "enclave"):
        found = ZONES.answer(from_text(name), RRType.TXT)
        assert found is not None
        soa = found.soa
        assert (soa.name, soa.rtype, soa.ttl) == (ENCLAVE, RRType.SOA, 0)
        assert name_in(soa.rdata) == ENCLAVE
        # Nothing is kept, the absence of a name included (RFC 2308, 5).
        assert soa.rdata[-20:-16] == (7).to_bytes(4)
        assert soa.rdata[-4:] == bytes(4)


def test_the_soa_can_be_asked_for_at_the_zone_and_nowhere_else() -> None:
    at_zone = ZONES.answer(ENCLAVE, RRType.SOA)
    assert at_zone is not None
    assert at_zone.records == (ZONES.soa(),)
    below = ZONES.answer(from_text("id.enclave"), RRType.SOA)
    assert below is not None
    assert below.records == ()


def test_a_version_past_32_bits_still_makes_a_serial() -> None:
    soa = OwnZones.of((1 << 40) + 5, (), {}).soa()
    assert soa.rdata[-20:-16] == (5).to_bytes(4)


def test_the_name_of_an_id_is_folded() -> None:
    assert id_name("WZL94") == from_text("wzl94.id.enclave")


def test_zones_are_equal_when_they_answer_alike() -> None:
    own = (packed("100.64.0.12"),)
    assert OwnZones.of(7, own, {}) == OwnZones.of(7, own, {})
    assert OwnZones.of(7, own, {}) != OwnZones.of(8, own, {})
