"""The command line as a whole: help, examples, usage errors, and what help does not load."""

import subprocess
import sys

import pytest

from enclave_dns.cli import main
from enclave_dns.cli.arguments import parser

VERBS = ("gateway", "stub", "check", "query", "explain", "demo")
HEAVY = {"asyncio", "pydantic", "dns", "structlog", "netaddr", "watchfiles", "pyroute2", "uvloop"}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_an_example_that_parses(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    example = shown.partition("example: enclave-dns ")[2]
    assert parser().parse_args(example.split()).verb == verb


def test_no_verb_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "VERB" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nonsense"], ["explain", "db"], ["check"], ["query"]])
def test_wrong_arguments_are_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_help_loads_no_heavy_library() -> None:
    program = (
        "import sys\n"
        "from enclave_dns.cli import main\n"
        "try: main(['explain', '--help'])\n"
        "except SystemExit: pass\n"
        "print('loaded:', *sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(run.stdout.partition("loaded:")[2].split())
    assert "argparse" in loaded
    assert not HEAVY & loaded
