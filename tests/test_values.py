"""Values that are made for every packet: as frozen dataclasses are, but for the guard."""

from dataclasses import dataclass, fields, is_dataclass

from enclave_dns.values import value


@dataclass(frozen=True, slots=True)
class Frozen:
    name: bytes
    ttl: int = 30


@value(frozen=True, slots=True)
class Quick:
    name: bytes
    ttl: int = 30


def test_they_are_made_compared_and_hashed_alike() -> None:
    assert Quick(b"a") == Quick(b"a", 30)
    assert Quick(b"a") != Quick(b"a", 31)
    assert hash(Quick(b"a", 5)) == hash(Frozen(b"a", 5))
    assert repr(Quick(b"a")).replace("Quick", "Frozen") == repr(Frozen(b"a"))


def test_they_are_dataclasses_with_slots() -> None:
    assert is_dataclass(Quick)
    assert [field.name for field in fields(Quick)] == ["name", "ttl"]
    assert not hasattr(Quick(b"a"), "__dict__")
