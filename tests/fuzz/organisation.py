"""Any bytes as an organisation document: an organisation that compiles, or a DocumentError.

Inputs that begin with a brace are read as JSON, all others as TOML.
"""

from datetime import UTC, datetime

from enclave_dns.errors import DocumentError, Problem
from enclave_dns.gateway.views import compile_views
from enclave_dns.organisation.reading import parse_organisation
from enclave_dns.validation import MAX_PROBLEMS

MAX_LEN = 6000
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MOST = 4
"""Systems of one document that are compiled: the work is held against the document's size."""


def made(data: bytes) -> tuple[str, tuple[Problem, ...]]:
    """The file's name, and what is wrong with the document; one that is right is compiled."""
    file = "organisation.json" if data.lstrip()[:1] == b"{" else "organisation.toml"
    try:
        organisation = parse_organisation(data, file)
    except DocumentError as error:
        return file, error.problems or (Problem(file, "", ""),)
    for system in organisation.systems[:MOST]:
        compile_views(organisation, system, NOW, 1)
    return file, ()


def judge(data: bytes, found: tuple[str, tuple[Problem, ...]]) -> None:
    """Whatever is wrong is said in a bounded number of bounded texts."""
    file, problems = found
    assert len(problems) <= MAX_PROBLEMS + 1
    assert all(problem.file == file and problem.reason for problem in problems)
    assert all(len(str(problem)) <= 1000 for problem in problems)
