"""Each house rule with what it reports and what it lets through."""

import pytest

from tests.structure import habits
from tests.structure.tree import Source, source


def test_a_file_may_have_as_many_lines_as_the_limit() -> None:
    texts = {"a.py": "\n" * habits.LONGEST, "b.py": "\n" * (habits.LONGEST + 1)}
    assert list(habits.long_files(texts)) == ["b.py:401: a file has at most 400 lines"]


@pytest.mark.parametrize(
    "path", ["enclave_dns/utils.py", "tests/helpers/a.py", "conf/dns_common.toml", "a/util.d/b"]
)
def test_a_vague_name_is_reported(path: str) -> None:
    assert len(list(habits.vague_names([path]))) == 1


def test_a_word_inside_a_word_is_not_vague() -> None:
    assert (
        list(habits.vague_names(["enclave_dns/wire/commonality.py", "conf/NetworkManager"])) == []
    )


def test_a_stranger_at_the_top_is_reported() -> None:
    paths = ["README.md", "conf/a", ".ci/run", "setup.cfg", "docs/index.md", "docs/b.md"]
    assert list(habits.strangers_at_the_top(paths)) == ["docs", "setup.cfg"]


@pytest.mark.parametrize("place", ["tmp/w/v", "work/main", "home/ann/project", "root/.cache"])
def test_a_path_of_one_machine_is_reported(place: str) -> None:
    assert list(habits.machine_paths({"a.py": f"x = 1\ny = '/{place}'"})) == [
        f"a.py:2: {found} is a path of one machine"
        for found in [habits.MACHINE.search(f"/{place}").group()]  # type: ignore[union-attr]
    ]


def test_paths_of_every_machine_pass() -> None:
    text = (
        "/tmp/x /tmp/wide /etc/hosts tests/work/a.py https://example.org/work/ {tmp}/w/ /homes/a/"
    )
    assert list(habits.machine_paths({"a.py": text})) == []


def test_a_module_without_a_docstring_is_reported() -> None:
    sources = [source("a.py", '"""Yes."""'), source("b.py", "x = 1"), source("c.py", "")]
    assert [line.split(":")[0] for line in habits.missing_docstrings(sources)] == ["b.py", "c.py"]


@pytest.mark.parametrize("text", ["print(1)", "say = print", "import sys\nsys.stdout.write('')"])
def test_printing_is_reported_outside_cli(text: str) -> None:
    assert len(list(habits.prints([source("enclave_dns/gateway/a.py", text)]))) == 1
    assert list(habits.prints([source("enclave_dns/cli/a.py", text)])) == []


@pytest.mark.parametrize(
    "text",
    [
        "import asyncio\ntask = asyncio.create_task(f())",
        "from asyncio import create_task",
        "from asyncio import ensure_future as later",
        "import asyncio\nasyncio.get_running_loop().create_task(f())",
        "loop.create_task(f())",
        "self._loop.create_task(f())",
    ],
)
def test_a_task_without_owner_is_reported(text: str) -> None:
    assert len(list(habits.ownerless_tasks([source("enclave_dns/serve/a.py", text)]))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "self._tasks.add(loop.create_task(f()))",
        "task = asyncio.get_running_loop().create_task(f())",
        "async def f():\n    async with TaskGroup() as group:\n        group.create_task(g())",
    ],
)
def test_a_task_with_an_owner_passes(text: str) -> None:
    assert list(habits.ownerless_tasks([source("enclave_dns/serve/a.py", text)])) == []


SOURCES: list[Source] = [
    source(f"enclave_dns/{path}", "")
    for path in ("__init__.py", "config.py", "wire/__init__.py", "wire/names.py", "wire/record.py")
]


def test_a_file_without_tests_is_reported() -> None:
    tests = ["tests/test_config.py", "tests/wire/test_names.py"]
    assert list(habits.untested_files(SOURCES, tests, {})) == [
        "enclave_dns/wire/record.py: no tests/wire/test_record.py"
    ]
    excused = {"enclave_dns/wire/record.py": "a value"}
    assert list(habits.untested_files(SOURCES, tests, excused)) == []


def test_an_excuse_that_no_longer_holds_is_reported() -> None:
    tests = ["tests/test_config.py", "tests/wire/test_names.py", "tests/wire/test_record.py"]
    excused = {"enclave_dns/wire/record.py": "a value", "enclave_dns/wire/old.py": "gone"}
    assert list(habits.untested_files(SOURCES, tests, excused)) == [
        "enclave_dns/wire/record.py: excused from tests, but it has some",
        "enclave_dns/wire/old.py: excused from tests, but not there",
    ]


def test_a_test_file_that_mirrors_nothing_is_reported() -> None:
    tests = [
        "tests/conftest.py",
        "tests/test_structure.py",
        "tests/lab/test_office.py",
        "tests/wire/conftest.py",
        "tests/wire/test_names.py",
        "tests/wire/test_names_escapes.py",
        "tests/wire/test_oracles.py",
    ]
    assert list(habits.stray_tests(SOURCES, tests, {})) == [
        "tests/wire/test_oracles.py: named after no file of enclave_dns/wire"
    ]
    rooms = {
        "tests/wire/test_oracles.py": "agreement with other codecs",
        "tests/wire/test_x.py": "",
    }
    assert list(habits.stray_tests(SOURCES, tests, rooms)) == [
        "tests/wire/test_x.py: listed, but not there"
    ]
