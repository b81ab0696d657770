"""From files, environment and flags to settings; and organisation files from disk.

Each setting comes from the first of: flag (`overrides`), environment (`ENCLAVE_DNS_<SETTING>`,
then the variables of Enclave's own agent), file, default. Paths in the file are relative to the
file, others to the working directory. Whatever is wrong becomes one DocumentError with every
problem, each under the name of the flag, variable or key that it came from.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from enclave_dns.config.models import ConfigEntry, GatewayEntry, StubEntry
from enclave_dns.config.settings import Config, GatewayConfig, StubConfig
from enclave_dns.errors import DocumentError, Problem
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.reading import build_organisation, parse_organisation
from enclave_dns.organisation.versions import own_system, refuse_older
from enclave_dns.sources.files import NoContent, read_file
from enclave_dns.validation import decode, path_in, validated

MAX_ORGANISATION: Final = 64 << 20
"""Bytes of an organisation document that are read at most."""
MAX_CONFIG: Final = 1 << 20
"""Bytes of a configuration file that are read at most."""

Environment = Mapping[str, str]
Overrides = Mapping[str, object]

_C = TypeVar("_C", bound=Config)

_PREFIX: Final = "ENCLAVE_DNS_"
_AGENT: Final = {
    "nameservers": ("ENCLAVE_GATEWAY_DNS_UPSTREAM_SERVERS", "{}"),
    "timeout": ("ENCLAVE_GATEWAY_DNS_UPSTREAM_TIMEOUT_MS", "{}ms"),
}
"""Variables of Enclave's agent that a gateway honours, and how their values read here."""

_PATHS: Final = frozenset(("organisation", "hosts_file", "resolv_conf", "admin", "state_dir"))
_SWITCH: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

_MODELS: Final[dict[type[Config], type[ConfigEntry]]] = {
    GatewayConfig: GatewayEntry,
    StubConfig: StubEntry,
}
_TITLES: Final[dict[type[Config], str]] = {GatewayConfig: "gateway", StubConfig: "stub"}
_ORGANISATION_KEYS: Final = {"systems", "policies"}


def load_gateway_config(
    path: Path | str, environ: Environment, overrides: Overrides | None = None
) -> GatewayConfig:
    """The gateway's settings. `overrides` are flags by setting; None among them means not given.

    Raises DocumentError.
    """
    data = decode(_content(path, MAX_CONFIG), str(path))
    return _load(GatewayConfig, path, data, environ, overrides or {})


def load_stub_config(
    path: Path | str, environ: Environment, overrides: Overrides | None = None
) -> StubConfig:
    """The stub's settings, like `load_gateway_config`."""
    data = decode(_content(path, MAX_CONFIG), str(path))
    return _load(StubConfig, path, data, environ, overrides or {})


def read_organisation(path: Path | str) -> bytes:
    """The bytes of an organisation document, not looked at. Raises DocumentError."""
    return _content(path, MAX_ORGANISATION)


def load_organisation(path: Path | str) -> Organisation:
    """The organisation in a file. Raises DocumentError."""
    return parse_organisation(read_organisation(path), str(path))


def load_newer_organisation(
    path: Path | str, running: Organisation, system_id: str
) -> tuple[Organisation, System]:
    """The document as it is now, in place of the one in use, and the program's own system in it.

    Raises DocumentError, as `load_organisation` does, and where the document is older or no longer
    has that system enabled: then the one in use stays.
    """
    organisation = load_organisation(path)
    refuse_older(organisation, running.version)
    return organisation, own_system(organisation, system_id)


def load_config(
    path: Path | str, environ: Environment, overrides: Overrides | None = None
) -> GatewayConfig | StubConfig | Organisation:
    """Whatever a file is: an organisation, or one of the two programs' settings.

    A file with `systems` or `policies` is an organisation; otherwise the keys that only one program
    has decide, then the file's name. Raises DocumentError, also where nothing decides.
    """
    content = _content(path, MAX_ORGANISATION)
    data = decode(content, str(path))
    if not _ORGANISATION_KEYS.isdisjoint(data):
        return build_organisation(data, str(path))
    if len(content) > MAX_CONFIG:
        raise _one_problem(path, _too_large(MAX_CONFIG))
    if _kind(data, path) is GatewayConfig:
        return _load(GatewayConfig, path, data, environ, overrides or {})
    return _load(StubConfig, path, data, environ, overrides or {})


def _content(path: Path | str, limit: int) -> bytes:
    content = read_file(Path(path), limit)
    if isinstance(content, NoContent):
        raise _one_problem(path, f"cannot be read: {content.reason}")
    if content.is_cut:
        raise _one_problem(path, _too_large(limit))
    return content.data


def _too_large(limit: int) -> str:
    return f"is larger than {limit >> 20} MiB"


def _one_problem(path: Path | str, reason: str, suggestion: str = "") -> DocumentError:
    return DocumentError((Problem(str(path), "", reason, suggestion),))


def _kind(data: Mapping[str, object], path: Path | str) -> type[Config]:
    """Whose settings these are."""
    file = str(path)
    shared = set(ConfigEntry.model_fields)
    own = {
        kind: {path_in(file, key) for key in set(model.model_fields) - shared}
        for kind, model in _MODELS.items()
    }
    found = {kind: len(keys & data.keys()) for kind, keys in own.items()}
    if found[GatewayConfig] != found[StubConfig]:
        return max(found, key=lambda kind: found[kind])
    named = [kind for kind, title in _TITLES.items() if title in Path(path).stem.lower()]
    if len(named) == 1:
        return named[0]
    keys = [f"`{path_in(file, key)}`" for key in ("hosts_file", "source_address", "systems")]
    hint = "give it a key that only one of them has, such as {}, {} or {}".format(*keys)
    raise _one_problem(path, "is neither a gateway's, a stub's nor an organisation's file", hint)


def _load(
    kind: type[_C],
    path: Path | str,
    data: Mapping[str, object],
    environ: Environment,
    overrides: Overrides,
) -> _C:
    file, model = str(path), _MODELS[kind]
    if not _ORGANISATION_KEYS.isdisjoint(data):
        hint = f"write its path as `organisation` in a {_TITLES[kind]}'s file"
        raise _one_problem(path, "is an organisation, not a program's configuration", hint)
    above = _layers(model, environ, overrides)
    values = {path_in(file, key): layer.value for key, layer in above.items()}
    problems: list[Problem] = []
    entry = validated(model, {**data, **values}, file, problems=problems)
    if entry is None:
        origins = {path_in(file, key): layer for key, layer in above.items()}
        raise DocumentError(tuple(_blamed(problem, origins) for problem in problems))
    base = Path(path).absolute().parent
    found = {key: getattr(entry, key) for key in entry.model_fields_set}
    written = {key: found.pop(key) for key in _PATHS & found.keys()}
    paths = {key: base / value for key, value in written.items() if value}
    settings = _directories(kind, base, environ) | found | paths
    return kind(**settings, file=base / Path(path).name)


@dataclass(frozen=True, slots=True)
class _Layer:
    """A value from above the file, and where it stands: who gave it, and under which name."""

    value: object
    origin: str
    name: str


def _layers(
    model: type[ConfigEntry], environ: Environment, overrides: Overrides
) -> dict[str, _Layer]:
    """The settings that flags and environment give. An empty variable counts as unset."""
    found = {}
    for key, field in model.model_fields.items():
        variable, form = f"{_PREFIX}{key.upper()}", "{}"
        if not environ.get(variable) and model is GatewayEntry and key in _AGENT:
            variable, form = _AGENT[key]
        if overrides.get(key) is not None:
            value, origin, name = overrides[key], "command line", f"--{key.replace('_', '-')}"
        elif environ.get(variable):
            value, origin, name = form.format(environ[variable]), "environment", variable
        else:
            continue
        if isinstance(value, str | Path) and key in _PATHS:
            value = str(Path(value).absolute())
        elif isinstance(value, str) and field.annotation in (int, bool):
            value = _number_or_switch(value, field.annotation)
        found[key] = _Layer(value, origin, name)
    return found


def _number_or_switch(text: str, kind: object) -> object:
    """What a text stands for, where it stands for anything of that kind; else the text."""
    if kind is bool:
        return _SWITCH.get(text.lower(), text)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _blamed(problem: Problem, origins: Mapping[str, _Layer]) -> Problem:
    """The problem under the name by which the user gave the value."""
    head = re.split(r"[.\[]", problem.key, maxsplit=1)[0]
    layer = origins.get(head)
    if layer is None:
        return problem
    return replace(problem, file=layer.origin, key=layer.name + problem.key[len(head) :])


def _directories(kind: type[Config], base: Path, environ: Environment) -> dict[str, Any]:
    """The places that systemd gives a service, or those beside the file."""
    runtime = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    found: dict[str, Any] = {"admin": Path(runtime or base) / f"{_TITLES[kind]}.sock"}
    state = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if state:
        found["state_dir"] = Path(state)
    return found
