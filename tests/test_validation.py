"""Decoding documents, and putting what is wrong with them into words."""

import json
from itertools import count
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from enclave_dns.errors import DocumentError, Problem
from enclave_dns.validation import (
    MAX_PROBLEMS,
    Many,
    bounded,
    decode,
    did_you_mean,
    is_json,
    key_path,
    path_in,
    refusal,
    validated,
)


def problem(text: bytes, file: str) -> Problem:
    with pytest.raises(DocumentError) as caught:
        decode(text, file)
    (found,) = caught.value.problems
    return found


def test_toml_and_json_are_told_apart_by_the_extension() -> None:
    assert decode(b"a = 1", "x.toml") == {"a": 1}
    assert decode(b"a = 1", "x") == {"a": 1}
    assert decode(b'{"a": 1}', "x.json") == {"a": 1}
    assert decode(b'{"a": 1}', "X.JSON") == {"a": 1}
    assert not is_json("json")


def test_a_byte_order_mark_is_no_content() -> None:
    assert decode(b"\xef\xbb\xbfa = 1", "x.toml") == {"a": 1}
    assert decode(b'\xef\xbb\xbf{"a": 1}', "x.json") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "file", "reason", "line"),
    [
        (b"", "x.toml", "is empty", None),
        (b" \n\t", "x.json", "is empty", None),
        (b"\xef\xbb\xbf", "x.toml", "is empty", None),
        (b"a = 1\nb = '\xff'", "x.toml", "is not UTF-8 text", 2),
        (b"\x7fELF\x02\x01\x01\x80", "x.json", "is not UTF-8 text", 1),
        ('a = "1"'.encode("utf-16"), "x.toml", "is not UTF-8 text", 1),
        (b"\0\0\0\0", "x.toml", "is not TOML", 1),
        (b"\0\0\0\0", "x.json", "is not JSON", 1),
        (b"a = 1\nb 2", "x.toml", "is not TOML: ", 2),
        (b"a = [", "x.toml", "is not TOML: ", None),
        (b"a = 1\na = 2\n", "x.toml", "a key is given twice", 2),
        (b"[a]\nb = 1\n[a]\nb = 2", "x.toml", "a key is given twice", 3),
        (b'{"a": 1,\n"b" 2}', "x.json", "is not JSON: ", 2),
        (b'{"a": NaN}', "x.json", "is not JSON: NaN is no JSON number", None),
        (b'{"a": ' + b"9" * 5000 + b"}", "x.json", "is not JSON: ", None),
        (b"a = " + b"9" * 5000, "x.toml", "is not TOML: ", None),
        (b"[1]", "x.json", "must hold one object", None),
        (b"null", "x.json", "must hold one object", None),
        (b'{"a":' * 100_000, "x.json", "is nested too deeply", None),
        (b"a = " + b"[" * 100_000, "x.toml", "is nested too deeply", None),
        (b"a = " + b"{a=" * 100_000, "x.toml", "is nested too deeply", None),
    ],
)
def test_what_cannot_be_decoded_is_one_problem(
    text: bytes, file: str, reason: str, line: int | None
) -> None:
    found = problem(text, file)
    assert (found.file, found.key) == (file, "")
    assert reason in found.reason
    assert found.line == line


def test_json_in_a_toml_file_gets_a_hint() -> None:
    assert problem(b'{"a": 1}', "x.toml").suggestion == "name a JSON file .json"


def test_keys_that_stand_twice_in_json_are_shown_with_their_paths() -> None:
    text = b'{"a": 1, "b": [{"c": 1, "d": {"e": 1, "e": 2}, "c": 2}], "a": 2}'
    with pytest.raises(DocumentError) as caught:
        decode(text, "x.json")
    keys = sorted(found.key for found in caught.value.problems)
    assert keys == ["a", "b[0].c", "b[0].d.e"]


@given(st.binary(max_size=100), st.sampled_from(["x.toml", "x.json"]))
def test_any_bytes_are_a_table_or_a_document_error(text: bytes, file: str) -> None:
    try:
        assert isinstance(decode(text, file), dict)
    except DocumentError as error:
        str(error).encode()


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), ""),
        (("policies", 2, "gateways", 0, "system_id"), "policies[2].gateways[0].system_id"),
        ((0,), "[0]"),
        (("a b", "c.d"), '"a b"."c.d"'),
        (("\ud800\n",), '"\\ud800\\n"'),
    ],
)
def test_key_paths_are_written_as_people_write_them(
    parts: tuple[str | int, ...], expected: str
) -> None:
    assert key_path(parts) == expected


def test_paths_are_in_the_files_own_case() -> None:
    assert path_in("x.toml", "dns_zones", 0, "auto_dns_tags") == "dns_zones[0].auto_dns_tags"
    assert path_in("x.json", "dns_zones", 0, "auto_dns_tags") == "dnsZones[0].autoDnsTags"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("sendertags", "did you mean `sender_tags`?"),
        ("senderTags", "did you mean `sender_tags`?"),
        ("sender_tag", "did you mean `sender_tags`?"),
        ("colour", ""),
        ("", ""),
    ],
)
def test_close_words_are_suggested(word: str, expected: str) -> None:
    assert did_you_mean(word, ["sender_tags", "type"]) == expected


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class Inner(Strict):
    inner_key: int
    spare: Annotated[str, Field(min_length=2)] = "ok"


class Outer(Strict):
    some_list: Many[Inner] = ()
    renamed: int = Field(0, validation_alias=AliasChoices("newName", "renamed"))


def found_in(data: object, file: str) -> list[str]:
    problems: list[Problem] = []
    assert validated(Outer, data, file, "top", 3, problems=problems) is None
    return [str(found) for found in problems]


def test_data_that_fits_is_read() -> None:
    problems: list[Problem] = []
    found = validated(Outer, {"some_list": [{"inner_key": 1}]}, "x.toml", problems=problems)
    assert found is not None
    assert [inner.inner_key for inner in found.some_list] == [1]
    found = validated(Outer, {"someList": [], "newName": 2}, "x.json", problems=problems)
    assert found is not None
    assert (found.some_list, found.renamed) == ((), 2)
    assert problems == []


def test_problems_carry_the_whole_path_and_a_plain_reason() -> None:
    assert found_in(
        {"some_list": [{"inner_key": "1"}, {}, 5, {"inner_key": 1, "spare": "x"}]}, "x.toml"
    ) == [
        "x.toml: top[3].some_list[0].inner_key: must be a whole number",
        "x.toml: top[3].some_list[1].inner_key: is missing",
        "x.toml: top[3].some_list[2]: must be a table of keys and values",
        "x.toml: top[3].some_list[3].spare: String should have at least 2 characters",
    ]
    assert found_in([], "x.toml") == ["x.toml: top[3]: must be a table of keys and values"]


def test_unknown_keys_get_suggestions_from_the_table_that_they_stand_in() -> None:
    assert found_in({"some_list": [{"innerKey": 1}]}, "x.toml") == [
        "x.toml: top[3].some_list[0].innerKey: unknown key (did you mean `inner_key`?)"
    ]
    assert found_in({"someList": [{"inner_key": 1}], "new_name": 1}, "x.json") == [
        "x.json: top[3].someList[0].inner_key: unknown key (did you mean `innerKey`?)",
        "x.json: top[3].new_name: unknown key (did you mean `newName`?)",
    ]
    assert found_in({"zzz": 1}, "x.toml") == ["x.toml: top[3].zzz: unknown key"]


def test_a_flood_of_problems_is_cut_without_looking_further() -> None:
    few = [Problem("x", str(n), "wrong") for n in range(MAX_PROBLEMS)]
    assert bounded(few, "x") == tuple(few)
    endless = (Problem("x", str(n), "wrong") for n in count())
    found = bounded(endless, "x")
    assert found[:-1] == tuple(few)
    assert str(found[-1]) == "x: and more problems"
    assert next(endless).key == str(MAX_PROBLEMS + 1)


def test_long_values_make_no_long_messages() -> None:
    assert len(key_path(["x" * 1000])) < 50
    assert len(str(refusal("x" * 1000, "y" * 1000))) < 210
    assert did_you_mean("x" * 1000, ["x" * 1000]) == ""


@given(st.dictionaries(st.text(max_size=8), st.integers(), max_size=4))
def test_json_survives_decoding(data: dict[str, int]) -> None:
    assert decode(json.dumps(data).encode(), "x.json") == data
