"""What people read when a document is wrong."""

from enclave_dns.errors import DocumentError, Problem


def test_a_problem_names_file_key_reason_and_suggestion_in_one_line() -> None:
    problem = Problem("organisation.toml", "policies[2].acls", "unknown key", "did you mean `acl`?")
    assert str(problem) == (
        "organisation.toml: policies[2].acls: unknown key (did you mean `acl`?)"
    )


def test_a_line_number_stands_behind_the_file() -> None:
    assert str(Problem("a.toml", "", "not TOML", line=7)) == "a.toml:7: not TOML"


def test_a_document_error_carries_every_problem() -> None:
    problems = (Problem("a", "x", "bad"), Problem("a", "y", "worse"))
    error = DocumentError(problems)
    assert error.problems == problems
    assert str(error).splitlines() == ["a: x: bad", "a: y: worse"]
