"""From the bytes of an organisation document to an `Organisation`, or to all that is wrong with it.

Every entry is read by itself, and those that can be read are then compared with each other, so
that one run shows every problem. Nothing is half loaded.
"""

from itertools import chain
from typing import TypeVar

from enclave_dns.errors import DocumentError, Problem
from enclave_dns.organisation.consistency import Draft, contradictions
from enclave_dns.organisation.document import Organisation
from enclave_dns.organisation.models import (
    Entry,
    OrganisationEntry,
    SystemEntry,
    TagEntry,
    TrustEntry,
    ZoneEntry,
)
from enclave_dns.organisation.policy_models import PolicyEntry
from enclave_dns.validation import bounded, decode, path_in, validated

_E = TypeVar("_E", bound=Entry)


def parse_organisation(text: bytes, file: str) -> Organisation:
    """The organisation that a document describes; `file` names it, and `.json` means JSON.

    Raises DocumentError with every problem that was found.
    """
    return build_organisation(decode(text, file), file)


def build_organisation(data: dict[str, object], file: str) -> Organisation:
    """`parse_organisation` for a document that is decoded already."""
    reader = _Reader(data, file)
    top = validated(OrganisationEntry, data, file, problems=reader.problems)
    systems = reader.entries("systems", SystemEntry)
    policies = reader.entries("policies", PolicyEntry)
    tags = reader.entries("tags", TagEntry)
    trust = reader.entries("trust_requirements", TrustEntry)
    zones = reader.entries("dns_zones", ZoneEntry)
    draft = Draft(
        file,
        {at: entry.value() for at, entry in systems.items()},
        {at: entry.value(at) for at, entry in policies.items()},
        {at: entry.value() for at, entry in tags.items()},
        {at: entry.value() for at, entry in trust.items()},
        {at: entry.value() for at, entry in zones.items()},
        reader.misread("systems", "system_id", systems),
        reader.misread("trust_requirements", "id", trust),
    )
    problems = bounded(chain(reader.problems, contradictions(draft)), file)
    if problems or top is None:
        raise DocumentError(problems)
    return Organisation(
        top.version,
        tuple(draft.systems.values()),
        tuple(draft.policies.values()),
        tuple(draft.tags.values()),
        tuple(draft.trust_requirements.values()),
        tuple(draft.dns_zones.values()),
        top.virtual_networks,
        file,
    )


class _Reader:
    """Reads the lists of one document, and collects what is wrong with their entries."""

    def __init__(self, data: dict[str, object], file: str) -> None:
        self.problems: list[Problem] = []
        self._data = data
        self._file = file

    def entries(self, section: str, model: type[_E]) -> dict[int, _E]:
        """The entries of a list that can be read, by their place."""
        key = path_in(self._file, section)
        found = {}
        for at, raw in enumerate(self._list(section)):
            entry = validated(model, raw, self._file, key, at, problems=self.problems)
            if entry is not None:
                found[at] = entry
        return found

    def misread(self, section: str, key: str, read: dict[int, _E]) -> frozenset[str]:
        """The ids of entries that cannot be read: what refers to them does not dangle."""
        key = path_in(self._file, key)
        rest = (raw for at, raw in enumerate(self._list(section)) if at not in read)
        return frozenset(str(raw[key]) for raw in rest if isinstance(raw, dict) and key in raw)

    def _list(self, section: str) -> list[object]:
        found = self._data.get(path_in(self._file, section))
        return found if isinstance(found, list) else []
