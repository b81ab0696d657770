"""From bytes to plain data, and from what is wrong with them to `Problem`s.

Shared by every document of ours. TOML documents write their keys in snake_case, JSON documents in
camelCase; which of the two a file is, its extension says. Key paths and suggestions are always in
the file's own case. Pure: reading the file is the caller's business.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, Final, NoReturn, TypeVar, get_args

from pydantic import AliasChoices, BaseModel, Strict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from enclave_dns.errors import DocumentError, Problem

MAX_PROBLEMS: Final = 100
"""More problems than this are not listed."""

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
Part = str | int

Many = Annotated[tuple[T, ...], Strict(False)]
"""A list of a document. Not strict, for strictly no list is a tuple; its items still are."""

_REASONS: Final = {
    "missing": "is missing",
    "extra_forbidden": "unknown key",
    "string_type": "must be text in quotes",
    "string_unicode": "holds half of a surrogate pair",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "model_type": "must be a table of keys and values",
    "too_short": "must not be empty",
    "dict_type": "must be a table of keys and values",
}
_LONGEST_WORD: Final = 100
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_TOML_PLACE: Final = re.compile(
    r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL
)


def is_json(file: str) -> bool:
    """Whether a document is JSON by its name; every other one is TOML."""
    return file.lower().endswith(".json")


def decode(text: bytes, file: str) -> dict[str, object]:
    """The top-level table of a document. Raises DocumentError with the one thing that is wrong."""
    try:
        characters = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        _refuse(file, "is not UTF-8 text", "save it as UTF-8", line)
    if not characters.strip():
        _refuse(file, "is empty")
    data = _json(characters, file) if is_json(file) else _toml(characters, file)
    if not isinstance(data, dict):
        _refuse(file, "must hold one object, in braces")
    return data


def _toml(text: str, file: str) -> object:
    try:
        return tomllib.loads(text)
    except RecursionError:
        _refuse(file, "is nested too deeply")
    except ValueError as error:  # TOMLDecodeError, or a number with too many digits
        place = _TOML_PLACE.fullmatch(str(error))
        reason = place[1] if place else str(error)
        line = int(place[2]) if place and place[2] else None
        hint = "name a JSON file .json" if text.lstrip().startswith("{") else ""
        if "overwrite" in reason or "declare" in reason:
            reason = f"a key is given twice: {reason}"
        _refuse(file, f"is not TOML: {reason}", hint, line)


class _Doubled(dict[str, Any]):
    """A JSON object in which keys stand twice; `json` alone would silently keep the last."""

    keys_twice: list[str]


class _JsonObjects:
    """Makes the objects of one document; `any_doubled` says whether any of them is `_Doubled`."""

    any_doubled = False

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        self.any_doubled = True
        doubled = _Doubled(found)
        doubled.keys_twice = [k for k, n in Counter(key for key, _ in pairs).items() if n > 1]
        return doubled


def _json_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _json(text: str, file: str) -> object:
    objects = _JsonObjects()
    try:
        data = json.loads(text, object_pairs_hook=objects, parse_constant=_json_constant)
    except json.JSONDecodeError as error:
        _refuse(file, f"is not JSON: {error.msg}", line=error.lineno)
    except RecursionError:
        _refuse(file, "is nested too deeply")
    except ValueError as error:
        _refuse(file, f"is not JSON: {error}")
    if objects.any_doubled:
        problems = [Problem(file, key_path(path), "is given twice") for path in _doubled(data)]
        raise DocumentError(bounded(problems, file))
    return data


def _doubled(data: object) -> Iterator[tuple[Part, ...]]:
    """The path of each key that stands twice in its JSON object; without recursion."""
    waiting: list[tuple[tuple[Part, ...], object]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, _Doubled):
            yield from ((*path, name) for name in value.keys_twice)
        if isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, at), inner) for at, inner in enumerate(value)]


def _refuse(file: str, reason: str, suggestion: str = "", line: int | None = None) -> NoReturn:
    raise DocumentError((Problem(file, "", reason, suggestion, line),)) from None


def bounded(problems: Iterable[Problem], file: str) -> tuple[Problem, ...]:
    """The first problems, and a last one where there are more; no more are looked for."""
    found = tuple(islice(problems, MAX_PROBLEMS + 1))
    if len(found) <= MAX_PROBLEMS:
        return found
    return (*found[:-1], Problem(file, "", "and more problems"))


def key_path(parts: Iterable[Part]) -> str:
    """A path inside a document as people write it: `policies[2].gateways[0].system_id`."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            key = part if _PLAIN_KEY.fullmatch(part) else json.dumps(_short(part, 40))
            path += f".{key}" if path else key
    return path


def path_in(file: str, *parts: Part) -> str:
    """The path of snake_case keys as the file's own case writes it."""
    if not is_json(file):
        return key_path(parts)
    return key_path(to_camel(part) if isinstance(part, str) else part for part in parts)


def refusal(reason: str, suggestion: str = "") -> PydanticCustomError:
    """What a validator of one value raises (a ValueError): the reason, and what to do about it."""
    context = {"reason": _short(reason, 200), "suggestion": _short(suggestion, 200)}
    return PydanticCustomError("refusal", "{reason}", context)


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."


def validated(
    model: type[M], data: object, file: str, *prefix: Part, problems: list[Problem]
) -> M | None:
    """Data read by a model, or None after adding all that is wrong with it to `problems`."""
    try:
        if is_json(file):
            return model.model_validate(data, by_alias=True, by_name=False)
        return model.model_validate(data, by_alias=False, by_name=True)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        problems += _problems(details, model, file, prefix)
        return None


def _problems(
    details: Sequence[ErrorDetails], model: type[BaseModel], file: str, prefix: tuple[Part, ...]
) -> Iterator[Problem]:
    """What pydantic found, without the missing keys that an unknown one next to them stands for."""
    meant = {
        detail["loc"]: _closest(str(detail["loc"][-1]), _known_at(model, detail["loc"], file))
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    misspelt = {(*place[:-1], word) for place, word in meant.items()}
    for detail in details:
        place, kind = detail["loc"], detail["type"]
        if kind == "missing" and place in misspelt:
            continue
        reason = _REASONS.get(kind) or detail["msg"].removeprefix("Input ")
        suggestion = str(detail.get("ctx", {}).get("suggestion", ""))
        if place in meant and kind == "extra_forbidden":
            suggestion = _suggested(meant[place])
        yield Problem(file, key_path((*prefix, *place)), reason, suggestion)


def _known_at(model: type[BaseModel], place: Sequence[Part], file: str) -> list[str]:
    """The keys that the table around a place may have."""
    owner = _model_at(model, place[:-1])
    return _keys(owner, is_json(file)) if owner else []


def _model_at(model: type[BaseModel], place: Sequence[Part]) -> type[BaseModel] | None:
    """The model that reads the table at a place inside the data of another."""
    owner: type[BaseModel] | None = model
    for part in place:
        if owner is None:
            return None
        if isinstance(part, str):
            fields = owner.model_fields.items()
            field = next((f for name, f in fields if part in (name, *_aliases(f))), None)
            owner = _model_in(field.annotation) if field else None
    return owner


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _aliases(field: FieldInfo) -> list[str]:
    """The keys of a JSON document that a field is read from."""
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return [choice for choice in choices if isinstance(choice, str)]


def _keys(model: type[BaseModel], in_json: bool) -> list[str]:
    """The keys of a model in one of the two cases."""
    fields = model.model_fields
    return [a for f in fields.values() for a in _aliases(f)] if in_json else list(fields)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A suggestion where a word is close to one of the choices; otherwise nothing."""
    return _suggested(_closest(word, choices))


def _suggested(word: str) -> str:
    return f"did you mean `{word}`?" if word else ""


def _closest(word: str, choices: Iterable[str]) -> str:
    if len(word) > _LONGEST_WORD:  # nobody's slip, and slow to compare
        return ""
    by_plain = {_plain(choice): choice for choice in choices}
    close = get_close_matches(_plain(word), by_plain, n=1, cutoff=0.7)
    return by_plain[close[0]] if close else ""


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")
