"""`enclave-dns check`: whether organisation and configuration files can be used; what is odd."""

import argparse
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from enclave_dns.cli.check_gateway import gateway_warnings
from enclave_dns.cli.exit_codes import INVALID, OK
from enclave_dns.config import (
    GatewayConfig,
    StubConfig,
    load_config,
    load_organisation,
    not_in_effect,
)
from enclave_dns.errors import DocumentError, Problem
from enclave_dns.organisation.advice import warnings
from enclave_dns.organisation.document import Organisation
from enclave_dns.organisation.stub_advice import refuse_other_slice, stub_warnings
from enclave_dns.organisation.versions import own_system
from enclave_dns.validation import path_in

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: its `kind` (organisation, gateway, stub; empty where it cannot be told), what it
    holds in words, what is wrong with it, and what is only odd."""

    file: str
    kind: str = ""
    summary: str = ""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether the file can be used."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"ok": self.is_ok, **asdict(self)}


def run(options: argparse.Namespace) -> int:
    """Check every file and report on all; exit 5 where any cannot be used."""
    results = [checked(file) for file in options.files]
    if options.json:
        files = [result.as_json() for result in results]
        print(json.dumps({"schema": SCHEMA, "files": files}, indent=2))
    else:
        _report(results)
    return OK if all(result.is_ok for result in results) else INVALID


def checked(file: str) -> Checked:
    """One file, and for a configuration also the organisation that it names."""
    try:
        document = load_config(file, os.environ)
    except DocumentError as error:
        return Checked(file, problems=error.problems)
    if isinstance(document, Organisation):
        return Checked(
            file, "organisation", _organisation_summary(document), warnings=warnings(document)
        )
    kind = "gateway" if isinstance(document, GatewayConfig) else "stub"
    try:
        organisation = load_organisation(document.organisation)
        summary = _configuration_summary(file, document, organisation)
        system = own_system(organisation, document.system_id)
    except DocumentError as error:
        return Checked(file, kind, problems=error.problems)
    unserved = (
        Problem(file, path_in(file, setting), "has no effect in this version")
        for setting in not_in_effect(document)
    )
    found = warnings(organisation)
    if isinstance(document, StubConfig):
        found += _for_stub(document, organisation)
    else:
        found += gateway_warnings(organisation, system)
    return Checked(file, kind, summary, warnings=(*unserved, *found))


def _for_stub(config: StubConfig, organisation: Organisation) -> tuple[Problem, ...]:
    from enclave_dns.stub.assembly import source_address

    system = own_system(organisation, config.system_id)
    family = ip_address(source_address(config, system)).version
    return stub_warnings(organisation, system, datetime.now(UTC), family)


def _organisation_summary(organisation: Organisation) -> str:
    gateways = sum(system.is_gateway for system in organisation.systems)
    counts = [_count(len(organisation.systems), "system")]
    counts += [_count(gateways, "gateway"), _policies(len(organisation.policies))]
    if organisation.dns_zones:
        counts.append(_count(len(organisation.dns_zones), "DNS zone"))
    return f"organisation version {organisation.version}: {', '.join(counts)}"


def _configuration_summary(
    file: str, config: GatewayConfig | StubConfig, organisation: Organisation
) -> str:
    """Raises DocumentError where the organisation has no such system, or not as such a program."""
    refuse_other_slice(organisation, config.system_id)
    system = own_system(organisation, config.system_id)
    is_gateway = isinstance(config, GatewayConfig)
    if is_gateway and not system.is_gateway:
        reason = f"system {system.system_id} has no gateway routes, so it is no gateway"
        hint = f"give it `gateway_routes` in {organisation.file}"
        raise DocumentError((Problem(file, "system_id", reason, hint),))
    places = " ".join(str(endpoint) for endpoint in config.listen)
    kind = "gateway" if is_gateway else "stub"
    version = f"{config.organisation.name} version {organisation.version}"
    return f"{kind} {system.system_id}, listens on {places}, {version}"


def _policies(number: int) -> str:
    return f"{number} {'policy' if number == 1 else 'policies'}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _report(results: Iterable[Checked]) -> None:
    """Each problem once, on stderr; the rest on stdout."""
    told: set[Problem] = set()
    for result in results:
        if result.is_ok:
            print(f"{result.file}: ok ({result.summary})")
        elif told.issuperset(map(_by_place, result.problems)):
            print(f"{result.file}: cannot be used for the reasons above", file=sys.stderr)
        for problem in result.problems:
            if _by_place(problem) not in told:
                print(problem, file=sys.stderr)
        for warning in result.warnings:
            if _by_place(warning) not in told:
                print(f"warning: {warning}")
        told.update(map(_by_place, (*result.problems, *result.warnings)))


def _by_place(problem: Problem) -> Problem:
    """The same problem, whichever way its file was named."""
    return replace(problem, file=str(Path(problem.file).absolute()))
