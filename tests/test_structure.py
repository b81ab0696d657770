"""The layout and the directions of DESIGN section 6, held over every file of the checkout.

The checks are in tests/structure, each with tests of its own that show how it fails.
"""

import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.structure import directions, habits, purity, replies
from tests.structure.tree import PACKAGE, Source, read_sources

ROOT = Path(__file__).parent.parent

UNTESTED: dict[str, str] = {
    "enclave_dns/__main__.py": "one call",
    "enclave_dns/cli/demo_story.py": "text; test_demo.py runs it",
    "enclave_dns/cli/exit_codes.py": "numbers by name",
    "enclave_dns/gateway/service.py": "a whole gateway without its files; test_program*.py run it",
    "enclave_dns/machine/integration.py": "a protocol and values: no behaviour",
    "enclave_dns/machine/own_link.py": "takes root and a kernel; tests/lab/test_resolved.py has it",
    "enclave_dns/serve/program.py": "a protocol and a value: no behaviour",
    "enclave_dns/wire/numbers.py": "numbers by name",
}
"""Files that need no test file of their own, and why. Keep it short."""

WHOLE_ROOM: dict[str, str] = {
    "tests/disclosure/test_encodings.py": "how a hidden IPv4 address may be spelled",
    "tests/disclosure/test_hostile_rdata.py": "malformed RDATA of every type that is judged",
    "tests/gateway/test_completeness.py": "what the table says leaves, and no more",
    "tests/gateway/test_no_escape.py": "no hidden address or name in any byte",
    "tests/gateway/test_noninterference.py": "two worlds alike to a sender, in bytes and time",
    "tests/gateway/test_loops.py": "questions that come back, through one gateway or two",
    "tests/serve/test_conservation.py": "every packet is a reply, a drop or in flight",
    "tests/stub/test_loops.py": "questions that come back to a stub",
    "tests/stub/test_questions.py": "every kind of question, asked of a running stub",
}
"""Test files that are about their room as a whole, and what they hold."""


@cache
def package() -> list[Source]:
    return read_sources(ROOT, PACKAGE)


@cache
def suite() -> list[Source]:
    return read_sources(ROOT, "tests")


@cache
def texts() -> dict[str, str]:
    """Path to text for every file that is, or would be, part of the project."""
    if ROOT.joinpath(".git").exists() and shutil.which("git"):
        run = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        )
        paths = run.stdout.split("\0")
    else:
        paths = [
            path.relative_to(ROOT).as_posix()
            for entry in habits.TOP_LEVEL
            for path in [ROOT / entry, *ROOT.joinpath(entry).rglob("*")]
            if "__pycache__" not in path.parts
        ]
    return {
        path: ROOT.joinpath(path).read_text(encoding="utf-8", errors="replace")
        for path in paths
        if path and ROOT.joinpath(path).is_file()
    }


def assert_none(findings: Iterable[str]) -> None:
    found = list(findings)
    assert not found, "\n" + "\n".join(found)


def test_the_package_and_the_tests_are_read() -> None:
    assert {"enclave_dns/wire/names.py", "enclave_dns/errors.py"} <= {s.path for s in package()}
    assert "tests/test_structure.py" in {source.path for source in suite()}
    assert {"Makefile", "pyproject.toml"} <= texts().keys()


def test_imports_point_down() -> None:
    assert_none(directions.upward_imports(package()))


def test_pure_modules_know_nothing_outside() -> None:
    assert_none(purity.impurities(package()))


def test_only_the_disclosure_rule_makes_replies() -> None:
    assert_none(replies.forged_replies(package()))


def test_only_the_command_line_prints() -> None:
    assert_none(habits.prints(package()))


def test_every_task_has_an_owner() -> None:
    assert_none(habits.ownerless_tasks(package()))


def test_every_module_has_a_docstring() -> None:
    assert_none(habits.missing_docstrings([*package(), *suite()]))


def test_no_file_is_long() -> None:
    code = (f"{PACKAGE}/", "tests/")
    assert_none(habits.long_files({p: t for p, t in texts().items() if p.startswith(code)}))


def test_every_file_name_says_what_is_in_it() -> None:
    assert_none(habits.vague_names(texts()))


def test_the_root_holds_only_what_the_layout_names() -> None:
    assert_none(habits.strangers_at_the_top(texts()))


def test_no_file_names_a_place_on_one_machine() -> None:
    assert_none(habits.machine_paths(texts()))


def test_every_file_has_its_tests() -> None:
    paths = [source.path for source in suite()]
    assert_none(habits.untested_files(package(), paths, UNTESTED))


def test_every_test_file_mirrors_a_file() -> None:
    paths = [source.path for source in suite()]
    assert_none(habits.stray_tests(package(), paths, WHOLE_ROOM))
