"""Keys of Enclave's API that mean nothing here are dropped; all others must be ours."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from enclave_dns.organisation import models, policy_models
from enclave_dns.organisation.models import Entry, RouteEntry, SystemEntry, ZoneEntry
from enclave_dns.wire.names import from_text

ENTRIES = [
    entry
    for module in (models, policy_models)
    for entry in vars(module).values()
    if isinstance(entry, type) and issubclass(entry, Entry) and entry is not Entry
]
MINIMAL = {"system_id": "A", "virtual_address": "100.64.0.1"}


def read(entry: type[Any], data: dict[str, object]) -> Any:
    return entry.model_validate(data, by_alias=False, by_name=True)


@pytest.mark.parametrize("entry", ENTRIES)
def test_no_key_is_both_used_and_dropped(entry: type[Entry]) -> None:
    assert set(entry.unused).isdisjoint(entry.model_fields)
    assert set(map(to_camel, entry.unused)).isdisjoint(map(to_camel, entry.model_fields))


def test_keys_without_use_are_dropped_in_either_case() -> None:
    found = read(
        RouteEntry, {"subnet": "10.0.0.0/8", "user_entered": 1, "userEntered": 2, "name": []}
    )
    assert found.model_fields_set == {"subnet"}


def test_null_means_the_default() -> None:
    found = read(SystemEntry, {**MINIMAL, "hostname": None, "tags": None, "gateway_routes": None})
    assert (found.hostname, found.tags, found.gateway_routes) == ("", (), ())


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({**MINIMAL, "unheard_of": None}, "extra_forbidden"),
        ({**MINIMAL, "virtual_address": None}, "missing"),
        ({**MINIMAL, "virtual_address": []}, "too_short"),
        ({**MINIMAL, "is_enabled": "true"}, "bool_type"),
        ({**MINIMAL, "description": 7}, "string_type"),
        ({**MINIMAL, "tags": {"a": 1}}, "tuple_type"),
        ({**MINIMAL, "tags": [True]}, "string_type"),
        ({**MINIMAL, "no_answer": "servfail"}, "refusal"),
    ],
)
def test_nothing_is_converted_silently(data: dict[str, object], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(SystemEntry, data)
    assert [found["type"] for found in caught.value.errors()] == [kind]


def test_one_address_and_a_list_of_them_are_told_apart_in_the_path() -> None:
    for address, place in (("x", ("virtual_address",)), (["x"], ("virtual_address", 0))):
        with pytest.raises(ValidationError) as caught:
            read(SystemEntry, {**MINIMAL, "virtual_address": address})
        assert [found["loc"] for found in caught.value.errors()] == [place]


def test_a_record_name_must_fit_its_zone() -> None:
    long = ".".join(["a" * 60] * 3)
    zone = {"name": long, "records": [{"name": "b" * 60}]}
    assert read(ZoneEntry, {**zone, "name": "corp"}).value().records[0].name == from_text(
        "b" * 60 + ".corp"
    )
    with pytest.raises(ValidationError, match="entry 0"):
        read(ZoneEntry, {**zone, "records": [{"name": "b" * 60 + ".c" * 6}]})


def test_models_are_pydantics_and_values_are_not() -> None:
    assert not isinstance(read(SystemEntry, MINIMAL).value(), BaseModel)
