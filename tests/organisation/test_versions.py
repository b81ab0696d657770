"""Which documents a daemon takes."""

from dataclasses import replace

import pytest

from enclave_dns.errors import DocumentError
from enclave_dns.organisation.versions import own_system, refuse_older
from tests.fakes.organisations import USER, organisation, system

RUNNING = replace(organisation(), version=7, file="organisation.toml")


def test_the_own_system_is_found_by_its_id() -> None:
    assert own_system(RUNNING, "USER") is USER


@pytest.mark.parametrize(
    ("system_id", "reason"),
    [("NOBODY", "there is no system NOBODY"), ("AWAY", "system AWAY, .* is disabled")],
)
def test_a_daemon_that_is_not_in_the_document_or_disabled_cannot_use_it(
    system_id: str, reason: str
) -> None:
    away = system("AWAY", "100.64.0.15", is_enabled=False)
    made = replace(organisation(systems=(away,)), file="organisation.toml")
    with pytest.raises(DocumentError, match=reason) as told:
        own_system(made, system_id)
    (problem,) = told.value.problems
    assert (problem.file, problem.key) == ("organisation.toml", "systems")
    assert problem.suggestion


@pytest.mark.parametrize("version", [7, 8, 1 << 40])
def test_the_same_and_higher_versions_are_taken(version: int) -> None:
    refuse_older(replace(RUNNING, version=version), RUNNING.version)


@pytest.mark.parametrize("version", [0, 6])
def test_a_lower_version_is_refused_with_both_numbers(version: int) -> None:
    older = replace(RUNNING, version=version, file="older.toml")
    with pytest.raises(DocumentError) as told:
        refuse_older(older, RUNNING.version)
    (problem,) = told.value.problems
    assert str(problem) == (
        f"older.toml: version: version {version} is lower than the running version 7"
        " (give it a version above 7)"
    )
