"""What both daemons do for whoever starts them: ready, logs, signals, flags."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from enclave_dns.cli.daemon import overrides, run_daemon
from tests.fakes.clients import PAUSE, TRIES
from tests.fakes.processes import daemon
from tests.fakes.running import gateway_file, stub_file

FILES = {"gateway": gateway_file, "stub": stub_file}
VERBS = pytest.mark.parametrize("verb", FILES)


@pytest.mark.parametrize("is_fast", [True, False], ids=["uvloop", "asyncio"])
def test_the_ready_line_is_on_stdout_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_fast: bool
) -> None:
    seen = []

    async def program(announce: Callable[[str], None]) -> None:
        announce("ready gateway WZL94 100.64.0.70:53")
        seen.append(capsys.readouterr().out)

    if not is_fast:
        monkeypatch.setitem(sys.modules, "uvloop", None)
    run_daemon(program)
    assert seen == ["ready gateway WZL94 100.64.0.70:53\n"]


@pytest.mark.parametrize(("level", "expected"), [(None, {}), ("debug", {"log_level": "debug"})])
def test_only_flags_that_are_given_override_the_file(
    level: str | None, expected: dict[str, str]
) -> None:
    assert overrides(argparse.Namespace(log_level=level)) == expected


@VERBS
def test_an_interrupt_is_a_good_end(tmp_path: Path, verb: str) -> None:
    with daemon(verb, FILES[verb](tmp_path)) as program:
        assert program.ready.startswith(f"ready {verb} ")
        assert program.stop(signal.SIGINT) == (0, "")
        log = program.log.read_text()
    assert "stopped" in log
    assert "Traceback" not in log


@VERBS
def test_a_reload_that_fails_is_one_json_line_for_each_problem(tmp_path: Path, verb: str) -> None:
    with daemon(verb, FILES[verb](tmp_path), "--json") as program:
        organisation = tmp_path / "organisation.toml"
        organisation.write_text(organisation.read_text().replace("sender_tags", "sender_tag"))
        program.process.send_signal(signal.SIGHUP)
        for _ in range(TRIES):
            if program.log.read_text().count("organisation not reloaded") >= 2:
                break
            time.sleep(PAUSE)
        assert program.stop(signal.SIGTERM) == (0, "")
        entries = [json.loads(line) for line in program.log.read_text().splitlines()]
    problems = [str(entry["problem"]) for entry in entries if entry["level"] == "error"]
    # Each of the two, by the watch, by the signal, or by both.
    assert len(set(problems)) == 2
    assert all("did you mean `sender_tags`" in problem for problem in problems)
    assert [entry["event"] for entry in entries][-2:] == ["draining", "stopped"]
    assert all(entry["timestamp"] for entry in entries)


def test_a_flag_goes_before_the_environment(tmp_path: Path) -> None:
    file = gateway_file(tmp_path)
    with daemon("gateway", file, "--log-level", "info", ENCLAVE_DNS_LOG_LEVEL="error") as program:
        assert program.stop(signal.SIGTERM) == (0, "")
        assert "stopped" in program.log.read_text()


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = stub_file(tmp_path, log_level="info")
    with daemon("stub", file, ENCLAVE_DNS_LOG_LEVEL="error") as program:
        assert program.stop(signal.SIGTERM) == (0, "")
        assert program.log.read_text() == ""
